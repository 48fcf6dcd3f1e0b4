"""`grounding figures` and `grounding report`: draw a finished result again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["figures", "report"]

Folder = Annotated[Path, typer.Argument(help="A folder that grounding run wrote.")]


def figures(
    folder: Folder,
    format: Annotated[str, typer.Option(help="png, svg, pdf; several by commas.")] = "png,svg",
    width: Annotated[str, typer.Option(help="own, single or double column.")] = "own",
) -> None:
    """Draw the figures of a result into its folder; say what could not be drawn."""
    from grounding.figures import DOUBLE, SINGLE, draw_all, plan, read_result
    from grounding.tables import lookup

    inches = lookup("width", width, {"own": None, "single": SINGLE, "double": DOUBLE})
    formats = [part.strip() for part in format.split(",") if part.strip()]
    for path in draw_all(folder, formats, width=inches):
        print(path)
    for item in plan(read_result(folder)):
        if item.missing:
            print(f"not drawn: {item.stem}: {item.missing}", file=sys.stderr)


def report(folder: Folder) -> None:
    """Write the page of a result, one file that needs no network."""
    from grounding.report import write_report

    print(write_report(folder).resolve())
