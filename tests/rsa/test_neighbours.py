"""Mutual nearest neighbours: against a slow loop, its exact null, and what it does with ties."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from grounding.errors import UserError
from grounding.rsa import neighbours
from grounding.rsa.neighbours import mutual_knn, mutual_knn_null


def distances(seed: int, n: int, width: int = 3) -> np.ndarray:
    return pdist(np.random.default_rng(seed).normal(size=(n, width)))


def slow_share(x: np.ndarray, y: np.ndarray, k: int) -> float:
    nearest = []
    for values in (x, y):
        square = squareform(values)
        np.fill_diagonal(square, np.inf)
        nearest.append([set(np.argsort(row)[:k]) for row in square])
    return float(np.mean([len(a & b) / k for a, b in zip(*nearest, strict=True)]))


@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize("block", [1, 100, 1 << 20])
def test_it_is_the_mean_share_of_common_neighbours(k, block, monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", block)
    models = np.stack([distances(seed, 25) for seed in range(3)])
    references = np.stack([models[0] + 0.3 * distances(7, 25), distances(8, 25)])
    slow = [[slow_share(a, b, k) for b in references] for a in models]
    assert np.allclose(mutual_knn(k)(models, references), slow, atol=1e-14)
    assert slow[0][0] > slow[0][1]


def test_ties_at_the_edge_are_shared_out_as_if_broken_at_random():
    rng = np.random.default_rng(0)
    x, y = distances(0, 12).round(0), distances(1, 12).round(0)
    found = mutual_knn(3)(x[None], y[None])[0, 0]
    broken = [
        slow_share(x + 1e-6 * rng.random(len(x)), y + 1e-6 * rng.random(len(y)), 3)
        for _ in range(2000)
    ]
    assert abs(found - np.mean(broken)) < 4 * np.std(broken) / np.sqrt(2000)


def test_the_order_of_stimuli_does_not_matter_with_ties_either():
    x, y = distances(0, 20).round(0), distances(1, 20).round(0)
    order = np.random.default_rng(2).permutation(20)
    both = [squareform(squareform(one)[np.ix_(order, order)])[None] for one in (x, y)]
    plain = mutual_knn(4)(x[None], y[None])[0, 0]
    assert mutual_knn(4)(*both)[0, 0] == pytest.approx(plain, abs=1e-14)
    assert mutual_knn(4)(both[0], y[None])[0, 0] != pytest.approx(plain, abs=1e-3)


def test_an_rdm_has_all_neighbours_in_common_with_itself_unless_some_are_tied():
    x = distances(0, 20)
    assert mutual_knn(5)(x[None], x[None])[0, 0] == 1.0
    assert mutual_knn(5)(x.round(0)[None], x.round(0)[None])[0, 0] < 1.0
    # Where all are tied, each is a neighbour with weight k / (n - 1).
    flat = np.ones((1, 190))
    assert mutual_knn(5)(flat, flat)[0, 0] == pytest.approx(5 / 19)


@pytest.mark.parametrize("decimals", [None, 0])
def test_the_null_is_the_mean_over_all_permutations(decimals):
    x, y = distances(0, 6), distances(1, 6)
    if decimals is not None:
        x, y = x.round(decimals), y.round(decimals)
    square = squareform(y)
    orders = [list(order) for order in permutations(range(6))]
    permuted = np.stack([squareform(square[np.ix_(order, order)]) for order in orders])
    mean = mutual_knn(2)(x[None], permuted).mean()
    assert mean == pytest.approx(mutual_knn_null(6, 2), abs=1e-12)


def test_unrelated_points_have_the_null_and_a_planted_relation_does_not():
    models = np.stack([distances(seed, 30) for seed in range(30)])
    references = np.stack([distances(100 + seed, 30) for seed in range(30)])
    found = mutual_knn(10)(models, references)
    assert abs(found.mean() - mutual_knn_null(30, 10)) < 4 * found.mean(0).std() / np.sqrt(30)
    assert mutual_knn(10)(models, models + 0.1 * references).diagonal().min() > 0.5


def test_every_row_may_be_stretched_apart_but_far_stimuli_may_not_come_near():
    square = squareform(distances(0, 20))
    y = distances(1, 20)[None]
    plain = mutual_knn(3)(squareform(square)[None], y)[0, 0]
    beyond = np.where(square > np.quantile(square, 0.6), square + squareform(y[0]), square)
    assert (np.sort(square, axis=1)[:, 4] < np.quantile(square, 0.6)).all()
    assert mutual_knn(3)(squareform(beyond)[None], y)[0, 0] == plain
    assert mutual_knn(3)(np.exp(squareform(square))[None], y)[0, 0] == plain
    nearer = square.copy()
    nearer[0], nearer[:, 0] = -square[0], -square[0]
    assert mutual_knn(3)(squareform(nearer, checks=False)[None], y)[0, 0] != plain


def test_neighbourhoods_that_hold_everything_or_nothing_are_refused():
    x = distances(0, 11)[None]
    assert mutual_knn(9)(x, x)[0, 0] == 1.0
    with pytest.raises(UserError, match=r"the 10 nearest neighbours need at least 12 .* found 11"):
        mutual_knn(10)(x, x)
    with pytest.raises(UserError, match="need at least 12 stimuli, found 11"):
        mutual_knn_null(11, 10)
    with pytest.raises(UserError, match="need k of 1 or more, found 0"):
        mutual_knn(0)
