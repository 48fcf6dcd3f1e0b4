"""Benchmarks against rsatoolbox: the same work, the same numbers, one BLAS thread, one run.

Conventions
-----------
Each benchmark returns two functions without arguments, ours and the peer's, and how far their
results differ. They are called in turn, A B A B, and the median of each is reported: absolute
times on a shared machine mean little, the ratio in one run means more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from grounding.rsa import RDM, bootstrap, compare_many, rdm
from grounding.rsa.resampling import draw_groups

__all__ = ["BENCHMARKS", "Benchmark", "Timing", "run_benchmark"]

Work = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Benchmark:
    """One piece of work, done by us and by a peer.

    make: returns our work and the peer's; both return numbers that should be equal.
    """

    name: str
    peer: str
    make: Callable[[np.random.Generator], tuple[Work, Work]]


@dataclass(frozen=True)
class Timing:
    """Median seconds of both, their ratio, and the largest difference of their results."""

    name: str
    peer: str
    ours: float
    theirs: float
    difference: float

    @property
    def ratio(self) -> float:
        """How many times faster we are."""
        return self.theirs / self.ours


def run_benchmark(benchmark: Benchmark, *, repeats: int, rng: np.random.Generator) -> Timing:
    """Run both sides in turn `repeats` times."""
    from threadpoolctl import threadpool_limits

    ours, theirs = benchmark.make(rng)
    times: tuple[list[float], list[float]] = ([], [])
    results = []
    with threadpool_limits(1):
        for repeat in range(repeats + 1):
            for side, work in enumerate((ours, theirs)):
                started = time.perf_counter()
                result = work()
                if repeat == 0:
                    results.append(result)  # the first round warms up and is checked
                else:
                    times[side].append(time.perf_counter() - started)
    difference = float(np.nanmax(np.abs(results[0] - results[1])))
    return Timing(benchmark.name, benchmark.peer, median(times[0]), median(times[1]), difference)


def _correlation_rdm(rng: np.random.Generator) -> tuple[Work, Work]:
    import rsatoolbox

    features = rng.normal(size=(1000, 768))
    ids = tuple(f"s{i}" for i in range(len(features)))
    dataset = rsatoolbox.data.Dataset(features)

    def theirs() -> np.ndarray:
        found: Any = rsatoolbox.rdm.calc_rdm(dataset, method="correlation")
        return found.dissimilarities[0]

    return lambda: rdm(features, ids, metric="correlation").values, theirs


def _agreements(measure: str, peer: str) -> Callable[[np.random.Generator], tuple[Work, Work]]:
    def make(rng: np.random.Generator) -> tuple[Work, Work]:
        from rsatoolbox.rdm import RDMs, compare

        models, references = _rdms(rng, 13, 400), _rdms(rng, 4, 400)
        a, b = (RDMs(np.stack([r.values for r in group])) for group in (models, references))
        return (
            lambda: compare_many(models, references, measure=measure),
            lambda: compare(a, b, method=peer),
        )

    return make


def _bootstrap(measure: str, peer: str) -> Callable[[np.random.Generator], tuple[Work, Work]]:
    def make(rng: np.random.Generator) -> tuple[Work, Work]:
        from rsatoolbox.rdm import RDMs, compare

        models, (reference,) = _rdms(rng, 13, 200), _rdms(rng, 1, 200)
        labels = {"stimulus": list(reference.ids)}
        there = [
            RDMs(np.stack([r.values for r in group]), pattern_descriptors=labels)
            for group in (models, [reference])
        ]
        drawn = draw_groups(200, 20, np.random.default_rng(1))

        def theirs() -> np.ndarray:
            # The loop of its eval_bootstrap_pattern, on our draws and without a noise ceiling.
            found = []
            for counts in drawn:
                names = [reference.ids[i] for i in np.repeat(np.arange(200), counts)]
                a, b = (group.subsample_pattern("stimulus", names) for group in there)
                found.append(compare(a, b, method=peer))
            return np.array(found)

        def ours() -> np.ndarray:
            return bootstrap(
                models, [reference], measure=measure, n=20, rng=np.random.default_rng(1)
            ).samples

        return ours, theirs

    return make


def _rdms(rng: np.random.Generator, count: int, stimuli: int) -> list[RDM]:
    shared = rng.normal(size=(stimuli, 20))
    ids = tuple(f"s{i}" for i in range(stimuli))
    return [
        rdm(np.hstack([shared, rng.normal(size=(stimuli, 20))]), ids, metric="euclidean")
        for _ in range(count)
    ]


BENCHMARKS: Mapping[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark("correlation RDM, 1000 x 768", "rsatoolbox calc_rdm", _correlation_rdm),
        Benchmark(
            "13 x 4 agreements, 400 stimuli, pearson",
            "rsatoolbox compare",
            _agreements("pearson", "corr"),
        ),
        Benchmark(
            "13 x 4 agreements, 400 stimuli, spearman",
            "rsatoolbox compare",
            _agreements("spearman", "spearman"),
        ),
        Benchmark(
            "bootstrap, 13 models, 200 stimuli, 20 samples, pearson",
            "rsatoolbox subsample + compare",
            _bootstrap("pearson", "corr"),
        ),
        Benchmark(
            "bootstrap, 13 models, 200 stimuli, 20 samples, spearman",
            "rsatoolbox subsample + compare",
            _bootstrap("spearman", "spearman"),
        ),
    )
}
