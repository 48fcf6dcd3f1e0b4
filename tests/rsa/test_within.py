"""Pairs within a transcript: a function of the transcript scores exactly 0, a hearer does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from grounding.errors import UserError
from grounding.rsa import MEASURES, RDM, bootstrap, compare, compare_many, permutation_test

GROUPS = [i // 4 for i in range(24)]
PLAIN = [name for name, one in MEASURES.items() if not one.whole and one.direct is None]


def slow_within(a: RDM, b: RDM, groups: list[int], *, ranked: bool, controls=()) -> float:
    i, j = np.triu_indices(a.n, 1)
    groups = np.array(groups)
    used = groups[i] == groups[j]
    block = groups[i][used]
    centred = []
    for rdm in (a, b, *controls):
        values = stats.rankdata(rdm.values[used]) if ranked else np.array(rdm.values[used])
        for one in set(block):
            values[block == one] -= values[block == one].mean()
        centred.append(values)
    if controls:
        design = np.column_stack(centred[2:])
        solve = np.linalg.lstsq
        centred = [v - design @ solve(design, v, rcond=None)[0] for v in centred[:2]]
    x, y = centred[:2]
    return x @ y / np.sqrt((x @ x) * (y @ y))


@pytest.mark.parametrize("measure", PLAIN)
def test_values_are_ranked_and_then_centred_inside_groups(measure, random_rdm):
    a, b, control = (random_rdm(seed, 24) for seed in range(3))
    order = np.random.default_rng(0).permutation(24)  # members of a group need not be neighbours
    groups = [GROUPS[i] for i in order]
    ranked = MEASURES[measure].ranked
    for controls in ([], [control]):
        slow = slow_within(a, b, groups, ranked=ranked, controls=controls)
        found = compare(a, b, measure=measure, pairs="within", groups=groups, controls=controls)
        assert found == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("measure", PLAIN)
def test_any_function_of_the_transcript_scores_exactly_zero(measure, random_rdm, transcript_rdm):
    tract, sound = random_rdm(0, 24), random_rdm(1, 24)
    text = transcript_rdm(GROUPS, 2)
    same = np.array(text.square())
    inside = np.equal.outer(GROUPS, GROUPS)
    same[inside] = np.repeat([0.1, 0.7, 0.3, 0.3, 1.1, 1e-9], 4)[np.where(inside)[0]]
    uneven = RDM(same[np.triu_indices(24, 1)], text.ids, "function of the transcript")
    how = {"measure": measure, "pairs": "within", "groups": GROUPS}
    for model in (text, uneven):
        for controls in ([], [sound]):
            assert compare(model, tract, controls=controls, **how) == 0.0
            assert compare(tract, model, controls=controls, **how) == 0.0
    samples = bootstrap(
        [text, uneven], [tract], controls=[sound], n=30, rng=np.random.default_rng(0), **how
    ).samples
    assert (samples == 0.0).all()
    test = permutation_test([uneven], tract, n=20, rng=np.random.default_rng(0), **how)
    assert (test.null == 0.0).all()
    assert test.p == 1.0


@pytest.mark.parametrize("measure", PLAIN)
def test_a_model_that_hears_a_little_scores_within(measure, random_rdm, transcript_rdm):
    tract, text = random_rdm(0, 24), transcript_rdm(GROUPS, 2)
    hears = RDM(text.values + 0.1 * tract.values, text.ids, "x")
    how = {"measure": measure, "pairs": "within", "groups": GROUPS}
    assert compare(hears, tract, **how) > 0.99


@pytest.mark.parametrize("measure", PLAIN)
def test_a_control_that_is_a_function_of_the_transcript_has_no_effect(
    measure, random_rdm, transcript_rdm
):
    a, b, sound = (random_rdm(seed, 24) for seed in range(3))
    how = {"measure": measure, "pairs": "within", "groups": GROUPS}
    spelling = transcript_rdm(GROUPS, 5)
    with_it = compare(a, b, controls=[spelling, sound], **how)
    assert with_it == compare(a, b, controls=[sound], **how)


def test_rho_a_within_is_the_expectation_over_random_breaking_of_ties(random_rdm):
    rng = np.random.default_rng(0)
    a, b = (random_rdm(seed, 24, decimals=0) for seed in (0, 1))
    sums = np.zeros((2, 2))
    for _ in range(3000):
        broken = [RDM(r.values + 1e-3 * rng.random(len(r.values)), r.ids, "broken") for r in (a, b)]
        i, j = np.triu_indices(24, 1)
        used = np.array(GROUPS)[i] == np.array(GROUPS)[j]
        block = np.array(GROUPS)[i][used]
        points = np.stack([stats.rankdata(r.values[used]) for r in broken])
        for one in set(block):
            points[:, block == one] -= points[:, block == one].mean(1, keepdims=True)
        sums += points @ points.T
    expected = sums[0, 1] / np.sqrt(sums[0, 0] * sums[1, 1])
    found = compare(a, b, measure="rho-a", pairs="within", groups=GROUPS)
    assert found == pytest.approx(expected, abs=0.005)
    assert compare(a, b, measure="spearman", pairs="within", groups=GROUPS) != pytest.approx(
        expected, abs=0.005
    )


def test_groups_of_two_add_nothing_and_groups_of_one_are_refused(random_rdm):
    a, b = random_rdm(0, 20), random_rdm(1, 20)
    groups = [*GROUPS[:16], 10, 10, 11, 11]
    how = {"measure": "pearson", "pairs": "within"}
    large = list(a.ids[:16])
    assert compare(a, b, groups=groups, **how) == pytest.approx(
        compare_many([a.select(large)], [b.select(large)], groups=groups[:16], **how)[0, 0],
        abs=1e-12,
    )
    groups = [*GROUPS[:16], 10, 10, 11, "alone"]
    with pytest.raises(UserError, match="2 have one, such as 11; leave those stimuli out"):
        compare(a, b, groups=groups, **how)
