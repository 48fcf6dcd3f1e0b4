"""Permutation tests: against slow loops, calibrated under nulls, alert to planted effects."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import stats

from grounding.errors import UnknownName, UserError
from grounding.rsa import MEASURES, RDM, compare, permutation_test


def reorder(rdm: RDM, place: np.ndarray) -> RDM:
    """Move rows and columns, under the ids that were there."""
    moved = rdm.select([rdm.ids[i] for i in place])
    return RDM(moved.values, rdm.ids, rdm.metric)


@pytest.mark.parametrize("measure", [name for name, one in MEASURES.items() if not one.squared])
def test_null_is_the_agreement_with_stimuli_exchanged(measure, random_rdm):
    models = [random_rdm(seed, decimals=1) for seed in range(3)]
    reference = random_rdm(9, decimals=1)
    found = permutation_test(models, reference, measure=measure, n=20, rng=np.random.default_rng(4))
    rng = np.random.default_rng(4)
    for under in found.null:
        place = rng.permutation(np.arange(12)[:, None])[:, 0]
        moved = reorder(reference, place)
        slow = [compare(model, moved, measure=measure) for model in models]
        assert np.allclose(under, slow, atol=1e-12)
    assert np.allclose(found.observed, [compare(m, reference, measure=measure) for m in models])
    reached = found.null >= found.observed
    assert np.allclose(found.p, (1 + reached.sum(0)) / 21)
    best = found.null.max(1)
    assert np.allclose(found.p_max, [(1 + (best >= one).sum()) / 21 for one in found.observed])
    assert (found.p_max >= found.p).all()
    assert found.unmoved == ()


@pytest.mark.parametrize("measure", ["pearson", "spearman"])
def test_with_controls_the_residual_moves_and_is_adjusted_again(measure, random_rdm, mixed_rdm):
    control, other = random_rdm(0), random_rdm(1)
    model, reference = mixed_rdm(control, 2, 1.0), mixed_rdm(control, 3, 1.0)
    found = permutation_test(
        [model],
        reference,
        measure=measure,
        controls=[control, other],
        n=10,
        rng=np.random.default_rng(4),
    )
    rank = stats.rankdata if measure == "spearman" else np.asarray
    design = np.column_stack([np.ones(66), rank(control.values), rank(other.values)])

    def left(values):
        return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]

    residual = left(rank(reference.values))
    rng = np.random.default_rng(4)
    for under in found.null:
        place = rng.permutation(np.arange(12)[:, None])[:, 0]
        moved = reorder(RDM(residual, reference.ids, "x"), place).values
        slow = np.corrcoef(left(rank(model.values)), left(moved))[0, 1]
        assert under[0] == pytest.approx(slow, abs=1e-12)


def test_groups_move_whole_with_the_order_inside_kept(random_rdm):
    groups = ["a", "a", "b", "b", "b", "c", "c", "d", "e", "e", "f", "f"]
    model, reference = random_rdm(0), random_rdm(1)
    found = permutation_test(
        [model], reference, measure="pearson", groups=groups, n=20, rng=np.random.default_rng(4)
    )
    assert found.unmoved == ("b", "d")
    pairs = np.array([[0, 1], [5, 6], [8, 9], [10, 11]])
    rng = np.random.default_rng(4)
    for under in found.null:
        place = np.arange(12)
        place[pairs] = rng.permutation(pairs)
        slow = compare(model, reorder(reference, place), measure="pearson")
        assert under[0] == pytest.approx(slow, abs=1e-12)


def test_within_groups_stimuli_move_inside_them(random_rdm):
    groups = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3])
    model, reference = random_rdm(0), random_rdm(1)
    how = {"measure": "spearman", "pairs": "within", "groups": list(groups)}
    found = permutation_test([model], reference, n=20, rng=np.random.default_rng(4), **how)
    assert found.unmoved == ()
    rng = np.random.default_rng(4)
    for under in found.null:
        place = np.arange(12)
        for one in range(4):
            members = np.flatnonzero(groups == one)
            place[members] = rng.permutation(members[:, None])[:, 0]
        slow = compare(model, reorder(reference, place), **how)
        assert under[0] == pytest.approx(slow, abs=1e-12)


def test_alternatives_look_at_their_side(random_rdm):
    reference = random_rdm(0, 20)
    against = RDM(-reference.values, reference.ids, "x")
    p = {
        alternative: permutation_test(
            [against],
            reference,
            measure="pearson",
            n=99,
            rng=np.random.default_rng(0),
            alternative=alternative,
        ).p[0]
        for alternative in ("greater", "less", "two-sided")
    }
    assert p == {"greater": 1.0, "less": 0.01, "two-sided": 0.01}


def uniform(p: list[float], n: int) -> float:
    """Return the p of a test that p-values on a grid of 1 / (n + 1) are uniform."""
    spread = np.array(p) - np.random.default_rng(0).random(len(p)) / (n + 1)
    return stats.kstest(spread, "uniform").pvalue


@pytest.mark.parametrize("measure", ["pearson", "rho-a"])
@pytest.mark.parametrize("grouped", [False, True])
def test_p_is_uniform_under_the_null_with_groups_and_with_the_best_layer(
    measure, grouped, random_rdm
):
    groups = [i // 2 for i in range(20)] if grouped else None
    first, best = [], []
    for seed in range(200):
        # Layers that resemble each other, as those of a model do; noise shared inside groups.
        rng = np.random.default_rng(seed)
        points = rng.normal(size=(2, 20, 3))
        if grouped:
            points += 2.0 * np.repeat(rng.normal(size=(2, 10, 3)), 2, axis=1)
        i, j = np.triu_indices(20, 1)
        model, reference = (
            RDM(np.linalg.norm(x[i] - x[j], axis=1), random_rdm(0, 20).ids, "x") for x in points
        )
        layers = [
            RDM(model.values + k * rng.normal(size=190), model.ids, "x") for k in (0.0, 0.5, 1.0)
        ]
        found = permutation_test(
            layers, reference, measure=measure, groups=groups, n=79, rng=np.random.default_rng(seed)
        )
        first.append(found.p[0])
        best.append(found.p_max.min())
    assert uniform(first, 79) > 0.01
    assert uniform(best, 79) > 0.01


def test_best_of_uncorrected_p_values_is_not_uniform_but_p_max_is(random_rdm):
    plain, corrected = [], []
    for seed in range(200):
        layers = [random_rdm(1000 + 10 * seed + k, 12) for k in range(8)]
        found = permutation_test(
            layers, random_rdm(seed, 12), measure="spearman", n=79, rng=np.random.default_rng(seed)
        )
        plain.append(found.p.min())
        corrected.append(found.p_max.min())
    assert uniform(plain, 79) < 1e-6
    assert uniform(corrected, 79) > 0.01


def test_p_is_uniform_when_only_a_control_is_shared(random_rdm, mixed_rdm):
    p, naive = [], []
    for seed in range(200):
        control = random_rdm(seed, 14)
        model = mixed_rdm(control, seed + 1000, 1.0)
        reference = mixed_rdm(control, seed + 2000, 1.0)
        how = {"measure": "spearman", "n": 79}
        p.append(
            permutation_test(
                [model], reference, controls=[control], rng=np.random.default_rng(seed), **how
            ).p[0]
        )
        naive.append(
            permutation_test([model], reference, rng=np.random.default_rng(seed), **how).p[0]
        )
    assert uniform(p, 79) > 0.01
    assert uniform(naive, 79) < 1e-6


def test_a_planted_effect_is_found_at_the_best_layer(random_rdm, mixed_rdm):
    reference = random_rdm(0, 20)
    layers = [random_rdm(seed, 20) for seed in range(1, 6)]
    layers[3] = mixed_rdm(reference, 9, 1.5)
    found = permutation_test(
        layers, reference, measure="rho-a", n=199, rng=np.random.default_rng(0)
    )
    assert found.observed.argmax() == 3
    assert found.p_max[3] == 0.005
    assert found.p_max[[0, 1, 2, 4]].min() > 0.05


def pickled_backwards(function, items):
    """A map that does the last item first, each with a copy of the function."""
    done = [pickle.loads(pickle.dumps(function))(item) for item in reversed(list(items))]
    return reversed(done)


def test_equal_generators_give_equal_numbers(random_rdm):
    layers = [random_rdm(seed) for seed in range(3)]
    seen = []

    def run(seed, layers=layers, **more):
        return permutation_test(
            layers,
            random_rdm(9),
            measure=more.pop("measure", "spearman"),
            n=40,
            rng=np.random.default_rng(seed),
            progress=lambda done, total: seen.append((done, total)),
            **more,
        )

    assert (run(0).null == run(0).null).all()
    assert seen[:3] == [(16, 40), (32, 40), (40, 40)]
    for more in ({}, {"measure": "mutual-knn"}, {"controls": [random_rdm(8)]}):
        assert (run(0, **more).null == run(0, **more, map=pickled_backwards).null).all()
    assert not np.allclose(run(0).null, run(1).null)
    assert np.allclose(run(0).null, run(0, layers[::-1]).null[:, ::-1], rtol=0.0, atol=1e-13)


def test_what_cannot_be_tested_is_refused(random_rdm):
    a, b = random_rdm(0), random_rdm(1)
    rng = np.random.default_rng(0)
    with pytest.raises(UserError, match="one permutation or more, found n=0"):
        permutation_test([a], b, measure="pearson", n=0, rng=rng)
    with pytest.raises(UnknownName, match="unknown alternative 'larger'"):
        permutation_test([a], b, measure="pearson", n=9, rng=rng, alternative="larger")
    sizes = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3]
    with pytest.raises(UserError, match="nothing can be exchanged"):
        permutation_test([a], b, measure="pearson", n=9, rng=rng, groups=sizes)


@pytest.mark.parametrize("controlled", ["both", "model", "reference"])
def test_semi_partial_agreement_is_tested_as_it_is_measured(controlled, random_rdm, mixed_rdm):
    control = random_rdm(0)
    model, reference = mixed_rdm(control, 2, 1.0), mixed_rdm(control, 3, 1.0)
    how = {"measure": "pearson", "controls": [control], "controlled": controlled}
    found = permutation_test([model], reference, n=10, rng=np.random.default_rng(4), **how)
    assert found.observed[0] == pytest.approx(compare(model, reference, **how), abs=1e-12)
    design = np.column_stack([np.ones(66), control.values])
    fitted = design @ np.linalg.lstsq(design, reference.values, rcond=None)[0]
    residual = RDM(reference.values - fitted, reference.ids, "residual")
    rng = np.random.default_rng(4)
    for under in found.null:
        moved = reorder(residual, rng.permutation(np.arange(12)[:, None])[:, 0])
        again = RDM(fitted + moved.values, reference.ids, "permuted residual")
        assert under[0] == pytest.approx(compare(model, again, **how), abs=1e-12)
