"""RDMs side by side: spaces and models over the same stimuli, ordered by category."""

from __future__ import annotations

from itertools import groupby
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.spatial.distance import squareform

from grounding.figures.records import Panels, Result
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, styled

__all__ = ["MOST_CATEGORIES", "blocks", "draw_rdms"]

PANEL = 1.6  # inches
MOST_CATEGORIES = 24
"""More names than this cannot be read beside a panel; then none is written."""


def blocks(panels: Panels) -> list[tuple[str, int, int]]:
    """Return each run of one category: its name, first place and the place after its last."""
    found = []
    for name, run in groupby(range(len(panels.ids)), key=lambda i: panels.categories[i]):
        places = list(run)
        found.append((name, places[0], places[-1] + 1))
    return found


@styled
def draw_rdms(
    result: Result, stimuli: str, *, theme: Theme = LIGHT, width: float = DOUBLE
) -> Figure:
    """Draw every RDM as ranks, from near to far, with one colour bar for all."""
    shown = result.panels[stimuli]
    columns = min(len(shown.panels), max(2, int(width / PANEL)))
    rows = ceil(len(shown.panels) / columns)
    columns = ceil(len(shown.panels) / rows)  # no row much shorter than the others
    width = min(width, 1.9 * columns + 0.5)
    figure = blank(width, rows * (width / columns + 0.3) + 0.55)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(shown.panels) :]:
        axes.remove()
    kept = list(grid.flat[: len(shown.panels)])
    for place, (axes, panel) in enumerate(zip(kept, shown.panels, strict=True)):
        square = squareform(panel.ranks)
        np.fill_diagonal(square, np.nan)  # a stimulus and itself are no pair
        image = axes.imshow(
            square, cmap="cividis", vmin=0, vmax=1, interpolation="none", gid=panel.title
        )
        title = panel.title.replace(", ", "\n", 1)
        axes.set_title(title if "\n" in title else f"{title}\nspace")
        _ticks(axes, shown, named=place % columns == 0)
    bar = figure.colorbar(image, ax=kept, location="bottom", shrink=0.4, aspect=40, pad=0.03)
    bar.set_label("rank of distance (0: nearest pair, 1: farthest)")
    bar.outline.set_visible(False)  # type: ignore[operator]
    return figure


def _ticks(axes: Axes, shown: Panels, named: bool) -> None:
    runs = blocks(shown)
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    if len(runs) < 2 or len(runs) > MOST_CATEGORIES:
        return
    edges = [start - 0.5 for _, start, _ in runs[1:]]
    axes.set_xticks(edges, labels=[])
    axes.set_yticks(edges, labels=[])
    if named:
        centres = [(start + end - 1) / 2 for _, start, end in runs]
        axes.set_yticks(centres, labels=[name for name, *_ in runs], minor=True, fontsize=5.5)
        axes.tick_params(axis="y", which="minor", length=0)
