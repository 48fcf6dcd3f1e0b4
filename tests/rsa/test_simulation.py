"""Simulated stimuli: what is planted is there, and the truth is what a formula says it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from grounding.errors import UnknownName, UserError
from grounding.rsa import MEASURES, compare, compare_many
from grounding.rsa.comparison import CONTROLLED
from grounding.rsa.simulation import Planted, simulate, true_agreement


def formula(planted: Planted, pairs: str = "all", controlled: str | None = None) -> np.ndarray:
    """Return the truth of pearson on squared distances, in closed form.

    Where the coordinates of two stimuli differ with variance 2 s, a coordinate's share of their
    squared distance has the mean 2 s and the variance 8 s^2, and s depends on what they share.
    """
    groups, size = planted.groups, planted.per_group
    spread = np.array([1.0, 1.0 - planted.crossed, planted.within + planted.crossed])
    neither, speaker = groups * (groups - 1) * size * (size - 1), size * groups * (groups - 1)
    count = np.array([neither, speaker, groups * size * (size - 1)], dtype=float)
    count[{"all": [], "between": [2], "within": [0, 1]}[pairs]] = 0.0
    share = count / count.sum()
    inside = 8.0 * share @ spread**2
    across = 4.0 * (share @ spread**2 - (share @ spread) ** 2)
    extra, found = planted.nuisance**2, []
    for effect in planted.effects:
        own = np.array([planted.dimensions, planted.dimensions, 0.0])
        variance = inside * (np.diag(own) + extra**2)
        variance[[0, 1], [1, 0]] += inside * planted.dimensions * effect**2
        variance += across * np.outer(own + extra, own + extra)
        left = variance[:2, :2]
        if controlled:
            left = left - np.outer(variance[:2, 2], variance[:2, 2]) / variance[2, 2]
        sides = CONTROLLED[controlled or "both"]
        scale = [left[i, i] if side else variance[i, i] for i, side in enumerate(sides)]
        found.append(left[0, 1] / np.sqrt(np.prod(scale)))
    return np.array(found)


SHAPES = {
    "single stimuli": {"groups": 25},
    "groups": {"groups": 8, "per_group": 3, "within": 0.3},
    "groups and speakers": {"groups": 6, "per_group": 4, "within": 0.3, "crossed": 0.3},
    "nuisance": {"groups": 8, "per_group": 3, "within": 0.3, "crossed": 0.2, "nuisance": 1.3},
}


@pytest.mark.parametrize(
    ("shape", "pairs", "controlled"),
    [
        ("single stimuli", "all", None),
        *(
            (shape, pairs, None)
            for shape in ("groups", "groups and speakers", "nuisance")
            for pairs in ("all", "between", "within")
        ),
        *(("nuisance", pairs, "both") for pairs in ("all", "between", "within")),
        *(("nuisance", "all", side) for side in ("model", "reference")),
    ],
)
def test_the_truth_is_what_a_formula_says(shape, pairs, controlled):
    planted = Planted(effects=(0.8, 0.0), **SHAPES[shape])
    truth = true_agreement(
        planted,
        measure="pearson",
        sets=200,
        rng=np.random.default_rng(0),
        pairs=pairs,
        controlled=controlled,
    )
    exact = formula(planted, pairs, controlled)
    assert (np.abs(truth.estimate - exact) < 4.0 * truth.error).all()
    assert (truth.error < 0.03).all()
    other = formula(Planted(effects=(0.6,), **SHAPES[shape]), pairs, controlled)
    assert abs(truth.estimate[0] - other[0]) > 4.0 * truth.error[0]


def test_the_error_of_a_truth_is_how_far_truths_scatter():
    planted = Planted(effects=(0.7,), groups=12)
    exact = formula(planted)
    truths = [
        true_agreement(planted, measure="pearson", sets=50, rng=np.random.default_rng(seed))
        for seed in range(30)
    ]
    off = np.array([(truth.estimate - exact)[0] / truth.error[0] for truth in truths])
    assert 0.7 < np.sqrt(np.mean(off**2)) < 1.5  # a t of 9 degrees has 1.13
    assert truths[0].pairs == 50 * 66


def test_ranks_are_over_the_pairs_of_all_sets():
    planted = Planted(effects=(0.7,), groups=10)
    truth = true_agreement(planted, measure="spearman", sets=20, rng=np.random.default_rng(1))
    rng = np.random.default_rng(1)
    drawn = [simulate(planted, rng) for _ in range(20)]
    layer = np.concatenate([one.layers[0].values for one in drawn])
    reference = np.concatenate([one.reference.values for one in drawn])
    assert truth.estimate[0] == pytest.approx(stats.spearmanr(layer, reference).statistic)
    inside = np.mean([compare(one.layers[0], one.reference, measure="spearman") for one in drawn])
    assert truth.estimate[0] != pytest.approx(inside, abs=1e-3)


@pytest.mark.parametrize("measure", [name for name, one in MEASURES.items() if one.resampled])
def test_the_truth_is_what_a_large_set_agrees_by(measure):
    # Effects on the reference's scale, so that the truth does not depend on the set's size.
    truth = true_agreement(
        Planted(effects=(0.8, 0.0), groups=60),
        measure=measure,
        sets=40,
        rng=np.random.default_rng(2),
    )
    large = simulate(Planted(effects=(0.8, 0.0), groups=300), np.random.default_rng(3))
    found = compare_many(large.layers, [large.reference], measure=measure)[:, 0]
    assert found == pytest.approx(truth.estimate, abs=0.06)
    assert truth.estimate[0] - truth.estimate[1] > 0.1


def test_latents_have_the_parts_that_were_asked_for():
    planted = Planted(effects=(0.6,), groups=400, per_group=5, within=0.5, crossed=0.2)
    one = simulate(planted, np.random.default_rng(0))
    values = one.activations[0].reshape(400, 5, 4)
    between = values.mean(1).var(0, ddof=1).mean()
    within = (values - values.mean(0)).var(1, ddof=1).mean()
    assert within == pytest.approx(0.5, abs=0.03)
    assert between == pytest.approx(0.3 + 0.5 / 5, abs=0.03)
    assert one.groups[4:6] == ("g0", "g1")
    assert one.speakers[4:6] == ("s4", "s0")


def test_an_effect_of_one_is_the_reference_and_layers_may_be_one():
    same = simulate(Planted(effects=(1.0, 0.0, 0.0), groups=6, alike=1.0), np.random.default_rng(0))
    assert (same.layers[0].values == same.reference.values).all()
    assert (same.layers[1].values == same.layers[2].values).all()
    assert (same.layers[1].values != same.layers[0].values).all()
    apart = simulate(Planted(effects=(0.0, 0.0), groups=6), np.random.default_rng(0))
    assert (apart.layers[0].values != apart.layers[1].values).all()


def test_a_nuisance_drives_both_and_is_the_control():
    planted = Planted(effects=(0.0,), groups=200, nuisance=1.5)
    one = simulate(planted, np.random.default_rng(0))
    assert one.controls == (one.nuisance,)
    assert one.activations.shape == (1, 200, 5)
    assert compare(one.layers[0], one.reference, measure="pearson") > 0.3
    left = compare(one.layers[0], one.reference, measure="pearson", controls=one.controls)
    assert abs(left) < 0.06
    none = simulate(Planted(effects=(0.0,), groups=200), np.random.default_rng(0))
    assert none.controls == ()


def test_equal_generators_give_equal_sets():
    planted = Planted(effects=(0.5, 0.2), groups=5, per_group=2, metric="correlation")
    a, b, c = (simulate(planted, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert (a.layers[1].values == b.layers[1].values).all()
    assert (a.layers[1].values != c.layers[1].values).any()
    assert {rdm.metric for rdm in (*a.layers, a.reference)} == {"correlation"}


def test_other_rdms_may_stand_for_the_layers():
    planted = Planted(effects=(0.5,), groups=10)
    truth = true_agreement(
        planted,
        measure="pearson",
        sets=10,
        rng=np.random.default_rng(0),
        rdms=lambda one: [one.reference, one.layers[0]],
    )
    assert truth.estimate[0] == pytest.approx(1.0)
    assert truth.estimate[1] < 0.5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"effects": ()}, "one effect a layer, found none"),
        ({"groups": 0}, "groups, per_group and dimensions must be 1 or more, found 0, 1 and 4"),
        ({"effects": (0.2, -0.1)}, "effects must lie between 0 and 1, found -0.1"),
        ({"within": 1.2}, "within must lie between 0 and 1, found 1.2"),
        ({"per_group": 2, "within": 0.7, "crossed": 0.5}, "within and crossed must lie between"),
        ({"alike": 2.0}, "alike must lie between 0 and 1, found 2.0"),
        ({"nuisance": -1.0}, "nuisance must be 0 or more, found -1.0"),
        ({"crossed": 0.2}, "crossed needs two stimuli a group or more"),
    ],
)
def test_what_cannot_be_planted_is_refused(wrong, message):
    with pytest.raises(UserError, match=message):
        Planted(**{"effects": (0.5,), "groups": 5, **wrong})


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"measure": "pearsonn"}, UnknownName, "unknown measure 'pearsonn'"),
        ({"controlled": "layer"}, UnknownName, "unknown side that is controlled 'layer'"),
        ({"sets": 15}, UserError, "sets must be a multiple of 10, found 15"),
        ({"sets": 0}, UserError, "sets must be a multiple of 10, found 0"),
        ({"controlled": "both"}, UserError, "this population has none"),
        *(
            ({"measure": name}, UserError, f"{name} is no sum over pairs")
            for name, one in MEASURES.items()
            if not one.resampled
        ),
    ],
)
def test_what_has_no_truth_is_refused(wrong, error, message):
    planted = Planted(effects=(0.5,), groups=5)
    how = {"measure": "pearson", "sets": 10, "rng": np.random.default_rng(0), **wrong}
    with pytest.raises(error, match=message):
        true_agreement(planted, **how)
