"""What an encoder is: the surface that extraction, probes and claims rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from grounding.encoders.steps import Steps
from grounding.tables import lookup

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["Encoder", "Modality", "Sees", "layer_names", "layer_places"]

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

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return one float32 array a stimulus, with the steps that saw it and no others.

        layers: names of `layers`, in the order wanted; None is all of them. Nothing above the
            highest of them is computed.

        Raises `UserError` for a stimulus that the encoder cannot take, `UnknownName` for a layer
        that it does not have.
        """

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return where the steps of `encode` lie; it needs no weights and no pass.

        Raises what `encode` raises for a stimulus that the encoder cannot take.
        """


def layer_names(depth: int) -> tuple[str, ...]:
    """Return the names of the input embedding and of `depth` layers above it.

    >>> layer_names(2)
    ('embedding', 'layer-1', 'layer-2')
    """
    return ("embedding", *(f"layer-{index}" for index in range(1, depth + 1)))


def layer_places(layers: Sequence[str], asked: Sequence[str] | None) -> list[int]:
    """Return where the layers asked for are among `layers`; all, in order, for None.

    Raises `UnknownName` for a name that is not there.

    >>> layer_places(("embedding", "layer-1", "layer-2"), ["layer-2", "embedding"])
    [2, 0]
    """
    places = {name: place for place, name in enumerate(layers)}
    if asked is None:
        return list(places.values())
    return [lookup("layer", name, places) for name in asked]
