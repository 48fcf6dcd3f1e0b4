"""The physical spaces: hand-computed millimetres, invariances and their near-misses."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.rsa import rdm, time_normalise
from grounding.spaces import articulation as physical
from grounding.spaces import space
from grounding.spaces.frames import TRAJECTORY_BINS
from grounding.spaces.warping import dtw_distances

CHANNELS = tuple(
    f"{point}.{axis}" for point in ("UL", "LL", "JAW", "TT", "TB", "TD") for axis in "xy"
)
FLESH_SPACES = {
    "articulation": physical.articulation_rdm,
    "articulation-scaled": physical.articulation_scaled_rdm,
    "articulation-dtw": physical.articulation_dtw_rdm,
    "articulation-mean": physical.articulation_mean_rdm,
}


def wander(seed, frames=40, channels=12):
    """Return a smooth random trajectory, a few units in size."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((frames, channels))
    return np.cumsum(steps, axis=0) + 5.0 * rng.standard_normal(channels)


def flesh_set(make_set, *trajectories):
    return make_set(len(trajectories), [{"flesh": one} for one in trajectories])


def pairs(made):
    """Return the distances of pairs (0, 1), (0, 2), (1, 2) of three stimuli."""
    return dict(zip([(0, 1), (0, 2), (1, 2)], made.values, strict=True))


# Hand-computed scale


@pytest.mark.parametrize("name", ["articulation", "articulation-dtw", "articulation-mean"])
def test_a_point_three_and_four_millimetres_away_is_five_millimetres_away(make_set, name):
    still = np.zeros((30, 12))
    moved = still.copy()
    moved[:, 6:8] = [3.0, 4.0]
    far = pairs(FLESH_SPACES[name](flesh_set(make_set, still, moved, 2 * moved)))
    assert far == pytest.approx({(0, 1): 5.0, (0, 2): 10.0, (1, 2): 5.0})


def test_half_the_time_at_a_distance_is_root_half_of_it(make_set):
    still = np.zeros((40, 12))
    late = still.copy()
    late[20:, 0] = 6.0
    stimuli = flesh_set(make_set, still, late, still + 1.0)
    trajectory = pairs(physical.articulation_rdm(stimuli))
    posture = pairs(physical.articulation_mean_rdm(stimuli))
    assert trajectory[0, 1] == pytest.approx(6.0 / np.sqrt(2.0))
    assert posture[0, 1] == pytest.approx(3.0)


def test_area_counts_in_natural_log_units_and_closure_as_closed(make_set):
    open_tube = np.log(np.full((20, 40), 2.0))
    wider = open_tube + 1.0
    closed, tighter = open_tube.copy(), open_tube.copy()
    closed[:, 39], tighter[:, 39] = np.log(1e-4), np.log(1e-9)
    near_miss = open_tube.copy()
    near_miss[:, 39] = np.log(0.02)
    tubes = [open_tube, wider, closed, tighter]
    made = physical.area_function_rdm(make_set(4, [{"area": tube} for tube in tubes]))
    square = made.square()
    assert square[0, 1] == pytest.approx(1.0)
    assert square[2, 3] == 0.0
    assert square[0, 2] == pytest.approx(np.log(200.0) / np.sqrt(40.0))
    tubes = [open_tube, near_miss, closed]
    made = physical.area_function_rdm(make_set(3, [{"area": tube} for tube in tubes]))
    assert pairs(made)[1, 2] == pytest.approx(np.log(2.0) / np.sqrt(40.0), rel=1e-5)


# Independent oracles


def slow_bins(frames, bins):
    """Integrate the frames as a step function, on a grid that every cut falls on."""
    fine = np.repeat(frames.astype(float), bins, axis=0)
    return fine.reshape(bins, len(frames), -1).mean(1)


def slow_dtw(one, other, radius):
    steps = len(one)
    best = {(-1, -1): 0.0}
    for i in range(steps):
        for j in range(steps):
            if abs(i - j) > radius:
                continue
            local = float(np.linalg.norm(one[i] - other[j]))
            best[i, j] = min(
                best.get((i - 1, j), np.inf) + local,
                best.get((i, j - 1), np.inf) + local,
                best.get((i - 1, j - 1), np.inf) + 2 * local,
            )
    return best[steps - 1, steps - 1] / (2 * steps)


@pytest.fixture
def four(make_set):
    """Four trajectories of different lengths, one shorter than the number of slices."""
    return flesh_set(make_set, *(wander(i, n) for i, n in enumerate((13, 40, 77, 100))))


def test_trajectory_distances_agree_with_a_slow_loop(four):
    slices = [slow_bins(s.articulation["flesh"].values, TRAJECTORY_BINS) for s in four]
    expected = [
        np.sqrt(np.mean([np.sum((a - b) ** 2) for a, b in zip(slices[i], slices[j], strict=True)]))
        for i in range(4)
        for j in range(i + 1, 4)
    ]
    assert physical.articulation_rdm(four).values == pytest.approx(expected)


@pytest.mark.parametrize("radius", [0, 1, 5, 40])
def test_warped_distances_agree_with_a_slow_loop(radius):
    values = np.stack([wander(i, 20, 3) for i in range(6)])
    fast = dtw_distances(values, radius=radius)
    slow = [slow_dtw(values[i], values[j], radius) for i in range(6) for j in range(i + 1, 6)]
    assert fast == pytest.approx(slow)


def test_scaled_distances_agree_with_a_slow_loop(four):
    slices = np.stack([slow_bins(s.articulation["flesh"].values, TRAJECTORY_BINS) for s in four])
    spread = slices.reshape(-1, 12).std(0)
    expected = [
        np.sqrt(np.mean(np.sum(((slices[i] - slices[j]) / spread) ** 2, axis=1)))
        for i in range(4)
        for j in range(i + 1, 4)
    ]
    assert physical.articulation_scaled_rdm(four).values == pytest.approx(expected)


@pytest.mark.parametrize(("bins", "least"), [(TRAJECTORY_BINS, 1 - 1e-12), (8, 0.95)])
def test_features_that_are_the_tract_agree_with_the_space(make_set, bins, least):
    rng = np.random.default_rng(5)
    stimuli = make_set(
        24,
        [{"flesh": wander(i, int(rng.integers(30, 90)))} for i in range(24)],
    )
    features = [time_normalise(s.articulation["flesh"].values, bins).ravel() for s in stimuli]
    oracle = rdm(np.stack(features), stimuli.ids, metric="euclidean")
    space = physical.articulation_rdm(stimuli)
    assert np.corrcoef(oracle.values, space.values)[0, 1] >= least
    noise = rdm(rng.standard_normal((24, 96)), stimuli.ids, metric="euclidean")
    assert abs(np.corrcoef(noise.values, space.values)[0, 1]) < 0.3


# Invariances, each with the near-miss that breaks it


@pytest.mark.parametrize("name", FLESH_SPACES)
def test_stretching_in_time_changes_nothing_but_holding_the_start_does(make_set, name):
    spoken = wander(1)
    slow = np.repeat(spoken, 3, axis=0)
    held = np.concatenate([np.repeat(spoken[:1], 20, axis=0), spoken])
    far = pairs(FLESH_SPACES[name](flesh_set(make_set, spoken, slow, held)))
    assert far[0, 1] == pytest.approx(0.0, abs=1e-5)
    assert far[0, 2] > 0.1


def test_a_warp_of_time_vanishes_under_warping_alone(make_set):
    spoken = wander(2, 100)
    warp = np.round(99 * (np.arange(100) / 99) ** 1.25).astype(int)
    away = spoken + np.eye(12)[0] * 8.0
    stimuli = flesh_set(make_set, spoken, spoken[warp], away)
    plain, warped = (pairs(FLESH_SPACES[n](stimuli)) for n in ("articulation", "articulation-dtw"))
    assert warped[0, 1] < 0.4 * plain[0, 1]
    assert warped[0, 2] > 0.5 * plain[0, 2]


def test_more_freedom_to_warp_never_makes_a_distance_larger():
    values = np.stack([wander(i, 20, 3) for i in range(8)])
    distances = [dtw_distances(values, radius=radius) for radius in (0, 2, 5, 20)]
    assert all((wide <= narrow + 1e-12).all() for narrow, wide in pairwise(distances))
    # Without freedom it is the mean over time of the distances at equal moments.
    first, second = np.triu_indices(8, 1)
    plain = np.linalg.norm(values[first] - values[second], axis=2).mean(1)
    assert distances[0] == pytest.approx(plain)


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("articulation", True),
        ("articulation-dtw", True),
        ("articulation-mean", True),
        ("articulation-scaled", False),
    ],
)
def test_distances_in_mm_are_those_of_any_subset(four, name, same):
    build = FLESH_SPACES[name]
    kept = four.ids[:3]
    of_all, of_some = build(four).select(kept).values, build(four.select(kept)).values
    assert np.allclose(of_all, of_some, rtol=1e-9) == same


def test_units_of_a_variable_drop_out_of_tract_variables_alone(make_set):
    metres = [wander(i, 40, 3) for i in range(3)]
    other = [values * [1.0, 10.0, 1.0] for values in metres]
    first, second = (
        physical.tract_variables_rdm(make_set(3, [{"variables": v} for v in several]))
        for several in (metres, other)
    )
    assert first.values == pytest.approx(second.values, rel=1e-5)
    in_mm, scaled = (
        physical.articulation_rdm(flesh_set(make_set, *several)) for several in (metres, other)
    )
    assert not np.allclose(in_mm.values, scaled.values, rtol=1e-2)


def test_a_variable_that_never_moves_adds_nothing(make_set):
    moving = [wander(i, 40, 2) for i in range(3)]
    with_still = [np.column_stack([v, np.full(40, 0.1)]) for v in moving]
    two = physical.tract_variables_rdm(make_set(3, [{"variables": v} for v in moving]))
    three = physical.tract_variables_rdm(make_set(3, [{"variables": v} for v in with_still]))
    assert three.values == pytest.approx(two.values * np.sqrt(2 / 3), rel=1e-5)


# What a set may lack


MISSING = {
    "flesh": physical.articulation_missing,
    "area": physical.area_function_missing,
    "variables": physical.tract_variables_missing,
}


def test_sets_that_have_the_stream_lack_nothing(make_set):
    streams = [{name: wander(i) for name in MISSING} for i in range(3)]
    stimuli = make_set(3, streams)
    assert [missing(stimuli) for missing in MISSING.values()] == [None] * 3


@pytest.mark.parametrize("stream", MISSING)
def test_the_first_stimulus_without_articulation_is_named_and_all_are_counted(make_set, stream):
    stimuli = make_set(4, [{stream: wander(0)}, None, {stream: wander(0)}, None])
    reason = MISSING[stream](stimuli)
    assert "'s1' has no articulation (2 of 4" in reason and "manifest" in reason


@pytest.mark.parametrize("stream", MISSING)
def test_a_missing_stream_is_named_with_those_there_are(make_set, stream):
    held = {name: wander(0) for name in MISSING if name != stream}
    reason = MISSING[stream](make_set(3, [held] * 3))
    there = ", ".join(repr(name) for name in sorted(held))
    assert f"stimulus 's0': its articulation has no stream {stream!r}, only {there}" in reason


def test_another_unit_is_a_reason_and_no_guess_is_made(make_set):
    in_cm = (wander(0), CHANNELS, ("cm",) * 12)
    reason = physical.articulation_missing(make_set(3, [{"flesh": in_cm}] * 3))
    assert "'flesh' is in 'cm', needed 'mm'" in reason


def test_a_later_stimulus_in_another_unit_stops_the_building(make_set):
    in_cm = (wander(0), CHANNELS, ("cm",) * 12)
    stimuli = make_set(3, [{"flesh": wander(0)}, {"flesh": wander(1)}, {"flesh": in_cm}])
    with pytest.raises(UserError, match="'s2': its articulation stream 'flesh' is in 'cm'"):
        physical.articulation_rdm(stimuli)


def test_other_channels_than_the_first_stimulus_has_stop_the_building(make_set):
    swapped = (wander(0), CHANNELS[::-1], ("mm",) * 12)
    stimuli = make_set(3, [{"flesh": wander(0)}, {"flesh": swapped}, {"flesh": wander(1)}])
    with pytest.raises(
        UserError, match=r"'s1': its articulation stream 'flesh' has channels TD\.y"
    ):
        physical.articulation_rdm(stimuli)


def test_a_negative_radius_is_refused():
    with pytest.raises(UserError, match="radius must be 0 or more steps, found -1"):
        dtw_distances(np.zeros((3, 4, 2)), radius=-1)


def test_tract_length_is_the_log_ratio_of_mean_lengths_and_blind_to_posture(make_set):
    short, long = np.full((10, 40), 0.40), np.full((10, 40), 0.44)
    moving = short.copy()
    moving[:, :20] += 0.05
    moving[:, 20:] -= 0.05
    streams = [{"section_length": values} for values in (short, long, moving)]
    found = space("tract-length", make_set(3, streams)).rdm()
    assert found.values == pytest.approx([np.log(1.1), 0.0, np.log(1.1)], abs=1e-6)
