"""Time the same work on two sides, in turn, with one BLAS thread.

Absolute times on a shared machine mean little, the ratio in one run means more: the sides are
called A B A B and the median of each is reported. The first round warms up, and its results are
compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np

__all__ = ["Benchmark", "Timing", "Work", "run_benchmark"]

Work = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Benchmark:
    """One piece of work, done by us and by a peer.

    name: what is done.
    peer: who else does it.
    make: returns our work and the peer's; where the peer does less, its numbers are the first of
        ours.
    target: how many times faster we mean to be; None where there is nothing to beat.
    share: how much more work ours is: the peer's time is multiplied by it.
    """

    name: str
    peer: str
    make: Callable[[np.random.Generator], tuple[Work, Work]]
    target: float | None = None
    share: int = 1


@dataclass(frozen=True)
class Timing:
    """Median seconds of both for the whole work, and the largest difference of their results."""

    benchmark: Benchmark
    ours: float
    theirs: float
    difference: float

    @property
    def ratio(self) -> float:
        """How many times faster we are."""
        return self.theirs / self.ours


def run_benchmark(benchmark: Benchmark, *, repeats: int, rng: np.random.Generator) -> Timing:
    """Run both sides in turn `repeats` times, after a round that warms up."""
    from threadpoolctl import threadpool_limits

    sides = benchmark.make(rng)
    times: tuple[list[float], list[float]] = ([], [])
    results = []
    with threadpool_limits(1):
        for repeat in range(repeats + 1):
            for side, work in enumerate(sides):
                started = time.perf_counter()
                result = np.asarray(work())
                if repeat == 0:
                    results.append(result)
                else:
                    times[side].append(time.perf_counter() - started)
    ours, theirs = results
    difference = float(np.nanmax(np.abs(ours[: len(theirs)] - theirs)))
    return Timing(benchmark, median(times[0]), benchmark.share * median(times[1]), difference)
