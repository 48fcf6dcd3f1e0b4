"""The bootstrap: weights are copies, exactly; equal to rsatoolbox on the same draws."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rsatoolbox.rdm import compare as rsatoolbox_compare
from scipy import stats

from grounding.errors import UserError
from grounding.rsa import MEASURES, RDM, Sampled, bootstrap, compare_many, interval
from grounding.rsa.agreement import ready_comparison
from grounding.rsa.resampling import draw_groups, resample
from grounding.rsa.sampled import FewGroups
from grounding.rsa.vectors import ready_vectors, transform

RSATOOLBOX = {
    "pearson": "corr",
    "cosine": "cosine",
    "spearman": "spearman",
    "rho-a": "rho-a",
    "whitened-cosine": "cosine_cov",
    "whitened-correlation": "corr_cov",
}
PLAIN = [name for name, one in MEASURES.items() if not one.whole and one.direct is None]
ROWS = [name for name, one in MEASURES.items() if one.rows is not None]


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 4)), min_size=1, max_size=30),
)
def test_weighted_ranks_equal_ranks_of_the_replicated_vector(items):
    values, weights = (np.array(x, dtype=float) for x in zip(*items, strict=True))
    vectors = ready_vectors([values], MEASURES["spearman"])
    copies = np.repeat(values, weights.astype(int))
    slow = stats.rankdata(copies) - (len(copies) + 1) / 2
    found = transform(vectors, weights)[0]
    assert (np.repeat(found, weights.astype(int)) == slow).all()  # to the bit


@pytest.mark.parametrize("measure", RSATOOLBOX)
@pytest.mark.parametrize("decimals", [None, 1])
def test_single_stimuli_equal_rsatoolbox_on_the_same_draws(measure, decimals, random_rdm):
    models = [random_rdm(seed, 20, decimals=decimals) for seed in range(3)]
    references = [random_rdm(seed, 20, decimals=decimals) for seed in (7, 8)]
    found = bootstrap(models, references, measure=measure, n=12, rng=np.random.default_rng(5))
    drawn = draw_groups(20, 12, np.random.default_rng(5))
    for sample, times in zip(found.samples, drawn, strict=True):
        at = np.repeat(np.arange(20), times)
        theirs = [
            [
                rsatoolbox_compare(
                    a.to_rsatoolbox().subsample_pattern("index", at),
                    b.to_rsatoolbox().subsample_pattern("index", at),
                    RSATOOLBOX[measure],
                )[0, 0]
                for b in references
            ]
            for a in models
        ]
        assert np.allclose(sample, theirs, atol=1e-9)


def copied(rdm: RDM, groups: list[int], times: np.ndarray) -> np.ndarray:
    """Write the pairs of a draw of groups out, one by one."""
    stimuli = [
        (i, group, copy) for group in range(len(times)) for copy in range(times[group])
        for i in np.flatnonzero(np.array(groups) == group)
    ]  # fmt: skip
    square = rdm.square()
    return np.array(
        [
            square[i, j]
            for at, (i, a, k) in enumerate(stimuli)
            for j, b, m in stimuli[at + 1 :]
            if a != b or k == m
        ]
    )


@pytest.mark.parametrize("measure", PLAIN)
def test_groups_are_drawn_whole_and_their_copies_do_not_meet(measure, random_rdm):
    groups = [0, 1, 2, 0, 1, 3, 3, 4, 2, 0, 5, 6]
    a, b = (random_rdm(seed, 12, decimals=1) for seed in range(2))
    drawn = np.random.default_rng(0).multinomial(7, np.full(7, 1 / 7), size=8)
    comparison, _ = ready_comparison(
        [a], [b], measure=measure, controls=(), pairs="all", groups=groups
    )
    found = resample(comparison, drawn)[:, 0, 0]
    for one, times in zip(found, drawn, strict=True):
        x, y = copied(a, groups, times), copied(b, groups, times)
        slow = {
            "pearson": lambda x=x, y=y: np.corrcoef(x, y)[0, 1],
            "cosine": lambda x=x, y=y: x @ y / np.sqrt((x @ x) * (y @ y)),
            "spearman": lambda x=x, y=y: stats.spearmanr(x, y).statistic,
            "rho-a": lambda x=x, y=y: (
                12 * np.cov(stats.rankdata(x), stats.rankdata(y), bias=True)[0, 1]
                / (len(x) ** 2 - 1)
            ),
        }[measure]()  # fmt: skip
        assert one == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("measure", ROWS)
@pytest.mark.parametrize("size, per_group", [(24, 1), (24, 3), (200, 1)])
def test_own_parts_are_taken_off_as_from_copies_that_are_written_out(
    measure, size, per_group, random_rdm
):
    groups = [i // per_group for i in range(size)]
    rdms = [random_rdm(seed, size) for seed in range(4)]
    drawn = draw_groups(size // per_group, 4 if size < 100 else 1, np.random.default_rng(3))
    comparison, _ = ready_comparison(
        rdms[:2], rdms[2:3], measure=measure, controls=rdms[3:], pairs="all", groups=groups
    )
    found = resample(comparison, drawn)
    for one, times in zip(found, drawn, strict=True):
        first, second, values = written_out(rdms, groups, times)
        if MEASURES[measure].centred:
            values = values - values.mean(1, keepdims=True)
        stimuli = 1 + max(first.max(), second.max())
        # Each copy adds a number to its pairs; the ridge is what the diagonal, all zeros, adds.
        own = np.zeros((stimuli, len(values)))
        for at in (first, second):
            np.add.at(own, at, values.T)
        design = np.zeros((stimuli, stimuli))
        np.add.at(design, (first, second), 1.0)
        design += design.T
        design += np.diag(design.sum(1) + MEASURES[measure].rows)
        gram = values @ values.T - own.T @ np.linalg.solve(design, own)
        left = gram[:3, :3] - np.outer(gram[:3, 3], gram[:3, 3]) / gram[3, 3]
        slow = left[:2, 2:] / np.sqrt(np.outer(np.diag(left)[:2], left[2, 2]))
        assert np.allclose(one, slow, atol=1e-10)


def written_out(
    rdms: list[RDM], groups: list[int], times: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the two copies of each pair of a draw of groups, and the values."""
    copies = [
        (i, group, copy) for i, group in enumerate(groups) for copy in range(times[group])
    ]  # fmt: skip
    pairs = [
        (at, to)
        for at, (_, a, k) in enumerate(copies)
        for to, (_, b, m) in enumerate(copies[at + 1 :], at + 1)
        if a != b or k == m
    ]
    first, second = np.array(pairs).T
    stimulus = np.array([i for i, _, _ in copies])
    squares = [rdm.square()[stimulus[first], stimulus[second]] for rdm in rdms]
    return first, second, np.stack(squares)


@pytest.mark.parametrize("measure", ["pearson", "spearman"])
def test_a_second_factor_multiplies_the_copies_of_a_pair(measure, random_rdm):
    words, speakers = [i // 3 for i in range(24)], [i % 3 for i in range(24)]
    a, b = random_rdm(0, 24), random_rdm(1, 24)
    how = {"measure": measure, "n": 40, "groups": words}
    found = bootstrap([a], [b], crossed=speakers, rng=np.random.default_rng(2), **how)
    assert (found.groups, found.levels) == (8, 3)
    rng = np.random.default_rng(2)
    drawn, levels = draw_groups(8, 40, rng), draw_groups(3, 40, rng)
    i, j = np.triu_indices(24, 1)
    for sample, times, over in zip(found.samples[:, 0, 0], drawn, levels, strict=True):
        weights = np.ones(len(i), dtype=int)
        for label, count in ((np.array(words), times), (np.array(speakers), over)):
            weights *= count[label[i]] * np.where(label[i] == label[j], 1, count[label[j]])
        x, y = np.repeat(a.values, weights), np.repeat(b.values, weights)
        correlate = stats.spearmanr if measure == "spearman" else stats.pearsonr
        assert sample == pytest.approx(correlate(x, y).statistic, abs=1e-12)
    plain = bootstrap([a], [b], rng=np.random.default_rng(2), **how)
    assert plain.of(0, 0).standard_error < found.of(0, 0).standard_error


def test_a_second_factor_needs_groups_and_a_measure_of_single_pairs(random_rdm):
    a, b, how = random_rdm(0), random_rdm(1), {"n": 20, "rng": np.random.default_rng(0)}
    speakers, words = [i % 3 for i in range(12)], [i // 3 for i in range(12)]
    with pytest.raises(UserError, match="a second factor is crossed with groups, over pairs"):
        bootstrap([a], [b], measure="pearson", crossed=speakers, **how)
    with pytest.raises(UserError, match="unbiased-cka has no bootstrap over two factors"):
        bootstrap([a], [b], measure="unbiased-cka", groups=words, crossed=speakers, **how)


@pytest.mark.parametrize("pairs", ["all", "between", "within"])
@pytest.mark.parametrize("measure", PLAIN)
def test_drawing_every_group_once_is_the_estimate_with_controls_too(measure, pairs, random_rdm):
    groups = [i // 4 for i in range(24)]
    rdms = [random_rdm(seed, 24, decimals=2) for seed in range(5)]
    how = {"measure": measure, "controls": rdms[3:], "pairs": pairs, "groups": groups}
    comparison, estimate = ready_comparison(rdms[:2], rdms[2:3], **how)
    once, twice = resample(comparison, np.stack([np.ones(6, int), np.full(6, 2)]))
    assert np.allclose(once, estimate, atol=1e-12)
    assert np.allclose(estimate, compare_many(rdms[:2], rdms[2:3], **how), atol=0.0)
    if pairs == "within" and measure in ("pearson", "cosine"):
        assert np.allclose(twice, estimate, atol=1e-12)


def pickled_backwards(function, items):
    """A map that does the last item first, each with a copy of the function."""
    done = [pickle.loads(pickle.dumps(function))(item) for item in reversed(list(items))]
    return reversed(done)


def test_equal_generators_give_equal_numbers_whatever_the_processes(random_rdm):
    models = [random_rdm(seed, 15) for seed in range(3)]
    how = {"measure": "spearman", "n": 160, "groups": [i // 2 for i in range(15)]}

    def run(seed, models=models, **more):
        return bootstrap(
            models, [random_rdm(9, 15)], rng=np.random.default_rng(seed), **how, **more
        )

    seen = []
    serial = run(0, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(100, 160), (160, 160)]
    assert (serial.samples == run(0).samples).all()
    assert (serial.samples == run(0, processes=2).samples).all()
    assert (serial.samples == run(0, map=pickled_backwards).samples).all()
    assert not np.allclose(serial.samples, run(1).samples)
    backwards = run(0, models[::-1]).samples[:, ::-1]
    assert np.allclose(serial.samples, backwards, rtol=0.0, atol=1e-13)
    assert serial.groups == 8


def test_intervals_and_paired_differences(random_rdm, mixed_rdm):
    reference = random_rdm(0, 30)
    close, far = mixed_rdm(reference, 1, 0.5), mixed_rdm(reference, 2, 1.5)
    found = bootstrap(
        [close, far], [reference], measure="pearson", n=300, rng=np.random.default_rng(0)
    )
    low, high = found.interval(0.95)
    assert (low < found.estimate).all()
    assert (found.estimate < high).all()
    assert low[0, 0] > high[1, 0]
    one, difference = found.of(0, 0), found.difference(0, 1)
    assert one.interval(0.95) == (low[0, 0], high[0, 0])
    assert one.standard_error == pytest.approx(found.samples[:, 0, 0].std(ddof=1))
    assert difference.estimate == pytest.approx(found.estimate[0, 0] - found.estimate[1, 0])
    assert difference.interval(0.95)[0] > 0.1
    assert found.difference(0, 0).standard_error == 0.0
    with pytest.raises(
        UserError, match=r"weight for every agreement, shape \(2, 1\), found \(1, 2\)"
    ):
        found.contrast(np.array([[1.0, -1.0]]))


def test_interval_covers_the_truth_about_as_often_as_it_says(random_rdm):
    # The truth: agreement over a population of which every experiment draws its stimuli.
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 400, 3))
    b = a + 1.2 * b
    i, j = np.triu_indices(400, 1)
    truth = np.corrcoef(
        np.linalg.norm(a[i] - a[j], axis=1), np.linalg.norm(b[i] - b[j], axis=1)
    )[0, 1]  # fmt: skip
    i, j = np.triu_indices(40, 1)
    names = random_rdm(0, 40).ids
    hits = 0
    for seed in range(100):
        some = np.random.default_rng(seed).choice(400, 40, replace=False)
        one, other = (
            RDM(np.linalg.norm(x[some][i] - x[some][j], axis=1), names, "x") for x in (a, b)
        )
        low, high = (
            bootstrap([one], [other], measure="pearson", n=100, rng=np.random.default_rng(seed))
            .of(0, 0)
            .interval(0.95)
        )
        hits += low <= truth <= high
    assert 88 <= hits <= 100


def test_samples_without_a_value_are_counted_and_too_many_are_refused(random_rdm):
    values = np.zeros(66)
    values[0] = 1.0  # one pair differs; a sample without it leaves a constant
    model = RDM(values, random_rdm(0).ids, "x")
    found = bootstrap(
        [model], [random_rdm(0)], measure="pearson", n=200, rng=np.random.default_rng(0)
    ).of(0, 0)
    assert 80 < found.undefined < 160
    with pytest.raises(UserError, match="of the bootstrap samples have no value"):
        found.interval(0.95)
    some = Sampled(0.5, np.append(np.linspace(0.0, 1.0, 101), np.nan))
    assert some.undefined == 1
    assert some.interval(0.9) == pytest.approx((0.05, 0.95))
    assert some.standard_error == pytest.approx(np.std(np.linspace(0.0, 1.0, 101), ddof=1))


def test_an_interval_over_few_groups_comes_with_a_warning(random_rdm):
    how = {"measure": "pearson", "n": 20, "rng": np.random.default_rng(0)}
    few, many = ([random_rdm(seed, n) for seed in range(2)] for n in (19, 20))
    with pytest.warns(FewGroups, match="19 groups were drawn from: with fewer than 20"):
        bootstrap(few[:1], few[1:], **how)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bootstrap(many[:1], many[1:], **how)


def test_what_cannot_be_sampled_is_refused(random_rdm):
    a, b = random_rdm(0), random_rdm(1)
    rng = np.random.default_rng(0)
    with pytest.raises(UserError, match="needs one sample or more, found n=0"):
        bootstrap([a], [b], measure="pearson", n=0, rng=rng)
    with pytest.raises(UserError, match="processes must be 1 or more, found 0"):
        bootstrap([a], [b], measure="pearson", n=2, rng=rng, processes=0)
    with pytest.raises(UserError, match="processes or map, not both; found processes=2 and a map"):
        bootstrap([a], [b], measure="pearson", n=2, rng=rng, processes=2, map=map)
    with pytest.raises(UserError, match="needs 20 bootstrap samples or more, found 3"):
        interval(np.ones(3), 0.95)
    with pytest.raises(UserError, match=r"level must lie between 0 and 1, found 95.0"):
        interval(np.ones(30), 95.0)
