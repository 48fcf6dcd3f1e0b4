"""Shares of variance between models, by what the models are."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.claims.answer import Asked
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
