"""From frames of every stimulus to one RDM: what the spaces that unfold in time have in common.

Frames are "frame feature": one row a moment, at equal spacing, from the start to the end of the
stimulus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.rsa import RDM, rdm, trajectory_rdm
from grounding.stimuli import StimulusSet

__all__ = ["TRAJECTORY_BINS", "audio_frames", "frame_mean_rdm", "frames_rdm", "rms_scale"]

TRAJECTORY_BINS = 20
"""Slices of time of a trajectory: 30 to 50 ms in a word, 100 ms in a prompt of two seconds.

A tongue gesture lasts 100 to 200 ms; fewer slices would blur neighbouring gestures.
"""

Frames = Float[np.ndarray, "_frame _feature"]


def audio_frames(
    stimuli: StimulusSet,
    measure: Callable[[Float[np.ndarray, " sample"], int], Float[np.ndarray, "..."]],
) -> list[Float[np.ndarray, "..."]]:
    """Return `measure(audio, rate)` of every stimulus in order; frames come first in its shape.

    Raises what `measure` raises on purpose, with the stimulus's id before the message.
    """
    collected = []
    for stimulus in stimuli:
        audio = stimulus.audio
        try:
            collected.append(measure(audio, stimulus.rate))
        except UserError as error:
            raise type(error)(f"stimulus {stimulus.id!r}: {error}") from error
    return collected


def frames_rdm(
    stimuli: StimulusSet,
    frames: Sequence[Frames],
    *,
    scale: Float[np.ndarray, " feature"] | None = None,
) -> RDM:
    """Return distances of trajectories, time-normalised to `TRAJECTORY_BINS` slices.

    Euclidean over features (each divided by its `scale`), root mean square over slices.
    """
    return trajectory_rdm(frames, stimuli.ids, bins=TRAJECTORY_BINS, scale=scale)


def frame_mean_rdm(
    stimuli: StimulusSet,
    frames: Sequence[Frames],
    *,
    scale: Float[np.ndarray, " feature"] | None = None,
) -> RDM:
    """Return Euclidean distances of the means over frames, each feature divided by its `scale`."""
    means = np.stack([np.asarray(one, dtype=np.float64).mean(0) for one in frames])
    return rdm(means if scale is None else means / scale, stimuli.ids, metric="euclidean")


def rms_scale(n_features: int) -> Float[np.ndarray, " feature"]:
    """Return the scale that turns a Euclidean distance into a root mean square over features."""
    return np.full(n_features, np.sqrt(n_features))
