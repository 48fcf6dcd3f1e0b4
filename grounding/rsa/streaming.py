"""Agreement of RDMs that are never held: from features, in little memory.

The numbers are those of `compare_many` on the RDMs of the features. Two ways lead to them, and
each product of two RDMs takes the cheaper one that keeps its digits: a closed form over stimuli
(`grounding.rsa.closed_form`) or tiles of pairs (`grounding.rsa.tiles`). Which way a product takes
depends on its two sources alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.rsa.agreement import refuse_collinear, same_stimuli
from grounding.rsa.closed_form import Pair, closed_products, closed_steps, has_closed_form
from grounding.rsa.comparison import CONTROLLED, Comparison
from grounding.rsa.features import Centred, Features, centre
from grounding.rsa.measures import MEASURES, Measure
from grounding.rsa.pairs import choose_pairs
from grounding.rsa.rdm import RDM
from grounding.rsa.resampling import Progress
from grounding.rsa.tiles import tile_products, tile_steps
from grounding.rsa.vectors import Vectors
from grounding.tables import lookup

__all__ = ["compare_features"]

TILE = 1024  # stimuli that are worked on at a time: 8 MiB a tile
FLAT = 1e-26  # a variance below this share of the mean square is rounding error


def compare_features(
    models: Sequence[Features | RDM],
    references: Sequence[Features | RDM],
    *,
    measure: str,
    controls: Sequence[Features | RDM] = (),
    controlled: str = "both",
    tile: int = TILE,
    progress: Progress | None = None,
) -> Float[np.ndarray, "model reference"]:
    """Return the agreement of every model's RDM with every reference's, without those RDMs.

    models, references, controls: features, or RDMs that are held already.
    measure: "pearson" or "cosine".
    controlled: as for `compare`.
    tile: how many stimuli are worked on at a time; numbers do not depend on it but by rounding.
        Memory grows with its square, for each reference, each control and one model, and with
        its product with the number of features of all.
    progress: called with the steps done and the steps in all.

    Features under a metric that is a squared distance ("correlation", "cosine" and
    "squared-euclidean") take time in proportion to the number of stimuli, where there are four
    stimuli a feature or more. All else takes time in proportion to its square.

    Raises what `compare` raises, and `UserError` for another measure or an empty tile.

    >>> rng = np.random.default_rng(0)
    >>> ids = tuple(f"s{i}" for i in range(50))
    >>> layer = Features(rng.normal(size=(50, 8)).astype("float32"), ids, "correlation")
    >>> space = Features(layer.values[:, :5], ids, "euclidean")
    >>> compare_features([layer], [space], measure="pearson").round(3)
    array([[0.546]])
    """
    record = lookup("measure", measure, MEASURES)
    lookup("side that is controlled", controlled, CONTROLLED)
    _refuse_measure(record)
    if not models or not references:
        raise UserError("a comparison needs a model and a reference, and one list is empty")
    if tile < 1:
        raise UserError(f"a tile needs one stimulus or more, found tile={tile}")
    sources: list[Features | RDM] = [*models, *references, *controls]
    names = same_stimuli(sources)
    pairs = choose_pairs(sources[0].n, "all", None)
    needed = len(controls) + int(record.centred) + 2
    if pairs.count < needed:
        raise UserError(
            f"{len(controls)} controls and {record.name} need at least {needed} pairs, "
            f"found {pairs.count}"
        )
    nowhere = Vectors(record, (np.empty(0),) * len(sources), (), None)
    comparison = Comparison(record, nowhere, pairs, len(models), len(references), controlled)
    wanted = [(min(pair), max(pair)) for pair in comparison.wanted]
    moments = _moments(sources, list(dict.fromkeys(wanted)), tile, progress)
    for i, name in enumerate(names):
        square = pairs.count * moments.means[i] ** 2
        if moments.products[i, i] <= FLAT * (moments.products[i, i] + square):
            raise UserError(
                f"{name} is constant over the {pairs.count} pairs (all): it has no geometry "
                "that could agree with another"
            )
    matrix = moments.matrix(None if record.centred else pairs.count)
    if controls:
        refuse_collinear(matrix, names, len(models) + len(references))
    found = np.array([matrix[pair] for pair in wanted])
    return comparison.normalised(found[None])[0]


def _refuse_measure(record: Measure) -> None:
    def can(one: Measure) -> bool:
        return not one.ranked and one.rows is None and one.direct is None

    if not can(record):
        able = " or ".join(name for name, one in MEASURES.items() if can(one))
        raise UserError(
            f"{record.name} needs all dissimilarities at once: take {able}, which are sums over "
            "pairs, or make RDMs with rdm() and give them to compare_many"
        )


@dataclass(frozen=True, eq=False)
class _Moments:
    """Products of centred RDMs, those that are wanted, and the mean of each."""

    products: Mapping[Pair, float]
    means: Mapping[int, float]

    def matrix(self, pairs: int | None) -> Float[np.ndarray, "source source"]:
        """Return the products as a matrix, zero where none is wanted.

        pairs: their number, to put the means back in; None leaves the products centred.
        """
        matrix = np.zeros((len(self.means), len(self.means)))
        for (i, j), product in self.products.items():
            mean = 0.0 if pairs is None else pairs * self.means[i] * self.means[j]
            matrix[i, j] = matrix[j, i] = product + mean
        return matrix


def _moments(
    sources: Sequence[Features | RDM], wanted: list[Pair], tile: int, progress: Progress | None
) -> _Moments:
    n = sources[0].n
    ready = {i: one if isinstance(one, RDM) else centre(one, tile) for i, one in enumerate(sources)}
    closed = {
        i: one
        for i, one in ready.items()
        if isinstance(one, Centred) and has_closed_form(one.features)
    }
    short = [pair for pair in wanted if closed.keys() >= set(pair)]
    rest = [pair for pair in wanted if pair not in short]
    total = closed_steps(n, closed, short, tile) + (tile_steps(n, tile) if rest else 0)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    products, means = closed_products(closed, short, tile, step)
    if rest:
        used = {i: ready[i] for pair in rest for i in pair}
        more, others = tile_products(used, n, rest, tile, step)
        products |= more
        means = others | means
    return _Moments(products, means)
