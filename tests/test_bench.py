"""Benchmarks compare equal numbers; how fast either side is, is no test's business."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.bench import BENCHMARKS, Benchmark, run_benchmark
from grounding.bench.large import Large, weigh
from grounding.bench.work import (
    agreements,
    bootstraps,
    correlation_rdm,
    permutations,
    whitened_bootstrap,
)

SMALL = {
    "correlation RDM": correlation_rdm(40, 30),
    "bootstrap, pearson": bootstraps("pearson", "corr", samples=6, peer_samples=3),
    "bootstrap, spearman": bootstraps("spearman", "spearman", samples=6, peer_samples=3),
    "bootstrap, rho-a": bootstraps("rho-a", "rho-a", samples=6, peer_samples=3),
    "whitened bootstrap": whitened_bootstrap(samples=4, slow_samples=2),
    "permutation test": permutations(20, 5),
    **{
        f"agreements, {ours}": agreements(ours, theirs, stimuli=40)
        for ours, theirs in (
            ("cosine", "cosine"),
            ("pearson", "corr"),
            ("spearman", "spearman"),
            ("tau-a", "tau-a"),
        )
    },
}


@pytest.mark.parametrize("name", SMALL)
def test_both_sides_give_the_same_numbers_on_the_same_draws(name):
    ours, theirs = (np.asarray(work()) for work in SMALL[name](np.random.default_rng(0)))
    np.testing.assert_allclose(ours[: len(theirs)], theirs, rtol=0, atol=1e-9)
    assert theirs.shape[1:] == ours.shape[1:]


def test_the_peer_of_a_benchmark_that_does_a_part_says_so():
    for benchmark in BENCHMARKS.values():
        assert (f" x {benchmark.share}" in benchmark.peer) == (benchmark.share > 1)


def test_sides_take_turns_and_differences_are_seen():
    calls = []

    def make(rng):
        def ours():
            calls.append("ours")
            return np.array([1.0, 2.0, 9.0])

        def theirs():
            calls.append("theirs")
            return np.array([1.0, 2.5])

        return ours, theirs

    benchmark = Benchmark("work", "peer x 3", make, share=3)
    timing = run_benchmark(benchmark, repeats=2, rng=np.random.default_rng(0))
    assert calls == ["ours", "theirs"] * 3  # one round to warm up, two that count
    assert timing.difference == 0.5  # over what both did
    assert timing.ratio > 0.0


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
def test_a_large_case_is_timed_and_weighed_in_a_process_of_its_own(metric):
    found = weigh(Large(60, 20, 10, metric), seed=0)
    assert found.seconds > 0.0
    assert found.bare > 0.0
    assert found.beyond >= 0.0
