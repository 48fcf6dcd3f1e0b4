"""The overview: the plain agreement of every layer with every space, one panel a model."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from grounding.figures.records import Result
from grounding.figures.scores import EVERY_LAYER, Score
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, styled

__all__ = ["ASSAY", "draw_overview", "grids", "overview_rows"]

ASSAY = "overview"


def overview_rows(result: Result, stimuli: str) -> tuple[Score, ...]:
    """Return the rows of trained models; controls are left out."""
    return tuple(row for row in result.rows(stimuli, ASSAY, EVERY_LAYER) if row.trained)


def grids(
    result: Result, stimuli: str
) -> tuple[list[str], dict[str, Float[np.ndarray, "space layer"]]]:
    """Return the names of the spaces, and for each model its agreement with each, layer by layer.

    A space that a model was not compared with is NaN.
    """
    rows = overview_rows(result, stimuli)
    spaces = list(dict.fromkeys(row.space for row in rows))
    found = {}
    for model in dict.fromkeys(row.model for row in rows):
        own = [row for row in rows if row.model == model]
        layers = list(dict.fromkeys(row.layer for row in own))
        grid = np.full((len(spaces), len(layers)), np.nan)
        for row in own:
            grid[spaces.index(row.space), layers.index(row.layer)] = row.value
        found[model] = grid
    return spaces, found


@styled
def draw_overview(
    result: Result, stimuli: str, *, theme: Theme = LIGHT, width: float = DOUBLE
) -> Figure:
    """Draw a line a space and a column a layer; colour is agreement, on one scale for all."""
    spaces, models = grids(result, stimuli)
    modalities = {row.model: row.modality for row in overview_rows(result, stimuli)}
    most = max(float(np.nanmax(np.abs(grid))) for grid in models.values())
    stacked = width < DOUBLE - 1
    shape = (len(models), 1) if stacked else (1, len(models))
    width = width if stacked else min(width, 2.4 + 2.2 * len(models))
    tall = 0.15 * len(spaces) + (0.7 if stacked else 0.5)
    figure = blank(width, tall * shape[0] + 0.75)
    grid_axes = figure.subplots(*shape, sharey=True, squeeze=False)
    for axes, (name, grid) in zip(grid_axes.flat, models.items(), strict=True):
        image = axes.imshow(
            grid,
            cmap="PuOr_r",
            vmin=-most,
            vmax=most,
            aspect="auto",
            interpolation="none",
            gid=name,
        )
        axes.set_title(f"{name}\n{modalities[name]}")
        axes.set_xlabel("layer (0: input)")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        axes.tick_params(axis="y", length=0)
        axes.spines[:].set_visible(False)
    for axes in grid_axes[:, 0]:
        axes.set_yticks(range(len(spaces)), spaces, fontsize=6)
    bar = figure.colorbar(
        image, ax=list(grid_axes.flat), location="bottom", shrink=0.4, aspect=40, pad=0.03
    )
    bar.locator = MaxNLocator(nbins=4, symmetric=True)
    bar.set_label("agreement, nothing partialled out")
    bar.outline.set_visible(False)  # type: ignore[operator]
    return figure
