"""Shares of variance between models, by what the models are."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.claims import modality
from grounding.claims.answer import Asked, Twin
from grounding.claims.modality import FACTORS, separable, shares


def model(family, modality, weights="trained", parameters=1_000_000):
    name = f"{family}-{modality}-{parameters}"
    return Asked(f"{name} ({weights})", name, modality, weights, "model", family, parameters)


CROSSED = [
    model(family, modality, weights)
    for family in ("twin", "cousin")
    for modality in ("speech", "text")
    for weights in ("trained", "random-0", "random-1")
]
CONFOUNDED = [
    model(family, modality, weights)
    for family, modality in (("whisper", "speech"), ("bert", "text"), ("llama", "text"))
    for weights in ("trained", "random-0", "random-1")
]


def found(models, scores, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    scores = np.asarray(scores, float)
    samples = scores + rng.normal(0, noise, (50, len(scores)))
    return shares(models, scores, samples, rng=np.random.default_rng(1))


def share(result, part, factor):
    return getattr(result, part)[FACTORS.index(factor)]


def test_an_effect_of_modality_alone_is_all_its_own_in_a_crossed_design():
    result = found(CROSSED, [m.modality == "speech" for m in CROSSED])
    assert share(result, "unique", "modality") == pytest.approx(1.0)
    assert share(result, "unique", "architecture") == pytest.approx(0.0, abs=1e-12)


def test_an_effect_of_training_is_not_given_to_modality():
    result = found(CROSSED, [m.weights == "trained" for m in CROSSED])
    assert share(result, "unique", "training") == pytest.approx(1.0)
    assert share(result, "unique", "modality") == pytest.approx(0.0, abs=1e-12)


def test_confounded_modality_has_no_unique_share_but_explains_alone():
    result = found(CONFOUNDED, [m.modality == "speech" for m in CONFOUNDED])
    assert share(result, "alone", "modality") == pytest.approx(1.0)
    assert share(result, "unique", "modality") == pytest.approx(0.0, abs=1e-12)


def test_separable_tells_a_crossed_design_from_a_confounded_one():
    assert separable(CROSSED)
    assert not separable(CONFOUNDED)


def test_shares_are_those_of_a_linear_model():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=len(CROSSED))
    speech = np.array([m.modality == "speech" for m in CROSSED], float)
    expected = np.corrcoef(speech, scores)[0, 1] ** 2
    assert share(found(CROSSED, scores), "alone", "modality") == pytest.approx(expected)


def test_the_order_of_models_changes_nothing():
    scores = np.random.default_rng(4).normal(size=len(CROSSED))
    there = found(CROSSED, scores)
    back = found(CROSSED[::-1], scores[::-1])
    np.testing.assert_allclose(there.unique, back.unique, atol=1e-12)


def test_resamples_keep_both_modalities():
    result = found(CONFOUNDED, [m.modality == "speech" for m in CONFOUNDED], noise=0.01)
    assert result.alone_samples[:, FACTORS.index("modality")].min() > 0.5


def test_equal_scores_have_no_variance_to_share():
    with pytest.raises(ValueError, match="no variance to share out"):
        found(CROSSED, np.ones(len(CROSSED)))


def twins(side, input, seeds, weights="trained", pair="aa"):
    columns = []
    for seed in range(seeds):
        kind = weights if weights == "trained" else f"random-{seed}"
        name = f"{input} {seed}"
        twin = Twin(input, seed, pair)
        columns.append(
            Asked(f"{name} ({kind})", name, side, kind, "model", "twin", 1_000_000, twin=twin)
        )
    return columns


def with_twins(seeds=3):
    return CONFOUNDED + [
        column
        for side, input in (("speech", "audio"), ("text", "characters"), ("text", "phonemes"))
        for weights in ("trained", "random")
        for column in twins(side, input, seeds, weights)
    ]


def test_twins_make_modality_separable():
    assert separable(with_twins(1)) and separable(with_twins(3))
    one_side = [m for m in with_twins() if m.twin is None or m.modality == "text"]
    assert not separable(one_side)


def test_an_effect_of_modality_shows_in_what_is_only_its_own_once_there_are_twins():
    models = with_twins()
    effect = [m.modality == "speech" for m in models]
    result = found(models, effect)
    assert share(result, "unique", "modality") == pytest.approx(0.65, abs=0.15)
    assert share(result, "unique", "architecture") == pytest.approx(0.0, abs=1e-12)
    assert result.unique_samples[:, FACTORS.index("modality")].min() > 0.1  # twins in every draw


def drawn(models, monkeypatch):
    """Return the columns of every draw of models."""
    draws = []
    parts = modality._parts
    monkeypatch.setattr(modality, "_parts", lambda m, d, s: draws.append(d) or parts(m, d, s))
    found(models, np.random.default_rng(5).normal(size=len(models)))
    return [np.bincount(draw, minlength=len(models)) for draw in draws[1:]]


def test_the_seeds_of_a_twin_are_drawn_together_or_not_at_all(monkeypatch):
    models = with_twins()
    counts = drawn(models, monkeypatch)
    place = {model.key: i for i, model in enumerate(models)}
    for weights in ("trained", "random"):
        for input in ("audio", "characters", "phonemes"):
            kinds = [weights if weights == "trained" else f"random-{k}" for k in range(3)]
            columns = [place[f"{input} {k} ({kind})"] for k, kind in enumerate(kinds)]
            times = np.array([count[columns] for count in counts])
            assert (times == times[:, :1]).all() and len(set(times[:, 0])) > 1
    alone = [place[f"whisper-speech-1000000 ({kind})"] for kind in ("random-0", "random-1")]
    assert any(count[alone[0]] != count[alone[1]] for count in counts)


def test_twins_stay_in_every_draw_of_their_modality(monkeypatch):
    models = with_twins()
    for side in ("speech", "text"):
        own = [i for i, m in enumerate(models) if m.twin and m.modality == side]
        others = [i for i, m in enumerate(models) if not m.twin and m.modality == side]
        for count in drawn(models, monkeypatch):
            assert count[own].sum() == len(own) and count[others].sum() == len(others)


def test_more_seeds_of_a_twin_make_no_narrower_interval_of_architectures():
    rng = np.random.default_rng(6)
    level = {key: rng.normal(0, 0.1) for key in ("audio", "characters", "phonemes")}

    def spread(seeds):
        models = with_twins(seeds)
        scores = [
            (m.modality == "speech") * 0.5 + (level[m.twin.input] if m.twin else 0.1 * (i % 3))
            for i, m in enumerate(models)
        ]
        result = found(models, scores)
        return np.std(result.unique_samples[:, FACTORS.index("modality")])

    assert spread(8) > 0.5 * spread(1)
