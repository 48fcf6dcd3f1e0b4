"""Regression on several spaces: against least squares, copies written out, and known slopes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa import RDM, compare
from grounding.rsa.regression import regress
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import FewGroups

GROUPS = [i // 3 for i in range(30)]
KINDS = [(ranked, pairs) for ranked in (True, False) for pairs in ("all", "between")]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def estimates(found):
    return [slope.estimate for slope in found.slopes.values()]


@pytest.fixture
def spaces(random_rdm, mixed_rdm):
    a = random_rdm(0, 30, decimals=1)
    return {"a": a, "b": random_rdm(1, 30), "like a": mixed_rdm(a, 2, 1.0)}


@pytest.fixture
def target(spaces):
    values = 2.0 * spaces["a"].values - 1.0 * spaces["b"].values
    return RDM(values + rng(9).normal(size=len(values)), spaces["a"].ids, "sum")


def standardised(rdm, at, ranked):
    values = stats.rankdata(rdm.values[at]) if ranked else rdm.values[at]
    return (values - values.mean()) / values.std()


def least_squares(target, spaces, at, ranked):
    y = standardised(target, at, ranked)
    x = np.column_stack([standardised(space, at, ranked) for space in spaces.values()])
    slopes = np.linalg.lstsq(x, y, rcond=None)[0]
    return slopes, 1.0 - np.mean((y - x @ slopes) ** 2)


def written_out(groups, times, pairs):
    """Return the place in a condensed RDM of every pair of a draw, copies one by one."""
    n = len(groups)
    place = {pair: at for at, pair in enumerate(zip(*np.triu_indices(n, 1), strict=True))}
    stimuli = [(i, copy) for i in range(n) for copy in range(times[groups[i]])]
    return np.array(
        [
            place[i, j]
            for i, k in stimuli
            for j, m in stimuli
            if i < j and (groups[i] != groups[j] or (pairs == "all" and k == m))
        ],
        dtype=int,
    )


@pytest.mark.parametrize(("ranked", "pairs"), KINDS)
def test_slopes_and_share_equal_least_squares_on_standardised_pairs(ranked, pairs, target, spaces):
    found = regress(target, spaces, ranked=ranked, n=0, rng=rng(), groups=GROUPS, pairs=pairs)
    at = written_out(GROUPS, np.ones(10, dtype=int), pairs)
    slopes, explained = least_squares(target, spaces, at, ranked)
    assert estimates(found) == pytest.approx(slopes, abs=1e-12)
    assert found.explained.estimate == pytest.approx(explained, abs=1e-12)
    assert list(found.slopes) == list(spaces)
    assert (found.pairs, found.groups) == (len(at), 10)


def test_a_slope_is_that_of_what_is_left_when_the_others_are_taken_off_one_by_one(target, spaces):
    found = regress(target, spaces, ranked=False, n=0, rng=rng())
    at = np.arange(435)
    for name, space in spaces.items():
        y, x, *others = (
            standardised(rdm, at, ranked=False)
            for rdm in (target, space, *(spaces[other] for other in spaces if other != name))
        )
        done = []
        for other in others:
            for before in done:
                other = other - (other @ before) / (before @ before) * before
            x = x - (x @ other) / (other @ other) * other
            done.append(other)
        assert found.slopes[name].estimate == pytest.approx((x @ y) / (x @ x), abs=1e-12)


@pytest.mark.parametrize(("ranked", "pairs"), KINDS)
def test_samples_equal_least_squares_on_copies_that_are_written_out(ranked, pairs, target, spaces):
    found = regress(target, spaces, ranked=ranked, n=6, rng=rng(3), groups=GROUPS, pairs=pairs)
    for sample, times in enumerate(draw_groups(10, 6, rng(3))):
        at = written_out(GROUPS, times, pairs)
        slopes, explained = least_squares(target, spaces, at, ranked)
        assert [one.samples[sample] for one in found.slopes.values()] == pytest.approx(
            slopes, abs=1e-9
        )
        assert found.explained.samples[sample] == pytest.approx(explained, abs=1e-9)


@pytest.mark.parametrize("ranked", [True, False])
def test_one_space_is_agreement_and_its_square(ranked, target, spaces):
    found = regress(target, {"a": spaces["a"]}, ranked=ranked, n=0, rng=rng())
    agreement = compare(target, spaces["a"], measure="spearman" if ranked else "pearson")
    assert found.slopes["a"].estimate == pytest.approx(agreement)
    assert found.explained.estimate == pytest.approx(agreement**2)


def test_units_do_not_count_and_ranks_see_order_only(target, spaces):
    def slopes(change, *, ranked):
        changed = RDM(change(spaces["a"].values), target.ids, "x")
        return estimates(regress(target, {**spaces, "a": changed}, ranked=ranked, n=0, rng=rng()))

    before = slopes(lambda values: values, ranked=False)
    assert slopes(lambda values: 1e7 + 3e-4 * values, ranked=False) == pytest.approx(
        before, abs=1e-6
    )
    assert slopes(lambda values: -values, ranked=False) == pytest.approx([-before[0], *before[1:]])
    assert np.abs(np.subtract(slopes(np.exp, ranked=False), before)).max() > 0.01
    order = slopes(lambda values: values, ranked=True)
    assert slopes(np.exp, ranked=True) == pytest.approx(order, abs=1e-12)
    assert np.abs(np.subtract(slopes(np.sin, ranked=True), order)).max() > 0.01


def test_equal_generators_give_equal_numbers_whatever_the_order_of_spaces(target, spaces):
    def run(seed, chosen=spaces):
        return regress(target, chosen, ranked=False, n=25, rng=rng(seed), groups=GROUPS)

    found, backwards = run(0), run(0, dict(reversed(spaces.items())))
    for name in spaces:
        assert (found.slopes[name].samples == run(0).slopes[name].samples).all()
        assert np.allclose(found.slopes[name].samples, backwards.slopes[name].samples, atol=1e-12)
        assert not np.allclose(found.slopes[name].samples, run(1).slopes[name].samples)
    without = regress(target, spaces, ranked=False, n=0, rng=rng())
    assert len(without.explained.samples) == 0
    with pytest.raises(UserError, match="an interval needs 20 bootstrap samples or more, found 0"):
        without.explained.interval(0.95)


def test_a_planted_slope_is_found_and_a_space_that_only_resembles_another_has_none(target, spaces):
    found = regress(target, spaces, ranked=False, n=300, rng=rng())
    assert found.slopes["a"].interval(0.95)[0] > 0.5
    assert found.slopes["b"].interval(0.95)[1] < -0.2
    low, high = found.slopes["like a"].interval(0.95)
    assert low < 0.0 < high
    alone = regress(target, {"like a": spaces["like a"]}, ranked=False, n=300, rng=rng())
    assert alone.slopes["like a"].interval(0.95)[0] > 0.3
    assert alone.explained.estimate < found.explained.estimate < 1.0


def test_intervals_of_slopes_cover_the_truth_about_as_often_as_they_say():
    # The truth: the slopes in a population of which every experiment draws its stimuli.
    points = rng().normal(size=(3, 400, 3))
    a, b = points[0], 0.7 * points[0] + points[1]
    everyone = {"a": a, "b": b, "y": a + 0.6 * b + points[2]}

    def rdms(some):
        i, j = np.triu_indices(len(some), 1)
        ids = tuple(map(str, some))
        found = {
            name: RDM(np.linalg.norm(x[some][i] - x[some][j], axis=1), ids, "euclidean")
            for name, x in everyone.items()
        }
        return found.pop("y"), found

    truth = regress(*rdms(np.arange(400)), ranked=False, n=0, rng=rng())
    hits = {"a": 0, "b": 0}
    for seed in range(100):
        draw = rng(seed)
        some = draw.choice(400, 40, replace=False)
        found = regress(*rdms(some), ranked=False, n=100, rng=draw)
        for name in hits:
            low, high = found.slopes[name].interval(0.95)
            hits[name] += low <= truth.slopes[name].estimate <= high
    assert all(88 <= count <= 100 for count in hits.values())


@pytest.mark.parametrize("ranked", [True, False])
def test_samples_that_leave_a_space_without_variance_have_no_value(ranked, target, spaces):
    values = np.zeros(435)
    values[0] = 1.0  # one pair differs; a sample without it leaves a constant
    rare = RDM(values, target.ids, "x")
    found = regress(target, {"a": spaces["a"], "rare": rare}, ranked=ranked, n=200, rng=rng())
    drawn = draw_groups(30, 200, rng())
    gone = (drawn[:, 0] == 0) | (drawn[:, 1] == 0)
    for one in (*found.slopes.values(), found.explained):
        assert (np.isnan(one.samples) == gone).all()
    collinear = RDM(spaces["a"].values + values, target.ids, "x")
    found = regress(target, {"a": spaces["a"], "nearly": collinear}, ranked=False, n=200, rng=rng())
    assert (np.isnan(found.slopes["a"].samples) == gone).all()


def test_what_cannot_be_regressed_is_refused(random_rdm, target, spaces):
    how = {"ranked": False, "n": 0, "rng": rng()}
    with pytest.raises(UserError, match="there is no space to explain the target with"):
        regress(target, {}, **how)
    with pytest.raises(UserError, match="'within' cannot be partitioned or regressed on: take"):
        regress(target, spaces, pairs="within", groups=GROUPS, **how)
    with pytest.raises(UserError, match="pairs='between' needs groups"):
        regress(target, spaces, pairs="between", **how)
    with pytest.raises(UserError, match="30 stimuli need one group label each, found 29"):
        regress(target, spaces, groups=GROUPS[1:], **how)
    with pytest.raises(UserError, match="space 'sum' is a linear combination of the spaces before"):
        both = RDM(spaces["a"].values + spaces["b"].values, target.ids, "x")
        regress(target, {**spaces, "sum": both}, **how)
    flat = RDM(np.full(435, 0.1), target.ids, "x")
    with pytest.raises(UserError, match=r"flat is constant over the 435 pairs \(all\): there is"):
        regress(target, {**spaces, "flat": flat}, **how)
    with pytest.raises(UserError, match="the target is constant over the 435 pairs"):
        regress(flat, spaces, **how)
    few = {name: random_rdm(seed, 3) for seed, name in enumerate("ab")}
    with pytest.raises(UserError, match="2 spaces need 4 pairs or more to be fitted to, found 3"):
        regress(random_rdm(5, 3), few, **how)
    with pytest.raises(StimulusMismatch, match="are over other stimuli"):
        regress(target, {"a": random_rdm(0, 12)}, **how)
    with pytest.raises(StimulusMismatch, match="the same ids in another order"):
        regress(target, {"a": spaces["a"].select(target.ids[::-1])}, **how)
    with pytest.raises(UserError, match="needs one sample or more, found n=-1"):
        regress(target, spaces, ranked=False, n=-1, rng=rng())


def test_samples_from_few_groups_are_warned_of(target, spaces):
    with pytest.warns(FewGroups, match="10 groups were drawn from: with fewer than 20"):
        regress(target, spaces, ranked=False, n=1, rng=rng(), groups=GROUPS)
