"""Permutation tests of agreement: is it more than stimuli at random would give?

Stimuli are exchanged, so that rows and columns move together, and every model is tested with the
same permutations. With controls the residual of the reference is permuted and the controls are
partialled out again (Freedman & Lane 1983; for matrices Legendre 2000, doi:10.1080/
00949650008812035): the relation of reference and controls stays as it is.
"""

from __future__ import annotations

import builtins
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.rsa.agreement import ready_comparison
from grounding.rsa.comparison import CONTROLLED, Comparison, unexplained
from grounding.rsa.pairs import number_groups
from grounding.rsa.rdm import RDM
from grounding.rsa.resampling import Map, Progress
from grounding.rsa.vectors import every_product, transform
from grounding.tables import lookup

__all__ = ["ALTERNATIVES", "PermutationTest", "permutation_test"]

ALTERNATIVES = {
    "greater": np.positive,
    "less": np.negative,
    "two-sided": np.abs,
}

BLOCK = 16  # permutations in one matrix product
ROUNDING = 1e-12  # two agreements that differ by less are one


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """Agreements and how often permuted stimuli reach them.

    observed: each model's agreement.
    null: the agreements under each permutation.
    p: (1 + permutations that reach the observed) / (1 + permutations), model by model.
    p_max: the same, where a permutation counts if any model in it reaches the observed agreement
        of this one. It holds for the best of the models, such as the best layer, and controls
        the family-wise error over them.
    alternative: which agreements count as reaching: a name in `ALTERNATIVES`.
    unmoved: groups that no other group has the size of, and that stayed where they are.
    """

    observed: Float[np.ndarray, " model"]
    null: Float[np.ndarray, "permutation model"]
    p: Float[np.ndarray, " model"]
    p_max: Float[np.ndarray, " model"]
    alternative: str
    unmoved: tuple[Hashable, ...]


def permutation_test(
    models: Sequence[RDM],
    reference: RDM,
    *,
    measure: str,
    n: int,
    rng: np.random.Generator,
    controls: Sequence[RDM] = (),
    controlled: str = "both",
    groups: Sequence[Hashable] | None = None,
    pairs: str = "all",
    alternative: str = "greater",
    progress: Progress | None = None,
    map: Map | None = None,
) -> PermutationTest:
    """Test the agreement of each model with a reference, and of the best of them.

    measure, controls, controlled, pairs: as for `compare`.
    n: the number of permutations.
    groups: one label a stimulus. Whole groups change places with groups of the same size, the
        order inside each kept; a group of a size of its own stays. For pairs "within", stimuli
        change places inside their group. None exchanges single stimuli.
    alternative: "greater", "less" or "two-sided".

    map: who works on blocks of permutations, such as a cluster; None is this process. The numbers
        do not depend on it.

    Under "rho-a" with controls, products of a control with its own permuted copy use mid-ranks.

    Raises what `compare` raises, and `UserError` for n below 1 and when nothing can move.
    """
    reaching = lookup("alternative", alternative, ALTERNATIVES)
    if n < 1:
        raise UserError(f"a permutation test needs one permutation or more, found n={n}")
    comparison, observed = ready_comparison(
        models,
        [reference],
        measure=measure,
        controls=controls,
        controlled=controlled,
        pairs=pairs,
        groups=groups,
    )
    exchange, unmoved = _exchanges(reference.n, groups, inside=pairs == "within")
    statistic = _Products(comparison) if comparison.measure.direct is None else _Direct(comparison)
    null = _null(statistic, comparison, exchange, n, rng, progress, map or builtins.map)
    seen, under = reaching(observed[:, 0]), reaching(null)
    best = under.max(1)
    return PermutationTest(
        observed=observed[:, 0],
        null=null,
        p=_share(under, seen),
        p_max=_share(best[:, None], seen),
        alternative=alternative,
        unmoved=unmoved,
    )


def _share(
    under: Float[np.ndarray, "permutation _model"], seen: Float[np.ndarray, " model"]
) -> Float[np.ndarray, " model"]:
    return (1.0 + (under >= seen - ROUNDING).sum(0)) / (1.0 + len(under))


def _exchanges(
    stimuli: int, groups: Sequence[Hashable] | None, *, inside: bool
) -> tuple[list[Int[np.ndarray, "_block _member"]], tuple[Hashable, ...]]:
    """Return sets of blocks that may change places, and the labels of groups that may not."""
    number, labels = number_groups(groups, stimuli)
    members = [np.flatnonzero(number == group) for group in range(len(labels))]
    if inside:
        sets = [one[:, None] for one in members]
    else:
        sizes = sorted({len(one) for one in members})
        sets = [np.stack([one for one in members if len(one) == size]) for size in sizes]
    movable = [blocks for blocks in sets if len(blocks) > 1]
    if not movable:
        raise UserError(
            "nothing can be exchanged: no two groups have the same number of stimuli; "
            "select stimuli so that they do"
        )
    alone = {int(number[blocks[0, 0]]) for blocks in sets if len(blocks) == 1}
    return movable, tuple(labels[group] for group in sorted(alone))


class _Statistic(Protocol):
    """What permutations are done to, and the agreement that they give."""

    permuted: Float[np.ndarray, " pair"]

    def under(self, permuted: Float[np.ndarray, "some pair"]) -> Float[np.ndarray, "some model"]:
        """Return the models' agreement with each permuted vector."""
        ...


def _null(
    statistic: _Statistic,
    comparison: Comparison,
    exchange: list[Int[np.ndarray, "_block _member"]],
    n: int,
    rng: np.random.Generator,
    progress: Progress | None,
    map: Map,
) -> Float[np.ndarray, "permutation model"]:
    first, second = comparison.pairs.stimuli
    stimuli = len(comparison.pairs.group)
    square = np.zeros((stimuli, stimuli))
    square[first, second] = square[second, first] = statistic.permuted
    null = np.empty((n, comparison.models))
    under = partial(_under, statistic, square, first, second)
    done = 0
    for part in map(under, _places(exchange, stimuli, n, rng)):
        null[done : done + len(part)] = part
        done += len(part)
        if progress is not None:
            progress(done, n)
    return null


def _places(
    exchange: list[Int[np.ndarray, "_block _member"]],
    stimuli: int,
    n: int,
    rng: np.random.Generator,
) -> Iterator[Int[np.ndarray, "some stimulus"]]:
    """Draw all permutations in order, a block at a time."""
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        yield np.stack([_permutation(exchange, stimuli, rng) for _ in range(size)])


def _under(
    statistic: _Statistic,
    square: Float[np.ndarray, "stimulus stimulus"],
    first: Int[np.ndarray, " pair"],
    second: Int[np.ndarray, " pair"],
    places: Int[np.ndarray, "some stimulus"],
) -> Float[np.ndarray, "some model"]:
    """Return the models' agreement with the reference under each permutation."""
    permuted = np.empty((len(places), len(first)))
    for row, place in zip(permuted, places, strict=True):
        at = (place * len(place))[first]
        at += place[second]
        np.take(square, at, out=row, mode="clip")
    return statistic.under(permuted)


class _Products:
    """For measures that are cosines: the residual of the reference is permuted."""

    def __init__(self, comparison: Comparison) -> None:
        models = comparison.models
        points = transform(comparison.vectors)
        matrix = every_product(comparison.vectors)
        directions, loading = _orthogonal_controls(matrix, points, models + 1)
        against = points[:models] - loading[:, :models].T @ directions
        fitted = loading[:, models] @ directions
        self.permuted = points[models] - fitted
        self._models = models
        self._tested = np.concatenate([against, directions, fitted[None]])
        left = np.diag(unexplained(matrix, models + 1))
        whole = np.diag(matrix)[: models + 1]
        self._model, self._reference = CONTROLLED[comparison.controlled]
        self._own = left[:models] if self._model else whole[:models]
        self._left, self._fitted = left[models], fitted @ fitted

    def under(self, permuted: Float[np.ndarray, "some pair"]) -> Float[np.ndarray, "some model"]:
        product = permuted @ self._tested.T
        if self._reference:  # the controls are taken from the permuted reference again
            variance = self._left - (product[:, self._models : -1] ** 2).sum(1)
        else:
            variance = self._left + self._fitted + 2.0 * product[:, -1]
        scale = np.sqrt(np.outer(np.maximum(variance, 0.0), self._own))
        zero = scale == 0.0  # constant inside every group: agreement 0 by definition
        agreement = product[:, : self._models] / np.where(zero, 1.0, scale)
        agreement[zero] = 0.0
        return agreement


class _Direct:
    """For measures that are functions of two vectors: the reference itself is permuted."""

    def __init__(self, comparison: Comparison) -> None:
        assert comparison.measure.direct is not None
        *models, reference = (np.asarray(one, dtype=float) for one in comparison.vectors.source)
        self.permuted = reference
        self._models = np.stack(models)
        self._score = comparison.measure.direct

    def under(self, permuted: Float[np.ndarray, "some pair"]) -> Float[np.ndarray, "some model"]:
        return self._score(self._models, permuted).T


def _orthogonal_controls(
    matrix: Float[np.ndarray, "vector vector"], points: Float[np.ndarray, "vector pair"], kept: int
) -> tuple[Float[np.ndarray, "control pair"], Float[np.ndarray, "control kept"]]:
    """Return controls made orthonormal, and the products of the other vectors with them."""
    used = np.flatnonzero(np.diag(matrix)[kept:] > 0.0) + kept
    lower = np.linalg.cholesky(matrix[np.ix_(used, used)])
    return np.linalg.solve(lower, points[used]), np.linalg.solve(lower, matrix[used, :kept])


def _permutation(
    exchange: list[Int[np.ndarray, "_block _member"]], stimuli: int, rng: np.random.Generator
) -> Int[np.ndarray, " stimulus"]:
    place = np.arange(stimuli)
    for blocks in exchange:
        place[blocks] = rng.permutation(blocks)
    return place
