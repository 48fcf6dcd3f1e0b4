"""Run readings through a text model in batches, up to the highest layer that is asked for.

A batch holds texts of near lengths, padded behind, with a mask: no step sees the padding, and
positions do not count it. Families for which that is not exact, and models that no row of the
table names, get batches of one length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.batching import batches_by_sum, equal_length_batches
from grounding.encoders.families.text_layers import Edge, passing, same_states
from grounding.encoders.families.text_reading import Reading
from grounding.encoders.families.text_table import TextFamily
from grounding.errors import WeightsError

__all__ = ["Passes"]

TOKENS = 1024
"""In a padded batch, at most: more are no faster, and fill the memory."""

BATCH = 64
"""Texts of one length that go through at once, where they cannot be padded."""


@dataclass(frozen=True, eq=False)
class Passes:
    """A model in evaluation mode with its configuration and its family's row.

    `count` is how many layers its configuration announces, the input embedding among them.
    """

    model: Any
    config: Any
    family: TextFamily
    name: str
    count: int
    dtype: Literal["float32", "bfloat16"] = "float32"

    def run(
        self, readings: Sequence[Reading], wanted: Sequence[int], batch: int | None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the wanted layers of each reading at the tokens that are kept."""
        import torch

        if not wanted:
            return [np.empty((0, len(r.kept), 0), dtype=np.float32) for r in readings]
        lengths = [self._length(reading) for reading in readings]
        if self.family.padded:
            batches = batches_by_sum(lengths, TOKENS, batch)
        else:
            batches = equal_length_batches(lengths, batch or BATCH)
        encoded: dict[int, np.ndarray] = {}
        with (
            torch.inference_mode(),
            torch.autocast("cpu", torch.bfloat16, enabled=self.dtype == "bfloat16"),
        ):
            for positions in batches:
                some = [readings[position] for position in positions]
                layers = self._pass(some, max(lengths[p] for p in positions), wanted)
                encoded |= dict(zip(positions, layers, strict=True))
        return [encoded[position] for position in range(len(readings))]

    def _length(self, reading: Reading) -> int:
        """Return the length of the model's input."""
        multiple = self.family.multiple(self.config)
        return len(reading.ids) if multiple == 1 else (len(reading.ids) // multiple + 2) * multiple

    def _pass(
        self, readings: Sequence[Reading], length: int, wanted: Sequence[int]
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        inputs = self._inputs(readings, length)
        states: Mapping[int, Any] | Sequence[Any]
        if max(wanted) + 1 < self.count and self._edges:
            states = passing(self.model, inputs, self._edges, set(wanted))
        else:
            states = self._whole(inputs)
        chosen = [self._characters(states[k], length).float().numpy() for k in wanted]
        return [
            np.stack([layer[row, reading.kept] for layer in chosen])
            for row, reading in enumerate(readings)
        ]

    def _inputs(self, readings: Sequence[Reading], length: int) -> dict[str, Any]:
        import torch

        pad = getattr(self.config, "pad_token_id", None)
        ids = torch.full((len(readings), length), pad if pad is not None and pad >= 0 else 0)
        mask = torch.zeros_like(ids)
        for row, reading in enumerate(readings):
            ids[row, : len(reading.ids)] = torch.tensor(reading.ids)
            mask[row, : len(reading.ids)] = 1
        return {"input_ids": ids, "attention_mask": mask}

    def _whole(self, inputs: dict[str, Any]) -> Sequence[Any]:
        """Return every hidden state."""
        output = self.model(**inputs, output_hidden_states=True)
        states: Sequence[Any] | None = getattr(output, "hidden_states", None)
        if states is None:
            raise WeightsError(
                f"{self.name} hands out no hidden states; needed: a model of transformers that "
                "gives them when asked with output_hidden_states=True."
            )
        if len(states) != self.count:
            raise WeightsError(
                f"{self.name} gave {len(states)} layers; its configuration says {self.count}."
            )
        return states

    def _characters(self, state: Any, length: int) -> Any:
        """Return a state with one step an input: a shortened one is lengthened as CANINE does.

        The first step of a shortened state is the class token, the next stands for the first few
        characters, and so on.
        """
        if state.shape[1] == length:
            return state
        multiple = self.family.multiple(self.config)
        return state[:, 1:].repeat_interleave(multiple, dim=1)

    @cached_property
    def _edges(self) -> list[Edge]:
        """Where the hidden states pass, or nothing where what passes is something else."""
        import torch

        edges = self.family.edges(self.model, self.count - 1)
        if not edges:
            return []
        probe = Reading([1, 2, 3], np.arange(3), None, 0)
        inputs = self._inputs([probe], self._length(probe))
        with torch.inference_mode():
            few = passing(self.model, inputs, edges, range(self.count - 1))
            return edges if same_states(few, self._whole(inputs)) else []
