"""An encoder under check: what it was asked for by, what it is given, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from grounding.encoders.probes import Probes, sounds, words
from grounding.encoders.protocol import Encoder
from grounding.encoders.request import Request
from grounding.errors import GroundingError
from grounding.stimuli import Stimulus

__all__ = ["DIFFERENT", "WITHIN", "Measured", "Subject", "apart"]

WITHIN = 1e-4
"""Of a layer's largest value: how far a number may move with its company."""

DIFFERENT = 1e-3
"""Of a layer's largest value: by how much other weights must move something, at least."""

Encoded = Sequence[Float[np.ndarray, "layer _step feature"]]


@runtime_checkable
class Unpadded(Protocol):
    """An encoder that can run its model as it is, with nothing padded and nothing kept out."""

    def unpadded(self, stimulus: Stimulus) -> Float[np.ndarray, "layer step feature"]: ...


Measured = tuple[bool | None, str]
"""Whether a promise holds (None: it does not apply), and what was measured."""


@dataclass(frozen=True, eq=False)
class Subject:
    """An encoder under check, what it was asked for by, and what it is given."""

    request: Request
    encoder: Encoder
    probes: Probes

    @cached_property
    def stimuli(self) -> list[Stimulus]:
        """Sounds or words of several lengths, two of them equal."""
        return (sounds if self.encoder.modality == "speech" else words)(self.probes)

    @cached_property
    def alone(self) -> list[np.ndarray]:
        """What the encoder gives of each stimulus by itself."""
        return [self.encoder.encode([stimulus])[0] for stimulus in self.stimuli]

    @cached_property
    def unpadded(self) -> list[np.ndarray]:
        """What the model gives of each stimulus by itself, where `encode` pads even that."""
        return [_unpadded(self.encoder, stimulus) for stimulus in self.stimuli]


def _unpadded(encoder: Encoder, stimulus: Stimulus) -> np.ndarray:
    return (
        encoder.unpadded(stimulus)
        if isinstance(encoder, Unpadded)
        else encoder.encode([stimulus])[0]
    )


def apart(one: Encoded, other: Encoded) -> float:
    """Return the largest difference in any layer, relative to the layer's largest value.

    Raises `GroundingError` for arrays of other shapes.
    """
    if [a.shape for a in one] != [b.shape for b in other]:
        raise GroundingError(
            f"other shapes: {[a.shape for a in one]} and {[b.shape for b in other]}."
        )
    return max(
        float(np.abs(a - b).max() / max(float(np.abs(a).max()), 1e-30))
        for first, second in zip(one, other, strict=True)
        for a, b in zip(first, second, strict=True)
    )
