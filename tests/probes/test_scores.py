"""Scores of held-out rows are those of slow loops, in each bootstrap sample too."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from grounding.errors import GroundingError, UserError
from grounding.probes.ridge import errors, fit, sums_of
from grounding.probes.scores import agreement, by_articulator, by_channel, hold, mean_score
from grounding.rsa.resampling import draw_groups

NAMES, PARTS, UNITS = ("TT.x", "JAW.x", "TT.y"), ("tip", "jaw", "tip"), ("mm", "mm", "deg")


def made_up(seed, *, rows=400, groups=25, folds=4, noise=1.0):
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(groups, size=rows))
    fold = group % folds
    true = rng.normal(size=(rows, 3)) * [1.0, 5.0, 0.2] + 3.0 * rng.normal(size=(folds, 3))[fold]
    true += [60.0, -20.0, 5.0]
    predicted = true + noise * true.std(axis=0) * rng.normal(size=true.shape)
    return predicted, true, fold, group


def slowly(predicted, true, fold):
    """Centre within folds, then put the folds together."""
    p, y, sse = predicted.copy(), true.copy(), ((predicted - true) ** 2).sum(axis=0)
    for one in np.unique(fold):
        p[fold == one] -= p[fold == one].mean(axis=0)
        y[fold == one] -= y[fold == one].mean(axis=0)
    r = (p * y).sum(axis=0) / np.sqrt((p**2).sum(axis=0) * (y**2).sum(axis=0))
    return r, 1 - sse / (y**2).sum(axis=0), np.sqrt(sse / len(true))


def test_scores_are_those_of_a_slow_loop():
    predicted, true, fold, group = made_up(0)
    found = agreement(hold(predicted, true, fold, group, 25))
    for ours, theirs in zip(vars(found).values(), slowly(predicted, true, fold), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_one_fold_gives_the_numbers_that_everyone_knows():
    predicted, true, fold, group = made_up(1)
    found = agreement(hold(predicted, true, 0 * fold, group, 25))
    expected = [np.corrcoef(predicted[:, k], true[:, k])[0, 1] for k in range(3)]
    np.testing.assert_allclose(found.r, expected)
    np.testing.assert_allclose(found.explained, r2_score(true, predicted, multioutput="raw_values"))


def test_a_sample_is_the_same_as_copies_written_out():
    predicted, true, fold, group = made_up(2)
    drawn = draw_groups(25, 30, np.random.default_rng(0))
    found = agreement(hold(predicted, true, fold, group, 25), drawn)
    for sample, counts in enumerate(drawn):
        rows = np.repeat(np.arange(len(true)), counts[group])
        expected = slowly(predicted[rows], true[rows], fold[rows])
        np.testing.assert_allclose(found.r[sample], expected[0], rtol=1e-8)
        np.testing.assert_allclose(found.explained[sample], expected[1], rtol=1e-8)
        np.testing.assert_allclose(found.error[sample], expected[2], rtol=1e-8)


def test_sums_of_features_and_predicted_rows_give_the_same_score():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 5))
    y = x[:, :3] + rng.normal(size=(200, 3)) + 30
    ridge = fit(sums_of(x[:100], y[:100]), 5.0)
    held = hold(ridge.predict(x[100:]), y[100:], np.zeros(100, int), np.arange(100) // 5, 20)
    expected = errors(sums_of(x[100:], y[100:]), ridge)
    found = agreement(held)
    for name in ("r", "explained", "error"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9)


def test_the_order_of_rows_and_the_place_of_zero_move_nothing():
    predicted, true, fold, group = made_up(4)
    before = agreement(hold(predicted, true, fold, group, 25))
    mixed = np.random.default_rng(0).permutation(len(true))
    after = agreement(
        hold(predicted[mixed] + 1e6, true[mixed] + 1e6, fold[mixed], group[mixed], 25)
    )
    np.testing.assert_allclose(after.r, before.r, rtol=1e-6)
    np.testing.assert_allclose(after.error, before.error, rtol=1e-6)
    # The near-miss: zero moved for predictions alone leaves r, and not the error.
    apart = agreement(hold(predicted + 7.0, true, fold, group, 25))
    np.testing.assert_allclose(apart.r, before.r, rtol=1e-9)
    assert (apart.error > before.error + 1).all()


def test_means_that_were_learnt_do_not_pull_a_null_below_zero():
    rng = np.random.default_rng(5)
    ours, pooled = [], []
    for _ in range(200):
        true = rng.normal(size=(60, 1)) + rng.normal(size=(6, 1))[np.arange(60) // 10]
        fold = np.arange(60) // 10
        learnt = np.stack([true[fold != one].mean(axis=0) for one in fold])
        predicted = learnt + 0.3 * rng.normal(size=true.shape)
        ours.append(agreement(hold(predicted, true, fold, fold, 6)).r[0])
        pooled.append(agreement(hold(predicted, true, 0 * fold, fold, 6)).r[0])
    assert abs(np.mean(ours)) < 0.03 and np.mean(pooled) < -0.2


def test_labels_travel_with_scores():
    held = hold(*made_up(6), 25)
    samples = agreement(held, draw_groups(25, 200, np.random.default_rng(0))).r
    found = by_channel(held, samples, NAMES, PARTS, UNITS, 0.95)
    assert [(c.channel, c.articulator, c.unit) for c in found] == list(
        zip(NAMES, PARTS, UNITS, strict=True)
    )
    assert all(c.low < c.r < c.high and c.n_frames == 400 and c.n_groups == 25 for c in found)
    tip, jaw = by_articulator(held, samples, NAMES, PARTS, 0.95)
    assert tip.channels == ("TT.x", "TT.y") and jaw.r == found[1].r and jaw.low == found[1].low
    assert tip.r == pytest.approx((found[0].r + found[2].r) / 2) and tip.low < tip.r < tip.high
    mean = mean_score(held, samples)
    assert mean.estimate == pytest.approx(np.mean([c.r for c in found]))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(150):
        group = np.arange(320) // 8
        part = rng.normal(size=(40, 1))[group]  # rows of a group are alike
        true = part + rng.normal(size=(320, 1))
        predicted = true + rng.normal(size=(40, 1))[group] + rng.normal(size=(320, 1))
        held = hold(predicted, true, 0 * group, group, 40)
        samples = agreement(held, draw_groups(40, 200, rng)).r
        (one,) = by_channel(held, samples, ["c"], ["c"], ["1"], 0.95)
        hits += one.low <= np.sqrt(0.5) <= one.high
    assert 0.87 <= hits / 150 <= 0.99


def test_what_does_not_move_has_no_r():
    predicted, true, fold, group = made_up(8)
    predicted[:, 0], true[:, 1] = 3.3, 40.7
    found = agreement(hold(predicted, true, fold, group, 25))
    assert np.isnan(found.r).tolist() == [True, True, False]
    held = hold(predicted, true, fold, group, 25)
    with pytest.raises(UserError, match="100% of the bootstrap samples have no value"):
        by_channel(held, agreement(held, draw_groups(25, 30, np.random.default_rng(0))).r,
                   NAMES, PARTS, UNITS, 0.95)  # fmt: skip


def test_rows_that_do_not_fit_are_refused():
    predicted, true, fold, group = made_up(9)
    for bad in ((predicted[:5], true, fold, group), (predicted, true, fold[:5], group)):
        with pytest.raises(GroundingError, match="needed a row of each for every row"):
            hold(*bad, 25)
    nothing = np.zeros((0, 3))
    with pytest.raises(GroundingError, match="and one row or more"):
        hold(nothing, nothing, np.zeros(0, int), np.zeros(0, int), 25)
