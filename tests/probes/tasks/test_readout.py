"""The dual solution is the ridge regression of sklearn, and leaving out needs no second fit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from grounding.errors import UserError
from grounding.probes.tasks.readout import classify, estimate, prepare


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, size=(30, 50))
    x[:, 7] = 1.0  # does not vary
    groups = [f"g{k}" for k in rng.integers(0, 6, size=30)]
    return x, rng.normal(size=(30, 2)), rng.uniform(0.5, 2.0, size=30), groups


def standard(x, like):
    scale = like.std(axis=0)
    return (x - like.mean(axis=0)) / np.where(scale > 0, scale, np.inf)


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_predictions_are_those_of_sklearn(penalty, data):
    x, y, weights, _ = data
    new = np.random.default_rng(1).normal(3.0, 2.0, size=(5, 50))
    readout = prepare(x, weights)
    model = Ridge(alpha=penalty * readout.unit).fit(standard(x, x), y, sample_weight=weights)
    expected = model.predict(standard(new, x))
    np.testing.assert_allclose(readout.predict(y, penalty, new), expected, atol=1e-9)


@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_leaving_groups_out_is_fitting_without_them(penalty, data):
    x, y, weights, groups = data
    readout, z, slow = prepare(x, weights), standard(x, x), np.empty_like(y)
    for group in set(groups):
        out = np.array([one == group for one in groups])
        model = Ridge(alpha=penalty * readout.unit)
        slow[out] = model.fit(z[~out], y[~out], sample_weight=weights[~out]).predict(z[out])
    np.testing.assert_allclose(readout.left_out(y, groups, penalty), slow, atol=1e-8)


def test_a_rare_class_is_found_as_often_as_a_frequent_one():
    rng = np.random.default_rng(0)
    labels = ["rare"] * 10 + ["frequent"] * 190
    x = rng.normal(size=(200, 5))
    x[:10, 0] += 2.0
    new = rng.normal(size=(400, 5))
    new[:200, 0] += 2.0
    groups = [str(k % 10) for k in range(200)]
    found = np.array(classify(x, labels, groups, new)) == "rare"
    assert found[:200].mean() > 0.7 and found[200:].mean() < 0.3


def test_a_number_is_estimated_and_noise_gives_the_mean():
    rng = np.random.default_rng(0)
    x, new = rng.normal(size=(2, 60, 100))
    values = x[:, 0] + 5.0
    groups = [str(k) for k in range(60)]
    assert np.corrcoef(estimate(x, values, groups, new), new[:, 0])[0, 1] > 0.2
    shuffled = estimate(x, rng.permutation(values), groups, new)
    assert shuffled.std() < 0.6 and abs(shuffled.mean() - 5.0) < 0.4
    flat = np.zeros((60, 100))
    np.testing.assert_allclose(estimate(flat, values, groups, flat), values.mean())


def test_one_class_or_one_group_is_refused(data):
    x, *_ = data
    with pytest.raises(UserError, match="there is one class to learn, 'a'"):
        classify(x, ["a"] * 30, ["g"] * 30, x)
    with pytest.raises(UserError, match=r"30 training stimuli are one group \('g'\)"):
        classify(x, ["a", "b"] * 15, ["g"] * 30, x)
