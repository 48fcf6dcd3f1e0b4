"""Alignment of an RDM's axes: against scipy, what it ignores, planted coordinates and a null."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group

from grounding.errors import UserError
from grounding.rsa import RDM, Sampled, rdm
from grounding.rsa.alignment import align, held_out_axes, principal_points
from grounding.rsa.grouping import average


def made(seed, n=40, noise=0.0, width=2):
    """Return coordinates, and points that are these rotated, scaled and moved, with noise."""
    rng = np.random.default_rng(seed)
    targets = rng.normal(size=(n, 2)) * (2.0, 1.0)
    turn = ortho_group.rvs(width, random_state=seed)
    points = np.pad(targets, ((0, 0), (0, width - 2))) @ turn
    return targets, 7.0 * points + 3.0 + noise * rng.normal(size=points.shape)


def rdm_of(points, metric="squared-euclidean"):
    return rdm(points, [f"s{k}" for k in range(len(points))], metric=metric)


def held_out(points, targets, seed=0, **choices):
    choices = {"splits": 3, "n": 40} | choices
    return held_out_axes(points, targets, **choices, rng=np.random.default_rng(seed))


def test_principal_points_are_those_of_the_singular_values():
    points = np.random.default_rng(0).normal(size=(20, 5))
    found = principal_points(rdm_of(points), 3)
    u, s, _ = np.linalg.svd(points - points.mean(0), full_matrices=False)
    expected = (u * s)[:, :3] / np.linalg.norm(s)
    signs = np.sign(np.sum(found * expected, axis=0))
    np.testing.assert_allclose(found * signs, expected, atol=1e-10)


@pytest.mark.parametrize("metric", ["squared-euclidean", "euclidean"])
def test_squared_distances_are_averaged_over_realisations(metric):
    a, b = np.random.default_rng(0).normal(size=(2, 20, 3))
    both = principal_points(rdm_of(np.hstack([a, b])), 4)
    one = rdm_of(np.vstack([a, b]), metric)
    apart = principal_points(one, 4, (one.ids[:20], one.ids[20:]))
    np.testing.assert_allclose(np.abs(apart), np.abs(both), atol=1e-10)


def test_an_alignment_is_scipys_and_undoes_rotation_scale_and_place():
    targets, points = made(1)
    np.testing.assert_allclose(align(points, targets)(points), targets, atol=1e-10)
    targets, points = made(2, noise=5.0)
    fitted = align(points, targets)
    centred, known = points - points.mean(0), targets - targets.mean(0)
    rotation, total = orthogonal_procrustes(centred, known)
    np.testing.assert_allclose(fitted.rotation, rotation, atol=1e-10)
    assert fitted.scale == pytest.approx(total / np.sum(centred**2))


def test_more_axes_than_coordinates_are_projected():
    targets, points = made(3, width=5)
    np.testing.assert_allclose(align(points, targets)(points), targets, atol=1e-10)


def test_planted_coordinates_are_found_on_stimuli_that_were_held_out():
    targets, points = made(4)
    found = held_out([points], targets)
    assert [one.estimate for one in found.coordinates] == pytest.approx([1.0, 1.0])
    np.testing.assert_allclose(found.placed, targets, atol=1e-10)
    mirrored = held_out([points * (1.0, -1.0)], targets)
    assert [one.estimate for one in mirrored.coordinates] == pytest.approx([1.0, 1.0])


def test_a_shear_breaks_what_a_rotation_leaves():
    targets, _ = made(5)
    sheared = targets @ np.array([[1.0, 0.0], [3.0, 1.0]])
    assert held_out([sheared], targets).coordinates[1].estimate < 0.95


def test_points_that_know_nothing_score_about_nothing():
    targets, _ = made(6, n=60)
    values = []
    for seed in range(20):
        points = np.random.default_rng(100 + seed).normal(size=(60, 2))
        values.append([one.estimate for one in held_out([points], targets, n=20).coordinates])
    assert np.abs(np.mean(values, axis=0)).max() < 0.1
    assert np.abs(values).max() < 0.5


def test_the_layer_is_chosen_on_the_half_that_is_fitted():
    targets, points = made(7, noise=1.0)
    noise = np.random.default_rng(0).normal(size=points.shape)
    found = held_out([noise, points], targets)
    assert found.layers == (0, 6)  # both halves of three splits
    assert found.coordinates[0].estimate > 0.95


def test_one_state_of_the_generator_gives_paired_samples_and_an_interval_holds_the_estimate():
    targets, points = made(8, noise=6.0)
    one, other = (held_out([p], targets, n=200) for p in (points, 5.0 * points))
    for a, b in zip(one.coordinates, other.coordinates, strict=True):
        np.testing.assert_allclose(a.samples, b.samples)
        low, high = a.interval(0.95)
        assert low < a.estimate < high


def test_what_cannot_be_aligned_is_refused():
    targets, points = made(9)
    with pytest.raises(UserError, match="there is no layer to choose from"):
        held_out([], targets)
    with pytest.raises(UserError, match="39 points for 40 targets"):
        held_out([points[1:]], targets)
    with pytest.raises(UserError, match="1 axes cannot tell 2 coordinates"):
        align(points[:, :1], targets)
    with pytest.raises(UserError, match="aligning needs 6 stimuli or more, found 5"):
        held_out([points[:5]], targets[:5])
    with pytest.raises(UserError, match="9 axes were asked for; these points have 1 to 2"):
        principal_points(rdm_of(points), 9)
    with pytest.raises(UserError, match=r"realisations of \[19, 20\] things are not of the same"):
        one = rdm_of(points)
        principal_points(one, 2, (one.ids[:20], one.ids[21:]))
    with pytest.raises(UserError, match="metric 'spearman' has no points; take one of euclidean"):
        principal_points(RDM(np.ones(3), ("a", "b", "c"), "spearman"), 2)


def test_an_average_is_paired_and_refuses_what_cannot_be():
    ones = [Sampled(float(k), np.full(30, float(k))) for k in (1, 3)]
    assert average(ones).estimate == 2.0
    assert (average(ones).samples == 2.0).all()
    for other in ([], [ones[0], Sampled(0.0, np.zeros(9))]):
        with pytest.raises(UserError, match="an average needs numbers with equally many samples"):
            average(other)
