"""Activations: features of stimuli at each layer of an encoder, with their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.errors import GroundingError, UserError

__all__ = ["Activations", "check_unique", "layer_name"]


def check_unique(ids: Sequence[str]) -> None:
    """Raise `UserError` for an id that occurs more than once."""
    repeated = [name for name, count in Counter(ids).items() if count > 1]
    if repeated:
        raise UserError(f"stimulus id {repeated[0]!r} occurs more than once; ids must be unique.")


def layer_name(encoder: str, layers: Sequence[str], which: int | np.integer | str) -> str:
    """Return the name of a layer that is given by its name or by its place counted from 0.

    Raises `UserError` for a layer that is not there.
    """
    if which in layers:
        return str(which)
    if isinstance(which, int | np.integer) and 0 <= which < len(layers):
        return layers[int(which)]
    raise UserError(
        f"{encoder} has no layer {which!r}. It has, from 0 to {len(layers) - 1}: "
        f"{', '.join(layers)}."
    )


@dataclass(frozen=True, eq=False)
class Activations:
    """Pooled activations.

    values: float32, finite; axes layer, stimulus, feature.
    ids: the stimuli's ids, unique, in the order of `values`.
    layers: the layers' names, input side first.
    pooling: how steps were pooled, a name of `POOLINGS`.
    encoder: the encoder's name.
    provenance: what decided the numbers: the encoder's revision and provenance, and the sha256 of
        the stimuli.
    """

    values: Float[np.ndarray, "layer stimulus feature"]
    ids: tuple[str, ...]
    layers: tuple[str, ...]
    pooling: str
    encoder: str
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        check_unique(self.ids)
        if self.values.ndim != 3 or self.values.shape[:2] != (len(self.layers), len(self.ids)):
            raise GroundingError(
                f"activations of {self.encoder} have the shape {self.values.shape}; needed: "
                f"{len(self.layers)} layers, {len(self.ids)} stimuli, features."
            )
        if self.values.dtype != np.float32:
            raise GroundingError(
                f"activations of {self.encoder} are {self.values.dtype}, not float32."
            )

    def layer(self, which: int | np.integer | str) -> Float[np.ndarray, "stimulus feature"]:
        """Return the features at one layer, by its name or by its place counted from 0.

        Raises `UserError` for a layer that is not there.
        """
        return self.values[self.layers.index(layer_name(self.encoder, self.layers, which))]
