"""Print results as tables: drawn on a terminal, plain text elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["print_table", "show_verdict"]


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Print one table; numbers are given as text."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(*columns, title=title or None, box=box.SIMPLE, title_justify="left")
    for row in rows:
        table.add_row(*row)
    if not console.is_terminal:
        console.width = 160  # a log is read by scrolling, not by folding
    console.print(table)


def show_verdict(verdict: dict[str, Any]) -> None:
    """Print a row a claim: outcome, leading estimates with intervals, n, and why."""
    rows = []
    for row in verdict["claims"]:
        found = "\n".join(_interval(e) for e in row["estimates"]) or "-"
        n = f"{row['n_stimuli']} in {row['n_groups']}" if row["n_stimuli"] else "-"
        rows.append([row["claim"], str(row["outcome"]), found, n, row["reason"]])
    print_table(["claim", "outcome", "estimates [95% interval]", "n in groups", "why"], rows)
    both = verdict["dissociation"]
    lines = [_interval(e) for e in both["estimates"]] or [f"no dissociation: {both['missing']}"]
    print("\n".join(lines))


def _interval(e: dict[str, Any]) -> str:
    return f"{e['name']}: {e['value']:.3f} [{e['low']:.3f}, {e['high']:.3f}]"
