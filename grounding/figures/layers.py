"""Layer curves: the agreement of every layer of each trained model, one panel a model."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from grounding.figures.records import Result
from grounding.figures.scores import EVERY_LAYER, HELD_OUT, Score
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, colour_of, legend_above, styled

__all__ = ["CEILING", "PHONES", "REFERENCES", "UPPER", "curves", "draw_layers", "reference"]

Dashes = Literal["solid", "dotted", "dashed"]

PANEL = 1.65  # inches: the least width in which a model's name fits
CEILING = "transcript ceiling"
UPPER = "transcript ceiling, nothing left out"
PHONES = "phone string"
REFERENCES: Mapping[str, tuple[str, Dashes]] = {
    CEILING: ("reference", "solid"),
    UPPER: ("reference", "dotted"),
    PHONES: ("quiet", "dashed"),
}
"""By reference that is no model: its colour in a theme, and its line."""


def curves(result: Result, stimuli: str, assay: str) -> dict[str, tuple[Score, ...]]:
    """Return the rows of every trained model that has a curve, by name, in the order of layers."""
    found: dict[str, tuple[Score, ...]] = {}
    for row in result.rows(stimuli, assay, EVERY_LAYER):
        if row.trained:
            found[row.model] = (*found.get(row.model, ()), row)
    return found


def reference(result: Result, stimuli: str, assay: str, name: str) -> Score | None:
    """Return the row of a reference that is no model, such as the ceiling."""
    rows = result.rows(stimuli, assay, HELD_OUT)
    return next((r for r in rows if r.role == "reference" and r.model == name), None)


@styled
def draw_layers(
    result: Result,
    stimuli: str,
    *,
    assay: str,
    label: str,
    theme: Theme = LIGHT,
    width: float = DOUBLE,
) -> Figure:
    """Draw one panel a trained model, all on one vertical scale.

    In a panel: the model's curve with its interval, the range of the same architecture with
    random weights, and, where the assay has them, the transcript ceiling and the phone string.
    """
    models = curves(result, stimuli, assay)
    columns = min(len(models), max(1, int(width / PANEL)))
    rows = ceil(len(models) / columns)
    columns = ceil(len(models) / rows)  # no row much shorter than the others
    figure = blank(min(width, 0.9 + 2.6 * columns), 1.85 * rows + 0.5)
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes in grid.flat[len(models) :]:
        axes.remove()
    for axes, (name, curve) in zip(grid.flat, models.items(), strict=False):
        axes.axhline(0, color=theme.rule, linewidth=0.6, zorder=0)
        _references(axes, result, stimuli, assay, theme)
        _floor(axes, result, stimuli, assay, name, theme)
        _curve(axes, curve, _chosen(result, stimuli, assay, name), theme)
        axes.set_title(f"{name}\n{curve[0].modality}")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    for place, axes in enumerate(grid.flat[: len(models)]):
        if place + columns >= len(models):
            axes.set_xlabel("layer (0: input)")
        if place % columns == 0:
            axes.set_ylabel(label)
    modalities = {curve[0].modality for curve in models.values()}
    legend_above(figure, _legend(result, stimuli, assay, theme, modalities))
    return figure


def _curve(axes: Axes, curve: tuple[Score, ...], chosen: set[str], theme: Theme) -> None:
    colour = colour_of(theme, curve[0].modality)
    depth = range(len(curve))
    values = [row.value for row in curve]
    ends = [(r.low, r.high) for r in curve if r.low is not None and r.high is not None]
    if len(ends) == len(curve):
        low, high = zip(*ends, strict=True)
        band = axes.fill_between(depth, low, high, color=colour, alpha=0.25, linewidth=0, zorder=2)
        band.set_gid(f"band {curve[0].model}")
    (line,) = axes.plot(depth, values, color=colour, zorder=3)
    line.set_gid(f"trained {curve[0].model}")
    marked = [i for i, row in enumerate(curve) if row.layer in chosen]
    axes.plot(
        marked,
        [values[i] for i in marked],
        "o",
        color=colour,
        markersize=4,
        markeredgecolor=theme.paper,
        markeredgewidth=0.6,
        zorder=4,
        gid=f"chosen {curve[0].model}",
    )


def _floor(axes: Axes, result: Result, stimuli: str, assay: str, name: str, theme: Theme) -> None:
    seeds: dict[str, list[float]] = {}
    for row in result.rows(stimuli, assay, EVERY_LAYER):
        if row.random and row.model == name:
            seeds.setdefault(row.weights, []).append(row.value)
    for weights, values in seeds.items():
        (line,) = axes.plot(values, color=theme.random, linewidth=0.6, zorder=1)
        line.set_gid(f"{weights} {name}")
    if len(seeds) > 1:
        layers = list(zip(*seeds.values(), strict=True))
        lowest, highest = [min(layer) for layer in layers], [max(layer) for layer in layers]
        floor = axes.fill_between(
            range(len(layers)), lowest, highest, color=theme.random, alpha=0.4, linewidth=0
        )
        floor.set_gid(f"floor {name}")


def _references(axes: Axes, result: Result, stimuli: str, assay: str, theme: Theme) -> None:
    for name, (role, style) in REFERENCES.items():
        row = reference(result, stimuli, assay, name)
        if row is None:
            continue
        colour = getattr(theme, role)
        axes.axhline(row.value, color=colour, linewidth=1, linestyle=style, gid=name)
        if row.low is not None and row.high is not None:
            axes.axhspan(
                row.low, row.high, color=colour, alpha=0.15, linewidth=0, gid=f"{name} interval"
            )


def _chosen(result: Result, stimuli: str, assay: str, name: str) -> set[str]:
    rows = result.rows(stimuli, assay, HELD_OUT)
    return {layer for r in rows if r.trained and r.model == name for layer in r.layer.split("|")}


def _legend(result: Result, stimuli: str, assay: str, theme: Theme, modalities: set[str]) -> list:
    rows = result.rows(stimuli, assay, EVERY_LAYER)
    banded = ", and interval" if any(row.low is not None for row in rows) else ""
    shown: list = [
        Line2D([], [], color=colour_of(theme, m), label=f"{m}, trained{banded}")
        for m in sorted(modalities)
    ]
    seeds = {row.weights for row in rows if row.random}
    if len(seeds) == 1:
        shown.append(Line2D([], [], color=theme.random, linewidth=0.6, label="random weights"))
    elif seeds:
        shown.append(Patch(color=theme.random, alpha=0.5, label="random weights, range of seeds"))
    for name, (role, style) in REFERENCES.items():
        if reference(result, stimuli, assay, name):
            colour = getattr(theme, role)
            shown.append(
                Line2D([], [], color=colour, linestyle=style, label=f"{name}, and interval")
            )
    shown.append(
        Line2D(
            [],
            [],
            color=theme.quiet,
            marker="o",
            linestyle="",
            markersize=4,
            label="layer that a fold chose",
        )
    )
    return shown
