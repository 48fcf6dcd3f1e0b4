"""Repeated observations: against slow loops, rsatoolbox, scipy and scikit-learn; bias of noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist, squareform

from grounding.errors import UnknownName, UserError
from grounding.rsa import METRICS, rdm
from grounding.rsa.metrics import TILE
from grounding.rsa.noise import SHRINKAGES, noise_precision
from grounding.rsa.repetitions import REPETITION_METRICS, repeated_rdm

WIDTH = 4


def observe(
    seed: int, stimuli: int = 5, folds: int = 3, times: int = 2, width: int = WIDTH
) -> tuple[np.ndarray, list[str], list[int]]:
    """Return observations of every stimulus in every fold, mixed, with their labels."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(stimuli, width))
    labels = [(i, k) for i in range(stimuli) for k in range(folds) for _ in range(times)]
    labels = [labels[i] for i in rng.permutation(len(labels))]
    rows = np.array([truth[i] for i, _ in labels]) + rng.normal(size=(len(labels), width))
    return rows, [f"s{i}" for i, _ in labels], [k for _, k in labels]


def some_precision(seed: int = 9, width: int = WIDTH) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(width, 2 * width))
    return root @ root.T / width


def slow_crossnobis(rows, stimuli, folds, precision):
    """Return what the definition says, pair by pair and fold by fold."""
    ids, parts = list(dict.fromkeys(stimuli)), sorted(set(folds))
    mean = {
        (a, m): np.mean(
            [x for x, s, f in zip(rows, stimuli, folds, strict=True) if (s, f) == (a, m)], axis=0
        )
        for a in ids
        for m in parts
    }
    values = []
    for i, a in enumerate(ids):
        for b in ids[i + 1 :]:
            products = [
                (mean[a, m] - mean[b, m]) @ precision @ (mean[a, n] - mean[b, n])
                for m in parts
                for n in parts
                if m != n
            ]
            values.append(np.mean(products))
    return np.array(values)


@pytest.mark.parametrize("whitened", [True, False])
@pytest.mark.parametrize("folds", [2, 3, 5])
def test_crossnobis_equals_a_slow_loop(folds, whitened):
    rows, stimuli, fold = observe(folds, folds=folds)
    doubled = [0, 1, 1, 2, 2, 2]  # cells need not be of one size
    rows = np.concatenate([rows, rows[doubled] + 0.1])
    stimuli += [stimuli[i] for i in doubled]
    fold += [fold[i] for i in doubled]
    precision = some_precision() if whitened else None
    found = repeated_rdm(rows, stimuli, metric="crossnobis", folds=fold, precision=precision)
    slow = slow_crossnobis(rows, stimuli, fold, some_precision() if whitened else np.eye(WIDTH))
    assert np.allclose(found.values, slow, atol=1e-12)
    assert found.ids == tuple(dict.fromkeys(stimuli))
    assert found.metric == "crossnobis"


def test_crossnobis_equals_a_slow_loop_over_several_tiles():
    n = TILE + 9
    rows, stimuli, fold = observe(1, stimuli=n, folds=2, times=1, width=2)
    found = repeated_rdm(rows, stimuli, metric="crossnobis", folds=fold)
    assert np.allclose(found.values, slow_crossnobis(rows, stimuli, fold, np.eye(2)), atol=1e-11)


@pytest.mark.parametrize("metric", ["crossnobis", "mahalanobis"])
def test_rsatoolbox_makes_the_same_but_divides_by_the_number_of_features(metric):
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    rows, stimuli, fold = observe(4)
    fold = [f"run {k}" for k in fold]
    rows, precision = rows + 3.0, some_precision()
    data = Dataset(rows, obs_descriptors={"stimulus": stimuli, "fold": fold})
    more = {"cv_descriptor": "fold"} if metric == "crossnobis" else {}
    theirs = calc_rdm(data, method=metric, descriptor="stimulus", noise=precision, **more)
    folds = fold if metric == "crossnobis" else None
    ours = repeated_rdm(rows, stimuli, metric=metric, folds=folds, precision=precision)
    order = [str(id) for id in theirs.pattern_descriptors["stimulus"]]
    assert order != list(ours.ids)  # theirs are sorted, ours as they come
    assert np.allclose(ours.select(order).values / WIDTH, theirs.dissimilarities[0], atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_other_metrics_are_those_of_the_means(metric):
    rows, stimuli, _ = observe(2)
    ids = list(dict.fromkeys(stimuli))
    means = [rows[[s == id for s in stimuli]].mean(0) for id in ids]
    found = repeated_rdm(rows, stimuli, metric=metric, name="x")
    assert np.allclose(found.values, rdm(np.array(means), ids, metric=metric).values, atol=1e-13)
    assert (found.ids, found.metric, found.name) == (tuple(ids), metric, "x")


@pytest.mark.parametrize("metric", METRICS)
def test_with_one_observation_each_they_are_those_of_the_rows(metric):
    rows = observe(2)[0]
    ids = [f"s{i}" for i in range(len(rows))]
    found = repeated_rdm(rows, ids, metric=metric)
    assert (found.values == rdm(rows, ids, metric=metric).values).all()


def test_mahalanobis_of_plain_features_equals_scipy():
    rows, precision = observe(3)[0], some_precision()
    ids = [f"s{i}" for i in range(len(rows))]
    found = repeated_rdm(rows, ids, metric="mahalanobis", precision=precision)
    assert np.allclose(found.square(), cdist(rows, rows, "mahalanobis", VI=precision) ** 2)
    plain = repeated_rdm(rows, ids, metric="mahalanobis")
    assert np.allclose(plain.values, pdist(rows, "sqeuclidean"))
    rows[7] = rows[3]
    square = repeated_rdm(rows, ids, metric="mahalanobis", precision=precision).square()
    assert square[3, 7] == 0.0
    assert (square[3] == square[7]).all()  # to the bit


def test_invariances_and_the_near_misses_that_break_them():
    rows, stimuli, fold = observe(6)
    precision = some_precision()

    def values(x, precision=precision, fold=fold, metric="crossnobis"):
        folds = fold if metric == "crossnobis" else None
        return repeated_rdm(x, stimuli, metric=metric, folds=folds, precision=precision).values

    def same(*args, metric="crossnobis", **other):
        return np.allclose(values(*args, **other, metric=metric), values(rows, metric=metric))

    of_fold = np.random.default_rng(0).normal(size=(3, WIDTH))[fold]
    assert same(rows + of_fold)
    assert same(rows + 1e6 * of_fold)  # and it costs no digits but those that the rows lose
    assert not same(rows + of_fold * (np.array(stimuli) == "s1")[:, None])
    assert same(rows, fold=["cab"[k] for k in fold])
    assert not same(rows, fold=np.random.default_rng(1).permutation(fold))
    map_ = np.random.default_rng(2).normal(size=(WIDTH, WIDTH))
    back = np.linalg.inv(map_)
    for metric in ("crossnobis", "mahalanobis"):
        assert same(rows @ map_, back @ precision @ back.T, metric=metric)
        assert not same(rows @ map_, metric=metric)


def test_float32_keeps_the_distances_that_float64_work_gives():
    rows, stimuli, fold = observe(7)
    for metric in REPETITION_METRICS:
        folds = fold if metric == "crossnobis" else None
        whole, kept = (
            repeated_rdm(rows, stimuli, metric=metric, folds=folds, dtype=dtype).values
            for dtype in ("float64", "float32")
        )
        assert kept.dtype == np.float32
        assert (kept == whole.astype(np.float32)).all()


def test_noise_alone_is_at_no_crossnobis_distance_on_average_but_at_a_mahalanobis_distance():
    seeds, stimuli, folds, width = 200, 6, 3, 5
    noise = np.linalg.cholesky(np.linalg.inv(some_precision(1, width)))
    labels = [f"s{i}" for i in range(stimuli)] * folds
    fold = np.repeat(range(folds), stimuli)
    crossed, plain = [], []
    for seed in range(seeds):
        draws = np.random.default_rng(seed).normal(size=(len(labels), width))
        given = {"precision": some_precision(1, width)}
        rows = draws @ noise.T
        found = repeated_rdm(rows, labels, metric="crossnobis", folds=fold, **given)
        crossed.append(found.values.mean())
        plain.append(repeated_rdm(rows, labels, metric="mahalanobis", **given).values.mean())
    error = np.std(crossed, ddof=1) / np.sqrt(seeds)
    assert abs(np.mean(crossed)) < 3.0 * error
    assert np.mean(plain) > 30.0 * error
    assert np.mean(plain) == pytest.approx(2.0 * width / folds, rel=0.05)  # what noise adds


def test_planted_distances_are_found_without_bias_when_the_noise_is_estimated():
    seeds, times, folds = 400, 3, 2
    truth = 0.5 * np.random.default_rng(0).normal(size=(4, WIDTH))
    noise = np.diag([0.5, 1.0, 1.5, 2.0])
    exact = pdist(truth @ np.linalg.inv(noise), "sqeuclidean")
    stimuli = np.tile(np.repeat(range(4), times), folds)
    fold = np.repeat(range(folds), 4 * times)
    labels = [f"s{i}" for i in stimuli]
    crossed, plain = [], []
    for seed in range(seeds):
        draws = np.random.default_rng(seed).normal(size=(len(stimuli), WIDTH))
        rows = truth[stimuli] + draws @ noise
        precision = noise_precision(rows, labels, shrinkage="none", folds=fold)
        # The inverse of a covariance is too large by a known factor (Wishart).
        freedom = len(rows) - 4 * folds
        precision *= (freedom - WIDTH - 1) / freedom
        given = {"precision": precision}
        found = repeated_rdm(rows, labels, metric="crossnobis", folds=fold, **given)
        crossed.append(found.values)
        plain.append(repeated_rdm(rows, labels, metric="mahalanobis", **given).values)
    error = np.std(crossed, axis=0, ddof=1) / np.sqrt(seeds)
    assert (np.abs(np.mean(crossed, axis=0) - exact) < 4.0 * error).all()
    assert (np.mean(plain, axis=0) - exact).mean() > 4.0 * error.mean()


def residuals_of(rows, cells):
    cells = np.array(cells)
    found = rows.copy()
    for cell in set(cells.tolist()):
        found[cells == cell] -= rows[cells == cell].mean(0)
    return found


@pytest.mark.parametrize(("shrinkage", "theirs"), [("none", "full"), ("only-diagonal", "diag")])
def test_plain_noise_equals_rsatoolbox(shrinkage, theirs):
    from rsatoolbox.data.noise import prec_from_residuals

    rows, stimuli, fold = observe(8)
    left = residuals_of(rows, stimuli)
    found = noise_precision(rows, stimuli, shrinkage=shrinkage)
    assert np.allclose(found, prec_from_residuals(left, len(rows) - 5, theirs), rtol=1e-10)
    cells = [f"{s} {k}" for s, k in zip(stimuli, fold, strict=True)]
    inside = noise_precision(rows, stimuli, shrinkage=shrinkage, folds=fold)
    left = residuals_of(rows, cells)
    assert np.allclose(inside, prec_from_residuals(left, len(rows) - 15, theirs), rtol=1e-10)
    assert not np.allclose(inside, found)


def pairs_of(draws):
    """Return two observations a stimulus, whose difference is a draw times the root of 2."""
    middle = np.random.default_rng(5).normal(size=draws.shape)
    rows = np.concatenate([middle + draws / np.sqrt(2.0), middle - draws / np.sqrt(2.0)])
    return rows, [f"s{i}" for i in range(len(draws))] * 2


def correlated(seed, n=30, width=8):
    root = np.random.default_rng(1).normal(size=(width, width)) / 2.0 + np.eye(width)
    return np.random.default_rng(seed).normal(size=(n, width)) @ root


def test_eye_of_two_observations_each_is_that_of_their_differences():
    from rsatoolbox.data.noise import prec_from_residuals
    from sklearn.covariance import LedoitWolf

    draws = correlated(2)
    draws -= draws.mean(0)
    known = LedoitWolf(assume_centered=True).fit(draws)
    assert 0.02 < known.shrinkage_ < 0.9
    rows, stimuli = pairs_of(draws)
    found = noise_precision(rows, stimuli, shrinkage="eye")
    assert np.allclose(found, np.linalg.inv(known.covariance_), rtol=1e-9)
    n = len(draws)
    assert np.allclose(found, prec_from_residuals(draws, n, "shrinkage_eye"), rtol=1e-9)
    # It takes residuals for independent, and of these every second one is its neighbour's negative.
    theirs = prec_from_residuals(residuals_of(rows, stimuli), n, "shrinkage_eye")
    assert not np.allclose(found, theirs, rtol=0.05)


def slow_diagonal(draws):
    """Return Schaefer & Strimmer's covariance of draws of mean zero, entry by entry."""
    n, width = draws.shape
    covariance = np.array([[np.mean(a * b) for a in draws.T] for b in draws.T])
    above = below = 0.0
    for i in range(width):
        for j in range(width):
            if i != j:
                scale = np.sqrt(covariance[i, i] * covariance[j, j])
                products = draws[:, i] * draws[:, j] / scale
                above += np.var(products, ddof=1) / n
                below += products.mean() ** 2
    kept = 1.0 - min(1.0, above / below)
    return covariance * np.where(np.eye(width, dtype=bool), 1.0, kept), kept


def test_diagonal_of_two_observations_each_equals_a_slow_loop_over_their_differences():
    draws = correlated(3)
    known, kept = slow_diagonal(draws)
    assert 0.1 < kept < 0.98
    found = noise_precision(*pairs_of(draws), shrinkage="diagonal")
    assert np.allclose(found, np.linalg.inv(known), rtol=1e-9)


@pytest.mark.parametrize(
    ("shrinkage", "theirs"), [("eye", "shrinkage_eye"), ("diagonal", "shrinkage_diag")]
)
def test_shrunk_noise_nears_rsatoolbox_when_stimuli_are_observed_many_times(shrinkage, theirs):
    from rsatoolbox.data.noise import prec_from_residuals

    def apart(stimuli, times):
        labels = [f"s{i}" for i in range(stimuli)] * times
        rows = correlated(4, len(labels))
        left = residuals_of(rows, labels)
        known = prec_from_residuals(left, len(labels) - stimuli, theirs)
        found = noise_precision(rows, labels, shrinkage=shrinkage)
        return np.linalg.norm(found - known) / np.linalg.norm(known)

    assert apart(3, 500) < 1e-3
    assert apart(30, 2) > 0.02  # half of the residuals say nothing new


def slow_shrinkage(rows, stimuli, shrinkage):
    """Return the covariance entry by entry: each residual as a sample of full size, weighted."""
    times = {s: stimuli.count(s) for s in stimuli}
    freedom, width = len(rows) - len(times), rows.shape[1]
    left = residuals_of(rows, stimuli)
    samples = [x * np.sqrt(times[s] / (times[s] - 1)) for x, s in zip(left, stimuli, strict=True)]
    weights = [(times[s] - 1) / times[s] / freedom for s in stimuli]
    assert sum(weights) == pytest.approx(1.0)
    found = sum(w * np.outer(x, x) for w, x in zip(weights, samples, strict=True))
    root = np.sqrt(np.diag(found)) if shrinkage == "diagonal" else np.ones(width)
    level = np.trace(found) / width
    target = np.diag(np.diag(found)) if shrinkage == "diagonal" else level * np.eye(width)
    above = below = 0.0
    for i in range(width):
        for j in range(width):
            if shrinkage == "eye" or i != j:
                scale = root[i] * root[j]
                products = [x[i] * x[j] / scale for x in samples]
                above += np.average(
                    (np.array(products) - found[i, j] / scale) ** 2, weights=weights
                )
                below += ((found - target)[i, j] / scale) ** 2
    intensity = above / (freedom - (shrinkage == "diagonal")) / below
    assert 0.02 < intensity < 0.9
    return intensity * target + (1.0 - intensity) * found


@pytest.mark.parametrize("shrinkage", ["eye", "diagonal"])
def test_stimuli_may_be_observed_more_or_less_often(shrinkage):
    stimuli = [f"s{i}" for i in range(12) for _ in range(2 + i % 4)]
    rows = correlated(6, len(stimuli))
    found = noise_precision(rows, stimuli, shrinkage=shrinkage)
    assert np.allclose(found, np.linalg.inv(slow_shrinkage(rows, stimuli, shrinkage)), rtol=1e-9)


@pytest.mark.parametrize("shrinkage", SHRINKAGES)
def test_a_precision_is_fit_for_use_and_does_not_hang_on_the_order(shrinkage):
    rows, stimuli, fold = observe(11)
    found = noise_precision(rows, stimuli, shrinkage=shrinkage)
    assert (found == found.T).all()
    assert np.linalg.eigvalsh(found)[0] > 0.0
    repeated_rdm(rows, stimuli, metric="crossnobis", folds=fold, precision=found)
    order = np.random.default_rng(0).permutation(len(rows))
    mixed = noise_precision(rows[order], [stimuli[i] for i in order], shrinkage=shrinkage)
    assert np.allclose(mixed, found, rtol=1e-9)
    offset = np.array([ord(s[1]) for s in stimuli])[:, None] * np.ones(WIDTH)
    assert np.allclose(noise_precision(rows + offset, stimuli, shrinkage=shrinkage), found)
    assert not np.allclose(
        noise_precision(rows + offset[order], stimuli, shrinkage=shrinkage), found
    )


@pytest.mark.parametrize("shrinkage", SHRINKAGES)
def test_a_change_of_units_is_the_precisions_own_but_for_eye(shrinkage):
    rows, stimuli, _ = observe(12, width=6)
    unit = np.array([1e-9, 1.0, 1e3, 1e9, 1.0, 2.0])
    found = noise_precision(rows / unit, stimuli, shrinkage=shrinkage)
    same = np.outer(unit, unit) * noise_precision(rows, stimuli, shrinkage=shrinkage)
    assert np.allclose(found, same, rtol=1e-6, atol=0.0) == (shrinkage != "eye")


@pytest.mark.parametrize("shrinkage", ["diagonal", "eye", "only-diagonal"])
def test_more_features_than_observations_need_shrinkage(shrinkage):
    rows, stimuli, _ = observe(13, times=1, width=20)
    with pytest.raises(UserError, match=r"of 20 features is singular with 10 degrees of freedom"):
        noise_precision(rows, stimuli, shrinkage="none")
    assert np.linalg.eigvalsh(noise_precision(rows, stimuli, shrinkage=shrinkage))[0] > 0.0


def test_noise_that_cannot_be_estimated_is_refused():
    rows, stimuli, fold = observe(14)

    def refused(match, rows=rows, stimuli=stimuli, shrinkage="none", error=UserError, **more):
        with pytest.raises(error, match=match):
            noise_precision(rows, stimuli, shrinkage=shrinkage, **more)

    refused("unknown shrinkage 'ey'. Did you mean 'eye'", shrinkage="ey", error=UnknownName)
    refused(r"'new' is observed once \(1 such\)", stimuli=["new", *stimuli[1:]])
    once = [
        k if s != "s2" or k else 9 + i for i, (s, k) in enumerate(zip(stimuli, fold, strict=True))
    ]
    refused(r"'s2' is observed once in fold \d+ \(2 such\)", folds=once)
    twice = np.hstack([rows, rows[:, :1] + rows[:, 1:2]])
    refused("singular with 25 degrees of freedom and shrinkage 'none': shrink it", rows=twice)
    still = np.hstack([rows, np.full((len(rows), 1), 0.1)])
    for shrinkage in ("none", "diagonal", "only-diagonal"):
        refused(r"feature 4 does not vary .* \(1 of 5 such\)", rows=still, shrinkage=shrinkage)
    assert np.isfinite(noise_precision(still, stimuli, shrinkage="eye")).all()
    refused("feature 0 does not vary", rows=np.full((30, 2), 0.1), shrinkage="eye")
    broken = rows.copy()
    broken[3, 1] = np.nan
    refused(rf"observation 3, of stimulus '{stimuli[3]}', is not finite", rows=broken)


def test_repetitions_that_a_metric_cannot_take_are_refused():
    rows, stimuli, fold = observe(15)
    eye = np.eye(WIDTH)

    def refused(match, rows=rows, stimuli=stimuli, metric="crossnobis", error=UserError, **more):
        more = {"folds": fold if metric == "crossnobis" else None, **more}
        with pytest.raises(error, match=match):
            repeated_rdm(rows, stimuli, metric=metric, **more)

    refused(
        "unknown metric 'crosnobis'. Did you mean 'crossnobis'",
        metric="crosnobis",
        error=UnknownName,
    )
    refused("unknown dtype 'half'", dtype="half", error=UnknownName)
    refused("needs folds", folds=None)
    refused("needs two folds or more, found one: 'a'", folds=["a"] * 30)
    refused("30 observations need one fold each, found 29", folds=fold[1:])
    refused("30 observations need one stimulus each, found 2", stimuli=["a", "b"])
    refused("needs at least 3 stimuli, found 2", stimuli=["a", "b"] * 15)
    refused("a stimulus id is a string, found 0", stimuli=[0, 1, 2] * 10)
    away = [s == "s3" and k == 1 for s, k in zip(stimuli, fold, strict=True)]
    kept = np.flatnonzero(~np.array(away))
    refused(
        r"stimulus 's3' is absent from fold 1 \(1 such\)",
        rows=rows[kept],
        stimuli=[stimuli[i] for i in kept],
        folds=[fold[i] for i in kept],
    )
    broken = rows.copy()
    broken[5, 0] = -np.inf
    refused(rf"observation 5, of stimulus '{stimuli[5]}', is not finite \(1 such\)", rows=broken)
    refused(r"features must be \(observation, feature\), found shape \(30,\)", rows=rows[:, 0])
    refused("metric 'mahalanobis' takes no folds", metric="mahalanobis", folds=fold)
    refused("metric 'cosine' takes no precision", metric="cosine", precision=eye)
    for metric in ("crossnobis", "mahalanobis"):
        refused(
            r"of shape \(4, 4\) for 4 features, found \(3, 3\)", metric=metric, precision=np.eye(3)
        )
        refused("not symmetric, or not finite", metric=metric, precision=eye + np.eye(4, k=1))
        refused("not symmetric, or not finite", metric=metric, precision=np.full((4, 4), np.inf))
        refused("not positive definite", metric=metric, precision=np.diag([1.0, 1.0, 1.0, -1.0]))
        refused("not positive definite", metric=metric, precision=np.zeros((4, 4)))


def test_squareform_of_crossnobis_has_a_zero_diagonal():
    rows, stimuli, fold = observe(16)
    found = repeated_rdm(rows, stimuli, metric="crossnobis", folds=fold)
    assert (squareform(found.square()) == found.values).all()
