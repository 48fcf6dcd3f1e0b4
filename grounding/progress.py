"""Show how far long work has come: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Report", "shown"]

Report = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""

QUIET_SECONDS = 5.0  # a log wants a line now and then, not one a batch


@contextmanager
def shown() -> Iterator[Report]:
    """Give a function that shows progress on standard error until the block ends."""
    if not sys.stderr.isatty():
        yield _plain()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield report


def _plain() -> Report:
    started: dict[str, float] = {}
    last: dict[str, float] = {}
    first: dict[str, int] = {}  # done before this run

    def report(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        begun = started.setdefault(what, now)
        first.setdefault(what, done)
        if done >= total:
            line = f"{what}: done in {now - begun:.1f} s"
        elif now - last.get(what, -QUIET_SECONDS) >= QUIET_SECONDS:
            line = f"{what}: {done}/{total}{_left(now - begun, done - first[what], total - done)}"
        else:
            return
        last[what] = now
        print(line, file=sys.stderr, flush=True)

    return report


def _left(seconds: float, done: int, rest: int) -> str:
    """Say how long the rest takes at the speed so far; nothing before there is one."""
    if done <= 0:
        return ""
    minutes, rest_seconds = divmod(round(seconds / done * rest), 60)
    return f", {minutes}:{rest_seconds:02d} left"
