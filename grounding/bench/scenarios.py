"""What is calibrated: every test and every interval, each on a population of stimuli.

A row is a trial, a population and how the test is done; a new test is a new line. `MISTAKES` are
ways to do it wrong: that they come out liberal shows that the calibration can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from grounding.bench.calibration import Calibration
from grounding.bench.trials import (
    PERMUTATIONS,
    SAMPLES,
    best_rejects,
    ceiling_covers,
    covers,
    false_share,
    finds_falsely,
    rejects,
    score_covers,
    slope_covers,
    unique_covers,
)
from grounding.rsa.measures import MEASURES
from grounding.rsa.simulation import Planted

__all__ = ["CALIBRATIONS", "MISTAKES"]

Trial = Callable[..., float]  # takes a generator, then the population and how the test is done

NULLS = 2000  # simulations for a rate of .05: its error is .005
OTHERS = 600  # simulations for a coverage of .95, whose error is then .009

THIRTEEN = (0.0,) * 13
THREE_OF_13 = (0.7,) * 3 + (0.0,) * 10
PEAK = (0.40, 0.42, 0.47, 0.55, 0.66, 0.76, 0.80, 0.76, 0.66, 0.55, 0.47, 0.42, 0.40)
CLEAR = (0.9, *(0.5,) * 5)

# Populations, beside the number of groups.
WORDS: dict[str, Any] = {"per_group": 3, "within": 0.3}  # transcripts in three realisations
LONG: dict[str, Any] = {"nuisance": 1.5}  # a duration that drives models and the reference
SPEAKERS: dict[str, Any] = {"per_group": 8, "within": 0.4, "crossed": 0.2}
ANGLES: dict[str, Any] = {"metric": "correlation", "dimensions": 10}  # no stimulus is far from all


def _set(groups: int, *effects: float, **more: Any) -> Planted:
    return Planted(effects=effects, groups=groups, **more)


def _null(name: str, planted: Planted, once: Trial = rejects, **how: Any) -> Calibration:
    return _row(f"permutation, {name}", "false positives", planted, once, NULLS, how)


def _many(name: str, kind: str, once: Trial, **how: Any) -> Calibration:
    planted = _set(20, *THREE_OF_13, alike=0.5)
    return _row(f"10 of 13 layers null, {name}", kind, planted, once, NULLS, how)


def _power(name: str, planted: Planted, **how: Any) -> Calibration:
    return _row(f"permutation, {name}", "power", planted, rejects, OTHERS, how)


def _held(name: str, planted: Planted, once: Trial = covers, **how: Any) -> Calibration:
    return _row(name, "coverage", planted, once, OTHERS, how)


def _less(name: str, planted: Planted) -> Calibration:
    return _held(f"difference of models, {name}", planted, difference=True)


def _row(
    name: str, kind: str, planted: Planted, once: Trial, simulations: int, how: Mapping[str, Any]
) -> Calibration:
    times = f" x {planted.per_group}" if planted.per_group > 1 else ""
    return Calibration(
        name=f"{name}, {planted.groups}{times} stimuli",
        kind=kind,
        once=partial(once, planted=planted, **how),
        settings=f"{SAMPLES} samples" if kind == "coverage" else f"{PERMUTATIONS} permutations",
        simulations=simulations,
    )


TWO_ALIKE = _set(20, 0.0, 0.0, alike=0.5)
TWO_PEAKS = _set(60, *PEAK * 2, alike=0.9)


def _table(*rows: Calibration) -> Mapping[str, Calibration]:
    return {row.name: row for row in rows}


CALIBRATIONS: Mapping[str, Calibration] = _table(
    *(_null(measure, _set(20, 0.0), measure=measure) for measure in MEASURES),
    _null("less", _set(20, 0.0), alternative="less"),
    _null("two-sided", _set(20, 0.0), alternative="two-sided"),
    _null("whole groups", _set(10, 0.0, **WORDS)),
    _null("whole groups, pairs between", _set(10, 0.0, **WORDS), pairs="between"),
    _null("pairs within groups", _set(10, 0.0, **WORDS), pairs="within"),
    _null("nuisance controlled", _set(20, 0.0, **LONG)),
    _null("nuisance controlled, whole groups", _set(10, 0.0, **WORDS, **LONG)),
    *(
        _null(f"nuisance and its curves, {m}", _set(20, 0.0, **LONG), measure=m, controls="curves")
        for m in ("spearman", "rho-a")
    ),
    _null("nuisance off the model", _set(20, 0.0, **LONG), controlled="model"),
    _null("nuisance off the reference", _set(20, 0.0, **LONG), controlled="reference"),
    _null("layer controlled, rho-a", TWO_ALIKE, measure="rho-a", controls="last layer"),
    _null("best of 13", _set(20, *THIRTEEN, alike=0.5), best_rejects),
    _null("best of 13, two-sided", _set(20, *THIRTEEN), best_rejects, alternative="two-sided"),
    _many("step-down", "family-wise", finds_falsely),
    _many("benjamini-hochberg", "false discoveries", false_share, method="benjamini-hochberg"),
    _many("benjamini-yekutieli", "false discoveries", false_share, method="benjamini-yekutieli"),
    *(_power("r = .25", _set(n, 0.5)) for n in (20, 40)),
    _held("pearson, r = 0", _set(40, 0.0)),
    *(_held("pearson, r = .49", _set(n, 0.7)) for n in (20, 40, 80, 200)),
    _held("pearson, r = .90", _set(40, 0.95)),
    *(_held("spearman", _set(n, 0.7), measure="spearman") for n in (20, 40, 80)),
    _held("rho-a", _set(40, 0.7), measure="rho-a"),
    _held("tau-a", _set(20, 0.7), measure="tau-a"),
    _held("cosine", _set(40, 0.7), measure="cosine"),
    _held("whitened-correlation", _set(40, 0.7), measure="whitened-correlation"),
    _held("whitened-cosine", _set(40, 0.7), measure="whitened-cosine"),
    _held("unbiased-cka", _set(40, 0.7), measure="unbiased-cka"),
    *(_held("correlation distance, r = 0", _set(n, 0.0, **ANGLES)) for n in (20, 40)),
    _held("correlation distance", _set(40, 0.7, **ANGLES)),
    *(_held("groups", _set(n, 0.7, **WORDS)) for n in (8, 12, 24)),
    _held("groups, pairs between", _set(12, 0.7, **WORDS), pairs="between"),
    *(_held("groups, pairs within", _set(n, 0.7, **WORDS), pairs="within") for n in (12, 60)),
    _held("nuisance controlled, r = 0", _set(40, 0.0, **LONG)),
    _held("nuisance controlled", _set(40, 0.7, **LONG)),
    _held("nuisance controlled, spearman", _set(40, 0.7, **LONG), measure="spearman"),
    _held("nuisance off the model", _set(40, 0.7, **LONG), controlled="model"),
    _held("nuisance off the reference", _set(40, 0.7, **LONG), controlled="reference"),
    _held("groups x speakers", _set(12, 0.7, **SPEAKERS), crossed=True),
    _held("groups x speakers, r = 0", _set(12, 0.0, **SPEAKERS), crossed=True, pairs="between"),
    _less("equal, r = 0", _set(40, 0.0, 0.0)),
    _less("equal", _set(40, 0.7, 0.7)),
    _less("equal and alike", _set(40, 0.7, 0.7, alike=0.99)),
    _less("unequal", _set(40, 0.9, 0.5)),
    _less("equal, groups", _set(12, 0.7, 0.7, **WORDS)),
    _less("equal, correlation distance", _set(40, 0.7, 0.7, **ANGLES)),
    _held("held-out layer, one is best", _set(60, *CLEAR), score_covers, models=1),
    _held("held-out layer, broad peak", _set(60, *PEAK, alike=0.9), score_covers, models=1),
    _held("difference of held-out, one is best", _set(60, *CLEAR * 2), score_covers, models=2),
    _held("difference of held-out, broad peak", TWO_PEAKS, score_covers, models=2),
    _held(
        "difference of weights, broad peak", TWO_PEAKS, score_covers, models=2, layers="weighted"
    ),
    _held("transcript ceiling", _set(20, 0.7, **WORDS), ceiling_covers, difference=False),
    _held("layer less ceiling", _set(20, 0.7, **WORDS), ceiling_covers, difference=True),
    _held("slope beside a nuisance", _set(40, 0.7, **LONG), slope_covers),
    _held("unique part beside a nuisance", _set(80, 0.7, **LONG), unique_covers),
)

MISTAKES: Mapping[str, Calibration] = _table(
    _null("best of 13, uncorrected", _set(20, *THIRTEEN), best_rejects, corrected=False),
    _null("single stimuli of groups", _set(10, 0.0, **WORDS), grouped=False),
    _null("nuisance left in", _set(20, 0.0, **LONG), controls="none"),
    _null("nuisance left to ranks", _set(20, 0.0, **LONG), measure="rho-a"),
    _held("single stimuli of groups", _set(10, 0.7, **WORDS), grouped=False),
)
