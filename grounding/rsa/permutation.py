"""Permutation tests of agreement: is it more than stimuli at random would give?

Stimuli are exchanged, so that rows and columns move together, and every model is tested with the
same permutations. With controls the residual of the reference is permuted and the controls are
partialled out again (Freedman & Lane 1983; for matrices Legendre 2000, doi:10.1080/
00949650008812035): the relation of reference and controls stays as it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.rsa.agreement import Comparison, ready_comparison, unexplained
from grounding.rsa.measures import products, transform
from grounding.rsa.pairs import number_groups
from grounding.rsa.rdm import RDM
from grounding.rsa.resampling import Progress
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
    groups: Sequence[Hashable] | None = None,
    pairs: str = "all",
    alternative: str = "greater",
    progress: Progress | None = None,
) -> PermutationTest:
    """Test the agreement of each model with a reference, and of the best of them.

    measure, controls, pairs: as for `compare`.
    n: the number of permutations.
    groups: one label a stimulus. Whole groups change places with groups of the same size, the
        order inside each kept; a group of a size of its own stays. For pairs "within", stimuli
        change places inside their group. None exchanges single stimuli.
    alternative: "greater", "less" or "two-sided".

    Under "rho-a" with controls, products of a control with its own permuted copy use mid-ranks.

    Raises what `compare` raises, and `UserError` for n below 1 and when nothing can move.
    """
    reaching = lookup("alternative", alternative, ALTERNATIVES)
    if n < 1:
        raise UserError(f"a permutation test needs one permutation or more, found n={n}")
    comparison, observed = ready_comparison(
        models, [reference], measure=measure, controls=controls, pairs=pairs, groups=groups
    )
    exchange, unmoved = _exchanges(reference.n, groups, inside=pairs == "within")
    null = _null(comparison, exchange, n, rng, progress)
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


def _null(
    comparison: Comparison,
    exchange: list[Int[np.ndarray, "_block _member"]],
    n: int,
    rng: np.random.Generator,
    progress: Progress | None,
) -> Float[np.ndarray, "permutation model"]:
    vectors, pairs, models = comparison.vectors, comparison.pairs, comparison.models
    points = transform(vectors)
    matrix = products(vectors)
    left = np.diag(unexplained(matrix, models + 1))
    directions, loading = _orthogonal_controls(matrix, points, models + 1)
    against = points[:models] - loading[:, :models].T @ directions
    residual = points[models] - loading[:, models] @ directions
    tested = np.concatenate([against, directions])

    stimuli = len(pairs.group)
    square = np.zeros((stimuli, stimuli))
    square[pairs.first, pairs.second] = square[pairs.second, pairs.first] = residual
    null = np.empty((n, models))
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        permuted = np.empty((size, len(residual)))
        for row in range(size):
            place = _permutation(exchange, stimuli, rng)
            at = place[pairs.first] * stimuli + place[pairs.second]
            np.take(square, at, out=permuted[row], mode="clip")
        product = permuted @ tested.T
        variance = left[models] - (product[:, models:] ** 2).sum(1)
        scale = np.sqrt(np.outer(variance, left[:models]))
        zero = scale == 0.0  # constant inside every group: agreement 0 by definition
        null[start : start + size] = product[:, :models] / np.where(zero, 1.0, scale)
        null[start : start + size][zero] = 0.0
        if progress is not None:
            progress(start + size, n)
    return null


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
