"""Run a model as far as the highest layer asked for, and keep the layers asked for.

What enters block k is layer k: layer 0 is the input embedding, and what the model makes of its
last block is the last layer. A model is left as it was: hooks are taken off again.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import nn

__all__ = ["through_blocks"]


class _FarEnough(Exception):
    """Raised within the forward pass when no higher layer is wanted."""


def through_blocks(
    body: nn.Module,
    blocks: Sequence[nn.Module],
    inputs: Mapping[str, torch.Tensor],
    wanted: set[int],
    last: Literal["model", "block"] = "model",
) -> dict[int, torch.Tensor]:
    """Return the wanted layers, "recording step feature", by their place from 0 to len(blocks).

    last: whether the last layer is the model's `last_hidden_state` (after a final normalisation,
        where there is one) or what the last block gives.
    """
    kept: dict[int, torch.Tensor] = {}
    highest = max(wanted)
    hooks = [
        block.register_forward_pre_hook(_keeper(place, wanted, highest, kept), with_kwargs=True)
        for place, block in enumerate(blocks)
        if place in wanted
    ]
    if highest == len(blocks) and last == "block":

        def keep_last(_: nn.Module, inputs: Any, output: Any) -> None:
            kept[len(blocks)] = output[0] if isinstance(output, tuple) else output
            raise _FarEnough

        hooks.append(blocks[-1].register_forward_hook(keep_last))
    try:
        with warnings.catch_warnings():
            # WavLM hands torch a mask of one type and a bias of another, which torch reconciles.
            warnings.filterwarnings("ignore", "Support for mismatched key_padding_mask")
            output = body(**inputs)
        if highest == len(blocks):
            kept[highest] = output.last_hidden_state
    except _FarEnough:
        pass
    finally:
        for hook in hooks:
            hook.remove()
    return kept


def _keeper(place: int, wanted: set[int], highest: int, kept: dict[int, torch.Tensor]) -> Any:
    """Return a hook that keeps what enters a block, and ends the pass at the highest layer."""

    def keep(_: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        # A block may go on to change its input in place.
        kept[place] = (args[0] if args else named["hidden_states"]).clone()
        if place == highest:
            raise _FarEnough

    return keep
