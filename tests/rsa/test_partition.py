"""Variance partitioning: against slow regressions; parts that are known by construction."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa import RDM, partition, split_groups
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import FewGroups

GROUPS = [i // 2 for i in range(60)]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def weighted(parts: list[tuple[float, RDM]], noise: float = 0.0) -> RDM:
    values = sum(weight * rdm.values for weight, rdm in parts)
    values = values + noise * rng(99).normal(size=len(values))
    return RDM(values, parts[0][1].ids, "sum")


@pytest.fixture
def spaces(random_rdm, mixed_rdm):
    a = random_rdm(0, 60)
    return {"a": a, "b": random_rdm(1, 60, decimals=1), "like a": mixed_rdm(a, 2, 0.7)}


@pytest.fixture
def target(spaces):
    return weighted([(1.0, spaces["a"]), (0.5, spaces["b"])], noise=0.5)


def slow_share(target, spaces, names, times, held, *, ranked):
    """Return what the named spaces explain: least squares on copies that are written out."""

    def values(rdm, places):
        square = rdm.square()
        stimuli = [(i, copy) for i in places for copy in range(times[GROUPS[i]])]
        part = np.array(
            [
                square[i, j]
                for i, k in stimuli
                for j, m in stimuli
                if i < j and (GROUPS[i] != GROUPS[j] or k == m)
            ]
        )
        return stats.rankdata(part) / len(part) - (1 / len(part) + 1) / 2 if ranked else part

    shares = []
    for test in held:
        train = np.setdiff1d(np.arange(60), test)
        y, judged = values(target, train), values(target, test)
        design, other = (
            np.column_stack([np.ones(len(one)), *(values(spaces[k], part) for k in names)])
            for part, one in ((train, y), (test, judged))
        )
        slope = np.linalg.lstsq(design, y, rcond=None)[0]
        shares.append(1 - np.sum((judged - other @ slope) ** 2) / np.sum((judged - y.mean()) ** 2))
    return np.array(shares)


@pytest.mark.parametrize("ranked", [True, False])
def test_parts_equal_a_slow_regression_on_folds_of_groups(ranked, target, spaces):
    found = partition(target, spaces, groups=GROUPS, folds=3, n=0, rng=rng(), ranked=ranked)
    held = split_groups(60, GROUPS, 3, rng())

    def explained(*names):
        once = np.ones(30, dtype=int)
        return slow_share(target, spaces, names, once, held, ranked=ranked)

    total = explained(*spaces).mean()
    assert found.total.estimate == pytest.approx(total, abs=1e-9)
    assert found.totals == pytest.approx(explained(*spaces), abs=1e-9)
    for name in spaces:
        others = [other for other in spaces if other != name]
        assert found.unique[name].estimate == pytest.approx(
            total - explained(*others).mean(), abs=1e-9
        )
        assert found.alone[name].estimate == pytest.approx(explained(name).mean(), abs=1e-9)
    assert found.shared.estimate == pytest.approx(
        total - sum(one.estimate for one in found.unique.values())
    )
    assert found.total.samples.shape == (0,)
    assert found.parts == {}


@pytest.mark.parametrize("ranked", [True, False])
def test_samples_draw_groups_inside_folds_and_count_them_alike_in_training_and_test(
    ranked, target, spaces
):
    found = partition(
        target, spaces, groups=GROUPS, folds=2, n=4, rng=rng(5), ranked=ranked, every_part=True
    )
    draw = rng(5)
    held = split_groups(60, GROUPS, 2, draw)
    times = np.zeros((4, 30), dtype=int)
    for places in held:
        groups = sorted({GROUPS[i] for i in places})
        times[:, groups] = draw_groups(len(groups), 4, draw)
    for sample, one in enumerate(times):

        def explained(*names, one=one):
            return slow_share(target, spaces, names, one, held, ranked=ranked).mean()

        total = explained(*spaces)
        unique = {
            name: total - explained(*(other for other in spaces if other != name))
            for name in spaces
        }
        assert found.total.samples[sample] == pytest.approx(total, abs=1e-9)
        for name in spaces:
            assert found.unique[name].samples[sample] == pytest.approx(unique[name], abs=1e-9)
            assert found.alone[name].samples[sample] == pytest.approx(explained(name), abs=1e-9)
        assert found.shared.samples[sample] == pytest.approx(total - sum(unique.values()), abs=1e-9)
        common = (
            explained("a", "b") + explained("b", "like a") - explained("b") - explained(*spaces)
        )  # of a and what is like a, but not b
        assert found.parts["a", "like a"].samples[sample] == pytest.approx(common, abs=1e-9)


def test_all_parts_are_those_of_inclusion_and_exclusion_and_sum_to_the_total(
    random_rdm, mixed_rdm, target, spaces
):
    four = {**spaces, "c": mixed_rdm(spaces["b"], 4, 1.0)}
    how = {"groups": GROUPS, "folds": 2, "ranked": False}
    found = partition(target, four, n=20, rng=rng(), every_part=True, **how)
    assert len(found.parts) == 15
    shares = {(): 0.0}
    for size in range(1, 5):
        for some in combinations(four, size):
            chosen = {name: four[name] for name in some}
            shares[some] = partition(target, chosen, n=0, rng=rng(), **how).total.estimate
    for some, part in found.parts.items():
        rest = tuple(name for name in four if name not in some)
        slow = 0.0
        for size in range(len(some) + 1):
            for chosen in combinations(some, size):
                names = tuple(name for name in four if name in (*chosen, *rest))
                slow -= (-1) ** size * shares[names]
        assert part.estimate == pytest.approx(slow, abs=1e-9)
    assert sum(part.estimate for part in found.parts.values()) == pytest.approx(
        found.total.estimate
    )
    assert sum(part.samples for part in found.parts.values()) == pytest.approx(found.total.samples)
    common = [part.samples for some, part in found.parts.items() if len(some) > 1]
    assert np.sum(common, axis=0) == pytest.approx(found.shared.samples)
    for name in four:
        assert found.parts[name,].estimate == pytest.approx(found.unique[name].estimate)
        assert found.parts[name,].samples == pytest.approx(found.unique[name].samples)
        inside = [part.estimate for some, part in found.parts.items() if name in some]
        assert sum(inside) == pytest.approx(found.alone[name].estimate)


def test_planted_parts_are_found_and_what_adds_nothing_is_reported_as_negative(random_rdm):
    a, b, c = (random_rdm(seed, 60) for seed in range(3))
    found = partition(
        weighted([(1.0, a), (1.0, b)]),
        {"a": a, "b": b, "nothing": c},
        groups=GROUPS,
        folds=2,
        n=100,
        rng=rng(),
        ranked=False,
    )
    assert found.total.estimate == pytest.approx(1.0)
    assert 0.3 < found.unique["a"].estimate < 0.7
    assert found.unique["a"].interval(0.95)[0] > 0.2
    assert abs(found.shared.estimate) < 0.1
    noise = [
        partition(
            random_rdm(50 + seed, 24),
            {"nothing": random_rdm(seed, 24)},
            folds=2,
            n=20,
            rng=rng(),
            ranked=True,
        ).total
        for seed in range(10)
    ]
    assert np.mean([total.estimate for total in noise]) < 0.0
    assert np.mean([total.samples.min() for total in noise]) < 0.0


def test_spaces_that_say_the_same_share_it_and_one_that_corrects_another_shares_less_than_nothing(
    random_rdm, mixed_rdm
):
    a = random_rdm(0, 60)
    how = {"groups": GROUPS, "pairs": "between", "folds": 2, "n": 100, "rng": rng()}
    same = {"one": mixed_rdm(a, 2, 0.2), "other": mixed_rdm(a, 3, 0.2)}
    found = partition(mixed_rdm(a, 1, 0.5), same, ranked=True, every_part=True, **how)
    assert found.shared.interval(0.95)[0] > 0.5
    assert found.parts["one", "other"].estimate == pytest.approx(found.shared.estimate)
    assert max(one.estimate for one in found.unique.values()) < 0.1
    assert min(one.estimate for one in found.alone.values()) > 0.6
    noise = random_rdm(7, 60)
    suppressed = {"noisy": weighted([(1.0, a), (1.0, noise)]), "noise": noise}
    found = partition(a, suppressed, ranked=False, **how)
    assert found.total.estimate == pytest.approx(1.0)
    assert found.shared.interval(0.95)[1] < -0.2


def test_a_single_space_is_all_unique(random_rdm, mixed_rdm):
    a = random_rdm(0, 24)
    found = partition(mixed_rdm(a, 1, 0.5), {"a": a}, folds=2, n=5, rng=rng(), ranked=True)
    assert found.unique["a"].estimate == found.total.estimate == found.alone["a"].estimate
    assert (found.unique["a"].samples == found.total.samples).all()
    assert found.shared.estimate == 0.0


def test_units_and_order_of_spaces_do_not_count_and_ranks_see_order_only(target, spaces):
    def parts(change, *, ranked, order=1):
        changed = {**spaces, "a": RDM(change(spaces["a"].values), target.ids, "x")}
        changed = dict(list(changed.items())[::order])
        found = partition(target, changed, groups=GROUPS, folds=2, n=10, rng=rng(), ranked=ranked)
        rows = [found.total, found.shared, *(found.unique[name] for name in spaces)]
        return np.array([[row.estimate, *row.samples] for row in rows])

    before = parts(lambda values: values, ranked=False)
    assert np.allclose(parts(lambda values: values, ranked=False, order=-1), before, atol=1e-12)
    assert np.allclose(parts(lambda values: 1e6 - 1e-3 * values, ranked=False), before, atol=1e-6)
    assert np.abs(parts(np.exp, ranked=False) - before).max() > 0.01
    order = parts(lambda values: values, ranked=True)
    assert np.allclose(parts(np.exp, ranked=True), order, atol=1e-12)
    assert np.abs(parts(np.sin, ranked=True) - order).max() > 0.01


def test_intervals_cover_the_truth_at_least_about_as_often_as_they_say():
    # The truth: shares in a population of which every experiment draws its stimuli. Draws hold
    # fewer different stimuli than the experiment, so that intervals are wide rather than narrow.
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

    truth = partition(*rdms(np.arange(400)), folds=2, n=0, rng=rng(), ranked=False)
    hits = {"total": 0, "unique": 0}
    for seed in range(100):
        draw = rng(seed)
        some = draw.choice(400, 50, replace=False)
        found = partition(*rdms(some), folds=2, n=100, rng=draw, ranked=False)
        for name, one, true in (
            ("total", found.total, truth.total),
            ("unique", found.unique["a"], truth.unique["a"]),
        ):
            low, high = one.interval(0.95)
            hits[name] += low <= true.estimate <= high
    assert all(88 <= count <= 100 for count in hits.values())


@pytest.mark.parametrize("ranked", [True, False])
def test_samples_that_leave_a_space_without_variance_have_no_value(ranked, target, spaces):
    held = split_groups(60, None, 2, rng())
    values = np.zeros(1770)
    i, j = np.triu_indices(60, 1)
    for places in held:  # one pair differs in each fold
        values[(i == places[0]) & (j == places[1])] = 1.0
    rare = {"a": spaces["a"], "rare": RDM(values, target.ids, "x")}
    found = partition(target, rare, folds=2, n=60, rng=rng(), ranked=ranked)
    assert 10 < found.total.undefined < 60
    assert (np.isnan(found.alone["a"].samples) == np.isnan(found.total.samples)).all()
    assert np.isfinite(found.total.estimate)
    judged = partition(rare["rare"], {"a": spaces["a"]}, folds=2, n=60, rng=rng(), ranked=ranked)
    assert (np.isnan(judged.total.samples) == np.isnan(found.total.samples)).all()


def test_what_cannot_be_partitioned_is_refused(random_rdm):
    a, b = random_rdm(0, 24), random_rdm(1, 24)
    how = {"folds": 2, "n": 0, "rng": rng(), "ranked": False}
    with pytest.raises(UserError, match="there is no space"):
        partition(a, {}, **how)
    with pytest.raises(UserError, match="'within' cannot be partitioned"):
        partition(a, {"b": b}, pairs="within", **how)
    with pytest.raises(UserError, match="pairs='between' needs groups"):
        partition(a, {"b": b}, pairs="between", **how)
    with pytest.raises(UserError, match="space 'again' is a linear combination of the spaces"):
        partition(a, {"b": b, "again": b}, **how)
    flat = RDM(np.full(276, 0.1), a.ids, "x")
    with pytest.raises(UserError, match="flat is constant over the pairs of a fold"):
        partition(a, {"flat": flat}, **how)
    with pytest.raises(UserError, match="the target is constant over the pairs of a fold"):
        partition(flat, {"b": b}, **how)
    with pytest.raises(UserError, match="2 folds need 6 groups or more, found 5"):
        partition(random_rdm(0, 5), {"b": random_rdm(1, 5)}, **how)
    with pytest.raises(UserError, match="2 spaces need 4 pairs or more to be fitted to, found 3"):
        partition(random_rdm(0, 6), {"b": random_rdm(1, 6), "c": random_rdm(2, 6)}, **how)
    with pytest.raises(UserError, match="needs one sample or more, found n=-3"):
        partition(a, {"b": b}, **{**how, "n": -3})
    with pytest.raises(StimulusMismatch, match="the same ids in another order"):
        partition(a, {"b": b.select(b.ids[::-1])}, **how)
    many = {f"space {k}": random_rdm(k, 24) for k in range(9)}
    with pytest.raises(UserError, match="9 spaces have 511 parts: give at most 8 spaces, or take"):
        partition(random_rdm(20, 24), many, every_part=True, **how)
    assert len(partition(random_rdm(20, 24), many, **how).unique) == 9
    many.popitem()
    assert len(partition(random_rdm(20, 24), many, every_part=True, **how).parts) == 255


def test_a_target_that_is_constant_where_it_is_judged_is_refused(random_rdm):
    held = split_groups(24, None, 2, rng())[0]
    i, j = np.triu_indices(24, 1)
    values = np.array(random_rdm(0, 24).values)
    values[np.isin(i, held) & np.isin(j, held)] = 2.0
    target = RDM(values, random_rdm(0, 24).ids, "x")
    how = {"folds": 2, "n": 0, "rng": rng(), "ranked": True}
    with pytest.raises(UserError, match="the target is constant over the pairs of a fold"):
        partition(target, {"b": random_rdm(1, 24)}, **how)


def test_samples_from_few_groups_are_warned_of(random_rdm):
    with pytest.warns(FewGroups, match="12 groups were drawn from: with fewer than 20"):
        partition(random_rdm(0, 12), {"b": random_rdm(1, 12)}, folds=2, n=1, rng=rng(), ranked=True)
