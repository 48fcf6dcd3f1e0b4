"""Run stimuli through an encoder and pool, reading what is stored and computing the rest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grounding.activations.pooling import POOLINGS
from grounding.activations.record import Activations, check_unique
from grounding.activations.store import Collection, collection
from grounding.encoders import Encoder
from grounding.errors import GroundingError, UserError
from grounding.stimuli import Stimulus
from grounding.tables import lookup

__all__ = ["SHARD", "extract", "extract_many"]

SHARD = 64
"""Stimuli encoded and stored together. Their company decides the last bits of the result, so that
a run that is killed and resumed gives the bytes of one that was not."""

Progress = Callable[[int, int], None]

SEEN: Mapping[str, Callable[[Stimulus], str]] = {
    "audio": lambda stimulus: stimulus.audio_digest,
    "transcript": lambda stimulus: hashlib.sha256(
        json.dumps([stimulus.language, stimulus.transcript]).encode()
    ).hexdigest(),
    "stimulus": lambda stimulus: stimulus.digest,
}
"""By what an encoder says that it sees: the hash of that."""


def extract(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    pooling: str,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Activations:
    """Return the pooled activations of `stimuli` in every layer of `encoder`.

    pooling: a name of `POOLINGS`.
    store: a folder that keeps results; what it holds is read, the rest is computed and added.
    progress: called with the number of stimuli done and in all.

    Raises `UserError` for no stimuli, repeated ids, an unknown pooling, a damaged store, or a
    stimulus that the encoder cannot take.
    """
    return extract_many(encoder, stimuli, (pooling,), store, progress)[pooling]


def extract_many(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    poolings: Sequence[str],
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Activations]:
    """Return activations under several poolings, from one pass through the encoder.

    See `extract`.
    """
    for pooling in poolings:
        lookup("pooling", pooling, POOLINGS)
    if not len(stimuli):
        raise UserError(f"there are no stimuli to run through {encoder.name}.")
    check_unique([stimulus.id for stimulus in stimuli])
    keys = [_key(encoder, stimulus) for stimulus in stimuli]
    first = dict(zip(reversed(keys), reversed(stimuli), strict=True))
    report = progress or (lambda done, total: None)

    rows: dict[str, dict[str, np.ndarray]] = {pooling: {} for pooling in poolings}
    places = {p: collection(store, encoder, p) for p in poolings} if store is not None else {}
    for pooling, place in places.items():
        rows[pooling] |= _stored(place, first)
    wanted = [key for key in dict.fromkeys(keys) if any(key not in rows[p] for p in poolings)]
    done = len(first) - len(wanted)
    report(done, len(first))
    for start in range(0, len(wanted), SHARD):
        some = wanted[start : start + SHARD]
        fresh = _pooled(encoder, [first[key] for key in some], poolings)
        for pooling in poolings:
            lacking = [row for row, key in enumerate(some) if key not in rows[pooling]]
            if pooling in places and lacking:
                places[pooling].write([some[row] for row in lacking], fresh[pooling][lacking])
            rows[pooling] |= {some[row]: fresh[pooling][row] for row in lacking}
        done += len(some)
        report(done, len(first))
    return {p: _gathered(encoder, stimuli, keys, p, rows[p]) for p in poolings}


def _key(encoder: Encoder, stimulus: Stimulus) -> str:
    """Return the hash of all that this encoder sees of a stimulus.

    A mark or a corrected transcript moves nothing that a speech encoder hears, so its features
    are found again.
    """
    return SEEN[encoder.sees](stimulus)


def _stored(place: Collection, wanted: dict[str, Stimulus]) -> dict[str, np.ndarray]:
    """Return the rows "layer feature" that a collection holds, by the stimulus' key."""
    index = {key: where for key, where in place.index().items() if key in wanted}
    shards = {shard: place.read(shard) for shard in {shard for shard, _ in index.values()}}
    return {key: shards[shard][row] for key, (shard, row) in index.items()}


def _pooled(
    encoder: Encoder, stimuli: Sequence[Stimulus], poolings: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return "stimulus layer feature" under each pooling."""
    encoded = encoder.encode(stimuli)
    for stimulus, steps in zip(stimuli, encoded, strict=True):
        if not np.isfinite(steps).all():
            raise GroundingError(
                f"{encoder.name} gave numbers that are not finite for stimulus {stimulus.id!r}."
            )
    return {
        name: np.stack([POOLINGS[name].pool(steps) for steps in encoded]).astype(np.float32)
        for name in poolings
    }


def _gathered(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    keys: Sequence[str],
    pooling: str,
    rows: dict[str, np.ndarray],
) -> Activations:
    """Put the rows of the stimuli's keys in order, under their labels."""
    layers, features = rows[keys[0]].shape
    values = np.empty((layers, len(keys), features), dtype=np.float32)
    for position, key in enumerate(keys):
        values[:, position] = rows[key]
    provenance: dict[str, Any] = {
        "encoder": encoder.name,
        "modality": encoder.modality,
        "revision": encoder.revision,
        "pooling": pooling,
        "stimuli": hashlib.sha256("\n".join(s.digest for s in stimuli).encode()).hexdigest(),
        **encoder.provenance,
    }
    ids = tuple(stimulus.id for stimulus in stimuli)
    return Activations(values, ids, encoder.layers, pooling, encoder.name, provenance)
