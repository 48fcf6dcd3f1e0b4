"""Compare this suite with the tools that people would have used, and its tests with the truth."""

from __future__ import annotations

from grounding.bench.table import BENCHMARKS
from grounding.bench.timing import Benchmark, Timing, run_benchmark

__all__ = ["BENCHMARKS", "Benchmark", "Timing", "run_benchmark"]
