"""Draw the figures of a result folder into files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from grounding.figures.records import Result
from grounding.figures.results import read_result
from grounding.figures.style import LIGHT, Theme, settings
from grounding.figures.table import Planned, plan
from grounding.files import write_whole
from grounding.tables import lookup

__all__ = ["FORMATS", "draw_all", "encoded"]

FORMATS: Mapping[str, dict] = {  # by ending: what keeps the file free of time stamps
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "ModDate": None},
}
CAPTIONS = "captions.md"


def draw_all(
    folder: Path, formats: Sequence[str] = ("png", "svg"), *, width: float | None = None
) -> list[Path]:
    """Draw every figure that a result folder has the numbers for into `folder/figures`.

    formats: endings, names in `FORMATS`. width: inches for all figures; None is each one's own.
    Returns the files, figure by figure. Captions, and what could not be drawn and why, go to
    `captions.md` beside them. Figures of the same name are replaced.

    Raises `UserError` for a folder that is no result, and `UnknownName` for a format.
    """
    for ending in formats:
        lookup("figure format", ending, FORMATS)
    result = read_result(folder)
    planned = list(plan(result))
    written = []
    for item in planned:
        if item.missing:
            continue
        figure = item.kind.draw(result, item.stimuli, theme=LIGHT, width=width or item.kind.width)
        for ending in formats:
            path = folder / "figures" / f"{item.stem}.{ending}"
            write_whole(path, encoded(figure, ending, LIGHT))
            written.append(path)
    text = "\n".join(["# Figures", "", *(_entry(result, item) for item in planned)])
    write_whole(folder / "figures" / CAPTIONS, text.encode())
    return written


def encoded(figure: Figure, ending: str, theme: Theme, **changes: Any) -> bytes:
    """Return a figure as the bytes of a file; equal figures give equal bytes.

    changes: matplotlib settings other than the style's.
    """
    file = io.BytesIO()
    with matplotlib.rc_context(settings(theme) | changes):
        figure.savefig(file, format=ending, metadata=FORMATS[ending])
    return file.getvalue()


def _entry(result: Result, item: Planned) -> str:
    head = f"## {item.kind.title}\n\n"
    if item.missing:
        return f"{head}Not drawn for {item.stimuli}: {item.missing}.\n"
    return f"{head}`{item.stem}`: {item.kind.caption(result, item.stimuli)}\n"
