"""Compare this suite with the tools that people would have used, in one run and on one machine."""

from __future__ import annotations

from grounding.bench.table import BENCHMARKS, Benchmark, Timing, run_benchmark

__all__ = ["BENCHMARKS", "Benchmark", "Timing", "run_benchmark"]
