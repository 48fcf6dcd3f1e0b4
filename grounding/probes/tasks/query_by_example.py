"""Find a spoken word among recordings by other speakers, from one example and without learning.

Steps are compared after time warping: features less their mean over all recordings and in units of
their standard deviation, each step at length 1, Euclidean distance; the path as in
`grounding.rsa.dtw_rdm`. A query is sought among all recordings of other speakers (of other
realisations, where all are of one speaker): its own voice can be no help. What says the same
phones is a hit. Mean average precision over the queries, 200 of them drawn where there are more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError
from grounding.probes.tasks.apart import phone_strings, voices
from grounding.probes.tasks.features import Features
from grounding.probes.tasks.record import TaskScore
from grounding.stimuli import Stimulus

__all__ = ["QUERIES", "average_precision", "chance_precision", "run", "seek", "warped"]

QUERIES = 200


def run(features: Features, stimuli: Sequence[Stimulus], rng: np.random.Generator) -> TaskScore:
    """Seek words of `stimuli` among other voices.

    Raises `UserError` for stimuli of one voice, or where no word is said by two.
    """
    held, by = voices(stimuli)
    return seek(features, stimuli, held, by, rng)


def seek(
    features: Features,
    stimuli: Sequence[Stimulus],
    held: Sequence[str],
    by: str,
    rng: np.random.Generator,
) -> TaskScore:
    """Seek every query among the stimuli that have another label in `held`; `by` names those."""
    word, voice = np.array(phone_strings(stimuli)), np.array(held)
    among = [np.flatnonzero(voice != one) for one in voice]
    possible = [place for place in range(len(stimuli)) if word[place] in word[among[place]]]
    if not possible:
        raise UserError(f"no word is said by more than one {by}; needed words that several say.")
    queries = sorted(rng.permutation(possible)[:QUERIES].tolist())
    frames = _comparable(features.of(stimuli))
    lengths = np.array([len(one) for one in frames])
    padded = np.zeros((len(frames), lengths.max(), frames[0].shape[1]), dtype=np.float32)
    for into, one in zip(padded, frames, strict=True):
        into[: len(one)] = one
    marks, chances = [], []
    for query in queries:
        others = among[query]
        distance = warped(frames[query], padded, lengths)[others]
        order = np.lexsort((rng.permutation(len(others)), distance))  # ties fall at random
        hits = (word[others] == word[query])[order]
        marks.append(average_precision(hits))
        chances.append(chance_precision(int(hits.sum()), len(hits)))
    return TaskScore(
        task="query-by-example",
        unit="mean average precision",
        chance=float(np.mean(chances)),
        split=by,
        encoder=features.encoder,
        layer=features.layer,
        ids=tuple(stimuli[place].id for place in queries),
        marks=np.array(marks),
        weights=np.ones(len(marks)),
        groups=tuple(word[queries].tolist()),
        left_out={
            f"said by no other {by}": len(stimuli) - len(possible),
            "not drawn as a query": len(possible) - len(queries),
        },
    )


def _comparable(
    frames: Sequence[Float[np.ndarray, "_step feature"]],
) -> list[Float[np.ndarray, "_step feature"]]:
    """Standardise features over all steps, and bring every step to length 1."""
    every = np.concatenate(frames)
    mean, scale = every.mean(axis=0, dtype=np.float64), every.std(axis=0, dtype=np.float64)
    # What varies by rounding alone would come out as large as the rest.
    scale = np.where(scale > 1e-6 * np.abs(every).max(axis=0), scale, np.inf)
    standard = [(one - mean) / scale for one in frames]
    lengths = [np.linalg.norm(one, axis=1, keepdims=True) for one in standard]
    return [
        (one / np.where(length > 0.0, length, 1.0)).astype(np.float32)
        for one, length in zip(standard, lengths, strict=True)
    ]


def warped(
    query: Float[np.ndarray, "step feature"],
    others: Float[np.ndarray, "other longest feature"],
    lengths: Int[np.ndarray, " other"],
) -> Float[np.ndarray, " other"]:
    """Return the distance of one trajectory to each of others, under the best warp of time.

    others: steps beyond `lengths` are not looked at. Path and unit as of `dtw_rdm`.
    """
    longest = others.shape[1]
    products = query @ others.reshape(-1, others.shape[2]).T
    squares = np.square(query).sum(1)[:, None] + np.square(others).sum(2).ravel()
    cost = np.sqrt(np.maximum(squares - 2.0 * products, 0.0))
    # Along the other's time, D[u] = min(best[u], D[u - 1] + cost[u]) is a running minimum once the
    # costs so far are taken off, so only the query's steps remain a loop.
    above = np.full((len(others), longest + 1), np.inf)
    above[:, 0] = 0.0
    for row in cost:
        here = row.reshape(len(others), longest).astype(np.float64)
        best = np.minimum(above[:, :-1] + 2.0 * here, above[:, 1:] + here)
        total = np.cumsum(here, axis=1)
        above[:, 0] = np.inf
        above[:, 1:] = np.minimum.accumulate(best - total, axis=1) + total
    return above[np.arange(len(others)), lengths] / (lengths + len(query))


def average_precision(hits: Bool[np.ndarray, " rank"]) -> float:
    """Return the mean, over the hits, of the share of hits among those ranked so far.

    >>> average_precision(np.array([True, False, True]))
    0.8333333333333333
    """
    ranks = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks))


def chance_precision(hits: int, n: int) -> float:
    """Return the expected average precision of `hits` hits in `n` places in random order.

    At rank k a hit is expected to find (k - 1)(hits - 1) / (n - 1) others before it.

    >>> chance_precision(1, 2)
    0.75
    """
    ranks = np.arange(1, n + 1)
    others = (ranks - 1) * (hits - 1) / max(n - 1, 1)
    return float(np.mean((1.0 + others) / ranks))
