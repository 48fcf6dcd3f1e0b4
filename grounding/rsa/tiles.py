"""Means and products of RDMs, a tile of the square of pairs at a time.

A tile is the pairs of one run of stimuli with another. Every source gives its dissimilarities
there: features by one matrix product in float64, a held RDM by what it holds. Each tile is centred
by its own mean and the tiles are joined by theirs (Chan, Golub & LeVeque 1983,
doi:10.1080/00031305.1983.10483115), so that no digits are lost to a mean that is far from zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from grounding.rsa.closed_form import Pair, each_product
from grounding.rsa.features import Centred, pieces
from grounding.rsa.metrics import METRICS, condensed_rows
from grounding.rsa.rdm import RDM

__all__ = ["tile_products", "tile_steps"]

CANCELLED = 1e-6  # a squared distance below this share of the norms has lost six digits
BLOCK = 1 << 20  # elements of a block of differences: 8 MiB

Points = Float[np.ndarray, "stimulus feature"]


def tile_products(
    sources: Mapping[int, Centred | RDM],
    n: int,
    wanted: Sequence[Pair],
    size: int,
    step: Callable[[], None],
) -> tuple[dict[Pair, float], dict[int, float]]:
    """Return the products of centred RDMs, and the mean of each.

    sources: by the number that `wanted` knows them by.
    wanted: the products; of two numbers the second is not smaller.
    size: how many stimuli a tile is long and wide.
    step: called after each tile that is done.
    """
    tiles = []
    for top in pieces(n, size):
        rows = {i: one.points(top) for i, one in sources.items() if isinstance(one, Centred)}
        for left in _from_diagonal(n, size, top):
            tiles.append(_tile(sources, rows, wanted, top, left))
            step()
    weight = np.array([count for count, _, _ in tiles], dtype=np.float64)
    means, off = {}, {}
    for i in sources:
        mean = np.array([one[i] for _, one, _ in tiles])
        means[i] = float(weight @ mean / weight.sum())
        off[i] = mean - means[i]
    return {
        (i, j): float(sum(found[i, j] for _, _, found in tiles) + (weight * off[i]) @ off[j])
        for i, j in wanted
    }, means


def _tile(
    sources: Mapping[int, Centred | RDM],
    rows: Mapping[int, Points],
    wanted: Sequence[Pair],
    top: slice,
    left: slice,
) -> tuple[int, dict[int, float], dict[Pair, float]]:
    """Return how many pairs a tile has, the mean of each source there, and their products."""
    means: dict[int, float] = {}

    def centred(i: int) -> Float[np.ndarray, " some"]:
        source = sources[i]
        if isinstance(source, RDM):
            made = held_tile(source, top, left)
        else:
            made = measured_tile(source, rows[i], top, left)
        means[i] = float(made.mean())
        made -= means[i]
        return made

    found = {pair: float(one @ other) for pair, one, other in each_product(wanted, centred)}
    height, width = top.stop - top.start, left.stop - left.start
    return height * (height - 1) // 2 if top == left else height * width, means, found


def tile_steps(n: int, size: int) -> int:
    """Return how many tiles hold all pairs of n stimuli."""
    return sum(len(_from_diagonal(n, size, top)) for top in pieces(n, size))


def _from_diagonal(n: int, size: int, top: slice) -> list[slice]:
    # One row of tiles, without those below the diagonal, and without a stimulus with itself.
    return [
        left
        for left in pieces(n, size)
        if left.start > top.start or (left == top and top.stop - top.start > 1)
    ]


def held_tile(rdm: RDM, top: slice, left: slice) -> Float[np.ndarray, " some"]:
    """Return the values of a held RDM in one tile, row by row, as new float64 values."""
    row = np.arange(top.start, top.stop)
    above = condensed_rows(rdm.n)[top] - row - 1  # the pair of i with j > i is at i's + j
    starts = above + np.maximum(left.start, row + 1)
    ends = above + left.stop
    lines = [rdm.values[start:end] for start, end in zip(starts, ends, strict=True)]
    return np.concatenate(lines, dtype=np.float64)


def measured_tile(
    source: Centred, rows: Points, top: slice, left: slice
) -> Float[np.ndarray, " some"]:
    """Measure the dissimilarities of one tile, row by row.

    rows: the points of the stimuli at the top, in the order of the tile's rows.
    """
    columns = rows if top == left else source.points(left)
    norms = np.einsum("ij,ij->i", rows, rows)
    others = np.einsum("ij,ij->i", columns, columns)
    square = rows @ columns.T
    square *= -2.0
    square += norms[:, None]
    square += others
    if square.min() <= CANCELLED * (norms.max() + others.max()):
        _restore(square, rows, columns, CANCELLED * norms, CANCELLED * others)
    flat = square[np.triu(np.ones(square.shape, dtype=bool), 1)] if top == left else square.ravel()
    finish = METRICS[source.features.metric].finish
    if finish is not None:
        finish(flat)
    return flat


def _restore(
    square: Float[np.ndarray, "row column"],
    rows: Points,
    columns: Points,
    own: Float[np.ndarray, " row"],
    other: Float[np.ndarray, " column"],
) -> None:
    # Replace, in place, what cancelled by the square of the difference, which is never negative.
    first, second = np.nonzero(square <= own[:, None] + other)
    step = max(1, BLOCK // rows.shape[1])
    for start in range(0, len(first), step):
        i, j = first[start : start + step], second[start : start + step]
        difference = rows[i] - columns[j]
        square[i, j] = np.einsum("ij,ij->i", difference, difference)
