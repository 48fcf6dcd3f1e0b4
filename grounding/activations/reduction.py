"""What is kept of a stimulus' steps: one vector, one a span, or all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from grounding.activations.pooling import POOLINGS
from grounding.encoders import Encoder
from grounding.encoders.steps import Steps
from grounding.stimuli import Stimulus

__all__ = ["SEEN", "Pooled", "Reduction", "seen_key"]

SEEN: Mapping[str, Callable[[Stimulus], str]] = {
    "audio": lambda stimulus: stimulus.audio_digest,
    "transcript": lambda stimulus: hashlib.sha256(
        json.dumps([stimulus.language, stimulus.transcript]).encode()
    ).hexdigest(),
    "stimulus": lambda stimulus: stimulus.digest,
}
"""By what an encoder says that it sees: the hash of that."""


def seen_key(encoder: Encoder, stimulus: Stimulus) -> str:
    """Return the hash of all that this encoder sees of a stimulus.

    A mark or a corrected transcript moves nothing that a speech encoder hears, so its features
    are found again.
    """
    return SEEN[encoder.sees](stimulus)


class Reduction(Protocol):
    """A way to make rows of features from steps; it can be pickled.

    name: of its folder in the store. dtype: of what is stored.
    """

    @property
    def name(self) -> str: ...

    @property
    def dtype(self) -> str: ...

    def key(self, encoder: Encoder, stimulus: Stimulus) -> str:
        """Return the hash of all of a stimulus that the rows depend on."""

    def part(self, stimuli: Sequence[Stimulus]) -> Reduction:
        """Return what is needed of this for these stimuli."""

    def rows(self, stimulus: Stimulus, steps: Steps) -> int:
        """Return how many rows there will be."""

    def reduce(
        self, encoded: Float[np.ndarray, "layer step feature"], stimulus: Stimulus, steps: Steps
    ) -> Float[np.ndarray, "layer row feature"]:
        """Return the rows."""


@dataclass(frozen=True)
class Pooled:
    """One row, by a pooling of the table."""

    name: str
    dtype: str = "float32"

    def key(self, encoder: Encoder, stimulus: Stimulus) -> str:
        return seen_key(encoder, stimulus)

    def part(self, stimuli: Sequence[Stimulus]) -> Pooled:
        return self

    def rows(self, stimulus: Stimulus, steps: Steps) -> int:
        return 1

    def reduce(
        self, encoded: Float[np.ndarray, "layer step feature"], stimulus: Stimulus, steps: Steps
    ) -> Float[np.ndarray, "layer 1 feature"]:
        return POOLINGS[self.name].pool(encoded)[:, None]
