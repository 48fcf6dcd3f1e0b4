"""Vectors of dissimilarities, transformed as a measure asks, and their products.

Weights count copies of a pair: a whole number w stands for the pair written w times, exactly,
also for ranks and ties. Products are sums of products of two vectors at a time, in chunks that
stay in the cache, so that no product depends on which other vectors there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.rsa.measures import Measure

__all__ = ["Products", "Vectors", "every_product", "products", "ready_vectors", "transform"]

NOTHING = 1e-24  # a sum of squares below this share of the whole is rounding error
CHUNK = 1 << 12  # pairs of all vectors that are worked on at a time

Products = Sequence[tuple[int, int]]  # which vector with which


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors over the same pairs, made ready for one measure.

    measure: the measure.
    source: the values of each vector, less a constant where the measure takes the mean off; for
        a ranked measure each value's place among the different values, so that ties share one.
    levels: for a ranked measure, the number of different values of each vector; 0 for a vector
        whose values stay as they are.
    block: where values are to be centred inside blocks, each pair's block, ascending.
    """

    measure: Measure
    source: tuple[Float[np.ndarray, " pair"] | Int[np.ndarray, " pair"], ...]
    levels: tuple[int, ...]
    block: Int[np.ndarray, " pair"] | None

    @property
    def pairs(self) -> int:
        """The number of pairs."""
        return len(self.source[0])

    def take(self, pairs: Int[np.ndarray, " some"]) -> Vectors:
        """Return the same vectors over some of the pairs."""
        block = None if self.block is None else self.block[pairs]
        source = tuple(one.take(pairs) for one in self.source)
        if self.measure.ranked:  # places become the type of an index
            source = tuple(
                one.astype(np.intp) if levels else one
                for one, levels in zip(source, self.levels, strict=True)
            )
        return Vectors(self.measure, source, self.levels, block)


def ready_vectors(
    values: Sequence[Float[np.ndarray, " pair"]],
    measure: Measure,
    block: Int[np.ndarray, " pair"] | None = None,
    plain: Sequence[bool] = (),
) -> Vectors:
    """Do once what does not depend on weights: sort each vector and find its ties.

    plain: for each vector whether its values stay as they are, whatever the measure; none if empty.
    """
    if measure.ranked:
        plain = plain or [False] * len(values)
        places = [
            (vector, 0) if stays else _places(vector)
            for vector, stays in zip(values, plain, strict=True)
        ]
        source = tuple(place for place, _ in places)
        return Vectors(measure, source, tuple(levels for _, levels in places), block)
    if block is not None:  # weights are equal inside a block, so that its mean needs none
        centred = (_centred_in_blocks(np.array(one, dtype=np.float64), block) for one in values)
        return Vectors(measure, tuple(centred), (), block)
    return Vectors(measure, tuple(values), (), None)


def _places(vector: Float[np.ndarray, " pair"]) -> tuple[Int[np.ndarray, " pair"], int]:
    order = np.argsort(vector)
    ordered = vector[order]
    step = np.empty(len(vector), dtype=np.int32)
    step[0] = 0
    np.cumsum(ordered[1:] != ordered[:-1], out=step[1:])
    place = np.empty(len(vector), dtype=np.int32)
    place[order] = step
    return place, int(step[-1]) + 1


def products(
    vectors: Vectors,
    wanted: Products,
    weights: Float[np.ndarray, " pair"] | None = None,
) -> Float[np.ndarray, " wanted"]:
    """Return the weighted products of some of the transformed vectors with others.

    wanted: the two vectors of each product.
    weights: how many copies of each pair there are; None is one copy each.

    Raises `ValueError` for weights under a measure that takes off a part of each stimulus.
    """
    if weights is not None:
        there = np.flatnonzero(weights)
        vectors, weights = vectors.take(there), weights[there]
    shift = _shifts(vectors, weights)
    if vectors.block is not None or vectors.measure.rows is not None:
        found = _sums(transform(vectors, weights), wanted, weights)
    else:
        found = np.zeros(len(wanted))
        for start in range(0, vectors.pairs, CHUNK):
            part = slice(start, min(start + CHUNK, vectors.pairs))
            points = _points(vectors, shift, part)
            found += _sums(points, wanted, None if weights is None else weights[part])
    if vectors.measure.breaks_ties:
        _break_ties(found, wanted, vectors, weights)
    return found


def every_product(
    vectors: Vectors, weights: Float[np.ndarray, " pair"] | None = None
) -> Float[np.ndarray, "vector vector"]:
    """Return the products of all vectors with each other; see `products`."""
    wanted = [(i, j) for i in range(len(vectors.source)) for j in range(i + 1)]
    matrix = np.empty((len(vectors.source), len(vectors.source)))
    for (i, j), found in zip(wanted, products(vectors, wanted, weights), strict=True):
        matrix[i, j] = matrix[j, i] = found
    return matrix


def transform(
    vectors: Vectors, weights: Float[np.ndarray, " pair"] | None = None
) -> Float[np.ndarray, "vector pair"]:
    """Return the vectors ranked and centred as the measure asks, as a new array.

    weights: how many copies of each pair there are, none of them 0; None is one copy each.
    """
    points = _points(vectors, _shifts(vectors, weights), slice(None))
    if vectors.block is not None and vectors.measure.ranked:
        for row in points:
            _centred_in_blocks(row, vectors.block)
    if vectors.measure.rows is not None:
        if weights is not None:
            raise ValueError(f"{vectors.measure.name} has no transform under weights")
        for row in points:
            _off_rows(row, vectors.measure.rows, mean_too=vectors.measure.centred)
    return points


def _shifts(
    vectors: Vectors, weights: Float[np.ndarray, " pair"] | None
) -> Sequence[Int[np.ndarray, " level"] | float]:
    """Return what turns each source into points: a table by level, or what to take off."""
    if vectors.measure.ranked:
        return [
            _twice_ranks(source, weights, levels) if levels else _mean(source, weights)
            for source, levels in zip(vectors.source, vectors.levels, strict=True)
        ]
    if not vectors.measure.centred or vectors.block is not None:
        return [0.0] * len(vectors.source)
    return [_mean(source, weights) for source in vectors.source]


def _mean(source: Float[np.ndarray, " pair"], weights: Float[np.ndarray, " pair"] | None) -> float:
    # The first value is taken off before, so that the mean of a constant is exact.
    first = float(source[0])
    if weights is None:
        mean = float(np.mean(source, dtype=np.float64))
        if abs(mean - first) > 1e-6 * abs(mean):
            return mean
        weights = np.ones(len(source))
    return first + float(np.subtract(source, first, dtype=np.float64) @ weights / weights.sum())


def _points(
    vectors: Vectors,
    shifts: Sequence[Int[np.ndarray, " level"] | float],
    part: slice,
) -> Float[np.ndarray, "vector some"]:
    points = np.empty((len(vectors.source), len(vectors.source[0][part])))
    for row, source, shift in zip(points, vectors.source, shifts, strict=True):
        if isinstance(shift, np.ndarray):
            np.multiply(np.take(shift, source[part], mode="clip"), 0.5, out=row)
        else:
            np.subtract(source[part], shift, out=row, dtype=np.float64)
    return points


def _sums(
    points: Float[np.ndarray, "vector some"],
    wanted: Products,
    weights: Float[np.ndarray, " some"] | None,
) -> Float[np.ndarray, " wanted"]:
    weighted = points if weights is None else points * weights
    return np.array([points[i] @ weighted[j] for i, j in wanted])


def _twice_ranks(
    level: Int[np.ndarray, " pair"], weights: Float[np.ndarray, " pair"] | None, levels: int
) -> Int[np.ndarray, " level"]:
    """Return twice the centred mid-rank of each level, which is a whole number.

    The mid-rank of a level is the weight below it plus (its own weight + 1) / 2, and the mean of
    all ranks is (total + 1) / 2. Whole numbers keep it exact, and their sums run faster.
    """
    own = np.bincount(level, weights, minlength=levels)
    total = len(level) if weights is None else int(weights.sum())
    own = own.astype(np.int32 if 2 * total < 2**31 else np.int64)
    upto: Int[np.ndarray, " level"] = np.cumsum(own, dtype=own.dtype)
    upto *= 2
    upto -= own
    upto -= total
    return upto


def _centred_in_blocks(
    points: Float[np.ndarray, " pair"], block: Int[np.ndarray, " pair"]
) -> Float[np.ndarray, " pair"]:
    # In place. Every pair of a block has the same number of copies.
    starts = np.flatnonzero(np.concatenate([[True], block[1:] != block[:-1]]))
    sizes = np.diff(np.append(starts, len(block)))
    points -= np.repeat(points[starts], sizes)  # constant in a block becomes zero
    points -= np.repeat(np.add.reduceat(points, starts) / sizes, sizes)
    return points


def _off_rows(points: Float[np.ndarray, " pair"], ridge: float, *, mean_too: bool) -> None:
    """Take off each stimulus' own part, in place: the root of I - E (E'E + ridge I)^-1 E'.

    E adds a number of each stimulus to its pairs. E'E has two eigenvalues, one for the mean and
    one for the differences between stimuli, so that the root is known in closed form.
    """
    n = (1 + int(np.sqrt(1 + 8 * len(points)))) // 2
    first, second = np.triu_indices(n, 1)
    mean = points.mean()
    points -= mean
    whole = points @ points
    share = (1.0 - np.sqrt(ridge / (n - 2 + ridge))) / (n - 2)
    own = share * (np.bincount(first, points, n) + np.bincount(second, points, n))
    points -= own[first]
    points -= own[second]
    if points @ points <= NOTHING * whole:
        points[:] = 0.0
    if not mean_too:
        points += mean * np.sqrt(ridge / (2 * n - 2 + ridge))


def _break_ties(
    found: Float[np.ndarray, " wanted"],
    wanted: Products,
    vectors: Vectors,
    weights: Float[np.ndarray, " pair"] | None,
) -> None:
    # Ties broken at random, in each vector apart, average to mid-ranks in the product of two
    # vectors; in the product of a vector with itself their variance stays.
    if weights is None:
        weights = np.ones(vectors.pairs)
    total = weights.sum()
    for at, (i, j) in enumerate(wanted):
        if i != j or not vectors.levels[i]:
            continue
        if vectors.block is None:  # all ranks from 1 to the total are taken once, ties or not
            found[at] = (total**3 - total) / 12.0
        else:
            found[at] += _tie_variance(vectors, i, weights, vectors.block)


def _tie_variance(
    vectors: Vectors,
    vector: int,
    weights: Float[np.ndarray, " pair"],
    block: Int[np.ndarray, " pair"],
) -> float:
    # What random breaking of ties adds to the expected sum of squares inside blocks. In a run of
    # t ties the ranks are t whole numbers in random order: each has the variance (t^2 - 1) / 12,
    # two of them the covariance -(t + 1) / 12, and the mean of each block takes its part off.
    one, levels = vectors.source[vector].astype(np.intp), vectors.levels[vector]
    size = np.bincount(block, weights)
    run = np.bincount(one, weights, minlength=levels)
    cell, which = np.unique(block * levels + one, return_inverse=True)
    inside = np.bincount(which, weights)
    of, ties = cell // levels, run[cell % levels]
    means = inside * (ties + 1.0) * (ties - inside) / size[of]
    return float(((run**3 - run).sum() - means.sum()) / 12.0)
