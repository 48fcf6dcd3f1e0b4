"""Rules turn on whole intervals, and say why."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.claims.rule import Criterion, Estimate, Outcome, Rule, decide, estimate

RULE = Rule((Criterion("gain", above=0.05), Criterion("share", below=0.5)), "rho-a", "m", "s")
GOOD_GAIN = Estimate("gain", 0.2, 0.1, 0.3)
GOOD_SHARE = Estimate("share", 0.1, 0.0, 0.2)


def test_all_criteria_met_is_supported():
    decision = decide(RULE, [GOOD_GAIN, GOOD_SHARE])
    assert decision.outcome is Outcome.SUPPORTED
    assert "gain: whole interval above 0.05" in decision.reason


@pytest.mark.parametrize(
    ("gain", "share"),
    [
        (Estimate("gain", 0.01, -0.02, 0.04), GOOD_SHARE),
        (GOOD_GAIN, Estimate("share", 0.8, 0.6, 0.9)),
    ],
)
def test_one_contradicted_criterion_refutes(gain, share):
    assert decide(RULE, [gain, share]).outcome is Outcome.REFUTED


def test_an_interval_on_the_bound_is_undecided():
    decision = decide(RULE, [Estimate("gain", 0.06, 0.04, 0.08), GOOD_SHARE])
    assert decision.outcome is Outcome.UNDECIDED
    assert "crosses the bound" in decision.reason


def test_a_missing_estimate_is_undecided_and_says_why():
    decision = decide(RULE, [GOOD_GAIN], {"share": "no text model was asked"})
    assert decision.outcome is Outcome.UNDECIDED
    assert decision.reason == "share could not be estimated: no text model was asked"


def test_a_contradiction_refutes_even_where_another_estimate_is_missing():
    assert decide(RULE, [Estimate("share", 0.8, 0.6, 0.9)]).outcome is Outcome.REFUTED


def test_interval_is_that_of_numpy_quantiles():
    samples = np.random.default_rng(0).normal(size=999)
    found = estimate("x", 0.0, samples, 0.9)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(samples, [0.05, 0.95])))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("x", float("nan"), 0.0, 1.0), "is not finite"),
        (("x", 0.5, 1.0, 0.0), "the wrong way round"),
    ],
)
def test_broken_estimates_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        Estimate(*arguments)


def test_a_criterion_needs_one_bound():
    with pytest.raises(ValueError, match="needs one of above and below"):
        Criterion("x", above=0.1, below=0.2)
