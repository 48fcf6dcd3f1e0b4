"""Variance partitioning: what each space explains of an RDM that the others do not.

A linear model of the target's pairs is fitted on the stimuli of some folds and judged on the
others; folds share no group, and pairs across folds are not used. Every part can therefore be
negative, which says that it does not carry over to other stimuli. Negative parts are reported.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.rsa.agreement import EXPLAINED, same_stimuli
from grounding.rsa.folds import split_groups, take
from grounding.rsa.measures import MEASURES, ready_vectors, transform
from grounding.rsa.pairs import choose_pairs
from grounding.rsa.rdm import RDM

__all__ = ["Partition", "partition"]


@dataclass(frozen=True, eq=False)
class Partition:
    """Shares of the target's variance, cross-validated; the mean over folds.

    total: explained by all spaces together.
    unique: for each space, total minus what the others explain without it.
    shared: total minus the sum of the unique parts.
    alone: for each space, what it explains by itself.
    totals: the total in each fold.
    """

    total: float
    unique: Mapping[str, float]
    shared: float
    alone: Mapping[str, float]
    totals: tuple[float, ...]


def partition(
    target: RDM,
    spaces: Mapping[str, RDM],
    *,
    folds: int,
    rng: np.random.Generator,
    ranked: bool,
    groups: Sequence[Hashable] | None = None,
    pairs: str = "all",
) -> Partition:
    """Partition the variance of a target RDM over spaces.

    folds: how many parts the groups are split into; each is predicted from the others.
    ranked: whether values are replaced by their mid-ranks, in training and test pairs apart.
    groups: one label a stimulus; no group is in two folds. None: each stimulus is its own.
    pairs: "all" or "between" groups.

    Explained is 1 - (squared error) / (squared error of the training mean): at most 1.

    Raises `StimulusMismatch` for RDMs over other ids, and `UserError` for no space, spaces that
    are collinear or constant, too few groups and pairs "within".
    """
    if not spaces:
        raise UserError("there is no space to explain the target with")
    if pairs == "within":
        raise UserError("pairs='within' cannot be partitioned: take 'all' or 'between'")
    names = tuple(spaces)
    rdms = [*spaces.values(), target]
    same_stimuli(rdms)
    everywhere = np.arange(target.n)
    parts = []
    for places in split_groups(target.n, groups, folds, rng):
        others = np.setdiff1d(everywhere, places)
        train, test = (
            _values(rdms, part, groups, pairs=pairs, ranked=ranked) for part in (others, places)
        )
        centre = train.mean(1, keepdims=True)
        fit, judge = ((part - centre) @ (part - centre).T for part in (train, test))
        _refuse_collinear(fit, names)
        full = tuple(range(len(names)))
        total = _explained(fit, judge, full)
        without = [_explained(fit, judge, tuple(set(full) - {k})) for k in full]
        alone = [_explained(fit, judge, (k,)) for k in full]
        parts.append([total, *(total - np.array(without)), *alone])
    mean = np.mean(parts, axis=0)
    unique = mean[1 : 1 + len(names)]
    return Partition(
        total=float(mean[0]),
        unique=dict(zip(names, unique.tolist(), strict=True)),
        shared=float(mean[0] - unique.sum()),
        alone=dict(zip(names, mean[1 + len(names) :].tolist(), strict=True)),
        totals=tuple(float(part[0]) for part in parts),
    )


def _values(
    rdms: Sequence[RDM],
    places: Int[np.ndarray, " some"],
    groups: Sequence[Hashable] | None,
    *,
    pairs: str,
    ranked: bool,
) -> Float[np.ndarray, "vector pair"]:
    here = None if groups is None else [groups[i] for i in places]
    index = choose_pairs(len(places), pairs, here).index
    values = np.stack([take(rdm, places).values[index] for rdm in rdms])
    if not ranked:
        return values
    ranks = transform(ready_vectors(values, MEASURES["spearman"]))
    return ranks / len(index)  # from -1/2 to 1/2 in training and test alike


def _explained(
    fit: Float[np.ndarray, "vector vector"],
    judge: Float[np.ndarray, "vector vector"],
    used: tuple[int, ...],
) -> float:
    if not used:
        return 0.0
    inner = np.ix_(used, used)
    slope = np.linalg.solve(fit[inner], fit[list(used), -1])
    error = judge[-1, -1] - 2.0 * slope @ judge[list(used), -1] + slope @ judge[inner] @ slope
    return float(1.0 - error / judge[-1, -1])


def _refuse_collinear(fit: Float[np.ndarray, "vector vector"], names: Sequence[str]) -> None:
    left = np.array(fit)
    for k, name in enumerate((*names, "the target")):
        if fit[k, k] == 0.0:
            raise UserError(f"{name} is constant over the pairs of a fold")
        if k < len(names):
            if left[k, k] <= EXPLAINED * fit[k, k]:
                raise UserError(f"space {name!r} is a linear combination of the spaces before it")
            left = left - np.outer(left[:, k], left[:, k]) / left[k, k]
