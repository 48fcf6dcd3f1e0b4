"""Trials: draw one set of stimuli, put it to a test or an interval, and say how that went.

Every trial gives what it adds to a count: 1 for a test that found something or an interval that
held the truth, else 0. A nuisance that the population has is a control everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from grounding.rsa.ceiling import oracle_rdm, transcript_ceiling
from grounding.rsa.corrections import adjust, step_down
from grounding.rsa.curves import curved
from grounding.rsa.partition import partition
from grounding.rsa.permutation import PermutationTest, permutation_test
from grounding.rsa.rdm import RDM
from grounding.rsa.regression import regress
from grounding.rsa.resampling import bootstrap
from grounding.rsa.sampled import Sampled
from grounding.rsa.selection import score_models
from grounding.rsa.simulation import Planted, Simulated, simulate, true_agreement

__all__ = [
    "PERMUTATIONS",
    "SAMPLES",
    "best_rejects",
    "ceiling_covers",
    "covers",
    "false_share",
    "finds_falsely",
    "rejects",
    "score_covers",
    "slope_covers",
    "unique_covers",
]

ALPHA = 0.05
LEVEL = 0.95
PERMUTATIONS = 199
SAMPLES = 400
SETS = 400  # that a true agreement is taken over: its error is a twentieth of an interval's

Rng = np.random.Generator


# Tests. Each draws one set of stimuli and says whether p <= .05.


def _tested(
    rng: Rng,
    planted: Planted,
    *,
    grouped: bool | None = None,
    controls: str = "nuisance",
    measure: str = "pearson",
    **how: Any,
) -> PermutationTest:
    one = simulate(planted, rng)
    layers = one.layers[:-1] if controls == "last layer" else one.layers
    return permutation_test(
        layers,
        one.reference,
        measure=measure,
        n=PERMUTATIONS,
        rng=rng,
        groups=_groups(one, planted, grouped),
        controls={
            "nuisance": one.controls,
            "curves": curved(one.controls, degree=3),
            "last layer": one.layers[-1:],
            "none": (),
        }[controls],
        **how,
    )


def _groups(one: Simulated, planted: Planted, grouped: bool | None) -> tuple[str, ...] | None:
    grouped = planted.per_group > 1 if grouped is None else grouped
    return one.groups if grouped else None


def rejects(rng: Rng, *, planted: Planted, **how: Any) -> float:
    """Return whether the first layer's p value is .05 or less."""
    return float(_tested(rng, planted, **how).p[0] <= ALPHA)


def best_rejects(rng: Rng, *, planted: Planted, corrected: bool = True, **how: Any) -> float:
    """Return whether the best layer's p value is; uncorrected is a mistake."""
    test = _tested(rng, planted, **how)
    return float((test.p_max if corrected else test.p).min() <= ALPHA)


def finds_falsely(rng: Rng, *, planted: Planted, **how: Any) -> float:
    """Return whether step-down correction finds a layer that has no effect."""
    test = _tested(rng, planted, **how)
    found = step_down(test.observed, test.null, alternative=test.alternative) <= ALPHA
    return float(found[np.array(planted.effects) == 0.0].any())


def false_share(rng: Rng, *, planted: Planted, method: str, **how: Any) -> float:
    """Return which share of the layers that are found have no effect; 0 when none is found."""
    found = adjust(_tested(rng, planted, **how).p, method=method) <= ALPHA
    false = found & (np.array(planted.effects) == 0.0)
    return float(false.sum() / max(found.sum(), 1))


# Intervals. Each draws one set of stimuli and says whether its 95 % interval holds the truth.


def covers(
    rng: Rng,
    *,
    planted: Planted,
    measure: str = "pearson",
    pairs: str = "all",
    controlled: str = "both",
    grouped: bool | None = None,
    crossed: bool = False,
    difference: bool = False,
) -> float:
    """Return whether the interval of an agreement does, or of the first less the second."""
    one = simulate(planted, rng)
    found = bootstrap(
        one.layers,
        [one.reference],
        measure=measure,
        n=SAMPLES,
        rng=rng,
        groups=_groups(one, planted, grouped),
        crossed=one.speakers if crossed else None,
        controls=one.controls,
        controlled=controlled,
        pairs=pairs,
    )
    truth = _truth(planted, measure, pairs, controlled if one.controls else None)
    if difference:
        return _holds(found.difference(0, 1), truth[0] - truth[1])
    return _holds(found.of(0, 0), truth[0])


def score_covers(rng: Rng, *, planted: Planted, models: int, layers: str = "held-out") -> float:
    """Return whether the interval of a held-out score does, or of a difference of two.

    The layers of the population are dealt to one or two models. A model's true score is that of
    its best layer.
    """
    one = simulate(planted, rng)
    each = len(one.layers) // models
    dealt = {str(k): slice(k * each, (k + 1) * each) for k in range(models)}
    scores = score_models(
        {name: one.layers[part] for name, part in dealt.items()},
        one.reference,
        measure="pearson",
        n=SAMPLES,
        rng=rng,
        layers=layers,
    )
    truth = _truth(planted, "pearson", "all", None)
    best = [max(truth[part]) for part in dealt.values()]
    if models == 2:
        return _holds(scores.difference("0", "1"), best[0] - best[1])
    return _holds(scores.of("0"), best[0])


def ceiling_covers(rng: Rng, *, planted: Planted, difference: bool) -> float:
    """Return whether the interval of the transcript ceiling does, or of a layer less it."""
    one = simulate(planted, rng)
    ceiling = transcript_ceiling(one.reference, one.groups, measure="pearson", n=SAMPLES, rng=rng)
    best = _truth(planted, "pearson", "between", None, of="oracle")[0]
    if not difference:
        return _holds(ceiling.between, best)
    found = bootstrap(
        [one.layers[0], ceiling.oracle],
        [one.reference],
        measure="pearson",
        n=SAMPLES,
        rng=rng,
        groups=one.groups,
        pairs="between",
    )
    layer = _truth(planted, "pearson", "between", None)[0]
    return _holds(found.difference(0, 1), layer - best)


def slope_covers(rng: Rng, *, planted: Planted) -> float:
    """Return whether the interval of the reference's slope does, beside the nuisance's."""
    one = simulate(planted, rng)
    spaces = {"reference": one.reference, "nuisance": one.controls[0]}
    found = regress(one.layers[0], spaces, ranked=False, n=SAMPLES, rng=rng)
    alone = _truth(planted, "pearson", "all", "reference")[0]
    shared = _truth(planted, "pearson", "all", None, of="nuisance")[0]
    return _holds(found.slopes["reference"], alone / np.sqrt(1.0 - shared**2))


def unique_covers(rng: Rng, *, planted: Planted) -> float:
    """Return whether the interval of what the reference explains and the nuisance does not does."""
    one = simulate(planted, rng)
    spaces = {"reference": one.reference, "nuisance": one.controls[0]}
    found = partition(one.layers[0], spaces, folds=2, n=SAMPLES, rng=rng, ranked=False)
    return _holds(found.unique["reference"], _truth(planted, "pearson", "all", "reference")[0] ** 2)


def _holds(found: Sampled, truth: float) -> float:
    low, high = found.interval(LEVEL)
    return float(low <= truth <= high)


INSTEAD: Mapping[str, Callable[[Simulated], Sequence[RDM]]] = {
    "layers": lambda one: one.layers,
    "nuisance": lambda one: one.controls,
    "oracle": lambda one: [oracle_rdm(one.reference, one.groups, leave_out=True)],
}


@cache
def _truth(
    planted: Planted, measure: str, pairs: str, controlled: str | None, of: str = "layers"
) -> tuple[float, ...]:
    truth = true_agreement(
        planted,
        measure=measure,
        sets=SETS,
        rng=np.random.default_rng(0),
        pairs=pairs,
        controlled=controlled,
        rdms=INSTEAD[of],
    )
    return tuple(truth.estimate.tolist())
