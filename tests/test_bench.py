"""Benchmarks compare equal numbers; how fast either side is, is no test's business."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.bench import BENCHMARKS, Benchmark, run_benchmark


@pytest.mark.parametrize("name", BENCHMARKS)
def test_both_sides_give_the_same_numbers(name):
    ours, theirs = BENCHMARKS[name].make(np.random.default_rng(0))
    np.testing.assert_allclose(ours().ravel(), theirs().ravel(), rtol=0, atol=1e-9)


def test_sides_take_turns_and_differences_are_seen():
    calls = []

    def make(rng):
        def ours():
            calls.append("ours")
            return np.array([1.0, 2.0])

        def theirs():
            calls.append("theirs")
            return np.array([1.0, 2.5])

        return ours, theirs

    timing = run_benchmark(Benchmark("work", "peer", make), repeats=2, rng=np.random.default_rng(0))
    assert calls == ["ours", "theirs"] * 3  # one round to warm up, two that count
    assert timing.difference == 0.5
    assert timing.ratio > 0.0
