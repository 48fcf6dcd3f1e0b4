"""Control spaces of the sound itself: log-mel spectra and cepstra, from `grounding.spectra`.

Conventions: mono audio in full-scale units (1.0 is the loudest sample that a file can hold); a
Hann window of 25 ms every 10 ms, centred on multiples of 10 ms, zeros beyond both ends; 80 mel
bands from 0 to 8 kHz, Slaney's scale and area normalisation: what Whisper and many other encoders
are given, so that the control is the encoder's own input. Levels are in dB with a floor 80 dB
below the loudest value of the stimulus. Silence at the edges is kept and loudness is not
normalised, since the encoder hears both; the cepstra alone leave the level out.
"""

from __future__ import annotations

from grounding.rsa import RDM
from grounding.spaces.frames import audio_frames, frame_mean_rdm, frames_rdm, rms_scale
from grounding.spectra import (
    BANDS,
    CEPSTRA,
    DYNAMIC_RANGE,
    HIGHEST,
    HOP,
    WINDOW,
    decibels,
    log_mel,
    mfcc,
    windows,
)
from grounding.stimuli import StimulusSet

__all__ = [
    "BANDS",
    "CEPSTRA",
    "DYNAMIC_RANGE",
    "HIGHEST",
    "HOP",
    "WINDOW",
    "decibels",
    "log_mel",
    "log_mel_mean_rdm",
    "log_mel_missing",
    "log_mel_rdm",
    "mfcc",
    "mfcc_rdm",
    "windows",
]


def log_mel_missing(stimuli: StimulusSet) -> str | None:
    """Say why this set has no log-mel spectra up to `HIGHEST`, or return None."""
    needed = int(2 * HIGHEST)
    slow = [stimulus for stimulus in stimuli if stimulus.rate < needed]
    if not slow:
        return None
    return (
        f"stimulus {slow[0].id!r} is sampled at {slow[0].rate} Hz ({len(slow)} of {len(stimuli)} "
        f"are below {needed} Hz), which leaves mel bands up to {HIGHEST:.0f} Hz empty; record at "
        f"{needed} Hz or more, or keep only stimuli that are"
    )


def log_mel_rdm(stimuli: StimulusSet) -> RDM:
    """Return root-mean-square distances between time-normalised log-mel trajectories, in dB."""
    return frames_rdm(stimuli, audio_frames(stimuli, log_mel), scale=rms_scale(BANDS))


def log_mel_mean_rdm(stimuli: StimulusSet) -> RDM:
    """Return root-mean-square distances between mean log-mel spectra, in dB."""
    return frame_mean_rdm(stimuli, audio_frames(stimuli, log_mel), scale=rms_scale(BANDS))


def mfcc_rdm(stimuli: StimulusSet) -> RDM:
    """Return root-mean-square distances between time-normalised MFCC trajectories, in dB."""
    frames = audio_frames(stimuli, mfcc)
    return frames_rdm(stimuli, frames, scale=rms_scale(CEPSTRA))
