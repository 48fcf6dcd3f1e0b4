"""Pooled activations that stay on disk and are read a layer at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.activations.record import Activations, check_unique, layer_name
from grounding.activations.store import Index

__all__ = ["StoredActivations"]


@dataclass(frozen=True, eq=False)
class StoredActivations:
    """Activations of any number of stimuli, of which memory holds the layer that was asked for.

    The fields are those of `Activations`; for the values, `keys` says under which key the store
    has each stimulus, and `index` where.
    """

    ids: tuple[str, ...]
    layers: tuple[str, ...]
    pooling: str
    encoder: str
    provenance: Mapping[str, Any]
    keys: tuple[str, ...]
    index: Index

    def __post_init__(self) -> None:
        check_unique(self.ids)

    def layer(self, which: int | np.integer | str) -> Float[np.ndarray, "stimulus feature"]:
        """Read the features at one layer, by its name or by its place counted from 0.

        Raises `UserError` for a layer that is not there, or a damaged shard.
        """
        name = layer_name(self.encoder, self.layers, which)
        values = np.empty((0, 0), dtype=np.float32)
        for shard, pairs in self.index.by_shard(self.keys, name):
            rows = shard.read(name)
            if not values.size:
                values = np.empty((len(self.keys), rows.shape[1]), dtype=np.float32)
            places = np.array(pairs)
            values[places[:, 0]] = rows[shard.starts[places[:, 1]]]
        return values

    def load(self) -> Activations:
        """Read every layer."""
        first = self.layer(0)
        values = np.empty((len(self.layers), *first.shape), dtype=np.float32)
        values[0] = first
        for place in range(1, len(self.layers)):
            values[place] = self.layer(place)
        return Activations(
            values, self.ids, self.layers, self.pooling, self.encoder, self.provenance
        )
