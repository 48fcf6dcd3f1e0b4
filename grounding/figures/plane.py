"""The plane: every model as a point in physical and relational agreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from grounding.figures.placing import name_points
from grounding.figures.records import Result
from grounding.figures.scores import HELD_OUT, Score
from grounding.figures.style import LIGHT, Theme, blank, colour_of, legend_above, marker_of, styled

__all__ = ["PHYSICAL", "RELATIONAL", "Point", "draw_plane", "points"]

PHYSICAL, RELATIONAL = "physics", "relations"
WIDTH = 5.2


@dataclass(frozen=True)
class Point:
    """One column of a run: its row in the physical and in the relational assay."""

    physical: Score
    relational: Score


def points(result: Result, stimuli: str) -> Iterator[Point]:
    """Yield whatever both assays scored, in the order of the physical one."""
    relational = {
        (row.model, row.weights): row for row in result.rows(stimuli, RELATIONAL, HELD_OUT)
    }
    for row in result.rows(stimuli, PHYSICAL, HELD_OUT):
        if (row.model, row.weights) in relational:
            yield Point(row, relational[row.model, row.weights])


@styled
def draw_plane(
    result: Result, stimuli: str, *, theme: Theme = LIGHT, width: float = WIDTH
) -> Figure:
    """Draw trained models filled, random weights hollow, controls as diamonds, with intervals."""
    figure = blank(width, 0.72 * width + 0.55)
    axes = figure.subplots()
    axes.axhline(0, color=theme.rule, linewidth=0.6, zorder=0)
    axes.axvline(0, color=theme.rule, linewidth=0.6, zorder=0)
    shown = list(points(result, stimuli))
    for point in sorted(shown, key=lambda p: p.physical.trained):
        _point(axes, point, theme)
    axes.margins(0.08)
    axes.set_xlabel("partial agreement with the vocal tract (physical)")
    axes.set_ylabel("partial agreement with lexical relations")
    legend_above(figure, _legend(shown, theme))
    named = [p for p in shown if not p.physical.random]
    name_points(
        axes,
        [
            (
                p.physical.value,
                p.relational.value,
                p.physical.model,
                colour_of(theme, p.physical.modality, p.physical.role),
            )
            for p in named
        ],
        [_box(p) for p in shown],
    )
    return figure


def _box(point: Point) -> tuple[float, float, float, float]:
    """Return (left, right, bottom, top) of a point's cross."""
    ends = []
    for row in (point.physical, point.relational):
        ends += [row.value if row.low is None else row.low]
        ends += [row.value if row.high is None else row.high]
    return ends[0], ends[1], ends[2], ends[3]


def _point(axes: Axes, point: Point, theme: Theme) -> None:
    row = point.physical
    colour = colour_of(theme, row.modality, row.role)
    solid = row.trained
    gid = f"{row.role} {row.model} {row.weights}".strip()
    for score, horizontal in ((point.physical, True), (point.relational, False)):
        if score.low is None or score.high is None:
            continue
        ends = [score.low, score.high]
        here = [point.relational.value if horizontal else point.physical.value] * 2
        axes.plot(
            *((ends, here) if horizontal else (here, ends)),
            color=colour,
            linewidth=1.0 if solid else 0.6,
            alpha=1.0 if solid else 0.6,
            gid=f"{gid} {'physical' if horizontal else 'relational'} interval",
        )
    axes.plot(
        [point.physical.value],
        [point.relational.value],
        marker=marker_of(row.modality, row.role),
        color=colour,
        markerfacecolor=colour if solid else theme.paper,
        markersize=5.5 if solid else 4,
        markeredgewidth=0.9,
        linestyle="",
        gid=gid,
    )


def _legend(shown: list[Point], theme: Theme) -> list[Line2D]:
    kinds = {
        (
            p.physical.role,
            "" if p.physical.role != "model" else p.physical.modality,
            p.physical.trained,
        )
        for p in shown
    }
    handles = []
    for role, modality, trained in sorted(kinds, key=lambda k: (k[0] != "model", k[1], not k[2])):
        colour = colour_of(theme, modality, role)
        words = f"{modality}, {'trained' if trained else 'random weights'}"
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker=marker_of(modality, role),
                color=colour,
                markerfacecolor=colour if trained else theme.paper,
                label=words if role == "model" else f"{role}: answer known",
            )
        )
    return handles
