"""Agreement over so many stimuli that RDMs would fill the memory: its time and its memory.

Each case runs in a process of its own, so that the peak of its memory is its own. Beside it the
matrix products alone are timed, on the same features: those that the closed form needs, or one of
all stimuli with all others for each source.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

__all__ = ["LARGE", "Large", "Weighed", "weigh"]

MIB = 1024  # ru_maxrss counts KiB


@dataclass(frozen=True)
class Large:
    """13 layers against 4 spaces.

    stimuli, width, reference_width: sizes of the features.
    metric: of all; "correlation" has a closed form, "euclidean" needs every pair.
    """

    stimuli: int
    width: int
    reference_width: int
    metric: str


@dataclass(frozen=True)
class Weighed:
    """Seconds of agreement, of the bare products, and MiB of memory beyond the features."""

    seconds: float
    bare: float
    beyond: float


LARGE: Mapping[str, Large] = {
    "13 x 4 agreements, 10,000 x 768, correlation": Large(10_000, 768, 768, "correlation"),
    "13 x 4 agreements, 10,000 x 768, euclidean": Large(10_000, 768, 768, "euclidean"),
    "13 x 4 agreements, 100,000 x 256, correlation": Large(100_000, 256, 256, "correlation"),
}


def weigh(case: Large, *, seed: int) -> Weighed:
    """Run one case in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_weigh, case, seed).result()


def _weigh(case: Large, seed: int) -> Weighed:
    from threadpoolctl import threadpool_limits

    from grounding.rsa import Features, compare_features

    rng = np.random.default_rng(seed)
    ids = tuple(f"s{i}" for i in range(case.stimuli))
    widths = [case.width] * 13 + [case.reference_width] * 4
    rows = [rng.standard_normal((case.stimuli, width), dtype=np.float32) for width in widths]
    with threadpool_limits(1):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        features = [Features(one, ids, case.metric) for one in rows]
        compare_features(features[:13], features[13:], measure="pearson")
        seconds = time.perf_counter() - started
        beyond = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        return Weighed(seconds, _bare(rows, case.metric), beyond / MIB)


def _bare(rows: list[np.ndarray], metric: str) -> float:
    """Return the seconds of the products in float64, block by block, with nothing else done."""
    block, total = 1024, 0.0
    pairs = [(a, b) for a in rows[:13] for b in rows[13:]] + [(a, a) for a in rows]
    for start in range(0, len(rows[0]), block):
        parts = {id(one): one[start : start + block].astype(np.float64) for one in rows}
        if metric == "correlation":
            started = time.perf_counter()
            for a, b in pairs:
                parts[id(a)].T @ parts[id(b)]
            total += time.perf_counter() - started
            continue
        for one in rows:
            others = one[start:]
            for at in range(0, len(others), block):
                other = others[at : at + block].astype(np.float64)
                started = time.perf_counter()
                parts[id(one)] @ other.T
                total += time.perf_counter() - started
    return total
