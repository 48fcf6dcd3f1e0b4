"""`grounding bench`: time this suite beside the tools that people would have used."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["bench"]


def bench(
    repeats: Annotated[int, typer.Option(help="Timed rounds of each side.", min=1)] = 5,
    seed: Annotated[int, typer.Option(help="Of the synthetic data.")] = 0,
) -> None:
    """Time our statistics against rsatoolbox: same numbers, one thread, one run."""
    import numpy as np

    from grounding.bench import BENCHMARKS, run_benchmark
    from grounding.commands.tables import print_table

    rows = []
    for benchmark in BENCHMARKS.values():
        timing = run_benchmark(benchmark, repeats=repeats, rng=np.random.default_rng(seed))
        rows.append(
            [
                timing.name,
                timing.peer,
                f"{1e3 * timing.ours:.1f}",
                f"{1e3 * timing.theirs:.1f}",
                f"{timing.ratio:.1f}",
                f"{timing.difference:.0e}",
            ]
        )
    columns = ["work", "peer", "ours, ms", "peer, ms", "times faster", "largest difference"]
    print_table(columns, rows)
