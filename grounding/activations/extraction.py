"""Run stimuli through an encoder and pool, reading what is stored and computing the rest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from grounding.activations.pooling import POOLINGS
from grounding.activations.provenance import provenance_of
from grounding.activations.record import Activations, check_unique, layer_name
from grounding.activations.reduction import Pooled, Reduction
from grounding.activations.stored import StoredActivations
from grounding.activations.working import Plan, Progress, compute, make_plan
from grounding.encoders import Encoder
from grounding.errors import UserError
from grounding.stimuli import Stimulus
from grounding.tables import lookup

__all__ = [
    "Layers",
    "check_stimuli",
    "chosen_layers",
    "extract",
    "extract_many",
    "extract_stored",
    "plan_of",
    "somewhere",
]

Layers = Sequence[int | np.integer | str]


def extract(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    pooling: str,
    store: str | Path | None = None,
    progress: Progress | None = None,
    layers: Layers | None = None,
) -> Activations:
    """Return the pooled activations of `stimuli`, in memory.

    pooling: a name of `POOLINGS`.
    store: a folder that keeps results; what it holds is read, the rest is computed and added.
    progress: called with the number of stimuli done and in all.
    layers: names or places of the layers wanted, in the order wanted; None is all. Nothing above
        the highest of them is computed.

    Raises `UserError` for no stimuli, repeated ids, an unknown pooling or layer, a damaged store,
    or a stimulus that the encoder cannot take.
    """
    return extract_many(encoder, stimuli, (pooling,), store, progress, layers)[pooling]


def extract_many(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    poolings: Sequence[str],
    store: str | Path | None = None,
    progress: Progress | None = None,
    layers: Layers | None = None,
) -> dict[str, Activations]:
    """Return activations under several poolings, from one pass through the encoder.

    See `extract`.
    """
    with somewhere(store) as folder:
        found = _stored(encoder, stimuli, poolings, folder, progress, layers)
        return {pooling: acts.load() for pooling, acts in found.items()}


def extract_stored(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    pooling: str,
    store: str | Path,
    progress: Progress | None = None,
    layers: Layers | None = None,
) -> StoredActivations:
    """Bring the pooled activations of `stimuli` into the store, and return where they are.

    Memory holds one shard at a time, however many stimuli there are. See `extract`.
    """
    return _stored(encoder, stimuli, (pooling,), store, progress, layers)[pooling]


def plan_of(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    poolings: Sequence[str | Reduction],
    store: str | Path,
    layers: Layers | None = None,
) -> Plan:
    """Return the pieces of work that an extraction would do, to do them elsewhere.

    Each is for `compute_shard`; when all are done, `extract` and its like only read.

    poolings: names of `POOLINGS`; or `SpanMeans` for `extract_spans`, `KeptFrames` for
        `extract_frames`, one at a time.
    """
    reductions = [_reduction(pooling) for pooling in dict.fromkeys(poolings)]
    if not poolings:
        raise UserError(f"no pooling was asked for; known: {', '.join(sorted(POOLINGS))}.")
    check_stimuli(encoder, stimuli)
    wanted = chosen_layers(encoder, layers)
    return make_plan(encoder, stimuli, reductions, wanted, store)


def _reduction(pooling: str | Reduction) -> Reduction:
    if not isinstance(pooling, str):
        return pooling
    return Pooled(lookup("pooling", pooling, POOLINGS).name)


def check_stimuli(encoder: Encoder, stimuli: Sequence[Stimulus]) -> None:
    """Raise `UserError` for no stimuli, or for an id that occurs more than once."""
    if not len(stimuli):
        raise UserError(f"there are no stimuli to run through {encoder.name}.")
    check_unique([stimulus.id for stimulus in stimuli])


def chosen_layers(encoder: Encoder, layers: Layers | None) -> tuple[str, ...]:
    """Return the names of the layers asked for; all of them for None.

    Raises `UserError` for a layer that is not there, is asked for twice, or for none.
    """
    if layers is None:
        return encoder.layers
    names = tuple(layer_name(encoder.name, encoder.layers, which) for which in layers)
    if not names or len(set(names)) < len(names):
        raise UserError(
            f"the layers asked of {encoder.name} are {', '.join(names) or 'none'}; needed: one or "
            "more, each once."
        )
    return names


def _stored(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    poolings: Sequence[str],
    store: str | Path,
    progress: Progress | None,
    layers: Layers | None,
) -> dict[str, StoredActivations]:
    plan = plan_of(encoder, stimuli, poolings, store, layers)
    indexes = compute(encoder, plan, store, progress)
    ids = tuple(stimulus.id for stimulus in stimuli)
    wanted = chosen_layers(encoder, layers)
    return {
        pooling: StoredActivations(
            ids,
            wanted,
            pooling,
            encoder.name,
            provenance_of(encoder, stimuli, pooling),
            plan.keys,
            indexes[pooling],
        )
        for pooling in poolings
    }


@contextmanager
def somewhere(store: str | Path | None) -> Iterator[str | Path]:
    """Give the store, or a folder that is gone when the block ends."""
    if store is not None:
        yield store
        return
    with tempfile.TemporaryDirectory(prefix="grounding-") as folder:
        yield folder
