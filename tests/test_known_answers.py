"""Encoders whose answer is known go through the public surface and come out as they must."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from grounding.activations import extract
from grounding.encoders import load_encoder
from grounding.rsa import compare, permutation_test, rdm, score_models, transcript_ceiling
from grounding.spaces import space
from grounding.stimuli import read_stimuli


@pytest.fixture(scope="module")
def stimuli(toy_folder):
    return read_stimuli(str(toy_folder))


@pytest.fixture(scope="module")
def tract(stimuli):
    return space("articulation", stimuli).rdm()


def layers_of(encoder, stimuli, metric, pooling="trajectory"):
    acts = extract(encoder, stimuli, pooling=pooling)
    return [rdm(acts.layer(layer), acts.ids, metric=metric) for layer in acts.layers]


@pytest.mark.parametrize("metric", ["euclidean", "correlation"])
def test_the_oracle_reaches_the_transcript_ceiling_within_its_interval(stimuli, tract, metric):
    rng = np.random.default_rng(0)
    ceiling = transcript_ceiling(tract, stimuli.transcripts, measure="rho-a", n=200, rng=rng)
    scores = score_models(
        {"oracle": layers_of(load_encoder("oracle"), stimuli, metric)},
        tract,
        measure="rho-a",
        groups=stimuli.transcripts,
        pairs="between",
        n=200,
        rng=rng,
    )
    low, high = scores.of("oracle").interval(0.95)
    assert high >= ceiling.between.estimate
    if metric == "euclidean":
        # In the space's own metric it is the space, but for eight slices in place of twenty.
        assert low > 0.99


def test_the_oracle_in_the_metric_of_the_space_is_the_space(stimuli, tract):
    (layer,) = layers_of(load_encoder("oracle"), stimuli, "euclidean")
    assert compare(layer, tract, measure="rho-a") > 0.995


def test_the_oracle_hears_what_no_transcript_tells(stimuli, tract):
    (layer,) = layers_of(load_encoder("oracle"), stimuli, "euclidean")
    within = compare(layer, tract, measure="rho-a", pairs="within", groups=stimuli.transcripts)
    assert within > 0.9


def test_noise_reaches_nothing_p_is_uniform_over_200_seeds(stimuli, tract):
    p = []
    for seed in range(200):
        layers = layers_of(load_encoder("noise", seed=seed), stimuli, "correlation", "mean")
        test = permutation_test(
            layers,
            tract,
            measure="rho-a",
            n=99,
            rng=np.random.default_rng(seed),
            groups=stimuli.transcripts,
        )
        p.append(test.p_max.min())  # the best of three layers, the maximum inside the null
    # p comes in steps of 1/100: half a step off moves the mean of a uniform to .505.
    assert kstest(np.array(p) - 0.005, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_taking_the_best_layer_outside_the_null_would_not_be_uniform(stimuli, tract):
    p = []
    for seed in range(60):
        layers = layers_of(load_encoder("noise", seed=seed), stimuli, "correlation", "mean")
        test = permutation_test(
            layers, tract, measure="rho-a", n=99, rng=np.random.default_rng(seed)
        )
        p.append(test.p.min())
    assert kstest(np.array(p) - 0.005, "uniform").pvalue < 0.01
