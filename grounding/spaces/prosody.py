"""Control spaces of how a thing is said: its duration, its F0 and its loudness over time.

F0 is estimated by YIN (de Cheveigné & Kawahara 2002, JASA 111:1917). Limits: one voice; 60 to
500 Hz; a voicing decision by two thresholds, with no smoothing over time, so that creaky voice
comes out an octave low or unvoiced and a frame across a voicing boundary may err. Against pYIN,
which smooths and takes about thirty times as long, on 80 recorded prompts: F0 within 20 % in 99.4 %
of the frames that both call voiced, the same voicing decision in 84 % of all frames (pYIN calls
79 % voiced, this 67 %), and a rank correlation of .92 between the distances below.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.rsa import RDM, rdm, time_normalise
from grounding.spaces.acoustics import WINDOW, decibels, windows
from grounding.spaces.frames import TRAJECTORY_BINS, audio_frames, frames_rdm
from grounding.stimuli import StimulusSet

__all__ = [
    "F0_RANGE",
    "VOICING_WEIGHT",
    "duration_rdm",
    "f0_distances",
    "f0_missing",
    "f0_rdm",
    "f0_track",
    "intensity",
    "intensity_rdm",
    "nothing_missing",
]

F0_RANGE = (60.0, 500.0)  # Hz
APERIODICITY = 0.3  # voiced below: the share of a frame's power that its period leaves unexplained
GATE = 1e-4  # of the loudest frame's power (-40 dB), below which a frame is unvoiced
VOICING_WEIGHT = 12.0  # semitones: all voiced against all voiceless counts as much as an octave


def nothing_missing(stimuli: StimulusSet) -> None:
    """Return None: every set has what has audio."""


def f0_missing(stimuli: StimulusSet) -> str | None:
    """Say why F0 cannot be tracked in this set, or return None."""
    needed = int(4 * F0_RANGE[1])
    slow = [stimulus for stimulus in stimuli if stimulus.rate < needed]
    if not slow:
        return None
    return (
        f"stimulus {slow[0].id!r} is sampled at {slow[0].rate} Hz ({len(slow)} of {len(stimuli)} "
        f"are below {needed} Hz), too low to track F0 up to {F0_RANGE[1]:.0f} Hz; record at a "
        "higher rate, or keep only stimuli that are"
    )


def duration_rdm(stimuli: StimulusSet) -> RDM:
    """Return the size of the natural log of the ratio of durations: ln 2 for twice as long."""
    seconds = np.array([[stimulus.duration] for stimulus in stimuli], dtype=np.float64)
    return rdm(np.log(seconds), stimuli.ids, metric="euclidean")


def f0_rdm(stimuli: StimulusSet) -> RDM:
    """Return distances between F0 contours, in semitones: see `f0_distances`."""
    tracks = audio_frames(stimuli, f0_track)
    return RDM(f0_distances(tracks), stimuli.ids, "shared voicing")


def intensity_rdm(stimuli: StimulusSet) -> RDM:
    """Return root-mean-square distances between time-normalised level contours, in dB."""
    levels = audio_frames(stimuli, intensity)
    return frames_rdm(stimuli, [level[:, None] for level in levels])


def f0_distances(tracks: list[Float[np.ndarray, " _frame"]]) -> Float[np.ndarray, " pair"]:
    """Return condensed distances between F0 tracks in Hz (0 where unvoiced), in semitones.

    Each track is cut into `TRAJECTORY_BINS` slices of time; a slice has a share of voiced frames
    and a mean F0 over these. The distance of two tracks is the root of the sum of two squares:

    - the root-mean-square difference of F0 over the slices that are voiced in both, each weighed
      by the product of its two voiced shares; 0 when no slice is voiced in both;
    - `VOICING_WEIGHT` times the difference of the voiced shares of the whole.

    No F0 is made up where there is none: a whispered stimulus differs from a voiced one by its
    voicing alone, and from another whispered one not at all.
    """
    shares, contours = zip(*map(_contour, tracks), strict=True)
    share, contour = np.stack(shares), np.stack(contours)
    voiced = share.mean(1)
    rows = []
    for i in range(len(tracks) - 1):
        weight = share[i] * share[i + 1 :]
        total = weight.sum(1)
        squares = (weight * np.square(contour[i] - contour[i + 1 :])).sum(1)
        pitch = np.divide(squares, total, out=np.zeros_like(total), where=total > 0.0)
        rows.append(np.sqrt(pitch + np.square(VOICING_WEIGHT * (voiced[i] - voiced[i + 1 :]))))
    return np.concatenate(rows) if rows else np.empty(0)


def _contour(
    track: Float[np.ndarray, " frame"],
) -> tuple[Float[np.ndarray, " bin"], Float[np.ndarray, " bin"]]:
    """Return each slice's share of voiced frames and its mean F0 in semitones above 100 Hz."""
    is_voiced = track > 0.0
    semitones = 12.0 * np.log2(np.where(is_voiced, track, 100.0) / 100.0)
    slices = time_normalise(np.stack([is_voiced, semitones], axis=1), TRAJECTORY_BINS)
    share, total = slices.T
    return share, np.divide(total, share, out=np.zeros_like(total), where=share > 0.0)


def f0_track(audio: Float[np.ndarray, " sample"], rate: int) -> Float[np.ndarray, " frame"]:
    """Return F0 in Hz every 10 ms, 0 where the frame is unvoiced.

    Deterministic and independent of gain. Raises `UserError` for a rate below four times the
    highest F0.
    """
    if rate < 4 * F0_RANGE[1]:
        raise UserError(
            f"audio at {rate} Hz is too coarse to track F0 up to {F0_RANGE[1]:.0f} Hz; "
            f"needed {4 * F0_RANGE[1]:.0f} Hz or more"
        )
    shortest = int(rate / F0_RANGE[1])
    longest = int(np.ceil(rate / F0_RANGE[0]))
    size = round(WINDOW * rate)
    frames = windows(audio, rate, size + longest + 1)
    normalised = _normalised_differences(frames, size)[:, shortest:]

    # The first dip below the threshold, not the deepest: deeper ones lie at multiples of a period.
    dips = (normalised[:, :-1] < APERIODICITY) & (normalised[:, :-1] <= normalised[:, 1:])
    dips[:, 0] = False  # a fall that began before the shortest period is no dip of its own
    lag = dips.argmax(1)
    power = np.square(frames).mean(1)
    is_voiced = dips.any(1) & (power > GATE * power.max())

    rows = np.flatnonzero(is_voiced)
    at = lag[rows]
    before, here, after = (normalised[rows, at + step] for step in (-1, 0, 1))
    curvature = before - 2.0 * here + after
    shift = np.divide(before - after, 2.0 * curvature, out=np.zeros(len(rows)), where=curvature > 0)
    hertz = np.zeros(len(frames))
    hertz[rows] = rate / (shortest + at + np.clip(shift, -0.5, 0.5))
    return hertz


def _normalised_differences(
    frames: Float[np.ndarray, "frame sample"], size: int
) -> Float[np.ndarray, "frame lag"]:
    """Return YIN's cumulative mean normalised difference function (its equation 8).

    The difference of the first `size` samples of a frame and those a lag later, over its mean at
    all shorter lags; 1 at lag 0 and where there is no difference to speak of (digital silence).
    """
    n_lags = frames.shape[1] - size + 1
    n_fft = 1 << (frames.shape[1] - 1).bit_length()
    spectrum = np.fft.rfft(frames, n_fft) * np.conj(np.fft.rfft(frames[:, :size], n_fft))
    product = np.fft.irfft(spectrum, n_fft)[:, :n_lags]
    energy = np.cumsum(np.pad(np.square(frames), ((0, 0), (1, 0))), axis=1)
    energy = energy[:, size:] - energy[:, :n_lags]
    difference = np.maximum(energy[:, :1] + energy - 2.0 * product, 0.0)
    # Rounding of the transform leaves this much of the energy where two stretches are equal.
    difference[difference < 1e-12 * energy.max(1, keepdims=True)] = 0.0
    cumulated = np.cumsum(difference[:, 1:], axis=1)
    lags = np.arange(1, n_lags)
    normalised = np.ones_like(difference)
    np.divide(difference[:, 1:] * lags, cumulated, out=normalised[:, 1:], where=cumulated > 0.0)
    return normalised


def intensity(audio: Float[np.ndarray, " sample"], rate: int) -> Float[np.ndarray, " frame"]:
    """Return the level every 10 ms over 25 ms, in dB re full scale, floored as in `decibels`.

    Raises `AudioError` for digital silence.
    """
    frames = windows(audio, rate, round(WINDOW * rate))
    return decibels(np.square(frames).mean(1))
