"""Trajectories: exact slices of time, distances in the unit of the features, warping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grounding.errors import UserError
from grounding.rsa import dtw_rdm, time_normalise, trajectory_rdm

IDS = ("a", "b", "c")


def walk(seed: int, steps: int, width: int = 3) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(size=(steps, width)), axis=0)


@given(st.integers(1, 40), st.integers(1, 25))
def test_slices_equal_a_repetition_of_every_frame(steps, bins):
    frames = walk(steps, steps)
    fine = np.repeat(frames, bins, axis=0)  # steps x bins rows: each slice is `steps` of them
    slow = fine.reshape(bins, steps, 3).mean(1)
    assert np.allclose(time_normalise(frames, bins), slow, atol=1e-12)


@given(st.integers(1, 40), st.integers(1, 25), st.floats(-1e6, 1e6))
def test_constant_frames_come_back_exactly(steps, bins, value):
    assert (time_normalise(np.full((steps, 2), value), bins) == value).all()


def test_speaking_rate_is_taken_off_and_order_is_not():
    frames = walk(0, 30)
    slow = np.repeat(frames, 3, axis=0)
    assert np.allclose(time_normalise(frames, 10), time_normalise(slow, 10))
    assert not np.allclose(time_normalise(frames, 10), time_normalise(frames[::-1], 10))


def test_trajectory_distance_is_a_root_mean_square_in_the_unit_of_the_features():
    frames = [np.zeros((5, 2)), np.full((9, 2), [3.0, 4.0]), np.full((2, 2), [0.0, 1.0])]
    for bins in (1, 7):
        made = trajectory_rdm(frames, IDS, bins=bins)
        assert np.allclose(made.values, [5.0, 1.0, np.sqrt(18.0)], rtol=1e-12)
    assert made.metric == "trajectory (7 slices)"
    scaled = trajectory_rdm(frames, IDS, bins=4, scale=np.array([3.0, 4.0]))
    assert np.allclose(scaled.values[0], np.sqrt(2.0))


def test_warping_equals_a_slow_loop():
    frames = [walk(seed, steps) for seed, steps in enumerate((4, 9, 7))]
    slow = []
    for a, b in ((0, 1), (0, 2), (1, 2)):
        one, other = frames[a], frames[b]
        path = np.full((len(one) + 1, len(other) + 1), np.inf)
        path[0, 0] = 0.0
        for t in range(len(one)):
            for u in range(len(other)):
                cost = np.linalg.norm(one[t] - other[u])
                path[t + 1, u + 1] = min(
                    path[t, u] + 2 * cost, path[t, u + 1] + cost, path[t + 1, u] + cost
                )
        slow.append(path[-1, -1] / (len(one) + len(other)))
    assert np.allclose(dtw_rdm(frames, IDS).values, slow, rtol=1e-12)


def test_warping_forgives_a_held_frame_that_slices_of_time_do_not():
    frames = walk(1, 12)
    held = np.insert(frames, 3, np.repeat(frames[3:4], 9, axis=0), axis=0)
    pair = [frames, held, walk(2, 12)]
    assert dtw_rdm(pair, IDS).values[0] == pytest.approx(0.0, abs=1e-12)
    assert trajectory_rdm(pair, IDS, bins=12).values[0] > 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: time_normalise(np.ones((3, 2)), 0), "bins must be 1 or more, found 0"),
        (lambda: time_normalise(np.ones((0, 2)), 4), r"frames must be \(step, feature\)"),
        (lambda: time_normalise(np.full((3, 2), np.nan), 4), "frames are not finite"),
        (lambda: trajectory_rdm([walk(0, 3)], IDS, bins=3), "3 ids need as many arrays"),
        (
            lambda: trajectory_rdm([walk(0, 3), walk(0, 3), walk(0, 3, 2)], IDS, bins=3),
            r"same number of features, found \[2, 3\]",
        ),
        (
            lambda: dtw_rdm([walk(0, 3)] * 3, IDS, scale=np.array([1.0, 0.0, 1.0])),
            "scale must be 3 positive numbers",
        ),
        (
            lambda: dtw_rdm([walk(0, 3), np.full((2, 3), np.inf), walk(0, 3)], IDS),
            "the frames of 'b' are not finite",
        ),
    ],
)
def test_frames_that_cannot_be_used_are_refused(call, message):
    with pytest.raises(UserError, match=message):
        call()
