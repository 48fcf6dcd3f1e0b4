"""Kendall's tau-a: against all pairs of pairs, scipy and rsatoolbox, with and without ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.rdm import RDMs
from rsatoolbox.rdm import compare as rsatoolbox_compare
from scipy import stats

from grounding.rsa import kendall
from grounding.rsa.kendall import tau_a


def over_all_pairs(x: np.ndarray, y: np.ndarray) -> float:
    agree = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    return float(agree.sum() / (len(x) * (len(x) - 1)))


def vectors(seed: int, count: int, length: int, decimals: int | None = None) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(1, length)) + rng.normal(size=(count, length))
    return values if decimals is None else values.round(decimals)


@pytest.mark.parametrize("length", [2, 3, 15, 16, 17, 33, 66, 300, 1025])
@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize("others", [None, 0])
def test_it_is_concordant_less_discordant_over_all(length, decimals, others):
    models = vectors(0, 3, length, decimals)
    references = vectors(1, 2, length, others)
    slow = [[over_all_pairs(a, b) for b in references] for a in models]
    assert np.allclose(tau_a(models, references), slow, atol=1e-15, rtol=0)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=80),
    st.sampled_from([1.0, 0.1, 1e-300, 1e300]),
)
def test_ties_of_all_kinds_are_exact_at_every_scale(points, scale):
    x, y = (scale * np.array(one, dtype=float) for one in zip(*points, strict=True))
    assert tau_a(x[None], y[None])[0, 0] == over_all_pairs(x, y)


@pytest.mark.parametrize("decimals", [None, 2])
def test_long_vectors_equal_rsatoolbox(decimals):
    models, references = vectors(0, 3, 79800, decimals), vectors(1, 2, 79800, decimals)
    theirs = rsatoolbox_compare(RDMs(models), RDMs(references), method="tau-a")
    assert np.allclose(tau_a(models, references), theirs, atol=1e-12, rtol=0)


def test_without_ties_it_is_scipys_tau_b_and_with_ties_it_is_nearer_zero():
    (x,), (y,) = vectors(0, 1, 5000), vectors(2, 1, 5000) + vectors(0, 1, 5000)
    ours = tau_a(x[None], y[None])[0, 0]
    assert ours == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-14)
    tied = tau_a(x.round(0)[None], y[None])[0, 0]
    assert abs(tied) < abs(stats.kendalltau(x.round(0), y).statistic) - 0.01


def test_categories_that_fit_gain_nothing_from_their_ties():
    x = np.arange(100.0)
    classes = (x >= 50.0).astype(float)
    # 2500 of 4950 pairs are between the classes, and all of those are concordant.
    assert tau_a(classes[None], x[None])[0, 0] == 2500 / 4950
    assert tau_a(classes[None], classes[None])[0, 0] == 2500 / 4950


def test_order_and_sign_decide_and_nothing_else():
    (x,), (y,) = vectors(0, 1, 500), vectors(1, 1, 500)
    plain = tau_a(x[None], y[None])[0, 0]
    assert tau_a(np.exp(x)[None], y[None] ** 3)[0, 0] == plain
    assert tau_a(-x[None], y[None])[0, 0] == -plain
    assert tau_a(y[None], x[None])[0, 0] == plain
    order = np.random.default_rng(2).permutation(500)
    assert tau_a(x[order][None], y[order][None])[0, 0] == plain
    assert tau_a(x[order][None], y[None])[0, 0] != plain
    swapped = x.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert tau_a(swapped[None], y[None])[0, 0] != plain


def test_values_that_differ_in_their_last_bit_are_not_tied_and_signed_zeros_are():
    x = np.repeat(np.random.default_rng(0).random(2000), 4)
    steps = np.tile(np.random.default_rng(1).permutation(4), 2000)
    for _ in range(3):
        x = np.where(steps > 0, np.nextafter(x, 2.0), x)
        steps = steps - 1
    assert len(np.unique(x)) == len(x)
    assert tau_a(x[None], x[None])[0, 0] == 1.0
    order = np.random.default_rng(2).permutation(len(x))
    assert tau_a(x[order][None], -x[order][None])[0, 0] == -1.0
    zeros = np.array([0.0, -0.0, 1.0])
    assert tau_a(zeros[None], np.array([[1.0, 2.0, 3.0]]))[0, 0] == pytest.approx(2 / 3)


def test_the_two_lists_may_be_of_any_lengths_and_change_no_agreement():
    models, references = vectors(0, 5, 300, 1), vectors(1, 2, 300, 1)
    found = tau_a(models, references)
    assert found.shape == (5, 2)
    assert (tau_a(references, models) == found.T).all()
    assert tau_a(models[3:4], references[1:])[0, 0] == found[3, 1]


def test_single_precision_is_compared_as_it_is():
    x, y = vectors(0, 2, 300).astype(np.float32)
    assert tau_a(x[None], y[None])[0, 0] == over_all_pairs(x.astype(float), y.astype(float))


@pytest.mark.parametrize("chunk", [32, 256, 1 << 17])
@pytest.mark.parametrize("bits", [4, 6, 9])
@pytest.mark.parametrize("lifted", [0, 1 << 30])  # the second does not fit numbers of 32 bits
def test_inversions_are_the_same_however_they_are_cut(bits, lifted, chunk, monkeypatch):
    monkeypatch.setattr(kendall, "CHUNK", chunk)
    sequence = np.random.default_rng(0).permutation(700).astype(np.uint32)
    inverse = np.argsort(sequence).astype(np.uint32)
    block = inverse >> bits
    slow = int(np.triu(sequence[:, None] > sequence).sum())
    inside = kendall._inside(sequence + np.uint32(lifted), bits) + kendall._inside(block, bits)
    assert inside + kendall._between(block, bits) == slow


def test_a_constant_has_only_ties_and_one_value_has_no_agreement():
    x = vectors(0, 1, 66)
    assert tau_a(np.ones((1, 66)), x)[0, 0] == 0.0
    assert np.isnan(tau_a(x[:, :1], x[:, :1])[0, 0])
    assert np.isnan(tau_a(x[:, :0], x[:, :0])[0, 0])


def test_unrelated_vectors_have_a_mean_of_zero_within_its_error():
    rng = np.random.default_rng(3)
    values = tau_a(rng.normal(size=(40, 66)).round(1), rng.normal(size=(40, 66)))
    assert abs(values.mean()) < 4 * values.std() / 40
    planted = rng.normal(size=(40, 66))
    assert np.diag(tau_a(planted, planted + rng.normal(size=(40, 66)))).mean() > 0.3
