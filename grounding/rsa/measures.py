"""Measures: how alike two RDMs are, as one number.

One mechanism serves all measures. The vectors of values are transformed (ranked, centred),
their weighted products form one matrix, and agreement is an entry of it over the root of two
diagonal entries. Weights count copies of a pair: a whole number w stands for the pair written w
times, exactly, also for ranks and ties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

__all__ = ["MEASURES", "Measure", "Vectors", "products", "ready_vectors"]


@dataclass(frozen=True)
class Measure:
    """One way to say how alike two RDMs are; greater is more alike.

    name: its name in `MEASURES`.
    lower, upper: its range.
    null: its expected value for unrelated RDMs; None where that depends on the RDMs.
    ranked: whether values are replaced by mid-ranks.
    centred: whether the mean is taken off.
    breaks_ties: whether variances are those in expectation over random breaking of ties.
    invariances: what may be done to either RDM without a change.
    reference: where it is described.
    """

    name: str
    lower: float
    upper: float
    null: float | None
    ranked: bool
    centred: bool
    breaks_ties: bool
    invariances: str
    reference: str


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            name="pearson",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            ranked=False,
            centred=True,
            breaks_ties=False,
            invariances="adding a constant, multiplying by a positive number",
            reference="Kriegeskorte, Mur & Bandettini 2008, doi:10.3389/neuro.06.004.2008",
        ),
        Measure(
            name="cosine",
            lower=-1.0,
            upper=1.0,
            null=None,
            ranked=False,
            centred=False,
            breaks_ties=False,
            invariances="multiplying by a positive number",
            reference="Diedrichsen et al. 2020, arXiv:2007.02789",
        ),
        Measure(
            name="spearman",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            ranked=True,
            centred=True,
            breaks_ties=False,
            invariances="any strictly increasing function",
            reference="Nili et al. 2014, doi:10.1371/journal.pcbi.1003553",
        ),
        Measure(
            name="rho-a",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            ranked=True,
            centred=True,
            breaks_ties=True,
            invariances="any strictly increasing function",
            reference="Schuett et al. 2023, doi:10.7554/eLife.82566",
        ),
    )
}


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors over the same pairs, made ready for one measure.

    measure: the measure.
    source: the values; for a ranked measure each value's place among the different values of its
        vector, so that ties share one.
    levels: for a ranked measure, the number of different values of each vector.
    block: where values are to be centred inside blocks, each pair's block, ascending.
    """

    measure: Measure
    source: Float[np.ndarray, "vector pair"] | Int[np.ndarray, "vector pair"]
    levels: tuple[int, ...]
    block: Int[np.ndarray, " pair"] | None

    def take(self, pairs: Int[np.ndarray, " some"]) -> Vectors:
        """Return the same vectors over some of the pairs."""
        block = None if self.block is None else self.block[pairs]
        return Vectors(self.measure, np.take(self.source, pairs, axis=1), self.levels, block)


def ready_vectors(
    values: Float[np.ndarray, "vector pair"],
    measure: Measure,
    block: Int[np.ndarray, " pair"] | None = None,
) -> Vectors:
    """Do once what does not depend on weights: sort each vector and find its ties."""
    if not measure.ranked:
        return Vectors(measure, values, (), block)
    level = np.empty(values.shape, dtype=np.intp)
    levels = []
    for row, vector in enumerate(values):
        order = np.argsort(vector)
        ordered = vector[order]
        step = np.concatenate([[0], np.cumsum(ordered[1:] != ordered[:-1])])
        level[row, order] = step
        levels.append(int(step[-1]) + 1)
    return Vectors(measure, level, tuple(levels), block)


def products(
    vectors: Vectors, weights: Float[np.ndarray, " pair"] | None = None
) -> Float[np.ndarray, "vector vector"]:
    """Return the weighted products of the transformed vectors with each other.

    weights: how many copies of each pair there are; None is one copy each.
    """
    if weights is not None:
        there = np.flatnonzero(weights)
        vectors, weights = vectors.take(there), weights[there]
    points = transform(vectors, weights)
    if weights is None:
        weights = np.ones(points.shape[1])
    points *= np.sqrt(weights)
    matrix = points @ points.T
    if vectors.measure.breaks_ties:
        # Ties broken at random, in each vector apart, average to mid-ranks in the product of two
        # vectors; in the product of a vector with itself their variance stays.
        on_diagonal = np.diag_indices(len(matrix))
        if vectors.block is None:  # all ranks from 1 to the total are taken once, ties or not
            total = weights.sum()
            matrix[on_diagonal] = (total**3 - total) / 12.0
        else:
            matrix[on_diagonal] += _tie_variance(vectors, weights, vectors.block)
    return matrix


def transform(
    vectors: Vectors, weights: Float[np.ndarray, " pair"] | None = None
) -> Float[np.ndarray, "vector pair"]:
    """Return the vectors ranked and centred as the measure asks, as a new array.

    weights: how many copies of each pair there are, none of them 0; None is one copy each.
    """
    if weights is None:
        weights = np.ones(vectors.source.shape[1])
    if vectors.measure.ranked:
        points = np.empty(vectors.source.shape)
        for row, (level, levels) in enumerate(zip(vectors.source, vectors.levels, strict=True)):
            np.take(_centred_ranks(level, weights, levels), level, out=points[row], mode="clip")
    else:
        points = np.array(vectors.source)
    if vectors.block is not None:
        _centre_in_blocks(points, weights, vectors.block)
    elif vectors.measure.centred and not vectors.measure.ranked and points.size:
        points -= points[:, :1]  # so that a constant vector becomes exactly zero
        points -= (points @ weights / weights.sum())[:, None]
    return points


def _centred_ranks(
    level: Int[np.ndarray, " pair"], weights: Float[np.ndarray, " pair"], levels: int
) -> Float[np.ndarray, " level"]:
    # The mid-rank of a level is the weight below it plus (its own weight + 1) / 2, and the mean
    # of all ranks is (total + 1) / 2. Counts are whole, so every number here is exact.
    own = np.bincount(level, weights, minlength=levels)
    rank = np.cumsum(own)
    return rank - (own + rank[-1]) / 2.0


def _centre_in_blocks(
    points: Float[np.ndarray, "vector pair"],
    weights: Float[np.ndarray, " pair"],
    block: Int[np.ndarray, " pair"],
) -> None:
    if not len(block):
        return
    starts = np.flatnonzero(np.concatenate([[True], block[1:] != block[:-1]]))
    sizes = np.diff(np.append(starts, len(block)))
    points -= np.repeat(points[:, starts], sizes, axis=1)  # constant in a block becomes zero
    sums = np.add.reduceat(points * weights, starts, axis=1)
    points -= np.repeat(sums / np.add.reduceat(weights, starts), sizes, axis=1)


def _tie_variance(
    vectors: Vectors, weights: Float[np.ndarray, " pair"], block: Int[np.ndarray, " pair"]
) -> Float[np.ndarray, " vector"]:
    # What random breaking of ties adds to the expected sum of squares inside blocks. In a run of
    # t ties the ranks are t whole numbers in random order: each has the variance (t^2 - 1) / 12,
    # two of them the covariance -(t + 1) / 12, and the mean of each block takes its part off.
    size = np.bincount(block, weights)
    added = np.empty(len(vectors.levels))
    for row, (one, levels) in enumerate(zip(vectors.source, vectors.levels, strict=True)):
        run = np.bincount(one, weights, minlength=levels)
        cell, which = np.unique(block * levels + one, return_inverse=True)
        inside = np.bincount(which, weights)
        of, ties = cell // levels, run[cell % levels]
        means = inside * (ties + 1.0) * (ties - inside) / size[of]
        added[row] = ((run**3 - run).sum() - means.sum()) / 12.0
    return added
