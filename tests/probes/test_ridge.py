"""The closed form is scikit-learn's ridge, chosen as its grid search chooses, without a frame."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Peer
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from grounding.errors import UserError
from grounding.probes.ridge import (
    add,
    errors,
    fit,
    fit_nested,
    leave_each_out,
    nested,
    sums_of,
)

PENALTIES = np.logspace(-2, 4, 7)


def data(seed, *, rows=240, features=12, targets=3, noise=1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features)) * rng.uniform(0.1, 20, features) + 5 * rng.normal(
        size=features
    )
    w = rng.normal(size=(features, targets)) / x.std(axis=0)[:, None]
    y = x @ w + noise * np.array([0.3, 2.0, 9.0])[:targets] * rng.normal(size=(rows, targets)) + 40
    return x, y, np.arange(rows) % 5


def grouped(x, y, group):
    return [sums_of(x[group == one], y[group == one]) for one in np.unique(group)]


def peer(penalty):
    return make_pipeline(StandardScaler(), Peer(penalty))


def test_one_fit_is_that_of_scikit_learn():
    x, y, _ = data(0)
    for penalties in (3.0, [0.1, 50.0, 4000.0]):
        found = fit(sums_of(x, y), penalties)
        each = np.broadcast_to(penalties, 3)
        expected = np.stack([peer(p).fit(x, y[:, k]).predict(x) for k, p in enumerate(each)], 1)
        np.testing.assert_allclose(found.predict(x), expected, rtol=1e-9)
        np.testing.assert_array_equal(found.penalty, each)


@pytest.mark.parametrize("seed", range(3))
def test_penalties_are_those_that_a_grid_search_over_the_groups_finds(seed):
    x, y, group = data(seed, features=40, rows=200)
    found = fit_nested(grouped(x, y, group), PENALTIES)
    for target in range(y.shape[1]):
        search = GridSearchCV(
            make_pipeline(StandardScaler(), Peer()),
            {"ridge__alpha": PENALTIES},
            cv=PredefinedSplit(group),
            scoring="neg_mean_squared_error",
        ).fit(x, y[:, target])
        assert found.penalty[target] == search.best_params_["ridge__alpha"]
        np.testing.assert_allclose(found.predict(x)[:, target], search.predict(x), rtol=1e-8)
    assert len(set(found.penalty)) > 1  # each target has its own


def test_every_target_may_be_fitted_alone():
    x, y, group = data(1)
    all_of = fit_nested(grouped(x, y, group), PENALTIES)
    for target in range(3):
        alone = fit_nested(grouped(x, y[:, [target]], group), PENALTIES)
        np.testing.assert_allclose(alone.weights[:, 0], all_of.weights[:, target], rtol=1e-8)
    some = all_of.only([2, 0])
    np.testing.assert_array_equal(some.predict(x), all_of.predict(x)[:, [2, 0]])


def test_leaving_each_group_out_is_nested_over_the_others():
    groups = grouped(*data(2))
    for one, found in enumerate(leave_each_out(groups, PENALTIES)):
        expected = nested([g for at, g in enumerate(groups) if at != one], PENALTIES)
        np.testing.assert_allclose(found.ridge.weights, expected.ridge.weights, rtol=1e-8)
        np.testing.assert_allclose(found.explained, expected.explained, rtol=1e-8)
        np.testing.assert_array_equal(found.ridge.penalty, expected.ridge.penalty)


def test_errors_from_sums_are_those_of_predictions():
    x, y, group = data(3)
    ridge = fit(sums_of(x[group > 0], y[group > 0]), 10.0)
    x, y = x[group == 0], y[group == 0]
    found, read = errors(sums_of(x, y), ridge), ridge.predict(x)
    np.testing.assert_allclose(found.sse, ((read - y) ** 2).sum(axis=0), rtol=1e-8)
    np.testing.assert_allclose(found.sst, ((y - y.mean(axis=0)) ** 2).sum(axis=0), rtol=1e-8)
    expected = [np.corrcoef(read[:, k], y[:, k])[0, 1] for k in range(3)]
    np.testing.assert_allclose(found.r, expected, rtol=1e-8)
    np.testing.assert_allclose(found.error, np.sqrt(((read - y) ** 2).mean(axis=0)), rtol=1e-8)
    np.testing.assert_allclose(found.explained, 1 - found.sse / found.sst)
    assert found.n == len(x)


def test_explained_within_the_training_data_is_that_of_the_groups_left_out():
    x, y, group = data(4)
    found = nested(grouped(x, y, group), [5.0])
    sse = sst = 0.0
    for one in range(5):
        read = fit(sums_of(x[group != one], y[group != one]), 5.0).predict(x[group == one])
        true = y[group == one]
        sse = sse + ((read - true) ** 2).sum(axis=0)
        sst = sst + ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(found.explained, 1 - sse / sst, rtol=1e-8)


def test_units_and_offsets_of_features_move_nothing_and_mixing_them_does():
    x, y, group = data(5)
    before = fit_nested(grouped(x, y, group), [30.0]).predict(x)
    other = x * np.linspace(0.01, 100, x.shape[1]) + 7.0
    np.testing.assert_allclose(
        fit_nested(grouped(other, y, group), [30.0]).predict(other), before, rtol=1e-6
    )
    # The near-miss: a linear map of features that mixes them changes what is penalised.
    mixed = x @ np.random.default_rng(0).normal(size=(x.shape[1],) * 2)
    after = fit_nested(grouped(mixed, y, group), [30.0]).predict(mixed)
    assert np.abs(after - before).max() > 0.01


def test_the_order_of_groups_moves_nothing():
    groups = grouped(*data(6))
    found, turned = (fit_nested(order, PENALTIES) for order in (groups, groups[::-1]))
    np.testing.assert_allclose(found.weights, turned.weights, rtol=1e-8)


def test_a_planted_map_is_found_and_a_null_is_not():
    x, y, group = data(7, noise=0.0)
    (train, test) = (
        [g for at, g in enumerate(grouped(x, y, group)) if (at == 0) == k] for k in (0, 1)
    )
    assert errors(test[0], fit_nested(train, PENALTIES)).r.min() > 0.99999
    null = np.random.default_rng(0).normal(size=y.shape)
    found = [
        errors(g, one.ridge).r
        for groups in [grouped(x, null, group)]
        for g, one in zip(groups, leave_each_out(groups, PENALTIES), strict=True)
    ]
    assert abs(np.mean(found)) < 0.1


def test_features_that_stand_still_have_no_weight():
    x, y, group = data(8)
    wider = np.hstack([x, np.full((len(x), 1), 1e4), np.full((len(x), 1), 0.1)])
    found, expected = (fit_nested(grouped(one, y, group), PENALTIES) for one in (wider, x))
    np.testing.assert_array_equal(found.weights[-2:], 0.0)
    np.testing.assert_allclose(found.predict(wider), expected.predict(x), rtol=1e-8)


def test_more_features_than_rows_are_fitted_too():
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(30, 80)), rng.normal(size=(30, 2))
    found = fit(sums_of(x, y), 0.5)
    np.testing.assert_allclose(found.predict(x), peer(0.5).fit(x, y).predict(x), rtol=1e-6)


def test_sums_add_up():
    x, y, group = data(10)
    whole, parts = sums_of(x, y), add(grouped(x, y, group))
    assert whole.n == parts.n
    for name in ("x", "y", "xx", "xy", "yy"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)


def test_a_target_that_stands_still_has_no_r():
    x, y, _ = data(11)
    y[:, 0] = 40.0
    found = errors(sums_of(x, y), fit(sums_of(x, y), 1.0))
    assert found.sst[0] == pytest.approx(0.0, abs=1e-6) and abs(found.r[1]) > 0.5


def test_bad_wishes_are_refused():
    x, y, group = data(12)
    groups = grouped(x, y, group)
    for bad in (0.0, [], [1.0, -1.0], [np.nan]):
        with pytest.raises(UserError, match="needed numbers above 0"):
            fit_nested(groups, bad)
    with pytest.raises(UserError, match="2 penalties for 3 targets; needed one, or one each"):
        fit(groups[0], [1.0, 2.0])
    with pytest.raises(UserError, match="1 training groups; needed 2 or more"):
        fit_nested(groups[:1], [1.0])
    with pytest.raises(UserError, match="2 groups; needed 3 or more"):
        leave_each_out(groups[:2], [1.0])
    with pytest.raises(UserError, match="was to be fitted on 1 frames"):
        fit(sums_of(x[:1], y[:1]), 1.0)
    with pytest.raises(UserError, match=r"a map of \(12, 3\) features and targets was given sums"):
        errors(sums_of(x[:, :2], y), fit(groups[0], 1.0))
    with pytest.raises(UserError, match="2 groups of sums have the shapes"):
        add([groups[0], sums_of(x[:, :2], y)])
