"""RDMs and metrics: against scipy and rsatoolbox, with exact zeros and exact ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from grounding.errors import StimulusMismatch, UnknownName, UserError
from grounding.rsa import METRICS, RDM, rdm
from grounding.rsa.rdm import check_ids

SCIPY = {
    "correlation": "correlation",
    "cosine": "cosine",
    "euclidean": "euclidean",
    "squared-euclidean": "sqeuclidean",
}
IDS = ("a", "b", "c", "d")


def features(seed: int = 0, n: int = 30, width: int = 17) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width))


def ids(n: int) -> list[str]:
    return [f"s{i}" for i in range(n)]


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_equals_scipy(metric):
    x = features()
    assert np.allclose(
        rdm(x, ids(30), metric=metric).values, pdist(x, SCIPY[metric]), rtol=1e-12, atol=1e-14
    )


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


def test_ids_are_strings():
    with pytest.raises(UserError, match="a stimulus id is a string, found 3"):
        check_ids(("a", "b", 3))


def test_features_that_a_metric_cannot_take_are_refused_by_id():
    x = features(0, 4, 5)
    with pytest.raises(UnknownName, match=r"unknown metric 'cosin'. Did you mean 'cosine'"):
        rdm(x, IDS, metric="cosin")
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
