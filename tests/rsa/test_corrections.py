"""Corrections for many tests: against slow loops, and they hold what they say they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from grounding.errors import UnknownName, UserError
from grounding.rsa.corrections import CORRECTIONS, adjust, step_down
from grounding.rsa.permutation import permutation_test

patient = settings(deadline=None)  # machines are slow at times

LEVEL = 0.05
P_VALUES = arrays(np.float64, st.integers(1, 12), elements=st.floats(0.0, 1.0))
P_VALUES_WITH_TIES = arrays(
    np.float64, st.integers(1, 12), elements=st.sampled_from([0, 0.01, 0.4])
)


def slow_bonferroni(p: list[float]) -> list[float]:
    return [min(1.0, len(p) * one) for one in p]


def slow_holm(p: list[float]) -> list[float]:
    # The smallest level at which the step-down procedure rejects each test.
    found = []
    for mine in p:
        steps = [sum(other >= one for other in p) * one for one in p if one <= mine]
        found.append(min(1.0, max(steps)))
    return found


def slow_step_up(p: list[float], factor: float) -> list[float]:
    found = []
    for mine in p:
        steps = [
            len(p) * factor * one / sum(other <= one for other in p) for one in p if one >= mine
        ]
        found.append(min(1.0, *steps, 1.0))
    return found


SLOW = {
    "bonferroni": slow_bonferroni,
    "holm": slow_holm,
    "benjamini-hochberg": lambda p: slow_step_up(p, 1.0),
    "benjamini-yekutieli": lambda p: slow_step_up(p, sum(1 / i for i in range(1, len(p) + 1))),
}


@pytest.mark.parametrize("method", CORRECTIONS)
@patient
@given(P_VALUES | P_VALUES_WITH_TIES)
def test_adjusted_values_equal_a_slow_loop(method, p):
    assert adjust(p, method=method) == pytest.approx(SLOW[method](list(p)), rel=1e-12)


@pytest.mark.parametrize("method", CORRECTIONS)
@patient
@given(P_VALUES | P_VALUES_WITH_TIES, st.data())
def test_adjusting_keeps_the_order_and_never_lowers_a_value(method, p, data):
    adjusted = adjust(p, method=method)
    assert (adjusted >= p * (1.0 - 1e-12)).all()
    assert (adjusted <= 1.0).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0.0).all()
    place = np.array(data.draw(st.permutations(range(len(p)))))
    assert adjust(p[place], method=method) == pytest.approx(adjusted[place], rel=1e-12)
    raised = p.copy()
    one = data.draw(st.integers(0, len(p) - 1))
    raised[one] = data.draw(st.floats(p[one], 1.0))
    assert (adjust(raised, method=method) >= adjusted * (1.0 - 1e-12)).all()


@pytest.mark.parametrize("method", CORRECTIONS)
@patient
@given(P_VALUES, st.floats(0.01, 1.0))
def test_a_common_factor_comes_out_of_the_adjustment_until_it_reaches_one(method, p, factor):
    small = p / 100.0  # nothing reaches 1: twelve tests cost a factor of 37 at most
    whole = adjust(small, method=method)
    assert adjust(factor * small, method=method) == pytest.approx(factor * whole, rel=1e-9)


@patient
@given(P_VALUES)
def test_what_assumes_less_or_holds_more_costs_more(p):
    by = {method: adjust(p, method=method) for method in CORRECTIONS}
    slack = 1e-12
    assert (by["holm"] <= by["bonferroni"] + slack).all()
    assert (by["benjamini-hochberg"] <= by["holm"] + slack).all()
    assert (by["benjamini-hochberg"] <= by["benjamini-yekutieli"] + slack).all()


@pytest.mark.parametrize("method", CORRECTIONS)
def test_any_shape_is_one_family(method):
    p = np.random.default_rng(0).random((2, 3, 4)) / 10.0
    flat = adjust(p.ravel(), method=method)
    assert (adjust(p, method=method) == flat.reshape(p.shape)).all()
    assert adjust(np.array(0.02), method=method) == pytest.approx(0.02)
    assert not np.allclose(adjust(p[0], method=method), flat.reshape(p.shape)[0])


@pytest.mark.parametrize("method", CORRECTIONS)
def test_every_correction_says_what_it_holds(method):
    record = CORRECTIONS[method]
    assert record.name == method
    assert record.controls in ("family-wise error", "false discovery rate")
    assert record.assumes and record.reference


def simulated(seed: int, tests: int = 20, effects: int = 0, shift: float = 3.0) -> np.ndarray:
    """Return one-sided p values of tests that share half of their noise, effects first."""
    rng = np.random.default_rng(seed)
    z = np.sqrt(0.5) * rng.normal(size=tests) + np.sqrt(0.5) * rng.normal()
    z[:effects] += shift
    return stats.norm.sf(z)


@pytest.mark.parametrize("method", CORRECTIONS)
@pytest.mark.parametrize("effects", [0, 10])
def test_the_promised_error_is_held_and_without_correction_it_is_not(method, effects):
    found, plain = [], []
    for seed in range(500):
        p = simulated(seed, effects=effects)
        for into, values in ((found, adjust(p, method=method)), (plain, p)):
            hits = values <= LEVEL
            false = hits[effects:].sum()
            by_family = CORRECTIONS[method].controls == "family-wise error"
            into.append(bool(false) if by_family or not effects else false / max(1, hits.sum()))
    most = LEVEL + 3.0 * np.sqrt(LEVEL * (1.0 - LEVEL) / 500)
    assert np.mean(found) <= most
    if effects == 0 or CORRECTIONS[method].controls == "family-wise error":
        assert np.mean(plain) > 2.0 * most
    else:
        assert np.mean(plain) > np.mean(found)


def test_p_values_that_cannot_be_adjusted_are_refused():
    with pytest.raises(UnknownName, match=r"unknown correction 'holms'. Did you mean 'holm'"):
        adjust(np.array([0.1]), method="holms")
    with pytest.raises(UserError, match="there is no p value to adjust"):
        adjust(np.array([]), method="holm")
    with pytest.raises(UserError, match="1 of 3 p values are NaN; leave out"):
        adjust(np.array([0.1, np.nan, 2.0]), method="holm")
    for bad in (-0.1, 1.5, np.inf):
        with pytest.raises(UserError, match=f"lies between 0 and 1, found {bad}"):
            adjust(np.array([0.1, bad]), method="holm")


# -- step-down maxT


def slow_step_down(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    left = sorted(range(len(observed)), key=lambda model: -observed[model])
    adjusted, so_far = np.empty(len(observed)), 0.0
    while left:
        best = left[0]
        reached = sum(max(row[model] for model in left) >= observed[best] for row in null)
        so_far = max(so_far, (1 + reached) / (1 + len(null)))
        adjusted[best] = so_far
        left = left[1:]
    return adjusted


def slow_share(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    return np.array(
        [
            (1 + sum(row >= seen)) / (1 + len(null))
            for seen, row in zip(observed, null.T, strict=True)
        ]
    )


TURNED = {"greater": lambda x: x, "less": lambda x: -x, "two-sided": abs}
AGREEMENTS = st.integers(1, 6).flatmap(
    lambda models: st.tuples(
        arrays(np.float64, models, elements=st.integers(-4, 4)),
        arrays(
            np.float64, st.tuples(st.integers(1, 8), st.just(models)), elements=st.integers(-4, 4)
        ),
    )
)


@pytest.mark.parametrize("alternative", TURNED)
@patient
@given(AGREEMENTS)
def test_step_down_equals_a_slow_loop_and_lies_between_p_and_p_max(alternative, drawn):
    observed, null = drawn
    adjusted = step_down(observed, null, alternative=alternative)
    seen, under = TURNED[alternative](observed), TURNED[alternative](null)
    assert adjusted == pytest.approx(slow_step_down(seen, under))
    best = np.repeat(under.max(1)[:, None], len(seen), axis=1)
    assert (adjusted >= slow_share(seen, under) - 1e-12).all()
    assert (adjusted <= slow_share(seen, best) + 1e-12).all()
    assert adjusted[seen.argmax()] == pytest.approx(slow_share(seen, best)[seen.argmax()])


@patient
@given(AGREEMENTS, st.data())
def test_step_down_depends_on_no_order_and_no_common_scale_and_more_models_cost_more(drawn, data):
    observed, null = drawn
    adjusted = step_down(observed, null, alternative="greater")
    place = np.array(data.draw(st.permutations(range(len(observed)))))
    moved = step_down(observed[place], null[:, place], alternative="greater")
    assert moved == pytest.approx(adjusted[place])
    scaled = step_down(3.0 * observed, 3.0 * null, alternative="greater")
    assert scaled == pytest.approx(adjusted)
    if len(observed) > 1:
        fewer = step_down(observed[1:], null[:, 1:], alternative="greater")
        assert (fewer <= adjusted[1:] + 1e-12).all()


def test_a_model_of_a_wider_null_weighs_more():
    rng = np.random.default_rng(0)
    observed, null = np.array([2.0, 1.5]), rng.normal(size=(99, 2))
    narrow = step_down(observed, null, alternative="greater")
    wide = step_down(observed * [1.0, 5.0], null * [1.0, 5.0], alternative="greater")
    assert wide[0] > narrow[0]


def test_step_down_of_a_permutation_test_lies_between_its_two_p(random_rdm, mixed_rdm):
    reference = random_rdm(0, 20)
    layers = [mixed_rdm(reference, seed, noise) for seed, noise in ((1, 1.5), (2, 2.5), (3, 9.0))]
    for alternative in TURNED:
        test = permutation_test(
            layers,
            reference,
            measure="pearson",
            n=199,
            rng=np.random.default_rng(0),
            alternative=alternative,
        )
        adjusted = step_down(test.observed, test.null, alternative=test.alternative)
        assert (test.p <= adjusted).all() and (adjusted <= test.p_max).all()


def test_family_wise_error_is_held_beside_a_true_effect_and_the_second_step_is_sharper(
    random_rdm, mixed_rdm
):
    false, plain, sharper = [], [], 0
    for seed in range(200):
        reference = random_rdm(seed, 12)
        layers = [random_rdm(1000 + 10 * seed + k, 12) for k in range(7)]
        layers.append(mixed_rdm(reference, seed, 0.3))
        test = permutation_test(
            layers, reference, measure="spearman", n=79, rng=np.random.default_rng(seed)
        )
        adjusted = step_down(test.observed, test.null, alternative="greater")
        assert adjusted[7] == 1 / 80
        false.append((adjusted[:7] <= LEVEL).any())
        plain.append((test.p[:7] <= LEVEL).any())
        sharper += int((adjusted < test.p_max).any())
    most = LEVEL + 3.0 * np.sqrt(LEVEL * (1.0 - LEVEL) / 200)
    assert np.mean(false) <= most
    assert np.mean(plain) > 2.0 * most
    assert sharper > 100


def test_agreements_that_cannot_be_stepped_down_are_refused():
    observed, null = np.ones(2), np.zeros((5, 2))
    with pytest.raises(UnknownName, match="unknown alternative 'more'"):
        step_down(observed, null, alternative="more")
    for bad in ((np.ones(3), null), (observed, null[:0]), (np.ones((2, 1)), null), (1.0, null[0])):
        with pytest.raises(UserError, match="null is permutation x model, found shapes"):
            step_down(*map(np.asarray, bad), alternative="greater")
    broken = np.array([1.0, np.nan])
    for bad in ((broken, null), (observed, null + broken)):
        with pytest.raises(UserError, match="that are NaN have no order"):
            step_down(*bad, alternative="greater")
