"""Metrics: how the features of two stimuli become one dissimilarity.

Each metric maps every row to a point, and is then a function of the squared Euclidean distance
between points. That distance is one matrix product in float64. Where two points are so close
that the product loses digits by cancellation, the pair is computed again from the difference,
so that no distance is negative and small ones are as exact as large ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import squareform

from grounding.errors import UserError

__all__ = ["METRICS", "Metric"]

Rows = Float[np.ndarray, "stimulus feature"]
Pairs = Float[np.ndarray, " pair"]

CANCELLED = 1e-6  # a squared distance below this share of the norms has lost six digits
CONSTANT = 1e-12  # a row whose spread is below this share of its norm is rounding error
BLOCK = 1 << 22  # elements of a block of differences: 32 MiB


@dataclass(frozen=True)
class Metric:
    """One way to measure the dissimilarity of two stimuli.

    name: its name in `METRICS`.
    range: the values that it can take.
    invariances: what may be done to features without a change.
    point: maps rows to points; raises `UserError` naming the ids of rows that it cannot take.
    finish: maps squared Euclidean distances of points to the metric.
    """

    name: str
    range: str
    invariances: str
    point: Callable[[Rows, Sequence[str]], Rows]
    finish: Callable[[Pairs], Pairs]

    def distances(self, rows: Rows, ids: Sequence[str]) -> Pairs:
        """Return the condensed distances; rows equal to the bit are at distance exactly 0."""
        first, which = equal_rows(rows)
        points = self.point(rows[first], [ids[i] for i in first])
        distances = self.finish(squared_distances(points))
        if len(first) == len(rows):
            return distances
        square = np.zeros((len(first), len(first)))
        upper = np.triu_indices(len(first), 1)
        square[upper] = distances
        square.T[upper] = distances
        i, j = np.triu_indices(len(rows), 1)
        return square[which[i], which[j]]


def equal_rows(rows: Rows) -> tuple[Int[np.ndarray, " unique"], Int[np.ndarray, " stimulus"]]:
    """Return the first place of each different row, and for each row which of those it equals."""
    seen: dict[bytes, int] = {}
    first: list[int] = []
    which = np.empty(len(rows), dtype=np.intp)
    for i, row in enumerate(rows + 0.0):  # adding zero makes -0.0 and 0.0 one
        which[i] = seen.setdefault(row.tobytes(), len(seen))
        if which[i] == len(first):
            first.append(i)
    return np.array(first, dtype=np.intp), which


def squared_distances(points: Rows) -> Pairs:
    """Return the condensed squared Euclidean distances, none of them negative."""
    points = points - points.mean(0)  # distances stay, norms and so the cancellation shrink
    norms = np.einsum("ij,ij->i", points, points)
    square = points @ points.T
    square *= -2.0
    square += norms[:, None]
    square += norms
    squared = squareform(square, checks=False)
    if len(squared) and squared.min() <= CANCELLED * 2.0 * norms.max():
        _restore(squared, points, norms)
    return squared


def _restore(squared: Pairs, points: Rows, norms: Float[np.ndarray, " stimulus"]) -> None:
    # Replace, in place, what cancelled by the square of the difference.
    i, j = np.triu_indices(len(points), 1)
    close = np.flatnonzero(squared <= CANCELLED * (norms[i] + norms[j]))
    step = max(1, BLOCK // points.shape[1])
    for start in range(0, len(close), step):
        pair = close[start : start + step]
        difference = points[i[pair]] - points[j[pair]]
        squared[pair] = np.einsum("ij,ij->i", difference, difference)


def _as_is(rows: Rows, ids: Sequence[str]) -> Rows:
    return rows


def _on_sphere(rows: Rows, ids: Sequence[str]) -> Rows:
    norms = np.linalg.norm(rows, axis=1)
    _refuse(norms == 0.0, ids, "cosine", "all zeros")
    return rows / norms[:, None]


def _centred_on_sphere(rows: Rows, ids: Sequence[str]) -> Rows:
    centred = rows - rows.mean(1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1)
    _refuse(norms <= CONSTANT * np.linalg.norm(rows, axis=1), ids, "correlation", "constant")
    return centred / norms[:, None]


def _refuse(bad: np.ndarray, ids: Sequence[str], metric: str, fault: str) -> None:
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
            lambda squared: squared / 2.0,
        ),
        Metric(
            "cosine",
            "0 to 2",
            "multiplying a row by a positive number, rotating all rows",
            _on_sphere,
            lambda squared: squared / 2.0,
        ),
        Metric("euclidean", "0 up", "moving or rotating all rows", _as_is, np.sqrt),
        Metric("squared-euclidean", "0 up", "moving or rotating all rows", _as_is, np.positive),
    )
}
