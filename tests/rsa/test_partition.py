"""Variance partitioning: against a slow regression; parts that are known by construction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from grounding.errors import UserError
from grounding.rsa import RDM, partition, split_groups

GROUPS = [i // 2 for i in range(60)]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def weighted(parts: list[tuple[float, RDM]], noise: float = 0.0) -> RDM:
    values = sum(weight * rdm.values for weight, rdm in parts)
    values = values + noise * rng(99).normal(size=len(values))
    return RDM(values, parts[0][1].ids, "sum")


@pytest.mark.parametrize("ranked", [True, False])
def test_parts_equal_a_slow_regression_on_folds_of_groups(ranked, random_rdm):
    a, b, c = (random_rdm(seed, 60) for seed in range(3))
    target = weighted([(1.0, a), (0.5, b)], noise=0.5)
    spaces = {"a": a, "b": b, "c": c}
    found = partition(target, spaces, groups=GROUPS, folds=3, rng=rng(), ranked=ranked)

    def values(rdm, places):
        part = rdm.select([rdm.ids[i] for i in places]).values
        return stats.rankdata(part) / len(part) - (1 / len(part) + 1) / 2 if ranked else part

    def explained(names):
        shares = []
        for test in split_groups(60, GROUPS, 3, rng()):
            train = np.setdiff1d(np.arange(60), test)
            design, other = (
                np.column_stack(
                    [np.ones(len(values(a, p))), *(values(spaces[k], p) for k in names)]
                )
                for p in (train, test)
            )
            slope = np.linalg.lstsq(design, values(target, train), rcond=None)[0]
            y = values(target, test)
            base = values(target, train).mean()
            shares.append(1 - np.sum((y - other @ slope) ** 2) / np.sum((y - base) ** 2))
        return np.mean(shares)

    assert found.total == pytest.approx(explained("abc"), abs=1e-9)
    for name, others in (("a", "bc"), ("b", "ac"), ("c", "ab")):
        assert found.unique[name] == pytest.approx(explained("abc") - explained(others), abs=1e-9)
        assert found.alone[name] == pytest.approx(explained(name), abs=1e-9)
    assert found.shared == pytest.approx(found.total - sum(found.unique.values()))
    assert found.total == pytest.approx(np.mean(found.totals))
    assert len(found.totals) == 3


def test_planted_parts_are_found_and_what_adds_nothing_is_reported_as_negative(random_rdm):
    a, b, c = (random_rdm(seed, 60) for seed in range(3))
    found = partition(
        weighted([(1.0, a), (1.0, b)]),
        {"a": a, "b": b, "nothing": c},
        groups=GROUPS,
        folds=2,
        rng=rng(),
        ranked=False,
    )
    assert found.total == pytest.approx(1.0)
    assert 0.3 < found.unique["a"] < 0.7
    assert abs(found.shared) < 0.1
    noise = [
        partition(
            random_rdm(50 + seed, 24),
            {"nothing": random_rdm(seed, 24)},
            folds=2,
            rng=rng(),
            ranked=True,
        ).total
        for seed in range(10)
    ]
    assert np.mean(noise) < 0.0


def test_spaces_that_say_the_same_share_it(random_rdm, mixed_rdm):
    a = random_rdm(0, 60)
    found = partition(
        mixed_rdm(a, 1, 0.5),
        {"one": mixed_rdm(a, 2, 0.2), "other": mixed_rdm(a, 3, 0.2)},
        groups=GROUPS,
        pairs="between",
        folds=2,
        rng=rng(),
        ranked=True,
    )
    assert found.shared > 0.5
    assert max(found.unique.values()) < 0.1
    assert min(found.alone.values()) > 0.6


def test_a_single_space_is_all_unique(random_rdm, mixed_rdm):
    a = random_rdm(0, 24)
    found = partition(mixed_rdm(a, 1, 0.5), {"a": a}, folds=2, rng=rng(), ranked=True)
    assert found.unique["a"] == found.total == found.alone["a"]
    assert found.shared == 0.0


def test_what_cannot_be_partitioned_is_refused(random_rdm):
    a, b = random_rdm(0, 24), random_rdm(1, 24)
    how = {"folds": 2, "rng": rng(), "ranked": False}
    with pytest.raises(UserError, match="there is no space"):
        partition(a, {}, **how)
    with pytest.raises(UserError, match="'within' cannot be partitioned"):
        partition(a, {"b": b}, pairs="within", **how)
    with pytest.raises(UserError, match="space 'again' is a linear combination of the spaces"):
        partition(a, {"b": b, "again": b}, **how)
    flat = RDM(np.ones(276), a.ids, "x")
    with pytest.raises(UserError, match="flat is constant over the pairs of a fold"):
        partition(a, {"flat": flat}, **how)
    with pytest.raises(UserError, match="the target is constant over the pairs of a fold"):
        partition(flat, {"b": b}, **how)
