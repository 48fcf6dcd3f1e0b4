"""Static embeddings of tokens: the table of input embeddings of any text model.

`static:NAME` has one layer: the rows of the table, without positions, layer normalisation or
anything else that a model adds before its first block. Tokens are the model's own. The layer
"embedding" of the model itself is what enters its first block; the two are the same where a model
adds nothing to its table (Llama, T5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.protocol import layer_names, layer_places
from grounding.encoders.steps import Steps
from grounding.errors import UserError

if TYPE_CHECKING:
    from grounding.encoders.protocol import Encoder
    from grounding.encoders.request import Request
    from grounding.encoders.transformers_text import TextEncoder
    from grounding.stimuli import Stimulus

__all__ = ["InputTable", "input_table"]


@dataclass(frozen=True, eq=False)
class InputTable:
    """The rows of a text model's table of input embeddings."""

    model: TextEncoder
    modality: Literal["text"] = "text"
    layers: tuple[str, ...] = layer_names(0)

    @property
    def name(self) -> str:
        return f"static:{self.model.name}"

    @property
    def sees(self) -> Literal["transcript", "stimulus"]:
        return self.model.sees

    @property
    def revision(self) -> str:
        return self.model.revision

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {**self.model.provenance, "part": "table of input embeddings"}

    @cached_property
    def _table(self) -> Float[np.ndarray, "token feature"]:
        from torch.nn import Embedding

        table = self.model.input_embeddings
        if not isinstance(table, Embedding):
            raise UserError(f"{self.model.name} has no one table of input embeddings.")
        rows: np.ndarray = table.weight.detach().float().numpy()
        return rows

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer token feature"]]:
        """Return one layer: a step a token."""
        places = layer_places(self.layers, layers)
        return [self._table[ids][None][places] for ids in self.model.token_ids(stimuli)]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return the characters of each token, as the model has them."""
        return self.model.steps(stimulus)

    def unknown(self, stimulus: Stimulus) -> tuple[int, int]:
        """Return how many tokens are unknown, and of how many."""
        return self.model.unknown(stimulus)


def input_table(request: Request) -> InputTable:
    """Return the table of input embeddings of the model that a request names after the colon."""
    from grounding.encoders.loading import load_request
    from grounding.encoders.transformers_text import TextEncoder

    request.refuse("context")
    model: Encoder = load_request(replace(request, name=request.name.partition(":")[2]))
    if not isinstance(model, TextEncoder):
        raise UserError(f"{model.name!r} is no text model, so it has no table of embeddings.")
    return InputTable(model)
