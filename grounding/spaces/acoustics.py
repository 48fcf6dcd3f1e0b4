"""Control spaces of the sound itself: log-mel spectra and cepstra.

Conventions: mono audio in full-scale units (1.0 is the loudest sample that a file can hold); a
Hann window of 25 ms every 10 ms, centred on multiples of 10 ms, zeros beyond both ends; 80 mel
bands from 0 to 8 kHz, Slaney's scale and area normalisation: what Whisper and many other encoders
are given, so that the control is the encoder's own input. Levels are in dB with a floor 80 dB
below the loudest value of the stimulus. Silence at the edges is kept and loudness is not
normalised, since the encoder hears both; the cepstra alone leave the level out.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.fft import dct
from scipy.sparse import csr_array

from grounding.errors import AudioError, UserError
from grounding.rsa import RDM
from grounding.spaces.frames import audio_frames, frame_mean_rdm, frames_rdm, rms_scale
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

WINDOW = 0.025  # seconds
HOP = 0.010  # seconds
BANDS = 80
HIGHEST = 8000.0  # Hz, the upper edge of the last band
CEPSTRA = 13
DYNAMIC_RANGE = 80.0  # dB


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


def log_mel(audio: Float[np.ndarray, " sample"], rate: int) -> Float[np.ndarray, "frame band"]:
    """Return the log-mel spectrum in dB, a frame every 10 ms, bands from low to high.

    rate: in Hz, at least twice `HIGHEST`.

    Raises `UserError` for a lower rate, `AudioError` for audio without a sample that is not 0.
    """
    if rate < 2 * HIGHEST:
        raise UserError(
            f"audio at {rate} Hz holds nothing above {rate / 2:.0f} Hz; "
            f"log-mel bands reach {HIGHEST:.0f} Hz and need {2 * HIGHEST:.0f} Hz or more"
        )
    size = round(WINDOW * rate)
    frames = windows(audio, rate, size)
    # The periodic Hann window, which speech front ends use: its period is the window's length.
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    power = np.square(np.abs(np.fft.rfft(frames * hann)))
    return decibels((_mel_filters(rate, size) @ power.T).T)


def mfcc(audio: Float[np.ndarray, " sample"], rate: int) -> Float[np.ndarray, "frame coefficient"]:
    """Return mel-frequency cepstral coefficients 1 to 13: the shape of the spectrum, not its level.

    The orthonormal cosine transform (type II) of `log_mel`, hence also in dB (Davis & Mermelstein
    1980). The 0th, which is the level, is left out: with it the distances are those of `log_mel`
    over again (rank correlation .997 on 472 recorded prompts, .56 without), and no second control.
    No deltas: the trajectory over time already holds every change.

    Raises what `log_mel` raises.
    """
    return dct(log_mel(audio, rate), type=2, norm="ortho", axis=1)[:, 1 : CEPSTRA + 1]


def windows(
    audio: Float[np.ndarray, " sample"], rate: int, size: int
) -> Float[np.ndarray, "frame {size}"]:
    """Return stretches of `size` samples centred on every `HOP`, zeros beyond both ends.

    The first is centred on the first sample. float64.
    """
    half = size // 2
    padded = np.pad(np.asarray(audio, dtype=np.float64), (half, size - half - 1))
    return np.lib.stride_tricks.sliding_window_view(padded, size)[:: round(HOP * rate)]


def decibels(power: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return 10 log10 of the power, floored `DYNAMIC_RANGE` below its largest value.

    The floor follows the level, so that a gain moves every value alike and changes nothing else.

    Raises `AudioError` when there is no power at all, for then there is no level to floor at.
    """
    loudest = power.max()
    if loudest <= 0.0:
        raise AudioError(
            "the audio is digital silence (every sample is 0), which has no level in dB; "
            "leave the stimulus out"
        )
    return 10.0 * np.log10(np.maximum(power, loudest * 10.0 ** (-DYNAMIC_RANGE / 10.0)))


@lru_cache(maxsize=8)
def _mel_filters(rate: int, size: int) -> csr_array:
    """Return the filters, band by frequency; sparse, since each spans few frequencies."""
    from librosa.filters import mel

    return csr_array(mel(sr=rate, n_fft=size, n_mels=BANDS, fmax=HIGHEST, dtype=np.float64))
