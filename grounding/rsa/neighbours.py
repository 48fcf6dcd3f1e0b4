"""Mutual nearest neighbours: how many neighbours a stimulus has in common in two RDMs.

Ties at the edge of a neighbourhood are shared out. When the k-th place falls among t
dissimilarities that are equal, and s places are left for them, each of the t is a neighbour with
weight s / t. That does not depend on the order of stimuli, and the measure is what it would be on
average if ties were broken at random in each RDM apart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array

from grounding.errors import UserError

__all__ = ["mutual_knn", "mutual_knn_null"]

BLOCK = 1 << 20  # dissimilarities of whole rows that are held at a time


Score = Callable[
    [Float[np.ndarray, "model pair"], Float[np.ndarray, "reference pair"]],
    Float[np.ndarray, "model reference"],
]


def mutual_knn(k: int) -> Score:
    """Return the measure: the share of its k nearest that a stimulus has in both RDMs.

    The mean over stimuli. Range 0 to 1, greater is more alike; with ties at the edge of
    neighbourhoods an RDM's agreement with itself is less than 1. Its value for unrelated RDMs is
    k / (n - 1) (`mutual_knn_null`), not 0. Invariant to any increasing function of the
    dissimilarities of either RDM, even to another one for each stimulus, and blind to everything
    beyond the neighbourhood.

    A value means nothing without its k and n: with few stimuli most of it is chance (0.34 of 1
    for unrelated RDMs of 30 stimuli and k = 10), and two values compare only at equal k and n.

    One RDM of n stimuli takes n^2, each two n k. Raises `UserError` for k below 1 and for fewer
    than k + 2 stimuli, where every other stimulus would be a neighbour. Source: Huh et al. 2024,
    arXiv:2405.07987.

    >>> line = np.array([[1.0, 3.0, 7.0, 2.0, 6.0, 4.0]])  # points at 0, 1, 3 and 7
    >>> mutual_knn(1)(line, line[:, ::-1])
    array([[0.25]])
    """
    if k < 1:
        raise UserError(f"mutual nearest neighbours need k of 1 or more, found {k}")
    return partial(_share, k)


def mutual_knn_null(stimuli: int, k: int) -> float:
    """Return the expected share of common neighbours of unrelated RDMs: k / (n - 1).

    It is the exact mean over all permutations of the stimuli of one RDM, with ties too.

    Raises `UserError` for fewer than k + 2 stimuli.

    >>> mutual_knn_null(101, 10)
    0.1
    """
    _refuse_few(stimuli, k)
    return k / (stimuli - 1)


def _share(
    k: int,
    models: Float[np.ndarray, "model pair"],
    references: Float[np.ndarray, "reference pair"],
) -> Float[np.ndarray, "model reference"]:
    ready = [_neighbours(one, k) for one in references]
    shares = np.empty((len(models), len(references)))
    for row, model in zip(shares, models, strict=True):
        one = _neighbours(model, k)
        row[:] = [one.multiply(other).sum() / (k * one.shape[0]) for other in ready]
    return shares


def _refuse_few(stimuli: int, k: int) -> None:
    if stimuli < k + 2:
        raise UserError(
            f"the {k} nearest neighbours need at least {k + 2} stimuli, found {stimuli}: with "
            "fewer every stimulus is a neighbour; take more stimuli or a smaller k"
        )


def _neighbours(values: Float[np.ndarray, " pair"], k: int) -> csr_array:
    """Return the weight of each stimulus, in columns, as a neighbour of each, in rows."""
    n = (1 + round(np.sqrt(1 + 8 * len(values)))) // 2
    _refuse_few(n, k)
    # A pair (i, j), i < j, is at base[i] + j.
    base = np.arange(n) * n - np.arange(n) * np.arange(1, n + 1) // 2 - np.arange(1, n + 1)
    rows, columns, weights = [], [], []
    step = max(1, BLOCK // n)
    for start in range(0, n, step):
        block = np.full((min(step, n - start), n), np.inf)  # none is a neighbour of itself
        for own, row in enumerate(block, start):
            row[:own] = values[base[:own] + own]
            row[own + 1 :] = values[base[own] + own + 1 : base[own] + n]
        edge = np.partition(block, k - 1, axis=1)[:, k - 1]
        i, j = np.nonzero(block <= edge[:, None])
        tied = block[i, j] == edge[i]
        ties = np.bincount(i, tied, len(block))
        places = k - np.bincount(i, ~tied, len(block))
        rows.append(i + start)
        columns.append(j)
        weights.append(np.where(tied, (places / ties)[i], 1.0))
    where = (np.concatenate(rows), np.concatenate(columns))
    return csr_array((np.concatenate(weights), where), shape=(n, n))
