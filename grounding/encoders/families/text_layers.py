"""Run a text model no further than the highest layer that is asked for.

The hidden states of a model pass certain edges: most are what enters a block. A hook on each edge
takes what passes and, at the highest layer wanted, ends the pass, so that no block above it runs.
The last layer of most models is normalised after the last block; for it the whole pass is run.

Whether the edges are the hidden states is not taken on trust: the first time, one short input is
run in both ways, and where they differ the whole pass is run for good.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from typing import Any, Literal

__all__ = ["Edge", "block_edges", "canine_edges", "passing", "repeated_edges", "same_states"]

Edge = tuple[Any, Literal["in", "out"]]
"""A module, and whether the hidden state enters or leaves it."""

CLOSE = 1e-5
"""How far, relative to the largest value, two ways of one computation may differ."""


class _Enough(Exception):
    """The highest layer wanted has passed."""


def block_edges(model: Any, depth: int) -> list[Edge]:
    """Return the entries of the one list of `depth` blocks; nothing where there is not just one."""
    from torch.nn import ModuleList

    lists = [(name, m) for name, m in model.named_modules() if isinstance(m, ModuleList)]
    fitting = [(name, blocks) for name, blocks in lists if len(blocks) == depth]
    outer = min((name.count(".") for name, _ in fitting), default=0)
    found = [blocks for name, blocks in fitting if name.count(".") == outer]
    return [(block, "in") for block in found[0]] if len(found) == 1 else []


def repeated_edges(model: Any, depth: int) -> list[Edge]:
    """Return the entries of ALBERT's layers, each of which is passed many times."""
    groups = model.encoder.albert_layer_groups
    return [(layer, "in") for group in groups for layer in group.albert_layers]


def canine_edges(model: Any, depth: int) -> list[Edge]:
    """Return CANINE's: each of its three stacks has a state more than it has layers."""
    edges: list[Edge] = []
    for stack in (model.initial_char_encoder, model.encoder, model.final_char_encoder):
        edges += [(layer, "in") for layer in stack.layer] + [(stack.layer[-1], "out")]
    return edges


def passing(
    model: Any, inputs: dict[str, Any], edges: Sequence[Edge], wanted: Collection[int]
) -> dict[int, Any]:
    """Return the wanted hidden states by their number, and run nothing above the highest.

    A state that never passed an edge is not there.
    """
    states: dict[int, Any] = {}
    numbers = count()

    def take(state: Any) -> None:
        number = next(numbers)
        if number in wanted:
            # A block may go on to change its input in place.
            states[number] = (state[0] if isinstance(state, tuple) else state).clone()
        if number == max(wanted):
            raise _Enough

    def entering(module: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        take(args[0] if args else named["hidden_states"])

    def leaving(module: Any, args: tuple[Any, ...], output: Any) -> None:
        take(output)

    with ExitStack() as hooks:
        for module, side in edges:
            handle = (
                module.register_forward_pre_hook(entering, with_kwargs=True)
                if side == "in"
                else module.register_forward_hook(leaving)
            )
            hooks.callback(handle.remove)
        with suppress(_Enough):
            model(**inputs)
    return states


def same_states(few: Mapping[int, Any], whole: Sequence[Any]) -> bool:
    """Say whether the states that passed are those of the whole pass, all but its last."""
    return sorted(few) == list(range(len(whole) - 1)) and all(
        few[k].shape == whole[k].shape
        and float((few[k] - whole[k]).abs().max()) <= CLOSE * float(whole[k].abs().max())
        for k in few
    )
