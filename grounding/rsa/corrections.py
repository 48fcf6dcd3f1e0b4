"""Corrections of p values for the number of tests.

A family-wise correction bounds the chance of any false finding; a false discovery correction
bounds the expected share of false findings among all. `adjust` needs nothing but the p values,
`step_down` the permutations they came from: it knows how the models resemble each other, and is
the sharper for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import false_discovery_control

from grounding.errors import UserError
from grounding.rsa.permutation import ALTERNATIVES, ROUNDING
from grounding.tables import lookup

__all__ = ["CORRECTIONS", "Correction", "adjust", "step_down"]

Values = Float[np.ndarray, " test"]


@dataclass(frozen=True)
class Correction:
    """One way to adjust p values for their number.

    name: its name in `CORRECTIONS`.
    controls: what is held below a level when adjusted values below that level count as findings.
    assumes: how the tests may depend on each other.
    reference: where it is described.
    adjusted: maps p values, in any order, to adjusted ones, in the same order.
    """

    name: str
    controls: str
    assumes: str
    reference: str
    adjusted: Callable[[Values], Values]


def _bonferroni(p: Values) -> Values:
    return np.minimum(len(p) * p, 1.0)


def _holm(p: Values) -> Values:
    order = np.argsort(p, kind="stable")
    steps = np.arange(len(p), 0, -1) * p[order]  # the smallest pays for all, the next for the rest
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


CORRECTIONS: Mapping[str, Correction] = {
    correction.name: correction
    for correction in (
        Correction(
            name="bonferroni",
            controls="family-wise error",
            assumes="nothing: any dependence",
            reference="Dunn 1961, doi:10.1080/01621459.1961.10482090",
            adjusted=_bonferroni,
        ),
        Correction(
            name="holm",
            controls="family-wise error",
            assumes="nothing: any dependence",
            reference="Holm 1979, Scandinavian Journal of Statistics 6, 65-70",
            adjusted=_holm,
        ),
        Correction(
            name="benjamini-hochberg",
            controls="false discovery rate",
            assumes="independent tests, or positive dependence (on each one of the true nulls)",
            reference="Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x",
            adjusted=lambda p: false_discovery_control(p, method="bh"),
        ),
        Correction(
            name="benjamini-yekutieli",
            controls="false discovery rate",
            assumes="nothing: any dependence",
            reference="Benjamini & Yekutieli 2001, doi:10.1214/aos/1013699998",
            adjusted=lambda p: false_discovery_control(p, method="by"),
        ),
    )
}


def adjust(p: Float[np.ndarray, "*tests"], *, method: str) -> Float[np.ndarray, "*tests"]:
    """Return p values adjusted for their number: all that are given are one family.

    p: any shape, in any order; the result has the same.
    method: a name in `CORRECTIONS`.

    Raises `UnknownName` for another method, and `UserError` for no p value, one that is not a
    number and one outside 0 to 1.

    >>> adjust(np.array([0.01, 0.04, 0.03]), method="holm").round(3)
    array([0.03, 0.06, 0.06])
    """
    correction = lookup("correction", method, CORRECTIONS)
    given = np.asarray(p, dtype=np.float64)
    flat = given.ravel()
    if not len(flat):
        raise UserError("there is no p value to adjust")
    if np.isnan(flat).any():
        raise UserError(
            f"{int(np.isnan(flat).sum())} of {len(flat)} p values are NaN; leave out the tests "
            "that have none, and say so: they no longer count in the family"
        )
    outside = flat[(flat < 0.0) | (flat > 1.0)]
    if len(outside):
        raise UserError(f"a p value lies between 0 and 1, found {outside[0]}")
    return correction.adjusted(flat).reshape(given.shape)


def step_down(
    observed: Float[np.ndarray, " model"],
    null: Float[np.ndarray, "permutation model"],
    *,
    alternative: str,
) -> Float[np.ndarray, " model"]:
    """Return p values adjusted over models by their common permutations (step-down maxT).

    The model with the greatest agreement is held against the best of all models in each
    permutation, as `p_max` of a permutation test is; the next against the best of the models
    that are left, and so on, no model below one that is ahead of it. The family-wise error is
    controlled whichever of the models agree (Westfall & Young 1993, Resampling-Based Multiple
    Testing; Romano & Wolf 2005, doi:10.1198/016214504000000539), provided that the permutations
    show unrelated models as they would be also while others agree. Agreements are compared as
    they are: a model of a wider null weighs more.

    observed, null, alternative: as in `PermutationTest`. The result is never above its `p_max`
        and never below its `p`.

    Raises `UnknownName` for another alternative, and `UserError` for other shapes, no
    permutation, no model and values that are NaN.
    """
    reaching = lookup("alternative", alternative, ALTERNATIVES)
    observed, null = np.asarray(observed), np.asarray(null)
    if observed.ndim != 1 or null.ndim != 2 or null.shape[1] != len(observed) or not null.size:
        raise UserError(
            "observed is one agreement a model and null is permutation x model, found shapes "
            f"{observed.shape} and {null.shape}"
        )
    if np.isnan(observed).any() or np.isnan(null).any():
        raise UserError("agreements that are NaN have no order; leave their models out")
    order = np.argsort(-reaching(observed), kind="stable")
    seen, under = reaching(observed)[order], reaching(null)[:, order]
    best = np.maximum.accumulate(under[:, ::-1], axis=1)[:, ::-1]  # of this model and those behind
    raw = (1.0 + (best >= seen - ROUNDING).sum(0)) / (1.0 + len(null))
    adjusted = np.empty(len(observed))
    adjusted[order] = np.maximum.accumulate(raw)
    return adjusted
