"""Weighted layers: the best weights there are, fitted on other stimuli than those scored."""

from __future__ import annotations

import numpy as np
import pytest
from rsatoolbox.model import ModelWeighted
from rsatoolbox.model.fitter import fit_regress_nn
from rsatoolbox.rdm import concat
from scipy import stats
from scipy.optimize import nnls

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa import MEASURES, RDM, compare, held_out_layer, split_groups
from grounding.rsa.layers import ORDINAL, Terms, best_layer, one_layer, weigh_layers
from grounding.rsa.selection import weighted_layers

N = 24
GROUPS = [f"word {i // 3}" for i in range(N)]
COSINES = [name for name, one in MEASURES.items() if one.direct is None]
RSATOOLBOX = {
    "pearson": "corr",
    "cosine": "cosine",
    "whitened-cosine": "cosine_cov",
    "whitened-correlation": "corr_cov",
}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def terms(reference, measure, *, controls=(), groups=None, pairs="all"):
    return Terms(reference, controls, groups, measure, pairs)


def changed(rdm, change):
    return RDM(change(rdm.values), rdm.ids, "x")


@pytest.fixture
def layers(random_rdm):
    return [random_rdm(seed, N) for seed in range(4)]


@pytest.fixture
def reference(layers):
    values = layers[0].values + 0.5 * layers[2].values - 0.4 * layers[3].values
    return RDM(values + 0.3 * rng(9).normal(size=len(values)), layers[0].ids, "x")


@pytest.mark.parametrize("measure", RSATOOLBOX)
def test_weights_equal_those_of_rsatoolbox(measure, layers, reference):
    found = weigh_layers(layers, terms(reference, measure))
    # Theirs stops at a gradient of 1e-14 in the unit of the RDMs: with values of about 1 it is
    # never reached.
    small = [changed(rdm, lambda values: values / 1e3) for rdm in (*layers, reference)]
    theirs = fit_regress_nn(
        ModelWeighted("layers", concat([layer.to_rsatoolbox() for layer in small[:-1]])),
        small[-1].to_rsatoolbox(),
        method=RSATOOLBOX[measure],
    )
    ours = found.weights / found.units
    assert ours / np.linalg.norm(ours) == pytest.approx(theirs, abs=1e-6)
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.weights.min() >= 0.0
    assert found.units == pytest.approx([layer.values.std() for layer in layers])


@pytest.mark.parametrize("kind", ["all", "between", "within"])
@pytest.mark.parametrize("measure", ["pearson", "spearman"])
def test_weights_equal_least_squares_on_what_controls_and_groups_leave(
    measure, kind, layers, reference, random_rdm
):
    control = random_rdm(8, N)
    found = weigh_layers(
        layers,
        terms(reference, measure, controls=[control], groups=GROUPS, pairs=kind),
    )
    i, j = np.triu_indices(N, 1)
    inside = i // 3 == j // 3
    at = {"all": np.full(len(i), True), "between": ~inside, "within": inside}[kind]
    block = (i // 3)[at] if kind == "within" else np.zeros(at.sum(), dtype=int)

    def left(rdm):
        values = rdm.values[at]
        values = stats.rankdata(values) / len(values) if measure == "spearman" else values
        return values - np.array([values[block == one].mean() for one in block])

    rest = left(control)
    x, y = (
        [one - (one @ rest) / (rest @ rest) * rest for one in map(left, rdms)]
        for rdms in (layers, [reference])
    )
    slow = nnls(np.column_stack(x), y[0])[0]
    slow *= found.units
    assert found.weights == pytest.approx(slow / slow.sum(), abs=1e-9)


@pytest.mark.parametrize("measure", [name for name in COSINES if not MEASURES[name].ranked])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_no_other_weights_agree_more_also_where_every_layer_disagrees(
    measure, sign, layers, reference, mixed_rdm
):
    if sign < 0.0:
        layers = [changed(mixed_rdm(reference, k, 1.0), np.negative) for k in range(3)]
    here = terms(reference, measure)
    found = weigh_layers(layers, here)
    everywhere = np.arange(N)
    best = here.agreement([found.over(layers, everywhere, here)])[0]
    for weights in rng().exponential(size=(300, len(layers))) ** 2:
        other = sum(w * layer.values for w, layer in zip(weights, layers, strict=True))
        assert here.agreement([RDM(other, reference.ids, "x")])[0] < best + 1e-9
    assert best >= here.agreement(layers).max() - 1e-9
    if sign < 0.0 and best < 0.0:
        assert sorted(found.weights) == [0.0, 0.0, 1.0]
        assert best == pytest.approx(here.agreement(layers).max())


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_fitted_on_other_folds_and_scored_on_this_one(measure, layers, reference):
    if MEASURES[measure].direct is not None and measure not in ORDINAL:
        with pytest.raises(UserError, match=f"no weights .* fitted under {measure}: take one of p"):
            weighted_layers(layers, reference, measure=measure, rng=rng())
        return
    found = weighted_layers(layers, reference, measure=measure, groups=GROUPS, rng=rng())
    held = split_groups(N, GROUPS, 2, rng())
    for fold, places in enumerate(held):
        ids = [reference.ids[i] for i in places]
        others = [id for id in reference.ids if id not in ids]
        fitted = weigh_layers(
            [layer.select(others) for layer in layers], terms(reference.select(others), measure)
        )
        assert found.weights[fold] == pytest.approx(fitted.weights)
        total = 0.0
        for weight, unit, layer in zip(fitted.weights, fitted.units, layers, strict=True):
            values = layer.select(ids).values
            if MEASURES[measure].ranked or measure in ORDINAL:
                values = stats.rankdata(values) / len(values)
            total = total + weight / unit * values
        slow = compare(RDM(total, ids, "x"), reference.select(ids), measure=measure)
        assert found.scores[fold] == pytest.approx(slow)
        assert found.folds[fold] == tuple(ids)
    assert found.estimate == pytest.approx(np.mean(found.scores))
    assert found.chosen == tuple(found.weights.argmax(1))
    assert found.curve == pytest.approx(terms(reference, measure).agreement(layers))


@pytest.mark.parametrize("kind", ["between", "within"])
@pytest.mark.parametrize("measure", ["pearson", "spearman"])
def test_only_the_pairs_that_count_are_weighed_and_scored(measure, kind, layers, reference):
    how = {"measure": measure, "groups": GROUPS, "pairs": kind}
    found = weighted_layers(layers, reference, rng=rng(), **how)
    assert (found.weights > 0.0).sum(1).min() > 1
    i, j = np.triu_indices(N, 1)
    counts = (i // 3 == j // 3) == (kind == "within")

    def spoiled(rdm):
        return RDM(np.where(counts, rdm.values, rng(7).normal(size=len(i))), rdm.ids, "x")

    again = weighted_layers(list(map(spoiled, layers)), spoiled(reference), rng=rng(), **how)
    assert again.weights == pytest.approx(found.weights)
    assert again.scores == pytest.approx(found.scores)
    held = split_groups(N, GROUPS, 2, rng())
    for fold, places in enumerate(held):
        there = counts & np.isin(i, places) & np.isin(j, places)
        train = counts & ~np.isin(i, places) & ~np.isin(j, places)

        def values(rdm, at):
            ranked = measure == "spearman"
            return stats.rankdata(rdm.values[at]) / at.sum() if ranked else rdm.values[at]

        total = np.zeros(there.sum())
        for weight, layer in zip(found.weights[fold], layers, strict=True):
            total += weight / values(layer, train).std() * values(layer, there)
        spread = np.zeros(len(i))
        spread[there] = total
        ids = [reference.ids[k] for k in places]
        slow = compare(
            RDM(spread, reference.ids, "x").select(ids),
            reference.select(ids),
            measure=measure,
            pairs=kind,
            groups=[GROUPS[k] for k in places],
        )
        assert found.scores[fold] == pytest.approx(slow)


def test_units_of_layers_do_not_count_and_ranks_see_order_only(layers, reference):
    def run(measure, change):
        first, *rest = layers
        return weighted_layers(
            [changed(first, change), *rest], reference, measure=measure, rng=rng()
        )

    def same(one, other, atol=1e-9):
        return np.allclose(one.weights, other.weights, atol=atol) and np.allclose(
            one.scores, other.scores, atol=atol
        )

    for measure in COSINES:
        before = run(measure, lambda values: values)
        assert same(run(measure, lambda values: 1e3 * values), before)
        assert not same(run(measure, lambda values: -values), before)
        assert same(run(measure, np.exp), before) == MEASURES[measure].ranked
    assert not same(run("spearman", np.sin), run("spearman", lambda values: values))


def test_a_planted_sum_is_found_and_scores_more_than_its_best_layer(random_rdm):
    layers = [random_rdm(seed, 60) for seed in range(5)]
    units = [layer.values.std() for layer in layers]
    values = 0.7 * layers[1].values / units[1] + 0.3 * layers[4].values / units[4]
    reference = RDM(values, layers[0].ids, "x")
    found = weighted_layers(layers, reference, measure="pearson", folds=3, rng=rng())
    assert found.weights.mean(0) == pytest.approx([0.0, 0.7, 0.0, 0.0, 0.3], abs=0.03)
    assert found.estimate == pytest.approx(1.0)
    chosen = held_out_layer(layers, reference, measure="pearson", folds=3, rng=rng())
    assert chosen.chosen == found.chosen == (1, 1, 1)
    assert chosen.estimate < 0.95
    assert (chosen.weights == np.eye(5)[[1, 1, 1]]).all()
    assert chosen.folds == found.folds


@pytest.mark.parametrize("measure", ["pearson", "spearman"])
def test_noise_layers_agree_where_they_were_fitted_and_not_elsewhere(measure, random_rdm):
    held, inside = [], []
    for seed in range(60):
        layers = [random_rdm(1000 + 20 * seed + k, 18) for k in range(12)]
        reference = random_rdm(seed, 18)
        held.append(weighted_layers(layers, reference, measure=measure, rng=rng(seed)).estimate)
        here = terms(reference, measure)
        mixed = weigh_layers(layers, here).over(layers, np.arange(18), here)
        inside.append(here.agreement([mixed])[0])
    error = np.std(held) / np.sqrt(60)
    assert abs(np.mean(held)) < 3 * error
    assert np.mean(inside) > 8 * error


def test_within_transcripts_text_is_zero_whatever_its_weights(reference, transcript_rdm, mixed_rdm):
    text = [transcript_rdm([i // 3 for i in range(N)], seed) for seed in range(3)]
    how = {"groups": GROUPS, "pairs": "within", "rng": rng()}
    for measure in ("pearson", "spearman"):
        assert weighted_layers(text, reference, measure=measure, **how).scores == (0.0, 0.0)
        hears = [mixed_rdm(reference, 5, 0.3), *text]
        found = weighted_layers(hears, reference, measure=measure, **how)
        assert found.weights.tolist() == [[1.0, 0.0, 0.0, 0.0]] * 2
        assert found.estimate > 0.5


def test_layers_that_are_equal_share_a_weight_and_one_layer_has_it_all(layers, reference):
    how = {"measure": "cosine", "rng": rng()}
    twice = weigh_layers([layers[0], *layers], terms(reference, "cosine"))
    once = weigh_layers(layers, terms(reference, "cosine"))
    assert twice.weights[0] + twice.weights[1] == pytest.approx(once.weights[0])
    assert twice.weights[2:] == pytest.approx(once.weights[1:], abs=1e-9)
    alone = weighted_layers(layers[:1], reference, **how)
    assert alone.weights.tolist() == [[1.0], [1.0]]
    fixed = one_layer(2, 4).over(layers, np.arange(3, 9), terms(reference, "cosine"))
    assert fixed.ids == reference.ids[3:9]
    assert (fixed.values == layers[2].select(reference.ids[3:9]).values).all()
    assert best_layer(layers, terms(reference, "cosine")).weights.sum() == 1.0


def test_what_cannot_be_weighed_is_refused(layers, reference, random_rdm):
    how = {"measure": "pearson", "rng": rng()}
    with pytest.raises(UserError, match="a comparison needs a model and a reference"):
        weighted_layers([], reference, **how)
    with pytest.raises(UserError, match=r"unknown measure 'spearmann'. Did you mean 'spearman'"):
        weighted_layers(layers, reference, measure="spearmann", rng=rng())
    flat = changed(layers[1], np.zeros_like)
    with pytest.raises(UserError, match="RDM 1 is constant over the 66 pairs"):
        weighted_layers([layers[0], flat], reference, **how)
    with pytest.raises(UserError, match="explains all of RDM 0"):
        weighted_layers(layers, reference, controls=[layers[0]], **how)
    with pytest.raises(StimulusMismatch, match="over other stimuli"):
        weighted_layers([*layers, random_rdm(0, 12)], reference, **how)
    with pytest.raises(UserError, match="5 folds need 15 groups or more, found 8"):
        weighted_layers(layers, reference, groups=GROUPS, folds=5, **how)
