"""Held-out layers: chosen on some transcripts, scored on others, paired over models."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa import (
    RDM,
    Undercoverage,
    bootstrap,
    compare,
    compare_many,
    held_out_layer,
    score_models,
    split_groups,
)
from grounding.rsa.selection import weighted_layers

GROUPS = [f"word {i // 3}" for i in range(36)]
HOW = {"measure": "spearman", "groups": GROUPS}


@pytest.fixture
def reference(random_rdm):
    return random_rdm(0, 36, name="tract")


@pytest.fixture
def models(random_rdm, mixed_rdm, reference):
    def layers(seed, noises):
        return [mixed_rdm(reference, 100 * seed + k, noise) for k, noise in enumerate(noises)]

    return {
        "hears": layers(1, (5.0, 2.0, 0.5, 1.0)),
        "hears less": layers(2, (5.0, 1.5, 3.0)),
        "noise": [random_rdm(50 + k, 36) for k in range(5)],
        "sound": layers(3, (1.0,)),
    }


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_folds_share_no_group_and_get_equal_shares_of_large_ones():
    sizes = [1] * 8 + [3] * 6 + [9] * 4
    groups = np.repeat(np.arange(18), sizes)
    for seed in range(5):
        parts = split_groups(len(groups), list(groups), 2, rng(seed))
        assert sorted(np.concatenate(parts)) == list(range(len(groups)))
        held = [set(groups[part]) for part in parts]
        assert not held[0] & held[1]
        for size in (1, 3, 9):
            counts = [sum(sizes[g] == size for g in one) for one in held]
            assert counts[0] == counts[1]
    first, again, other = (split_groups(60, None, 3, rng(s))[0].tolist() for s in (0, 0, 1))
    assert first == again != other


def test_layer_is_chosen_on_the_other_folds_and_scored_on_this_one(models, reference):
    layers = models["hears"]
    found = held_out_layer(layers, reference, rng=rng(), folds=3, **HOW)
    parts = split_groups(36, GROUPS, 3, rng())
    for fold, part in enumerate(parts):
        ids = [reference.ids[i] for i in part]
        others = [id for id in reference.ids if id not in ids]
        assert found.folds[fold] == tuple(ids)
        there = [layer.select(others) for layer in layers]
        curve = compare_many(there, [reference.select(others)], measure="spearman")[:, 0]
        assert found.chosen[fold] == curve.argmax()
        scored = layers[found.chosen[fold]].select(ids)
        assert found.scores[fold] == pytest.approx(
            compare(scored, reference.select(ids), measure="spearman")
        )
    assert found.estimate == pytest.approx(np.mean(found.scores))
    assert found.chosen == (2, 2, 2)
    assert np.allclose(found.curve, compare_many(layers, [reference], measure="spearman")[:, 0])


def test_best_of_many_noise_layers_is_high_in_sample_and_nothing_held_out(random_rdm):
    held, inside = [], []
    for seed in range(60):
        layers = [random_rdm(1000 + 20 * seed + k, 18) for k in range(12)]
        found = held_out_layer(layers, random_rdm(seed, 18), measure="spearman", rng=rng(seed))
        held.append(found.estimate)
        inside.append(found.curve.max())
    error = np.std(held) / np.sqrt(60)
    assert abs(np.mean(held)) < 3 * error
    assert np.mean(inside) > 5 * error


def test_scores_equal_held_out_layers_and_a_sample_chooses_its_own(models, reference):
    found = score_models(models, reference, n=30, rng=rng(), **HOW)
    draw = rng()
    parts = split_groups(36, GROUPS, 2, draw)
    under = []  # for each fold, model, sample and layer
    for part in parts:
        ids = [reference.ids[i] for i in part]
        seed = draw.bit_generator.state
        for layers in models.values():
            draw.bit_generator.state = seed
            under.append(
                bootstrap(
                    [layer.select(ids) for layer in layers],
                    [reference.select(ids)],
                    measure="spearman",
                    groups=[GROUPS[i] for i in part],
                    n=30,
                    rng=draw,
                ).samples[:, :, 0]
            )
    first, second = under[: len(models)], under[len(models) :]
    for m, (one, other) in enumerate(zip(first, second, strict=True)):
        slow = [
            (one[s, other[s].argmax()] + other[s, one[s].argmax()]) / 2.0 for s in range(30)
        ]  # fmt: skip
        assert np.allclose(found.samples[:, m], slow, atol=1e-13)
    for name, layers in models.items():
        one = held_out_layer(layers, reference, rng=rng(), **HOW)
        assert found.estimate[name] == pytest.approx(one.estimate)
        assert found.chosen[name] == one.chosen
        assert found.folds == one.folds
        assert np.allclose(found.curve[name], one.curve)
    assert found.scores.shape == (2, 4)


def test_differences_are_paired_and_contrasts_add_up(models, reference):
    found = score_models(models, reference, n=200, rng=rng(), **HOW)
    difference = found.difference("hears", "hears less")
    assert difference.estimate == pytest.approx(
        found.estimate["hears"] - found.estimate["hears less"]
    )
    assert (difference.samples == found.samples[:, 0] - found.samples[:, 1]).all()
    assert difference.interval(0.95)[0] > 0.0
    assert found.of("noise").interval(0.95)[0] < 0.0 < found.of("noise").interval(0.95)[1]
    assert found.difference("hears", "hears").estimate == 0.0
    both = found.contrast({"hears": 0.5, "hears less": 0.5, "noise": -1.0})
    assert both.estimate == pytest.approx(
        (found.estimate["hears"] + found.estimate["hears less"]) / 2 - found.estimate["noise"]
    )
    with pytest.raises(UserError, match=r"model 'whisper' was not scored. Scored: hears, hears l"):
        found.of("whisper")


def test_equal_generators_pair_models_over_calls_and_orders(models, reference, random_rdm):
    whole = score_models(models, reference, n=20, rng=rng(3), **HOW)
    alone = score_models({"noise": models["noise"]}, reference, n=20, rng=rng(3), **HOW)
    assert np.allclose(whole.samples[:, 2], alone.samples[:, 0], rtol=0.0, atol=1e-13)
    backwards = score_models(dict(reversed(models.items())), reference, n=20, rng=rng(3), **HOW)
    assert np.allclose(whole.samples, backwards.samples[:, ::-1], rtol=0.0, atol=1e-13)
    other = score_models(models, random_rdm(8, 36), n=20, rng=rng(3), **HOW)
    assert other.folds == whole.folds
    seen = []
    shared = score_models(
        models,
        reference,
        n=20,
        rng=rng(3),
        processes=2,
        progress=lambda done, total: seen.append((done, total)),
        **HOW,
    )
    assert (shared.samples == whole.samples).all()
    assert seen == [(20, 40), (40, 40)]


def test_weighted_layers_are_fitted_elsewhere_and_paired_like_chosen_ones(models, reference):
    found = score_models(models, reference, n=200, rng=rng(), layers="weighted", **HOW)
    chosen = score_models(models, reference, n=200, rng=rng(), **HOW)
    assert found.folds == chosen.folds
    for name, layers in models.items():
        one = weighted_layers(layers, reference, rng=rng(), **HOW)
        assert found.estimate[name] == pytest.approx(one.estimate)
        assert np.allclose(found.weights[name], one.weights)
        assert found.chosen[name] == one.chosen
        assert np.allclose(found.curve[name], chosen.curve[name])
    assert np.allclose(found.samples[:, 3], chosen.samples[:, 3])  # it has one layer
    assert (chosen.weights["hears"] == np.eye(4)[[2, 2]]).all()
    more = found.of("hears").samples - chosen.of("hears").samples  # the draws are the same
    apart = np.hypot(found.of("hears").standard_error, chosen.of("hears").standard_error)
    assert more.std() < 0.6 * apart
    assert np.mean(more > 0.0) > 0.9
    difference = found.difference("hears", "hears less")
    assert (difference.samples == found.samples[:, 0] - found.samples[:, 1]).all()
    assert difference.interval(0.95)[0] > 0.0
    assert found.of("noise").interval(0.95)[0] < 0.0 < found.of("noise").interval(0.95)[1]


def test_weighted_samples_are_bootstraps_of_sums_whose_weights_stay(models, reference, random_rdm):
    how = {"measure": "pearson", "controls": [random_rdm(70, 36)]}
    found = score_models(
        models, reference, n=12, rng=rng(), groups=GROUPS, layers="weighted", **how
    )
    draw = rng()
    parts = split_groups(36, GROUPS, 2, draw)
    samples = np.zeros((12, 4))
    for fold, (part, other) in enumerate(zip(parts, parts[::-1], strict=True)):
        ids, others = ([reference.ids[i] for i in one] for one in (part, other))
        sums = []
        for name, layers in models.items():
            units = [layer.select(others).values.std() for layer in layers]
            total = sum(
                weight / unit * layer.select(ids).values
                for weight, unit, layer in zip(
                    found.weights[name][fold], units, layers, strict=True
                )
            )
            sums.append(RDM(total, ids, "x"))
        samples += bootstrap(
            sums,
            [reference.select(ids)],
            measure="pearson",
            controls=[how["controls"][0].select(ids)],
            groups=[GROUPS[i] for i in part],
            n=12,
            rng=draw,
        ).samples[:, :, 0]
    assert np.allclose(found.samples, samples / 2, atol=1e-12)


def test_layers_may_be_given_and_then_all_stimuli_count(models, reference, random_rdm):
    controls = [random_rdm(70, 36)]
    found = score_models(
        models,
        reference,
        n=25,
        rng=rng(),
        layers={"hears": 1, "hears less": -1, "noise": 0, "sound": 0},
        controls=controls,
        **HOW,
    )
    assert found.chosen == {"hears": (1,), "hears less": (2,), "noise": (0,), "sound": (0,)}
    assert found.folds == (reference.ids,)
    rdms = [models["hears"][1], models["hears less"][2], models["noise"][0], models["sound"][0]]
    slow = bootstrap(rdms, [reference], controls=controls, n=25, rng=rng(), **HOW)
    assert np.allclose(found.samples, slow.samples[:, :, 0], atol=1e-13)
    assert list(found.estimate.values()) == pytest.approx(slow.estimate[:, 0].tolist())
    last = score_models(models, reference, n=1, rng=rng(), layers=-1, **HOW)
    assert last.chosen["noise"] == (4,)


def test_within_transcripts_text_is_zero_at_every_layer(reference, transcript_rdm, mixed_rdm):
    number = [i // 3 for i in range(36)]
    models = {
        "text": [transcript_rdm(number, seed) for seed in range(4)],
        "speech": [mixed_rdm(reference, seed, 0.5) for seed in range(4)],
    }
    found = score_models(models, reference, n=30, rng=rng(), pairs="within", **HOW)
    assert found.estimate["text"] == 0.0
    assert (found.samples[:, 0] == 0.0).all()
    assert (found.curve["text"] == 0.0).all()
    assert found.difference("speech", "text").interval(0.95)[0] > 0.3


def test_what_cannot_be_scored_is_refused(models, reference, random_rdm):
    how = {"n": 5, "rng": rng(), **HOW}
    with pytest.raises(UserError, match="there is no model to score"):
        score_models({}, reference, **how)
    with pytest.raises(UserError, match=r"'held-out' or 'weighted', a number .* found 'best'"):
        score_models(models, reference, layers="best", **how)
    with pytest.raises(UserError, match="model 'hears less' has layers 0 to 2, found 3"):
        score_models(models, reference, layers=3, **how)
    with pytest.raises(UserError, match="layers names no layer for model 'hears less'"):
        score_models(models, reference, layers={"hears": 0}, **how)
    with pytest.raises(UserError, match="holding out needs two folds or more, found 1"):
        score_models(models, reference, folds=1, **how)
    with pytest.raises(UserError, match="5 folds need 15 groups or more, found 12"):
        held_out_layer(models["noise"], reference, folds=5, rng=rng(), **HOW)
    with pytest.raises(StimulusMismatch, match="over other stimuli"):
        score_models({"a": [RDM(np.arange(3.0), ("a", "b", "c"), "x")]}, reference, **how)


def test_three_folds_choose_on_the_two_others(models, reference):
    found = score_models(models, reference, n=8, rng=rng(), **HOW | {"folds": 3})
    draw = rng()
    parts = split_groups(36, GROUPS, 3, draw)
    times = {}
    for part in parts:
        here = list(dict.fromkeys(GROUPS[i] for i in part))
        drawn = draw.multinomial(len(here), np.full(len(here), 1 / len(here)), size=8)
        times.update(zip(here, drawn.T, strict=True))
    name = "hears less"
    slow = np.zeros(8)
    for part in parts:
        others = np.setdiff1d(np.arange(36), part)
        for s in range(8):
            scores = [
                [_copied(layer, reference, places, times, s) for layer in models[name]]
                for places in (others, part)
            ]
            slow[s] += scores[1][int(np.argmax(scores[0]))] / 3.0
    assert np.allclose(found.samples[:, found.models.index(name)], slow, atol=1e-12)


def _copied(layer, reference, places, times, sample):
    """Correlate pairs that are written out as often as the sample has them."""
    x, y = [], []
    a, b = layer.square(), reference.square()
    for at, i in enumerate(places):
        for j in places[at + 1 :]:
            same = GROUPS[i] == GROUPS[j]
            count = times[GROUPS[i]][sample] * (1 if same else times[GROUPS[j]][sample])
            x += [a[i, j]] * int(count)
            y += [b[i, j]] * int(count)
    return stats.spearmanr(x, y).statistic


def test_weights_that_stay_in_all_samples_come_with_a_warning(random_rdm):
    reference = random_rdm(0, 40)
    layers = [random_rdm(seed, 40) for seed in range(1, 5)]
    how = {"measure": "pearson", "n": 20, "rng": np.random.default_rng(0)}
    with pytest.warns(Undercoverage, match="intervals hold the weights of layers fixed"):
        score_models({"model": layers}, reference, layers="weighted", **how)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score_models({"model": layers}, reference, **how)
