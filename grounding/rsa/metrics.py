"""Metrics: how the features of two stimuli become one dissimilarity.

Each metric maps every row to a point, and is then a function of the squared Euclidean distance
between points. That distance is a matrix product in float64, formed tile by tile and written to
its place in the condensed vector, so that no square of all stimuli is made. Where two points are
so close that the product loses digits by cancellation, the pair is computed again from the
difference, so that no distance is negative and small ones are as exact as large ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError

__all__ = ["METRICS", "Metric", "condensed_rows", "distances_of_products", "rearrange"]

Rows = Float[np.ndarray, "stimulus feature"]
Pairs = Float[np.ndarray, " pair"]

CANCELLED = 1e-6  # a squared distance below this share of the norms has lost six digits
CONSTANT = 1e-12  # a row whose spread is below this share of its norm is rounding error
ROOT_2 = np.sqrt(2.0)  # on a sphere of radius 1 / ROOT_2 the squared distance is 1 - cosine
TILE = 192  # rows of one product: enough for full speed, and little beside the result
BLOCK = 1 << 20  # elements of a block of differences: 8 MiB


@dataclass(frozen=True)
class Metric:
    """One way to measure the dissimilarity of two stimuli.

    name: its name in `METRICS`.
    range: the values that it can take.
    invariances: what may be done to features without a change.
    point: maps rows to points, as a new array; raises `UserError` naming the ids of rows that it
        cannot take.
    finish: turns squared Euclidean distances of points into the metric, in place; None where
        they are the metric.
    """

    name: str
    range: str
    invariances: str
    point: Callable[[Rows, Sequence[str]], Rows]
    finish: Callable[[Pairs], object] | None = None

    def distances(self, rows: Rows, ids: Sequence[str], dtype: type = np.float64) -> Pairs:
        """Return the condensed distances.

        Rows that are equal to the bit are at distance exactly 0, and at distances that are equal
        to the bit from every other row.

        rows: float64, in C order.
        dtype: np.float64, or np.float32, to which the same distances are rounded.
        """
        first, which = equal_rows(rows)
        if len(first) < len(rows):
            rows, ids = rows[first], [ids[i] for i in first]
        points = self.point(rows, ids)
        points -= points.mean(0)
        found = distances_of_products(points, points, self.finish, dtype)
        return found if len(first) == len(which) else rearrange(found, len(first), which)


def equal_rows(rows: Rows) -> tuple[Int[np.ndarray, " unique"], Int[np.ndarray, " stimulus"]]:
    """Return the first place of each different row, and for each row which of those it equals.

    Only rows that share a key are compared. A key is the sum of a row's bit patterns, each times
    an odd number, without the highest bit: the sign of a zero, which makes no difference, is lost.
    """
    odd = np.arange(1, 2 * rows.shape[1], 2, dtype=np.uint64)
    keys = (rows.view(np.uint64) @ odd) << np.uint64(1)
    _, key, count = np.unique(keys, return_inverse=True, return_counts=True)
    if len(count) == len(rows):
        return np.arange(len(rows)), np.arange(len(rows))
    seen: dict[bytes | int, int] = {}
    first: list[int] = []
    which = np.empty(len(rows), dtype=np.intp)
    for i, shared in enumerate(count[key] > 1):
        content = (rows[i] + 0.0).tobytes() if shared else i  # adding zero makes -0.0 and 0.0 one
        which[i] = seen.setdefault(content, len(seen))
        if which[i] == len(first):
            first.append(i)
    return np.array(first, dtype=np.intp), which


def condensed_rows(stimuli: int) -> Int[np.ndarray, " edge"]:
    """Return where each row of the upper triangle starts in the condensed vector, and its end.

    >>> condensed_rows(4)
    array([0, 3, 5, 6, 6])
    """
    row = np.arange(stimuli + 1)
    return row * (2 * stimuli - row - 1) // 2


def rearrange(values: Pairs, stimuli: int, places: Int[np.ndarray, " place"]) -> Pairs:
    """Return the condensed values of the stimuli at these places; 0 for a place with itself.

    >>> rearrange(np.array([0.1, 0.2, 1.2]), 3, np.array([2, 0, 0]))
    array([0.2, 0.2, 0. ])
    """
    source, target = condensed_rows(stimuli), condensed_rows(len(places))
    above = source[:-1] - np.arange(stimuli) - 1  # the pair of i with place > i is at i's + place
    line = np.empty(stimuli, values.dtype)
    found = np.empty(target[-1], values.dtype)
    for row, place in enumerate(places):
        line[:place] = values[above[:place] + place]
        line[place] = 0.0
        line[place + 1 :] = values[source[place] : source[place + 1]]
        found[target[row] : target[row + 1]] = line[places[row + 1 :]]
    return found


def distances_of_products(
    left: Rows,
    right: Rows,
    finish: Callable[[Pairs], object] | None = None,
    dtype: type = np.float64,
) -> Pairs:
    """Return (left_i - left_j) . (right_i - right_j) of every pair of rows, condensed.

    With the same array on both sides these are squared Euclidean distances: what cancelled is
    restored, and none is negative. With two arrays the products left_i . right_j and
    left_j . right_i must be equal.

    left, right: float64, centred over rows, which moves no difference and keeps products small.
    finish: applied in place to the float64 values, part by part.
    dtype: np.float64, or np.float32, to which the same values are rounded.
    """
    norms = np.einsum("ij,ij->i", left, right)
    stimuli = len(left)
    starts = condensed_rows(stimuli)
    found = np.empty(starts[-1], dtype)
    buffer = np.empty(min(TILE, stimuli) * stimuli)
    for top in range(0, stimuli, TILE):
        end = min(top + TILE, stimuli)
        tile = buffer[: (end - top) * (stimuli - top)].reshape(end - top, stimuli - top)
        np.matmul(left[top:end], right[top:end].T, out=tile[:, : end - top])  # symmetric: half
        np.matmul(left[top:end], right[end:].T, out=tile[:, end - top :])
        tile *= -2.0
        tile += norms[top:end, None]
        tile += norms[top:]
        part = found[starts[top] : starts[end]]
        values = part if dtype is np.float64 else np.empty(len(part))
        edges = starts[top : end + 1] - starts[top]
        for row, line in enumerate(tile):
            values[edges[row] : edges[row + 1]] = line[row + 1 :]
        if left is right:
            _restore(values, edges, left[top:], norms[top:])
        if finish is not None:
            finish(values)
        if values is not part:
            part[:] = values
    return found


def _restore(
    squared: Pairs,
    edges: Int[np.ndarray, " edge"],
    points: Rows,
    norms: Float[np.ndarray, " stimulus"],
) -> None:
    # Replace, in place, what cancelled by the square of the difference.
    bound = CANCELLED * 2.0 * norms.max()
    if squared.min(initial=np.inf) > bound:
        return
    near = np.flatnonzero(squared <= bound)
    first = np.searchsorted(edges, near, side="right") - 1
    second = near - edges[first] + first + 1
    lost = squared[near] <= CANCELLED * (norms[first] + norms[second])
    near, first, second = near[lost], first[lost], second[lost]
    step = max(1, BLOCK // points.shape[1])
    for start in range(0, len(near), step):
        pair = slice(start, start + step)
        difference = points[first[pair]] - points[second[pair]]
        squared[near[pair]] = np.einsum("ij,ij->i", difference, difference)


def _as_is(rows: Rows, ids: Sequence[str]) -> Rows:
    return rows.copy()


def _on_sphere(rows: Rows, ids: Sequence[str]) -> Rows:
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    _refuse(norms == 0.0, ids, "cosine", "all zeros")
    return rows / (ROOT_2 * norms)[:, None]


def _centred_on_sphere(rows: Rows, ids: Sequence[str]) -> Rows:
    means = rows.mean(1)
    points = rows - means[:, None]
    spread = np.einsum("ij,ij->i", points, points)
    whole = spread + rows.shape[1] * means**2
    _refuse(spread <= CONSTANT**2 * whole, ids, "correlation", "constant")
    points /= (ROOT_2 * np.sqrt(spread))[:, None]
    return points


def _refuse(
    bad: Bool[np.ndarray, " stimulus"], ids: Sequence[str], metric: str, fault: str
) -> None:
    if bad.any():
        named = [id for id, is_bad in zip(ids, bad, strict=True) if is_bad]
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        raise UserError(
            f"metric {metric!r} is not defined for {fault} features: "
            f"{', '.join(named[:5])}{more}; leave them out or take another metric"
        )


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "correlation",
            "0 to 2",
            "adding a constant to a row, multiplying a row by a positive number",
            _centred_on_sphere,
        ),
        Metric(
            "cosine",
            "0 to 2",
            "multiplying a row by a positive number, rotating all rows",
            _on_sphere,
        ),
        Metric(
            "euclidean",
            "0 up",
            "moving or rotating all rows",
            _as_is,
            lambda squared: np.sqrt(squared, out=squared),
        ),
        Metric("squared-euclidean", "0 up", "moving or rotating all rows", _as_is),
    )
}
