"""What an encoder is: the surface that extraction, probes and claims rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["Encoder", "Modality", "Sees", "layer_names"]

Modality = Literal["speech", "text"]
Sees = Literal["audio", "transcript", "stimulus"]


@runtime_checkable
class Encoder(Protocol):
    """A model that turns stimuli into features, layer by layer and step by step.

    A speech encoder reads a stimulus' audio; a text encoder reads its transcript and language,
    and nothing else.
    """

    @property
    def name(self) -> str:
        """The name that it was asked for by."""

    @property
    def modality(self) -> Modality:
        """What it is fed."""

    @property
    def sees(self) -> Sees:
        """What of a stimulus its numbers depend on; "stimulus" is all of it."""

    @property
    def revision(self) -> str:
        """Which weights: their hash (short) or `random-<seed>`, and `@<seconds>s` for a window."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers' names, input side first; the first is the input embedding."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Everything else that decides the numbers: whole hashes, preprocessing, versions."""

    def encode(self, stimuli: Sequence[Stimulus]) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return one float32 array a stimulus, with the steps that saw it and no others.

        Raises `UserError` for a stimulus that the encoder cannot take.
        """


def layer_names(depth: int) -> tuple[str, ...]:
    """Return the names of the input embedding and of `depth` layers above it.

    >>> layer_names(2)
    ('embedding', 'layer-1', 'layer-2')
    """
    return ("embedding", *(f"layer-{index}" for index in range(1, depth + 1)))
