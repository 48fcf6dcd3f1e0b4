"""Print results as tables: ruled on a terminal, one tab-separated line a row elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

__all__ = ["print_table", "show_verdict"]


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Print one table; numbers are given as text. Columns without names have no head."""
    head = any(columns)
    if not sys.stdout.isatty():
        if title:
            print(title)
        for row in (columns, *rows) if head else rows:
            print("\t".join(cell.strip() for cell in row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        *columns, title=title or None, show_header=head, box=box.SIMPLE, title_justify="left"
    )
    for row in rows:
        table.add_row(*map(Text, row))  # not markup: a name may hold brackets
    Console().print(table)


def show_verdict(verdict: dict[str, Any]) -> None:
    """Print for each claim its outcome, why, its estimates with intervals, notes and checks."""
    for row in verdict["claims"]:
        print(f"\n{row['claim']}  {row['outcome'].upper()}  {row['sentence']}")
        if row["n_stimuli"]:
            print(f"    on {row['stimuli']}: {row['n_stimuli']} stimuli, {row['n_groups']} groups")
        print(f"    {row['reason']}")
        for estimate in row["estimates"]:
            print(f"    {_interval(estimate)}")
        for note in row["notes"]:
            print(f"    note: {note}")
        for check in row["checks"]:
            print(f"    {'ok' if check['passed'] else 'FAILED'}: {check['name']}: {check['found']}")
    both = verdict["dissociation"]
    print("\nDouble dissociation" + (f": none, {both['missing']}" if both["missing"] else ""))
    for estimate in both["estimates"]:
        print(f"    {_interval(estimate)}")


def _interval(e: dict[str, Any]) -> str:
    level = f"{100 * e['level']:g}%"
    return f"{e['name']}: {e['value']:.3f}, {level} interval {e['low']:.3f} to {e['high']:.3f}"
