"""`grounding bench`: time this suite beside its peers, and check its tests against the truth."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, TypeVar

import typer

__all__ = ["bench"]

Row = TypeVar("Row")


def bench(
    repeats: Annotated[int, typer.Option(help="Timed rounds of each side.", min=1)] = 3,
    seed: Annotated[int, typer.Option(help="Of the synthetic data.")] = 0,
    calibration: Annotated[
        bool,
        typer.Option(
            "--calibration",
            help="Count false positives, coverage and power of every test instead (8 minutes).",
        ),
    ] = False,
    large: Annotated[
        bool,
        typer.Option("--large", help="Time and weigh agreement over 10,000 stimuli instead."),
    ] = False,
    extraction: Annotated[
        bool,
        typer.Option(
            "--extraction",
            help="Time extraction instead, and put the store on trial (8 minutes).",
        ),
    ] = False,
    simulations: Annotated[
        int | None, typer.Option(help="Of every row of --calibration; fewer for a quick look.")
    ] = None,
    only: Annotated[str, typer.Option(help="Rows whose name holds this.")] = "",
) -> None:
    """Time our statistics against rsatoolbox: same numbers, one thread, one run.

    Ends with exit status 1 if an extraction gives other numbers than what it is held against.
    """
    if calibration:
        _calibrate(only, seed, simulations)
    elif large:
        _weigh(only, seed)
    elif extraction:
        _extract(only, seed, repeats)
    else:
        _time(only, seed, repeats)


def _chosen(table: Mapping[str, Row], only: str) -> dict[str, Row]:
    from grounding.errors import UserError

    chosen = {name: row for name, row in table.items() if only in name}
    if not chosen:
        raise UserError(f"no row's name holds {only!r}. Known: {'; '.join(table)}.")
    return chosen


def _time(only: str, seed: int, repeats: int) -> None:
    import numpy as np

    from grounding.bench import BENCHMARKS, run_benchmark
    from grounding.commands.tables import print_table
    from grounding.progress import shown

    rows = []
    chosen = _chosen(BENCHMARKS, only)
    with shown() as report:
        for done, benchmark in enumerate(chosen.values()):
            report(benchmark.name, done, len(chosen))
            timing = run_benchmark(benchmark, repeats=repeats, rng=np.random.default_rng(seed))
            target = "" if benchmark.target is None else f"{benchmark.target:g}"
            rows.append(
                (
                    benchmark.name,
                    benchmark.peer,
                    f"{timing.ours:.3g}",
                    f"{timing.theirs:.3g}",
                    f"{timing.ratio:.1f}",
                    target,
                    f"{timing.difference:.0e}",
                )
            )
    columns = ("work", "peer", "ours, s", "peer, s", "times faster", "target", "difference")
    print_table(columns, rows)


def _calibrate(only: str, seed: int, simulations: int | None) -> None:
    from grounding.bench.calibration import calibrate
    from grounding.bench.scenarios import CALIBRATIONS, MISTAKES
    from grounding.commands.tables import print_table
    from grounding.progress import shown

    chosen = _chosen({**CALIBRATIONS, **MISTAKES}, only)
    with shown() as report:
        found = calibrate(
            list(chosen.values()),
            seed=seed,
            simulations=simulations,
            processes=os.cpu_count() or 1,
            progress=report,
        )
    columns = ("what", "counts", "draws", "sets", "rate", "error", "promised", "verdict")
    for title, table in (("Tests and intervals", CALIBRATIONS), ("Ways to do it wrong", MISTAKES)):
        rows = [
            (
                one.name,
                one.kind,
                one.settings,
                str(one.simulations),
                f"{one.rate:.3f}",
                f"{one.error:.3f}",
                "" if one.nominal is None else f"{one.nominal:g}",
                one.verdict,
            )
            for one in found
            if one.name in table
        ]
        if rows:
            print_table(columns, rows, title=title)


def _weigh(only: str, seed: int) -> None:
    from grounding.bench.large import LARGE, weigh
    from grounding.commands.tables import print_table

    rows = []
    for name, case in _chosen(LARGE, only).items():
        found = weigh(case, seed=seed)
        rows.append(
            (
                name,
                f"{found.seconds:.1f}",
                f"{found.bare:.1f}",
                f"{found.seconds / found.bare:.2f}",
                f"{found.beyond:.0f}",
            )
        )
    columns = ("work", "ours, s", "bare products, s", "ratio", "MiB beyond the features")
    print_table(columns, rows)


def _extract(only: str, seed: int, repeats: int) -> None:
    from grounding.bench.extraction import COLUMNS, EXTRACTIONS, as_cells, machine, run_case
    from grounding.progress import shown

    chosen = _chosen(EXTRACTIONS, only)
    rows = []
    with shown() as report:
        for done, (name, case) in enumerate(chosen.items()):
            report(name, done, len(chosen))
            rows += run_case(case, seed=seed, repeats=repeats)
    print(f"Median of {repeats}. {machine()}\n")
    for cells in (COLUMNS, ("---",) * len(COLUMNS), *map(as_cells, rows)):
        print(f"| {' | '.join(cells)} |")
    if any(row.differs for row in rows):
        raise typer.Exit(1)
