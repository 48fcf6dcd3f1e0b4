"""Kendall's tau-a of vectors of dissimilarities: exact, also for ties, in whole numbers.

Two pairs of stimuli are discordant when the vectors order them in opposite ways. Discordant pairs
are the inversions of one vector when it is read in the order of the other. For these the places
in the one order are cut into blocks, the places in the other into buckets of the same width.
Inversions between different blocks and different buckets follow from how many of each bucket lie
in each block; those inside one block, or inside one bucket, are counted by merging its sorted
parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt

__all__ = ["tau_a"]

NARROW = 16  # rows up to this width are counted by comparing all their elements
CHUNK = 1 << 17  # elements that are worked on at a time: they stay in the cache


def tau_a(
    models: Float[np.ndarray, "model pair"], references: Float[np.ndarray, "reference pair"]
) -> Float[np.ndarray, "model reference"]:
    """Return Kendall's tau-a of every model with every reference.

    It is the number of concordant less the number of discordant pairs of dissimilarities, over
    the number of all of them. A pair that is tied in either vector is neither, so that a model
    that predicts ties cannot gain from them (Nili et al. 2014, doi:10.1371/journal.pcbi.1003553).

    Range -1 to 1, greater is more alike; with ties a vector's agreement with itself is less than
    1 by their share. Null 0. Invariant to any strictly increasing function of either vector; a
    strictly decreasing one changes the sign. NaN for fewer than two dissimilarities, and 0 for a
    constant vector, which has only ties.

    One vector of P dissimilarities takes P log P, and so do each two; a bootstrap or a permutation
    test takes that again for each sample. Source: Kendall 1938, doi:10.1093/biomet/30.1-2.81;
    counting by merging: Knight 1966, doi:10.1080/01621459.1966.10480879.

    >>> tau_a(np.array([[1.0, 2.0, 3.0, 3.0]]), np.array([[1.0, 3.0, 2.0, 4.0]])).round(3)
    array([[0.5]])
    """
    if len(models) < len(references):  # it is symmetric, and the shorter list is kept sorted
        return tau_a(references, models).T
    ready = [_sorted(one) for one in references]
    agreement = np.empty((len(models), len(references)))
    for row, model in zip(agreement, models, strict=True):
        one = _sorted(model)
        row[:] = [_agreement(one, other) for other in ready]
    return agreement


@dataclass(frozen=True, eq=False)
class _Sorted:
    """A vector, sorted.

    order: the indices of its values from the smallest to the greatest.
    place: each value's place among the different values, so that ties share one.
    ties: how many pairs of values are equal.
    """

    order: Int[np.ndarray, " pair"]
    place: UInt[np.ndarray, " pair"]
    ties: int


def _sorted(values: Float[np.ndarray, " pair"]) -> _Sorted:
    """Sort a vector, in less time than `argsort` needs.

    The upper bits of a value and its index make one whole number, and these are sorted. Values
    whose upper bits are equal are then put in order among themselves.
    """
    index = (1 << len(values).bit_length()) - 1
    # Zero is added so that 0.0 and -0.0 are one. The bits of positive numbers are in their order,
    # those of negative numbers in reverse.
    key = (np.asarray(values, dtype=np.float64) + 0.0).view(np.int64)
    negative = key < 0
    if negative.any():
        key[negative] ^= np.iinfo(np.int64).max
    key &= ~index
    key |= np.arange(len(values))
    key.sort()
    same = (key[1:] ^ key[:-1]) <= index
    order = key
    order &= index
    step = np.ones(len(values), dtype=np.uint32)  # 1 where a value is greater than the one before
    step[:1] = 0
    unsure = np.flatnonzero(np.append(same, False) | np.append(False, same))
    if len(unsure):
        some = order[unsure]
        found = values[some]
        if (found[1:] < found[:-1]).any():
            again = np.argsort(found)
            order[unsure], found = some[again], found[again]
        step[unsure[1:]] = found[1:] != found[:-1]
    place = np.empty(len(values), dtype=np.uint32)
    place[order] = np.cumsum(step, dtype=np.uint32)
    return _Sorted(order, place, _tied(step))


def _tied(step: np.ndarray) -> int:
    """Return how many pairs are in one run; a run begins at 0 and wherever `step` is not 0."""
    if step[1:].all():
        return 0
    starts = np.flatnonzero(step[1:]) + 1
    sizes = np.diff(starts, prepend=0, append=len(step))
    return int((sizes * (sizes - 1) // 2).sum())


def _agreement(one: _Sorted, other: _Sorted) -> float:
    count = len(one.place)
    every = count * (count - 1) // 2
    if every == 0:
        return float("nan")
    both = 0
    if one.ties or other.ties:
        sequence, inverse, both = _read_with_ties(one, other)
    else:
        sequence = np.take(one.place, other.order, mode="clip")
        inverse = np.take(other.place, one.order, mode="clip")
    untied = every - one.ties - other.ties + both
    return (untied - 2 * _inversions(sequence, inverse)) / every


def _read_with_ties(
    one: _Sorted, other: _Sorted
) -> tuple[UInt[np.ndarray, " pair"], UInt[np.ndarray, " pair"], int]:
    """Return the one in the order of the other, its inverse, and how many pairs are tied in both.

    What is tied in the other stands in the order of the one, so that it makes no inversion.
    """
    count = len(one.place)
    shift = count.bit_length()
    key = (other.place.astype(np.int64) << shift) | one.place
    key.sort()
    both = _tied(np.append(False, key[1:] != key[:-1]))
    key &= (1 << shift) - 1
    sequence = key.astype(np.uint32)
    key <<= shift
    key |= np.arange(count)
    key.sort()
    key &= (1 << shift) - 1
    return sequence, key.astype(np.uint32), both


def _inversions(sequence: UInt[np.ndarray, " pair"], inverse: UInt[np.ndarray, " pair"]) -> int:
    """Return how often a greater element stands before a smaller one.

    inverse: where each element stands in the sequence, from the smallest to the greatest, equal
        ones as they stand.
    """
    # About as many rows as elements in a row.
    bits = max(NARROW.bit_length() - 1, (1 + (len(sequence) - 1).bit_length()) // 2)
    block = inverse >> bits
    return _inside(sequence, bits) + _inside(block, bits) + _between(block, bits)


def _inside(sequence: UInt[np.ndarray, " pair"], bits: int) -> int:
    """Return the inversions inside rows of 2 ** bits elements."""
    width = 1 << bits
    # An element and its place in the row make one number: none are equal, and sorting keeps
    # where each came from.
    kind = np.dtype(np.uint32 if int(sequence.max()) < 1 << (32 - bits) else np.uint64)
    place = np.arange(width, dtype=kind)
    found = 0
    for start in range(0, len(sequence), max(CHUNK, width)):
        part = sequence[start : start + max(CHUNK, width)]
        if len(part) % width:  # filled up with what makes no inversion
            part = np.pad(part, (0, -len(part) % width), constant_values=part.max())
        keys = (part.reshape(-1, width).astype(kind) << bits) | place
        columns = np.ascontiguousarray(keys.reshape(-1, NARROW).T)
        for apart in range(1, NARROW):
            found += int(np.count_nonzero(columns[apart:] < columns[:-apart]))
        half = NARROW
        while half < width:
            merged = keys.reshape(-1, 2 * half)
            merged.sort(axis=1)
            # Every inversion moves an element of the right half one place to the left.
            right = (merged & half).sum(axis=0, dtype=kind) // half
            unmoved = half * half + half * (half - 1) // 2
            found += len(merged) * unmoved - int(right.astype(np.int64) @ np.arange(2 * half))
            half *= 2
    return found


def _between(block: UInt[np.ndarray, " pair"], bits: int) -> int:
    """Return the inversions between rows of 2 ** bits elements."""
    blocks = int(block.max()) + 1
    later = np.zeros(blocks, dtype=np.int64)  # of the rows so far, the elements in later blocks
    step = max(CHUNK, 1 << bits)
    cell = (np.arange(min(step, len(block))) >> bits) * blocks
    found = 0
    for start in range(0, len(block), step):
        part = block[start : start + step]
        rows = np.bincount(cell[: len(part)] + part)
        rows = np.pad(rows, (0, -len(rows) % blocks)).reshape(-1, blocks)
        after = np.cumsum(rows, axis=1)
        np.subtract(after[:, -1:], after, out=after)
        for row, more in zip(rows, after, strict=True):
            found += int(row @ later)
            later += more
    return found
