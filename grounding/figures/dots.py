"""Scores of several models on the parts of a stimulus set: one line a part, one dot a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from grounding.figures.saving import encoded
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, legend_above, styled
from grounding.files import write_whole

__all__ = ["Dot", "draw_dots", "save_png"]

Dot = tuple[str, str, float, float, float]
"""Part of the set, model, value and the two ends of its interval."""

SHAPES = "osD^vP*X"
COLOURS = ("speech", "random", "text", "other", "refuted", "reference")
"""Fields of `Theme`, for the models in the order in which they come."""


@styled
def draw_dots(
    dots: Sequence[Dot], axis: str, *, theme: Theme = LIGHT, width: float = DOUBLE
) -> Figure:
    """Draw dots with intervals, parts from top to bottom in the order in which they come.

    axis: what the values are. A model has one colour and one shape throughout.
    """
    parts = list(dict.fromkeys(dot[0] for dot in dots))
    names = list(dict.fromkeys(dot[1] for dot in dots))
    figure = blank(width, 0.8 + 0.11 * len(parts) * (len(names) + 1))
    axes = figure.subplots()
    handles = []
    for k, name in enumerate(names):
        colour = getattr(theme, COLOURS[k % len(COLOURS)])
        shape = SHAPES[k % len(SHAPES)]
        for part, model, value, low, high in dots:
            if model == name:
                place = parts.index(part) + 0.8 * ((k + 0.5) / len(names) - 0.5)
                axes.plot([low, high], [place, place], color=colour, gid=f"{part}: {name} interval")
                axes.plot([value], [place], shape, color=colour, gid=f"{part}: {name}")
        handles += axes.plot([], [], shape, color=colour, label=name)
    for edge in range(1, len(parts)):
        axes.axhline(edge - 0.5, color=theme.rule, linewidth=0.6, zorder=0)
    axes.set_yticks(range(len(parts)), parts)
    axes.set_ylim(len(parts) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(axis)
    legend_above(figure, handles)
    return figure


def save_png(figure: Figure, path: str | Path) -> None:
    """Write a figure to a PNG file, whole; equal figures give equal bytes."""
    write_whole(Path(path), encoded(figure, "png", LIGHT))
