"""Calibration: how often tests and intervals are wrong, on stimuli whose truth is known.

A test at .05 should find something in one null set of twenty, and a 95 % interval hold the truth
in nineteen sets of twenty. Each row simulates many sets and counts. Every simulation has a
generator of its own, from the seed, the row's name and its number: results do not depend on
processes, on the order of rows or on which other rows there are.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.rsa.resampling import one_thread
from grounding.rsa.sampled import Undercoverage
from grounding.tables import lookup

__all__ = ["KINDS", "Calibrated", "Calibration", "Kind", "calibrate"]

BLOCK = 25  # simulations that a process takes at a time
BEYOND = 2.58  # standard errors: one calibrated row in a hundred is called off

Progress = Callable[[str, int, int], None]  # what is being done, how much, of how much


@dataclass(frozen=True)
class Kind:
    """What a row counts.

    name: its name in `KINDS`.
    counts: what the rate is a share of.
    nominal: the rate that is promised; None where nothing is.
    above, below: what a rate is called that is above or below the nominal one by more than error.
        Some corrections promise a bound: to be below it is no fault.
    """

    name: str
    counts: str
    nominal: float | None
    above: str
    below: str


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("false positives", "null sets with p <= .05", 0.05, "liberal", "conservative"),
        Kind(
            "coverage", "sets whose 95 % interval holds the truth", 0.95, "conservative", "liberal"
        ),
        Kind("family-wise", "sets with a false finding at .05", 0.05, "liberal", "within bound"),
        Kind("false discoveries", "findings that are false", 0.05, "liberal", "within bound"),
        Kind("power", "sets with p <= .05", None, "", ""),
    )
}


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """A test or an interval on one population of stimuli.

    name: its name in the table.
    kind: what is counted: a name in `KINDS`.
    once: draws one set and returns what it adds to the count: 0 or 1, or a share.
    settings: the numbers of stimuli, of permutations or of bootstrap samples.
    simulations: how many sets; 2,000 where a rate is near .05.
    """

    name: str
    kind: str
    once: Callable[[np.random.Generator], float]
    settings: str
    simulations: int


@dataclass(frozen=True)
class Calibrated:
    """How a row came out.

    name, kind, settings, simulations: of the row.
    rate: the mean count.
    error: its Monte-Carlo standard error.
    nominal: the rate that is promised, or None.
    verdict: "within error" when the rate is as promised by no more than 2.58 standard errors (at
        the nominal rate), else "conservative" (safe, and costs power), "liberal" (false claims)
        or "within bound"; empty where nothing is promised.
    """

    name: str
    kind: str
    settings: str
    simulations: int
    rate: float
    error: float
    nominal: float | None
    verdict: str


def calibrate(
    rows: Sequence[Calibration],
    *,
    seed: int,
    simulations: int | None = None,
    processes: int = 1,
    progress: Progress | None = None,
) -> list[Calibrated]:
    """Run rows, in their order.

    simulations: of every row, for a quick look; None is what each row asks for.
    processes: how many share the work; with more than one, `once` must be a function that another
        process can import, or a `functools.partial` of one.
    progress: called with the row's name, the simulations of it that are done and all of them.

    Raises `UserError` for fewer than two simulations, fewer than one process and rows of one name.
    """
    if processes < 1:
        raise UserError(f"processes must be 1 or more, found {processes}")
    if len({row.name for row in rows}) < len(rows):
        raise UserError("two rows have one name, and would have the same simulations")
    sizes = [row.simulations if simulations is None else simulations for row in rows]
    if min(sizes, default=2) < 2:
        raise UserError(f"a rate and its error need two simulations or more, found {min(sizes)}")
    tasks = [
        (row, seed, start, min(start + BLOCK, size))
        for row, size in zip(rows, sizes, strict=True)
        for start in range(0, size, BLOCK)
    ]
    counts: dict[str, list[Float[np.ndarray, " simulation"]]] = {row.name: [] for row in rows}
    total = {row.name: size for row, size in zip(rows, sizes, strict=True)}
    for (row, _, _, stop), part in zip(tasks, _run(tasks, processes), strict=True):
        counts[row.name].append(part)
        if progress is not None:
            progress(row.name, stop, total[row.name])
    return [_judge(row, np.concatenate(counts[row.name])) for row in rows]


_Task = tuple[Calibration, int, int, int]


def _run(tasks: Sequence[_Task], processes: int) -> Iterator[Float[np.ndarray, " simulation"]]:
    from threadpoolctl import threadpool_limits

    if processes == 1:
        with threadpool_limits(1):
            yield from map(_count, tasks)
        return
    # Spawned, since a fork of a process that runs threads (torch, BLAS) may hang. One thread in
    # each, since small products are slower on several, and many times so when cores are shared.
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=one_thread) as pool:
        yield from pool.map(_count, tasks)


def _count(task: _Task) -> Float[np.ndarray, " simulation"]:
    row, seed, start, stop = task
    name = zlib.crc32(row.name.encode())  # `hash` differs between processes
    seeds = (np.random.SeedSequence([seed, name], spawn_key=(i,)) for i in range(start, stop))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Undercoverage)  # what few groups do is what is counted
        return np.array([float(row.once(np.random.default_rng(one))) for one in seeds])


def _judge(row: Calibration, counts: Float[np.ndarray, " simulation"]) -> Calibrated:
    kind = lookup("kind of calibration", row.kind, KINDS)
    rate, number = float(counts.mean()), len(counts)
    verdict = ""
    if kind.nominal is not None:
        expected = np.sqrt(kind.nominal * (1.0 - kind.nominal) / number)
        verdict = "within error"
        if abs(rate - kind.nominal) > BEYOND * expected:
            verdict = kind.above if rate > kind.nominal else kind.below
    error = float(counts.std(ddof=1) / np.sqrt(number))
    return Calibrated(row.name, row.kind, row.settings, number, rate, error, kind.nominal, verdict)
