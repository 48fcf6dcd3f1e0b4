"""Every measure of the table: its oracle, its range, its null, its invariances and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.rdm import compare as rsatoolbox_compare
from scipy import stats
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import pdist, squareform

from grounding.errors import UserError
from grounding.rsa import MEASURES, RDM, compare, compare_many
from grounding.rsa.neighbours import mutual_knn_null

N = 24


def random_points(seed: int, width: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, width))


def squared(points: np.ndarray, name: str = "") -> RDM:
    ids = tuple(f"s{i:02d}" for i in range(len(points)))
    return RDM(pdist(points, "sqeuclidean"), ids, "squared-euclidean", name)


def like(rdm: RDM, values: np.ndarray, name: str = "") -> RDM:
    return RDM(values, rdm.ids, "made", name)


def exchanged(rdm: RDM, seed: int) -> RDM:
    """Give every stimulus the dissimilarities of another."""
    order = np.random.default_rng(seed).permutation(rdm.n)
    return like(rdm, rdm.select([rdm.ids[i] for i in order]).values)


def by_rsatoolbox(method: str) -> Callable[[np.ndarray, np.ndarray], float]:
    def oracle(x, y):
        one, other = (squared(points).to_rsatoolbox() for points in (x, y))
        return rsatoolbox_compare(one, other, method)[0, 0]

    return oracle


def by_distances(function: Callable[..., float]) -> Callable[[np.ndarray, np.ndarray], float]:
    return lambda x, y: function(squared(x).values, squared(y).values)


def unbiased_hsic_ratio(x: np.ndarray, y: np.ndarray) -> float:
    def hsic(k, m):
        n = len(k)
        k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
        mean = k.sum() * m.sum() / ((n - 1) * (n - 2))
        return np.trace(k @ m) + mean - 2.0 / (n - 2) * (k @ m).sum()

    k, m = x @ x.T, y @ y.T
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def common_neighbours(x: np.ndarray, y: np.ndarray) -> float:
    one, other = (np.argsort(squareform(pdist(p)))[:, 1:11] for p in (x, y))
    return np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(one, other, strict=True)])


def best_rotation(x: np.ndarray, y: np.ndarray) -> float:
    wide = max(x.shape[1], y.shape[1])
    x, y = (np.pad(p - p.mean(0), ((0, 0), (0, wide - p.shape[1]))) for p in (x, y))
    return orthogonal_procrustes(x, y)[1] / (np.linalg.norm(x) * np.linalg.norm(y))


CHANGES = {  # what can be done to dissimilarities, by a number above 0 and a seed
    "scaled": lambda rdm, by, seed: like(rdm, by * rdm.values),
    "shifted": lambda rdm, by, seed: like(rdm, rdm.values + by * rdm.values.mean()),
    "increasing": lambda rdm, by, seed: like(rdm, rdm.values ** (1.0 / (1.0 + by))),
    "own part": lambda rdm, by, seed: like(rdm, rdm.values + own_parts(rdm, by, seed)),
    "exchanged": lambda rdm, by, seed: exchanged(rdm, seed),
}


def own_parts(rdm: RDM, by: float, seed: int) -> np.ndarray:
    """A number of each stimulus' own, added to its row and its column."""
    own = by * rdm.values.mean() * np.random.default_rng(seed).exponential(size=rdm.n)
    first, second = np.triu_indices(rdm.n, 1)
    return own[first] + own[second]


@dataclass(frozen=True)
class Facts:
    """What is known of a measure from elsewhere.

    oracle: its value for two sets of points, computed otherwise.
    free: the changes of an RDM that it does not notice; all others it must notice.
    tied: its agreement of an RDM with itself reaches the upper end with ties too.
    """

    oracle: Callable[[np.ndarray, np.ndarray], float]
    free: frozenset[str]
    tied: bool = True


AFFINE = frozenset({"scaled", "shifted"})
MONOTONE = AFFINE | {"increasing"}
SCALE = frozenset({"scaled"})

FACTS = {
    "pearson": Facts(by_distances(lambda a, b: stats.pearsonr(a, b).statistic), AFFINE),
    "cosine": Facts(by_rsatoolbox("cosine"), SCALE),
    "spearman": Facts(by_distances(lambda a, b: stats.spearmanr(a, b).statistic), MONOTONE),
    "rho-a": Facts(by_rsatoolbox("rho-a"), MONOTONE, tied=False),
    "tau-a": Facts(by_rsatoolbox("tau-a"), MONOTONE, tied=False),
    "whitened-cosine": Facts(by_rsatoolbox("cosine_cov"), SCALE),
    "whitened-correlation": Facts(by_rsatoolbox("corr_cov"), AFFINE),
    "unbiased-cka": Facts(unbiased_hsic_ratio, AFFINE | {"own part"}),
    "mutual-knn": Facts(common_neighbours, MONOTONE, tied=False),
    "procrustes": Facts(best_rotation, SCALE),
}

every_measure = pytest.mark.parametrize("measure", MEASURES)


def test_every_measure_of_the_table_has_its_facts():
    assert set(MEASURES) <= set(FACTS), "a new measure needs an entry in FACTS"
    for name, record in MEASURES.items():
        assert record.name == name
        assert record.lower < record.upper
        assert record.cost and record.invariances and record.reference


@every_measure
def test_it_equals_its_oracle(measure):
    models = [random_points(seed, width) for seed, width in ((0, 2), (1, 4), (2, 30))]
    references = [models[0] @ random_points(3, 2).T[:, :5] + random_points(4, 5), models[1] ** 3]
    found = compare_many(
        [squared(x) for x in models], [squared(y) for y in references], measure=measure
    )
    expected = [[FACTS[measure].oracle(x, y) for y in references] for x in models]
    assert np.allclose(found, expected, atol=1e-10, rtol=0)
    assert np.std(expected) > 0.01


@every_measure
def test_an_rdm_agrees_with_itself_as_much_as_can_be(measure):
    a = squared(random_points(0))
    upper = MEASURES[measure].upper
    assert compare(a, a, measure=measure) == pytest.approx(upper, abs=1e-12)
    # Points on a grid: distances are tied, and are still those of points.
    tied = squared(np.random.default_rng(5).integers(0, 3, size=(N, 3)).astype(float))
    itself = compare(tied, tied, measure=measure)
    if FACTS[measure].tied:
        assert itself == pytest.approx(upper, abs=1e-12)
    else:
        assert itself < upper - 0.01


@every_measure
def test_it_is_symmetric_and_stays_in_its_range(measure):
    rdms = [squared(random_points(seed, 1 + seed)) for seed in range(6)]
    found = compare_many(rdms, rdms, measure=measure)
    assert np.allclose(found, found.T, atol=1e-13, rtol=0)
    assert (found >= MEASURES[measure].lower).all()
    assert (found <= MEASURES[measure].upper).all()
    assert found.max() - found.min() > 0.1


@every_measure
def test_the_order_of_stimuli_does_not_matter_in_both_and_does_in_one(measure):
    points = np.random.default_rng(5).integers(0, 5, size=(N, 3)) + 0.01 * random_points(6, 3)
    a, b = squared(points), squared(points + random_points(1, 3))
    plain = compare(a, b, measure=measure)
    order = [a.ids[i] for i in np.random.default_rng(0).permutation(N)]
    assert compare(a.select(order), b.select(order), measure=measure) == pytest.approx(
        plain, abs=1e-12
    )
    assert abs(compare(exchanged(a, 0), b, measure=measure) - plain) > 1e-3


@every_measure
@pytest.mark.parametrize("change", CHANGES)
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), by=st.floats(0.5, 4.0))
def test_it_does_not_notice_what_it_is_free_of_and_notices_the_rest(measure, change, seed, by):
    a = squared(random_points(seed))
    changed = CHANGES[change](a, by, seed)
    itself = compare(changed, a, measure=measure)
    if change in FACTS[measure].free:
        b = squared(random_points(seed + 1))
        assert itself == pytest.approx(MEASURES[measure].upper, abs=1e-9)
        assert compare(changed, b, measure=measure) == pytest.approx(
            compare(a, b, measure=measure), abs=1e-9
        )
    else:
        assert itself < MEASURES[measure].upper - 1e-6


@every_measure
def test_unrelated_rdms_have_the_null_and_related_ones_do_not(measure):
    models = [squared(random_points(seed)) for seed in range(30)]
    references = [squared(random_points(100 + seed)) for seed in range(30)]
    found = compare_many(models, references, measure=measure)
    null = mutual_knn_null(N, 10) if measure == "mutual-knn" else MEASURES[measure].null
    if null is None:  # it depends on the RDMs: here on the dimensions of the points
        narrow = [squared(random_points(200 + seed, 1)) for seed in range(30)]
        other = compare_many(narrow, references, measure=measure)
        assert abs(found.mean() - other.mean()) > 0.05
        assert min(found.mean(), other.mean()) > 0.05
    else:
        # For either RDM given the mean over the other is the null: values are not correlated.
        assert abs(found.mean() - null) < 4 * found.std() / 30
    planted = [squared(random_points(seed) + 0.3 * random_points(300 + seed)) for seed in range(30)]
    related = np.diag(compare_many(models, planted, measure=measure))
    assert related.mean() > found.mean() + 0.1


@every_measure
def test_constant_dissimilarities_are_refused(measure):
    a = squared(random_points(0), "tract")
    flat = like(a, np.full(len(a.values), 0.1), "flat")
    for pair in ((a, flat), (flat, a)):
        with pytest.raises(UserError, match=r"RDM [01] \(flat\) is constant over the 276 pairs"):
            compare(*pair, measure=measure)
