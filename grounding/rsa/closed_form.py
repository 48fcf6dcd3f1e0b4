"""Means and products of RDMs straight from features, without any pair of stimuli.

Where a metric is the squared distance between points x, its sums over all pairs are sums over
stimuli: with the mean of the points at zero and s the squared norms,

    mean of D = 2 sum(s) / (N - 1)
    product of D and D', both less their means
        = N sum((s - mean s)(s' - mean s')) + 2 |X'Y|^2 - 2 sum(s) sum(s') / (N - 1)

The last term takes off little: |X'X|^2 is at least sum(s)^2 over the number of features, so that
with four stimuli a feature it is no more than about a quarter of what it is taken from. No digits
are lost, whatever the features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float

from grounding.rsa.features import Centred, Features, pieces
from grounding.rsa.metrics import METRICS
from grounding.rsa.rdm import RDM

__all__ = ["closed_products", "closed_steps", "each_product", "has_closed_form"]

NARROW = 4  # stimuli a feature; with fewer, tiles are less work and a mean may cost digits
HELD = 1 << 26  # elements of the X'Y that are summed at a time: 512 MiB

Pair = tuple[int, int]


def has_closed_form(source: Features | RDM) -> bool:
    """Whether a source's products with its like are best had from its features."""
    if isinstance(source, RDM) or METRICS[source.metric].finish is not None:
        return False
    return NARROW * source.values.shape[1] <= source.n


def closed_products(
    sources: Mapping[int, Centred], wanted: Sequence[Pair], size: int, step: Callable[[], None]
) -> tuple[dict[Pair, float], dict[int, float]]:
    """Return the products of centred RDMs, and the mean of each.

    sources: by the number that `wanted` knows them by.
    wanted: the products; of two numbers the second is not smaller.
    size: how many rows are read at a time.
    step: called after each piece that is done.
    """
    if not sources:
        return {}, {}
    n = next(iter(sources.values())).features.n
    norms = {i: np.empty(n) for i in sources}
    crossed: dict[Pair, float] = {}

    def points(part: slice, i: int) -> Float[np.ndarray, "stimulus feature"]:
        made = sources[i].points(part)
        norms[i][part] = np.einsum("ij,ij->i", made, made)
        return made

    for batch in _batches(sources, wanted):
        sums = {(i, j): np.zeros((_width(sources[i]), _width(sources[j]))) for i, j in batch}
        for part in pieces(n, size):
            for pair, left, right in each_product(batch, partial(points, part)):
                sums[pair] += left.T @ right
            step()
        crossed.update({pair: float(np.vdot(one, one)) for pair, one in sums.items()})
    total = {i: float(one.sum()) for i, one in norms.items()}
    means = {i: 2.0 * total[i] / (n - 1) for i in sources}
    spread = {i: norms[i] - total[i] / n for i in sources}
    return {
        (i, j): n * float(spread[i] @ spread[j])
        + 2.0 * crossed[i, j]
        - 2.0 * total[i] * total[j] / (n - 1)
        for i, j in wanted
    }, means


def closed_steps(n: int, sources: Mapping[int, Centred], wanted: Sequence[Pair], size: int) -> int:
    """Return how many pieces `closed_products` takes."""
    return len(list(_batches(sources, wanted))) * -(-n // size)


def each_product(
    wanted: Sequence[Pair], make: Callable[[int], Float[np.ndarray, "..."]]
) -> Iterator[tuple[Pair, Float[np.ndarray, "..."], Float[np.ndarray, "..."]]]:
    """Make what products need and yield it pair by pair.

    What stands second is held, and the rest is made one at a time: many models against a few
    references need the memory of the references and one model.
    """
    held = {j: make(j) for j in sorted({j for i, j in wanted if i != j})}
    for i in sorted({i for i, _ in wanted}):
        left = held[i] if i in held else make(i)
        for pair in wanted:
            if pair[0] == i:
                yield pair, left, left if pair[1] == i else held[pair[1]]


def _batches(sources: Mapping[int, Centred], wanted: Sequence[Pair]) -> Iterator[list[Pair]]:
    # As many products as fit into memory at a time, one at least.
    batch: list[Pair] = []
    elements = 0
    for i, j in sorted(wanted):
        more = _width(sources[i]) * _width(sources[j])
        if batch and elements + more > HELD:
            yield batch
            batch, elements = [], 0
        batch.append((i, j))
        elements += more
    if batch:
        yield batch


def _width(source: Centred) -> int:
    return len(source.first)
