"""What a stimulus set holds: durations, realisations, and how its spaces go together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, styled

__all__ = ["draw_description"]

READABLE = 14
"""With more spaces than this, numbers in the cells of the matrix cannot be read."""


@styled
def draw_description(
    durations: Sequence[float],
    realisations: Sequence[int],
    names: Sequence[str],
    correlations: Float[np.ndarray, "space space"],
    title: str,
    *,
    theme: Theme = LIGHT,
    width: float = DOUBLE,
) -> Figure:
    """Draw a set: histograms beside the matrix of its spaces, which may be empty.

    durations: seconds. realisations: stimuli of each transcript. names: of the spaces, in the
    order of `correlations`.
    """
    side = 0.5 * width
    figure = blank(width, max(3.2, side + 0.35) if len(names) else 2.4)
    figure.suptitle(title, x=0.01, ha="left")
    if len(names):
        left, right = figure.subfigures(1, 2, width_ratios=[1, 1.5], squeeze=False)[0]
        first, second = left.subplots(2, 1)
        _matrix(right.subplots(), names, correlations)
    else:
        first, second = figure.subplots(1, 2)
    first.hist(durations, bins="auto", color=theme.reference, gid="durations")
    first.set_xlabel("duration (s)")
    first.set_ylabel("stimuli")
    counts = np.bincount(np.asarray(realisations))
    second.bar(np.arange(len(counts))[1:], counts[1:], color=theme.reference, gid="realisations")
    second.set_xlabel("stimuli a transcript")
    second.set_ylabel("transcripts")
    for axes in (first, second):
        axes.locator_params(axis="y", integer=True)
    second.locator_params(axis="x", integer=True)
    return figure


def _matrix(
    axes: Axes, names: Sequence[str], correlations: Float[np.ndarray, "space space"]
) -> None:
    image = axes.imshow(correlations, cmap="RdBu_r", vmin=-1, vmax=1, gid="correlations")
    axes.set_xticks(range(len(names)), labels=names, rotation=90)
    axes.set_yticks(range(len(names)), labels=names)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if len(names) <= READABLE:
        for row, column in np.ndindex(correlations.shape):
            value = correlations[row, column]
            # White on the dark ends of the colours.
            ink = "white" if abs(value) > 0.6 else "black"
            text = f"{value:.2f}".replace("0.", ".")
            axes.text(column, row, text, ha="center", va="center", fontsize=5, color=ink)
    figure = axes.figure
    bar = figure.colorbar(
        image, ax=axes, location="bottom", shrink=0.6, aspect=40, ticks=[-1, -0.5, 0, 0.5, 1]
    )
    bar.set_label("Spearman correlation of distances")
    bar.outline.set_visible(False)  # type: ignore[operator]
