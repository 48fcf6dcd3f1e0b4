"""Procrustes similarity: against scipy on the points, its invariances and what breaks them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group

from grounding.errors import UserError
from grounding.rsa import rdm
from grounding.rsa.procrustes import procrustes_similarity


def points(seed: int, n: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)) * rng.uniform(0.5, 2.0, width) + rng.normal(size=width)


def similarity(x: np.ndarray, y: np.ndarray) -> float:
    vectors = (pdist(one, "sqeuclidean")[None] for one in (x, y))
    return float(procrustes_similarity(*vectors)[0, 0])


@pytest.mark.parametrize("n", [4, 20, 60])
@pytest.mark.parametrize("widths", [(1, 1), (3, 3), (3, 30), (80, 50)])
def test_it_is_the_cosine_of_centred_points_after_the_best_rotation(n, widths):
    x, y = points(0, n, widths[0]), points(1, n, widths[1])
    centred = [one - one.mean(0) for one in (x, y)]
    wide = max(widths)
    padded = [np.pad(one, ((0, 0), (0, wide - one.shape[1]))) for one in centred]
    a, b = (one / np.linalg.norm(one) for one in padded)
    rotation, total = orthogonal_procrustes(a, b)
    found = similarity(x, y)
    assert found == pytest.approx(total, abs=1e-10)
    assert found == pytest.approx(np.sum((a @ rotation) * b), abs=1e-10)
    assert 2.0 - 2.0 * found == pytest.approx(np.sum((a @ rotation - b) ** 2), abs=1e-10)
    assert 1.0 - found**2 == pytest.approx(procrustes(*padded)[2], abs=1e-10)


def test_metrics_that_are_squared_distances_are_taken_and_equal_the_points():
    features = points(0, 25, 6)
    ids = [f"s{i}" for i in range(25)]
    other = points(1, 25, 4)
    rows = features - features.mean(1, keepdims=True)
    on_sphere = {
        "squared-euclidean": features,
        "cosine": features / np.linalg.norm(features, axis=1, keepdims=True),
        "correlation": rows / np.linalg.norm(rows, axis=1, keepdims=True),
    }
    reference = pdist(other, "sqeuclidean")[None]
    for metric, embedded in on_sphere.items():
        values = rdm(features, ids, metric=metric).values[None]
        found = procrustes_similarity(values, reference)[0, 0]
        assert found == pytest.approx(similarity(embedded, other), abs=1e-10)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 100.0), shear=st.floats(0.5, 3.0))
def test_rotation_reflection_translation_and_scale_are_free_and_a_shear_is_not(seed, scale, shear):
    x, y = points(seed, 12, 3), points(seed + 1, 12, 4)
    plain = similarity(x, y)
    rotation = ortho_group.rvs(3, random_state=seed)  # of both signs
    rng = np.random.default_rng(seed)
    assert similarity(scale * x @ rotation + rng.normal(size=3), y) == pytest.approx(plain)
    assert similarity(x * [1.0, 1.0, -1.0], y) == pytest.approx(plain)
    moved = x @ rotation
    assert similarity(moved, x) == pytest.approx(1.0, abs=1e-12)
    moved[:, 0] += shear * moved[:, 1]
    assert similarity(moved, x) < 1.0 - 1e-4


def test_exchanged_stimuli_and_added_constants_are_not_free():
    x, y = points(0, 20, 3), points(1, 20, 3)
    plain = similarity(x, y)
    assert similarity(x, y) == pytest.approx(similarity(y, x), abs=1e-13)
    order = np.random.default_rng(0).permutation(20)
    assert similarity(x[order], y[order]) == pytest.approx(plain, abs=1e-12)
    assert abs(similarity(x[order], y) - plain) > 1e-3
    values, other = pdist(x, "sqeuclidean")[None], pdist(y, "sqeuclidean")[None]
    assert abs(procrustes_similarity(values + 1.0, other)[0, 0] - plain) > 1e-3


@pytest.mark.parametrize("width", [2, 40])
def test_single_precision_moves_it_by_no_more_than_its_rounding(width):
    x, y = (pdist(points(seed, 100, width), "sqeuclidean")[None] for seed in (0, 1))
    exact = procrustes_similarity(x, y)
    rounded = procrustes_similarity(*(one.astype(np.float32) for one in (x, y)))
    assert np.allclose(exact, rounded, atol=1e-5)


def test_unrelated_sets_are_far_above_zero_and_more_so_in_many_dimensions():
    def unrelated(width):
        sets = [
            np.stack([pdist(points(at + seed, 20, width), "sqeuclidean") for seed in range(6)])
            for at in (0, 100)
        ]
        return procrustes_similarity(*sets)

    assert unrelated(1).mean() < 0.3 < 0.8 < unrelated(50).mean()
    x = points(0, 20, 50)
    assert similarity(x, x + 0.3 * points(1, 20, 50)) > unrelated(50).max()


def test_each_model_with_each_reference_as_if_alone():
    models = np.stack([pdist(points(seed, 15, 4), "sqeuclidean") for seed in range(3)])
    references = np.stack([pdist(points(seed, 15, 2), "sqeuclidean") for seed in (5, 6)])
    found = procrustes_similarity(models, references)
    assert found.shape == (3, 2)
    assert procrustes_similarity(models[2:], references[1:])[0, 0] == found[2, 1]
    assert ((found >= 0.0) & (found <= 1.0)).all()


def test_dissimilarities_that_no_points_have_are_refused():
    good = pdist(points(0, 10, 3), "sqeuclidean")
    with pytest.raises(
        UserError, match=r"model 1 does not hold squared .* take metric 'squared-euclidean', 'cor"
    ):
        procrustes_similarity(np.stack([good, good**2]), good[None])
    with pytest.raises(UserError, match=r"reference 0 does not hold squared Euclidean distances"):
        procrustes_similarity(good[None], -good[None])


def test_plain_distances_pass_unnoticed_as_those_of_other_points():
    # A trap that the docstring states: roots of Euclidean distances are distances too.
    x, y = points(0, 15, 3), points(1, 15, 3)
    plain = procrustes_similarity(pdist(x)[None], pdist(y, "sqeuclidean")[None])[0, 0]
    assert abs(plain - similarity(x, y)) > 1e-3


def test_points_that_are_all_one_have_no_similarity():
    x = pdist(points(0, 6, 2), "sqeuclidean")[None]
    assert np.isnan(procrustes_similarity(np.zeros((1, 15)), x)[0, 0])
    assert np.isnan(procrustes_similarity(x, np.zeros((1, 15)))[0, 0])
