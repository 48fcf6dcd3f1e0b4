"""Agreement: every measure against scipy, rsatoolbox and regressions; what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from rsatoolbox.rdm import compare as rsatoolbox_compare
from scipy import stats

from grounding.errors import StimulusMismatch, UnknownName, UserError
from grounding.rsa import MEASURES, RDM, compare, compare_many

RSATOOLBOX = {
    "pearson": "corr",
    "cosine": "cosine",
    "spearman": "spearman",
    "rho-a": "rho-a",
    "tau-a": "tau-a",
    "whitened-cosine": "cosine_cov",
    "whitened-correlation": "corr_cov",
}
COSINES = [name for name, one in MEASURES.items() if one.direct is None]
PLAIN = [name for name, one in MEASURES.items() if not one.whole and one.direct is None]
RANKED = [name for name, measure in MEASURES.items() if measure.ranked]


def like(rdm: RDM, values: np.ndarray, name: str = "") -> RDM:
    return RDM(values, rdm.ids, "made", name)


@pytest.mark.parametrize("measure", RSATOOLBOX)
@pytest.mark.parametrize("decimals", [None, 1, 0])
def test_measures_equal_rsatoolbox_with_and_without_ties(measure, decimals, random_rdm):
    models = [random_rdm(seed, decimals=decimals) for seed in range(4)]
    references = [random_rdm(seed, decimals=decimals) for seed in (7, 8)]
    found = compare_many(models, references, measure=measure)
    theirs = [
        [
            rsatoolbox_compare(a.to_rsatoolbox(), b.to_rsatoolbox(), RSATOOLBOX[measure])[0, 0]
            for b in references
        ]
        for a in models
    ]
    assert np.allclose(found, theirs, atol=1e-12)


def test_pearson_and_spearman_equal_scipy(random_rdm):
    a, b = random_rdm(0, decimals=1), random_rdm(1, decimals=1)
    assert compare(a, b, measure="pearson") == pytest.approx(
        stats.pearsonr(a.values, b.values).statistic
    )
    assert compare(a, b, measure="spearman") == pytest.approx(
        stats.spearmanr(a.values, b.values).statistic
    )


def test_rho_a_is_the_mean_spearman_over_random_breaking_of_ties(random_rdm):
    rng = np.random.default_rng(0)
    a, b = (random_rdm(seed, 7, decimals=0) for seed in (0, 1))
    broken = [
        stats.spearmanr(*(r.values + 1e-3 * rng.random(len(r.values)) for r in (a, b))).statistic
        for _ in range(1000)
    ]
    mean, error = np.mean(broken), np.std(broken) / np.sqrt(1000)
    assert abs(compare(a, b, measure="rho-a") - mean) < 4 * error
    assert abs(compare(a, b, measure="spearman") - mean) > 4 * error


@pytest.mark.parametrize("measure", COSINES)
def test_an_rdm_agrees_with_itself_and_order_of_arguments_is_free(measure, random_rdm):
    a, b = random_rdm(0), random_rdm(1)
    assert compare(a, a, measure=measure) == pytest.approx(1.0, abs=1e-12)
    assert compare(a, b, measure=measure) == pytest.approx(
        compare(b, a, measure=measure), abs=1e-14
    )
    lower, upper = MEASURES[measure].lower, MEASURES[measure].upper
    assert lower <= compare(a, like(b, -b.values), measure=measure) <= upper


@pytest.mark.parametrize("measure", PLAIN)
def test_invariances_hold_and_near_misses_break_them(measure, random_rdm):
    a, b = random_rdm(0), random_rdm(1)
    plain = compare(a, b, measure=measure)

    def kept(values):
        return compare(like(a, values), b, measure=measure) == pytest.approx(plain, abs=1e-10)

    assert kept(3.0 * a.values)
    assert kept(a.values + 5.0) == (measure != "cosine")
    assert kept(np.exp(a.values)) == MEASURES[measure].ranked
    swapped = np.array(a.values)
    swapped[[0, 1]] = swapped[[1, 0]]
    assert not kept(swapped)


@pytest.mark.parametrize("measure", COSINES)
def test_stimuli_reordered_in_both_change_nothing_and_in_one_is_refused(measure, random_rdm):
    a, b = random_rdm(0, name="first"), random_rdm(1, name="second")
    order = list(a.ids[::-1])
    both = compare(a.select(order), b.select(order), measure=measure)
    assert both == pytest.approx(compare(a, b, measure=measure), abs=1e-12)
    with pytest.raises(
        StimulusMismatch,
        match=r"RDM 0 \(first\) and RDM 1 \(second\) hold the same ids in another order: "
        "at 0 the first has 's000', the second 's011'",
    ):
        compare(a, b.select(order), measure=measure)


def residual(values: np.ndarray, controls: list[np.ndarray]) -> np.ndarray:
    design = np.column_stack([np.ones(len(values)), *controls])
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("measure", ["pearson", "spearman"])
def test_partial_agreement_is_the_correlation_of_residuals(measure, count, random_rdm, mixed_rdm):
    a = random_rdm(0)
    b = mixed_rdm(a, 1, 1.0)
    controls = [mixed_rdm(a, 2 + k, 2.0) for k in range(count)]
    rank = stats.rankdata if measure == "spearman" else np.asarray
    along = [rank(control.values) for control in controls]
    slow = np.corrcoef(residual(rank(a.values), along), residual(rank(b.values), along))[0, 1]
    found = compare(a, b, measure=measure, controls=controls)
    assert found == pytest.approx(slow, abs=1e-12)
    assert found < compare(a, b, measure=measure)


def test_partial_cosine_takes_controls_off_without_a_mean(random_rdm):
    a, b, control = (random_rdm(seed).values for seed in range(3))
    left = [v - control * (v @ control) / (control @ control) for v in (a, b)]
    slow = left[0] @ left[1] / np.sqrt((left[0] @ left[0]) * (left[1] @ left[1]))
    rdms = [random_rdm(seed) for seed in range(3)]
    assert compare(*rdms[:2], measure="cosine", controls=rdms[2:]) == pytest.approx(slow)


def test_partial_rho_a_is_partial_spearman_without_ties_and_nearer_zero_with_them(random_rdm):
    for decimals in (None, 0):
        a, b, control = (random_rdm(seed, decimals=decimals) for seed in range(3))
        rho, mid = (
            compare(a, b, measure=measure, controls=[control]) for measure in ("rho-a", "spearman")
        )
        if decimals is None:
            assert rho == pytest.approx(mid, abs=1e-12)
        else:
            assert abs(rho) < abs(mid)


@pytest.mark.parametrize("measure", COSINES)
def test_a_planted_effect_survives_its_confound_and_a_confound_alone_does_not(
    measure, random_rdm, mixed_rdm
):
    physics, sound = random_rdm(0, 40), random_rdm(1, 40)
    hears = like(sound, sound.values + 0.0 * physics.values)
    knows = like(sound, sound.values + physics.values)
    reference = like(sound, physics.values + 0.5 * sound.values)
    hears, knows = mixed_rdm(hears, 5, 0.3), mixed_rdm(knows, 6, 0.3)
    partial = compare_many([hears, knows], [reference], measure=measure, controls=[sound])[:, 0]
    assert compare(hears, reference, measure=measure) > 0.3
    assert abs(partial[0]) < 0.1
    assert partial[1] > 0.5


@pytest.mark.parametrize("measure", PLAIN)
def test_pairs_between_groups_are_all_others(measure, random_rdm):
    groups = [i // 3 for i in range(12)]
    a, b = random_rdm(0, decimals=1), random_rdm(1, decimals=1)
    i, j = np.triu_indices(12, 1)
    used = np.array(groups)[i] != np.array(groups)[j]
    x, y = a.values[used], b.values[used]
    slow = {
        "pearson": lambda: np.corrcoef(x, y)[0, 1],
        "cosine": lambda: x @ y / np.sqrt((x @ x) * (y @ y)),
        "spearman": lambda: stats.spearmanr(x, y).statistic,
        "rho-a": lambda: (
            12
            * np.sum(
                (stats.rankdata(x) - (len(x) + 1) / 2) * (stats.rankdata(y) - (len(x) + 1) / 2)
            )
            / (len(x) ** 3 - len(x))
        ),
    }[measure]()
    assert compare(a, b, measure=measure, pairs="between", groups=groups) == pytest.approx(slow)


def test_names_that_no_table_holds_are_answered_with_the_nearest(random_rdm):
    a, b = random_rdm(0), random_rdm(1)
    with pytest.raises(UnknownName, match=r"unknown measure 'spearmann'. Did you mean 'spearman'"):
        compare(a, b, measure="spearmann")
    with pytest.raises(
        UnknownName, match=r"unknown kind of pairs 'betwen'. Did you mean 'between'"
    ):
        compare(a, b, measure="spearman", pairs="betwen")


def test_other_stimuli_are_refused_with_an_example(random_rdm):
    a, b = random_rdm(0, 12), random_rdm(1, 10)
    with pytest.raises(StimulusMismatch, match=r"2 ids are only in the first and 0 only in the"):
        compare(a, b, measure="pearson")
    other = RDM(a.values, ("new", *a.ids[1:]), "x")
    with pytest.raises(StimulusMismatch, match=r"'new' is only in the second.*select"):
        compare(a, other, measure="pearson")


@pytest.mark.parametrize("measure", COSINES)
def test_what_leaves_nothing_to_compare_is_refused_by_name(measure, random_rdm):
    a, b = random_rdm(0), random_rdm(1, name="tract")
    flat = like(a, np.full(66, 0.1), "flat")
    with pytest.raises(UserError, match=r"RDM 1 \(flat\) is constant over the 66 pairs \(all\)"):
        compare(a, flat, measure=measure)
    control = random_rdm(2, name="sound")
    with pytest.raises(UserError, match=r"control RDM 3 \(sound\) is a linear combination"):
        compare(a, b, measure=measure, controls=[control, control])
    with pytest.raises(UserError, match=r"control RDM 2 \(tract\).*explains all of RDM 1 \(tract"):
        compare(a, b, measure=measure, controls=[b])
    with pytest.raises(UserError, match="one list is empty"):
        compare_many([a], [], measure=measure)
    few = [random_rdm(seed, 4) for seed in range(7)]
    with pytest.raises(UserError, match=r"5 controls and .* need at least [78] pairs .* found 6"):
        compare(few[0], few[1], measure=measure, controls=few[2:])


def test_groups_that_do_not_fit_are_refused(random_rdm):
    a, b = random_rdm(0), random_rdm(1)
    with pytest.raises(UserError, match="pairs='between' needs groups"):
        compare(a, b, measure="pearson", pairs="between")
    with pytest.raises(UserError, match="12 stimuli need one group label each, found 3"):
        compare(a, b, measure="pearson", pairs="between", groups=[1, 2, 3])
    with pytest.raises(UserError, match="'between' needs three groups or more, found 2"):
        compare(a, b, measure="pearson", pairs="between", groups=[0, 1] * 6)
    with pytest.raises(UserError, match=r"'within' needs a group of three .* largest group has 2"):
        compare(a, b, measure="pearson", pairs="within", groups=[i // 2 for i in range(12)])


@pytest.mark.parametrize("measure", ["pearson", "spearman"])
def test_semi_partial_agreement_takes_controls_off_one_side(measure, random_rdm, mixed_rdm):
    a = random_rdm(0)
    b = mixed_rdm(a, 1, 1.0)
    controls = [mixed_rdm(a, 2, 2.0), mixed_rdm(b, 3, 2.0)]
    rank = stats.rankdata if measure == "spearman" else np.asarray
    along = [rank(control.values) for control in controls]
    x, y = rank(a.values), rank(b.values)
    slow = {
        "both": np.corrcoef(residual(x, along), residual(y, along))[0, 1],
        "model": np.corrcoef(residual(x, along), y)[0, 1],
        "reference": np.corrcoef(x, residual(y, along))[0, 1],
    }
    for controlled, expected in slow.items():
        found = compare(a, b, measure=measure, controls=controls, controlled=controlled)
        assert found == pytest.approx(expected, abs=1e-12)
    assert len({round(one, 6) for one in slow.values()}) == 3
    with pytest.raises(UnknownName, match="unknown side that is controlled 'modle'"):
        compare(a, b, measure=measure, controls=controls, controlled="modle")


def test_whitened_measures_weight_pairs_by_the_covariance_of_distance_estimates(random_rdm):
    # The covariance of two distances of unit noise: squared inner products of their contrasts.
    a, b, control = (random_rdm(seed, 9).values for seed in range(3))
    i, j = np.triu_indices(9, 1)
    contrast = np.eye(9)[i] - np.eye(9)[j]
    inverse = np.linalg.inv((contrast @ contrast.T) ** 2)

    def cosine(x, y):
        return x @ inverse @ y / np.sqrt((x @ inverse @ x) * (y @ inverse @ y))

    rdms = [random_rdm(seed, 9) for seed in range(3)]
    assert compare(*rdms[:2], measure="whitened-cosine") == pytest.approx(cosine(a, b), abs=1e-12)
    assert compare(*rdms[:2], measure="whitened-correlation") == pytest.approx(
        cosine(a - a.mean(), b - b.mean()), abs=1e-12
    )
    left = [v - control * (v @ inverse @ control) / (control @ inverse @ control) for v in (a, b)]
    assert compare(*rdms[:2], measure="whitened-cosine", controls=rdms[2:]) == pytest.approx(
        cosine(*left), abs=1e-12
    )


def test_a_vector_that_is_only_each_stimulus_own_part_has_no_unbiased_cka(random_rdm):
    own = np.arange(12.0)
    i, j = np.triu_indices(12, 1)
    additive = like(random_rdm(0), own[i] + own[j])
    assert np.isnan(compare(additive, random_rdm(1), measure="unbiased-cka"))
    assert not np.isnan(compare(additive, random_rdm(1), measure="whitened-cosine"))


def test_models_do_not_depend_on_their_company(random_rdm):
    models = [random_rdm(seed, 60) for seed in range(7)]
    references = [random_rdm(seed, 60) for seed in (8, 9, 10)]
    for measure in COSINES:
        found = compare_many(models, references, measure=measure)
        assert (found[::-1] == compare_many(models[::-1], references, measure=measure)).all()
        assert found[2, 1] == compare(models[2], references[1], measure=measure)


def test_single_precision_is_compared_in_double(random_rdm):
    a, b = random_rdm(0, 50), random_rdm(1, 50)
    single = RDM(a.values.astype(np.float32), a.ids, "x")
    double = RDM(single.values.astype(np.float64), a.ids, "x")
    for measure in COSINES:
        found, expected = (compare(one, b, measure=measure) for one in (single, double))
        assert found == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("measure", [name for name, one in MEASURES.items() if one.whole])
def test_what_needs_all_pairs_refuses_kinds_of_pairs(measure, random_rdm):
    a, b = random_rdm(0), random_rdm(1)
    with pytest.raises(UserError, match=f"{measure} is defined over all pairs, found .*between"):
        compare(a, b, measure=measure, pairs="between", groups=[i // 2 for i in range(12)])
