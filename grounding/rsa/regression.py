"""Regression of one RDM on several: what each space adds while the others stay as they are.

A fit needs only the products of the vectors, and a draw of groups is only a weight for every pair
(`Pairs.weights`): the bootstrap fits anew without copying a pair. Slopes are judged on the pairs
that they were fitted to; `grounding.rsa.partition` judges on other stimuli.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError
from grounding.rsa.agreement import same_stimuli
from grounding.rsa.comparison import EXPLAINED
from grounding.rsa.measures import MEASURES
from grounding.rsa.pairs import Pairs, choose_pairs
from grounding.rsa.quadratic import draw_products
from grounding.rsa.rdm import RDM
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import Sampled, warn_of_few
from grounding.rsa.vectors import Vectors, products, ready_vectors

__all__ = [
    "Matrices",
    "Regression",
    "as_sampled",
    "check_spaces",
    "draw_matrices",
    "refuse_constant",
    "refuse_few_pairs",
    "regress",
    "slopes_on",
    "solvable",
    "standard_scale",
    "with_samples",
]

Matrices = Float[np.ndarray, "sample vector vector"]  # products: the spaces, then the target


@dataclass(frozen=True, eq=False)
class Regression:
    """A target RDM as a weighted sum of spaces, all standardised over pairs.

    slopes: for each space, by how many standard deviations the target grows with one of the
        space while the other spaces stay.
    explained: the share of the target's variance that all spaces explain on the pairs that they
        were fitted to (R2), from 0 to 1; one space more never makes it less.
    pairs: the number of pairs.
    groups: how many groups the samples were drawn from.
    """

    slopes: Mapping[str, Sampled]
    explained: Sampled
    pairs: int
    groups: int


def regress(
    target: RDM,
    spaces: Mapping[str, RDM],
    *,
    ranked: bool,
    n: int,
    rng: np.random.Generator,
    groups: Sequence[Hashable] | None = None,
    pairs: str = "all",
) -> Regression:
    """Regress a target RDM on any number of spaces at once.

    ranked: whether values are replaced by their mid-ranks, anew in every bootstrap sample.
    n: the number of bootstrap samples; 0 for none.
    groups: one label a stimulus; whole groups are drawn. None draws single stimuli.
    pairs: "all" or "between" groups.

    Every slope is sampled on the same draws: differences of samples are paired. A sample has no
    value where it leaves a space constant or the spaces collinear.

    Raises `StimulusMismatch` for RDMs over other ids, and `UserError` for no space, a space or a
    target that is constant, spaces that are collinear, too few pairs and pairs "within". Warns
    (`Undercoverage`) of samples from fewer than 20 groups.

    >>> ids = ("a", "b", "c", "d")
    >>> target = RDM(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), ids, "euclidean")
    >>> space = RDM(np.array([1.0, 2.0, 3.0, 4.0, 6.0, 5.0]), ids, "euclidean")
    >>> found = regress(target, {"a": space}, ranked=True, n=0, rng=np.random.default_rng(0))
    >>> round(found.slopes["a"].estimate, 4), round(found.explained.estimate, 4)
    (0.9429, 0.889)
    """
    names = check_spaces(target, spaces, pairs)
    chosen = choose_pairs(target.n, pairs, groups)
    refuse_few_pairs(chosen.count, len(names))
    values = [chosen.values(rdm) for rdm in (*spaces.values(), target)]
    for name, row in zip((*names, "the target"), values, strict=True):
        refuse_constant(row, name, f"the {len(row)} pairs ({pairs})")
    vectors = ready_vectors(values, MEASURES["spearman" if ranked else "pearson"])
    matrices = draw_matrices(vectors, chosen, with_samples(chosen.groups, n, rng))
    scale = standard_scale(matrices)
    matrices = matrices / (scale[:, :, None] * scale[:, None, :])
    fine = solvable(matrices, names)
    if n:
        warn_of_few(chosen.groups)
    slopes = slopes_on(matrices, tuple(range(len(names))), fine)
    explained = np.einsum("sk,sk->s", slopes, matrices[:, :-1, -1])
    return Regression(
        slopes={name: as_sampled(one) for name, one in zip(names, slopes.T, strict=True)},
        explained=as_sampled(explained),
        pairs=chosen.count,
        groups=chosen.groups,
    )


def check_spaces(target: RDM, spaces: Mapping[str, RDM], pairs: str) -> tuple[str, ...]:
    """Return the names of the spaces, or raise what needs no values to be seen."""
    if not spaces:
        raise UserError("there is no space to explain the target with")
    if pairs == "within":
        raise UserError(
            "pairs='within' cannot be partitioned or regressed on: take 'all' or 'between'"
        )
    same_stimuli([*spaces.values(), target])
    return tuple(spaces)


def refuse_few_pairs(pairs: int, spaces: int) -> None:
    """Raise unless a slope for each space, and a mean, leave something to be explained."""
    if pairs < spaces + 2:
        raise UserError(
            f"{spaces} spaces need {spaces + 2} pairs or more to be fitted to, found {pairs}: "
            "give fewer spaces or more stimuli"
        )


def refuse_constant(values: Float[np.ndarray, " pair"], name: str, where: str) -> None:
    """Raise for a space or a target without variance."""
    if values.min() == values.max():
        raise UserError(f"{name} is constant over {where}: there is nothing to explain or to fit")


def with_samples(groups: int, n: int, rng: np.random.Generator) -> Int[np.ndarray, "sample group"]:
    """Return every group once, which gives the estimate, and then n draws."""
    once = np.ones((1, groups), dtype=np.intp)
    return np.concatenate([once, draw_groups(groups, n, rng)]) if n else once


def as_sampled(values: Float[np.ndarray, " sample"]) -> Sampled:
    """Return a number whose first value is the estimate."""
    return Sampled(float(values[0]), values[1:])


def draw_matrices(
    vectors: Vectors, pairs: Pairs, drawn: Int[np.ndarray, "sample group"]
) -> Matrices:
    """Return the products of all vectors with each other under each draw."""
    row, column = np.tril_indices(len(vectors.source))
    wanted = list(zip(row.tolist(), column.tolist(), strict=True))
    if vectors.measure.ranked:
        found = np.stack([products(vectors, wanted, pairs.weights(one)) for one in drawn])
    else:
        found = draw_products(vectors, pairs, drawn, wanted)
    matrices = np.empty((len(drawn), len(vectors.source), len(vectors.source)))
    matrices[:, row, column] = matrices[:, column, row] = found
    return matrices


def standard_scale(matrices: Matrices) -> Float[np.ndarray, "sample vector"]:
    """Return the root of each vector's product with itself; NaN where that is 0."""
    own = np.einsum("svv->sv", matrices)
    return np.sqrt(np.where(own > 0.0, own, np.nan))


def solvable(matrices: Matrices, names: Sequence[str]) -> Bool[np.ndarray, " sample"]:
    """Return in which samples no space is a linear combination of the others.

    matrices: standardised; the first is the estimate's, and there such a space is refused.
    """
    # Sweep one space at a time, so that the one without variance of its own has a name.
    left = matrices.copy()
    own = np.empty((len(matrices), len(names)))
    with np.errstate(invalid="ignore", divide="ignore"):
        for k in range(len(names)):
            own[:, k] = left[:, k, k]
            column = left[:, :, k]
            left = left - column[:, :, None] * column[:, None, :] / own[:, k, None, None]
    free = own > EXPLAINED
    for name, one in zip(names, free[0], strict=True):
        if not one:
            raise UserError(
                f"space {name!r} is a linear combination of the spaces before it; leave it out"
            )
    return free.all(1) & np.isfinite(matrices).all((1, 2))


def slopes_on(
    matrices: Matrices, used: tuple[int, ...], fine: Bool[np.ndarray, " sample"]
) -> Float[np.ndarray, "sample used"]:
    """Return the least-squares slopes of the target on some of the spaces; NaN unless fine."""
    among = matrices[:, used][:, :, used]
    among = np.where(fine[:, None, None], among, np.eye(len(used)))
    slopes = np.linalg.solve(among, matrices[:, used, -1:])[:, :, 0]
    slopes[~fine] = np.nan
    return slopes
