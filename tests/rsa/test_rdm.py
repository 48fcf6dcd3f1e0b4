"""RDMs and metrics: against scipy and rsatoolbox, exact zeros and ties, in little memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from grounding.errors import StimulusMismatch, UnknownName, UserError
from grounding.rsa import METRICS, RDM, rdm
from grounding.rsa.metrics import TILE, distances_of_products, equal_rows, rearrange
from grounding.rsa.rdm import CHUNK, check_ids

SCIPY = {
    "correlation": "correlation",
    "cosine": "cosine",
    "euclidean": "euclidean",
    "squared-euclidean": "sqeuclidean",
}
IDS = ("a", "b", "c", "d")
MANY = 2 * TILE + 7  # more than two tiles


def features(seed: int = 0, n: int = 30, width: int = 17) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width))


def ids(n: int) -> list[str]:
    return [f"s{i}" for i in range(n)]


def most_memory(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("n", [3, 30, TILE, TILE + 1, MANY])
@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_equals_scipy(metric, n):
    x = features(0, n)
    found = rdm(x, ids(n), metric=metric).values
    assert np.allclose(found, pdist(x, SCIPY[metric]), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
def test_any_kind_of_number_in_any_layout_will_do(dtype, order):
    x = np.asarray(10 * features(), dtype=dtype, order=order)
    found = rdm(x, ids(30), metric="euclidean").values
    assert np.allclose(found, pdist(x.astype(float)), rtol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_a_common_offset_costs_no_digits(metric):
    x = features() * 1e-3 + np.linspace(1.0, 2.0, 17)  # all rows nearly parallel
    long = x.astype(np.longdouble)
    if metric in ("correlation", "cosine"):
        long = long - long.mean(1, keepdims=True) if metric == "correlation" else long
        long = long / np.sqrt((long**2).sum(1, keepdims=True))
    i, j = np.triu_indices(30, 1)
    exact = ((long[i] - long[j]) ** 2).sum(1)
    exact = {"euclidean": np.sqrt(exact), "squared-euclidean": exact}.get(metric, exact / 2)
    found = rdm(x, ids(30), metric=metric).values
    assert np.max(np.abs(found - exact) / exact) < 1e-8


@pytest.mark.parametrize("metric", METRICS)
def test_equal_rows_are_at_zero_and_equally_far_from_all_others(metric):
    groups = [0, 1, 0, 2, 1, 3, 0, 4] * 5
    x = features(3, 5, 768)[groups]
    square = rdm(x, ids(40), metric=metric).square()
    same = np.equal.outer(groups, groups)
    assert (square[same] == 0.0).all()
    assert (square[~same] > 0.0).all()
    assert (square[0] == square[2]).all()  # to the bit
    near = x.copy()
    near[2, 0] = np.nextafter(near[2, 0], np.inf)
    assert rdm(near, ids(40), metric="squared-euclidean").square()[0, 2] > 0.0


@pytest.mark.parametrize("metric", METRICS)
def test_equal_rows_are_found_in_other_tiles(metric):
    x = features(3, MANY, 5)
    x[[MANY - 1, 1]] = x[[0, TILE]]
    square = rdm(x, ids(MANY), metric=metric).square()
    assert square[0, MANY - 1] == square[1, TILE] == 0.0
    assert (square[0] == square[MANY - 1]).all()
    assert (square[1] == square[TILE]).all()
    assert np.allclose(squareform(square), pdist(x, SCIPY[metric]), rtol=1e-11, atol=1e-14)


def test_rows_that_share_a_key_are_equal_only_to_the_bit():
    x = features(0, 4, 6)
    rows = np.concatenate([x, -x, np.eye(6), x[::-1], np.zeros((2, 6))])
    rows[-1, 3] = -0.0
    first, which = equal_rows(rows)  # a row and its negative have one key
    assert first.tolist() == [*range(14), 18]
    assert which.tolist() == [*range(14), 3, 2, 1, 0, 14, 14]


@pytest.mark.parametrize("metric", METRICS)
def test_what_cancels_is_restored_in_every_tile(metric):
    x = features(5, MANY, 6)
    places = [(0, 1), (3, TILE + 1), (TILE + 2, MANY - 2), (5, MANY - 1)]
    for i, j in places:
        x[j] = x[i] + 1e-9 * np.arange(6) ** 2
    square = rdm(x, ids(MANY), metric=metric).square()
    long = x.astype(np.longdouble)
    if metric == "correlation":
        long -= long.mean(1, keepdims=True)
    if metric in ("correlation", "cosine"):
        long /= np.sqrt(2.0 * (long**2).sum(1, keepdims=True))
    for i, j in places:
        exact = ((long[i] - long[j]) ** 2).sum()
        exact = np.sqrt(exact) if metric == "euclidean" else exact
        assert abs(square[i, j] / exact - 1.0) < 1e-6  # as exact as the 16 digits of the rows
    centred = x - x.mean(0)
    norms = (centred**2).sum(1)
    product = norms[0] + norms[1] - 2.0 * centred[0] @ centred[1]
    assert abs(product / ((x[0] - x[1]) ** 2).sum() - 1.0) > 0.1  # the product cancels


@pytest.mark.parametrize("metric", METRICS)
def test_float32_keeps_the_distances_that_float64_work_gives(metric):
    x = np.repeat(features(4, MANY, 9), 2, axis=0)[: MANY + 9]
    x[7] += 1e-9
    whole, kept = (
        rdm(x, ids(MANY + 9), metric=metric, dtype=dtype) for dtype in ("float64", "float32")
    )
    assert (whole.values.dtype, kept.values.dtype) == (np.float64, np.float32)
    assert (kept.values == whole.values.astype(np.float32)).all()
    assert not (kept.values == whole.values).all()


def test_work_needs_little_memory_beside_the_result():
    n, width = 3000, 20
    x, names = features(0, n, width), ids(n)
    result = n * (n - 1) // 2 * 4
    tiles = 3 * TILE * n * 8 + 3 * x.nbytes + (1 << 20)
    made = rdm(x, names, metric="correlation", dtype="float32")
    assert (
        most_memory(lambda: rdm(x, names, metric="correlation", dtype="float32")) < result + tiles
    )
    assert most_memory(lambda: made.select(names[::-1])) < result + tiles
    assert most_memory(made.square) < 2.1 * result
    assert most_memory(lambda: RDM(made.values, made.ids, "m")) < tiles  # nothing is copied
    # What pairs of indices would need is more than all that.
    assert most_memory(lambda: np.triu_indices(n, 1)) > result + tiles


@pytest.mark.parametrize("metric", METRICS)
def test_minus_zero_is_zero(metric):
    x = np.array([[0.0, 1.0, 2.0], [-0.0, 1.0, 2.0], [1.0, 0.0, 2.0]])
    assert rdm(x, "abc", metric=metric).values[0] == 0.0


def test_invariances_and_the_near_misses_that_break_them():
    x = features()
    scale = np.linspace(0.5, 2.0, 30)[:, None]

    def same(y, metric):
        one, other = (rdm(z, ids(30), metric=metric).values for z in (x, y))
        return np.allclose(one, other, rtol=1e-9, atol=1e-12)

    assert same(x * scale + scale, "correlation")
    assert not same(x * -scale[::-1] * np.where(np.arange(30) % 2, 1, -1)[:, None], "correlation")
    assert same(x * scale, "cosine")
    assert not same(x * scale + 1.0, "cosine")
    assert same(x + np.arange(17.0), "euclidean")
    assert not same(x * scale, "euclidean")


@pytest.mark.parametrize("metric", METRICS)
def test_no_distance_is_negative(metric):
    x = np.repeat(features(1, 10, 50), 3, axis=0)
    x *= 1.0 + 1e-12 * np.random.default_rng(0).normal(size=x.shape)
    assert (rdm(x, ids(30), metric=metric).values >= 0.0).all()


def test_rsatoolbox_makes_the_same_rdm_and_round_trips():
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    x = features()
    ours = rdm(x, ids(30), metric="correlation", name="layer 3")
    theirs = calc_rdm(Dataset(x), method="correlation")
    assert np.allclose(ours.values, theirs.dissimilarities[0], atol=1e-12)
    back = RDM.from_rsatoolbox(ours.to_rsatoolbox())
    assert (back.values == ours.values).all()
    assert (back.ids, back.metric, back.name) == (ours.ids, ours.metric, ours.name)


def test_one_of_several_rsatoolbox_rdms_is_asked_for_by_row():
    from rsatoolbox.rdm import RDMs

    values = np.arange(12.0).reshape(2, 6)
    several = RDMs(values, pattern_descriptors={"word": list(IDS)})
    assert (RDM.from_rsatoolbox(several, row=1, descriptor="word").values == values[1]).all()
    with pytest.raises(UserError, match="there are 2 RDMs here: give row=0 to 1"):
        RDM.from_rsatoolbox(several, descriptor="word")
    with pytest.raises(UserError, match="row 2 is out of range: there are 2 RDMs"):
        RDM.from_rsatoolbox(several, row=2, descriptor="word")
    with pytest.raises(UserError, match=r"no pattern descriptor 'id'.*Known: index, word"):
        RDM.from_rsatoolbox(several)


@given(st.permutations(range(6)), st.integers(3, 6))
def test_selecting_takes_rows_and_columns_together(order, count):
    x = features(2, 6, 4)
    whole = rdm(x, ids(6), metric="euclidean")
    chosen = order[:count]
    part = whole.select([ids(6)[i] for i in chosen])
    assert part.ids == tuple(ids(6)[i] for i in chosen)
    assert np.allclose(part.values, pdist(x[chosen]), rtol=1e-12)
    assert (squareform(part.square()) == part.values).all()


def test_places_may_come_twice_and_are_at_zero_from_themselves():
    x = features(2, 6, 4)
    places = np.array([5, 0, 0, 3, 5, 1])
    found = rearrange(pdist(x), 6, places)
    assert np.allclose(found, pdist(x[places]), rtol=1e-12)
    assert (rearrange(pdist(x), 6, np.arange(6)) == pdist(x)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float32_and_float64_stay_what_they_are(dtype):
    made = RDM(np.arange(6, dtype=dtype), IDS, "x")
    assert made.values.dtype == made.square().dtype == dtype
    assert made.select(["d", "a", "b"]).values.dtype == dtype
    assert made.select(["d", "a", "b"]).values.tolist() == [2.0, 4.0, 0.0]
    assert RDM.from_rsatoolbox(made.to_rsatoolbox()).values.dtype == dtype


@pytest.mark.parametrize("values", [range(6), np.arange(6, dtype=np.float16), [True] * 6])
def test_all_other_numbers_become_float64(values):
    assert RDM(values, IDS, "x").values.dtype == np.float64


def test_products_of_two_sides_equal_a_slow_loop_and_may_be_negative():
    one, other = features(0, MANY, 4), features(1, MANY, 4)
    left, right = np.hstack([one, other]), np.hstack([other, one])
    found = distances_of_products(left, right)
    slow = squareform(
        [(left[i] - left[j]) @ (right[i] - right[j]) for i in range(MANY) for j in range(i)][::-1]
    )[::-1, ::-1]
    assert np.allclose(squareform(found), slow, atol=1e-12)
    assert (found < 0.0).any()


def test_values_are_copied_unless_nobody_else_can_write_to_them():
    values = np.arange(6.0)
    view = values[:]
    view.flags.writeable = False  # but `values` can be written to
    values.flags.writeable = False
    assert RDM(view, IDS, "x").values is not view
    assert RDM(values, IDS, "x").values is values


def test_values_cannot_be_written_to_nor_changed_from_outside():
    values = np.arange(6.0)
    made = RDM(values, IDS, "x")
    values[0] = 9.0
    assert made.values[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        made.values[0] = 1.0
    assert made.n == 4


@pytest.mark.parametrize(
    ("values", "names", "message"),
    [
        (
            np.ones(5),
            IDS,
            r"RDM 'x': 4 ids need 6 condensed values, found an array of shape \(5,\)",
        ),
        ([1, 2, 3, 4, 5, np.nan], IDS, "1 of 6 values are not finite"),
        (np.ones(6), ("a", "b", "a", "c"), "stimulus id 'a' is there 2 times"),
        (np.ones(1), ("a", "b"), "at least 3 stimuli, found 2"),
    ],
)
def test_an_rdm_checks_itself(values, names, message):
    with pytest.raises(UserError, match=message):
        RDM(np.asarray(values, dtype=float), names, "m", "x")


def test_one_broken_value_among_very_many_is_found():
    n = 1500
    values = np.ones(n * (n - 1) // 2)
    assert len(values) > CHUNK
    values[-1] = np.inf
    with pytest.raises(UserError, match="1 of 1124250 values are not finite"):
        RDM(values, ids(n), "m")


def test_ids_are_strings():
    with pytest.raises(UserError, match="a stimulus id is a string, found 3"):
        check_ids(("a", "b", 3))


def test_features_that_a_metric_cannot_take_are_refused_by_id():
    x = features(0, 4, 5)
    with pytest.raises(UnknownName, match=r"unknown metric 'cosin'. Did you mean 'cosine'"):
        rdm(x, IDS, metric="cosin")
    with pytest.raises(UnknownName, match=r"unknown dtype 'float16'.*Known: float32, float64"):
        rdm(x, IDS, metric="cosine", dtype="float16")
    with pytest.raises(UserError, match=r"4 ids need features of shape \(4, feature\)"):
        rdm(x[:3], IDS, metric="cosine")
    broken = x.copy()
    broken[2, 1] = np.inf
    with pytest.raises(UserError, match="the features of 'c' are not finite"):
        rdm(broken, IDS, metric="cosine")
    flat = x.copy()
    flat[[1, 3]] = [[0.1], [0.3]]
    with pytest.raises(UserError, match="'correlation' is not defined for constant features: b, d"):
        rdm(flat, IDS, metric="correlation")
    flat[1] = 0.0
    with pytest.raises(UserError, match="'cosine' is not defined for all zeros features: b"):
        rdm(flat, IDS, metric="cosine")
    with pytest.raises(StimulusMismatch, match=r"no stimulus 'z' \(1 of 3 asked for are missing\)"):
        rdm(x, IDS, metric="cosine").select(["a", "b", "z"])
