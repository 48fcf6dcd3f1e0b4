"""Frozen features of stimuli at one layer, with their ids, and the poolings that tasks use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from grounding.activations import extract_frames
from grounding.encoders import Encoder
from grounding.errors import StimulusMismatch, UserError
from grounding.rsa import time_normalise
from grounding.stimuli import Stimulus

__all__ = ["Features", "features_of"]


@dataclass(frozen=True, eq=False)
class Features:
    """The steps of stimuli at one layer.

    frames: by stimulus id, "step feature"; finite, at least one step, of one width.
    encoder, layer: whose they are.
    """

    frames: Mapping[str, Float[np.ndarray, "_step feature"]]
    encoder: str
    layer: str

    def __post_init__(self) -> None:
        widths = {frames.shape[1:] for frames in self.frames.values()}
        if len(widths) != 1 or len(next(iter(widths))) != 1:
            raise UserError(
                f"features of {self.encoder} at {self.layer} have the widths {sorted(widths)}; "
                "needed (step, feature) with as many features everywhere."
            )
        for name, frames in self.frames.items():
            if not len(frames) or not np.isfinite(frames).all():
                raise UserError(
                    f"the features of stimulus {name!r} ({self.encoder}, {self.layer}) are "
                    f"{len(frames)} steps, or not finite; needed one finite step or more."
                )

    def of(self, stimuli: Sequence[Stimulus]) -> list[Float[np.ndarray, "_step feature"]]:
        """Return the steps of these stimuli; raises `StimulusMismatch` for one without."""
        if lost := [s.id for s in stimuli if s.id not in self.frames]:
            raise StimulusMismatch(
                f"there are no features of stimulus {lost[0]!r} ({len(lost)} of {len(stimuli)} "
                "have none). Extract them for the stimuli that the task is run on."
            )
        return [self.frames[s.id] for s in stimuli]

    def mean(self, stimuli: Sequence[Stimulus]) -> Float[np.ndarray, "stimulus feature"]:
        """Return the mean over steps: it knows nothing of their order."""
        return np.stack([one.mean(axis=0, dtype=np.float64) for one in self.of(stimuli)])

    def statistics(self, stimuli: Sequence[Stimulus]) -> Float[np.ndarray, "stimulus feature"]:
        """Return the mean and the standard deviation over steps, side by side."""
        spread = [one.std(axis=0, dtype=np.float64) for one in self.of(stimuli)]
        return np.hstack([self.mean(stimuli), np.stack(spread)])

    def slices(
        self, stimuli: Sequence[Stimulus], bins: int
    ) -> Float[np.ndarray, "stimulus feature"]:
        """Return the means of `bins` equal slices of time, side by side."""
        found = self.of(stimuli)
        return np.stack([time_normalise(one.astype(np.float64), bins).ravel() for one in found])


def features_of(
    encoder: Encoder, stimuli: Sequence[Stimulus], layers: Sequence[str], store: str | Path
) -> list[Features]:
    """Bring the steps of `stimuli` into the store, and return them layer by layer.

    Raises what `extract_frames` raises.
    """
    frames = extract_frames(encoder, stimuli, layers, store)
    return [
        Features({name: frames.of(name, layer) for name in frames.ids}, encoder.name, layer)
        for layer in frames.layers
    ]
