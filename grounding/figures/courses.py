"""Scores of twins along training or data: a row of panels an input, a column an assay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from grounding.figures.scores import EVERY_LAYER, HELD_OUT
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, colour_of, legend_above, styled

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "Course", "courses_of", "draw_courses"]

LINEAR = 10.0
"""Beyond this an axis that begins at 0 is logarithmic."""
MOST = 6
"""So many places on a logarithmic axis are named."""

Dashes = Literal["solid", "dashed", "dotted"]


@dataclass(frozen=True)
class Course:
    """One line of one panel.

    row, column: of its panel. kind: a name of `KINDS`. modality: decides the colour of what was
    trained. x: ascending; of one x, a level. low, high: of intervals; none where there are none.
    """

    row: str
    column: str
    kind: str
    modality: str
    x: Sequence[float]
    value: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


CHOSEN, EVERY = "layer chosen on other stimuli", "every layer"
RANDOM, CEILING = "random weights", "transcript ceiling"
KINDS: Mapping[str, tuple[str, float, Dashes]] = {
    CHOSEN: ("", 1.5, "solid"),
    EVERY: ("", 0.5, "solid"),
    RANDOM: ("random", 1.0, "dashed"),
    CEILING: ("reference", 1.2, "dotted"),
}
"""By kind of line: its colour in a theme ("": that of the modality), width and dashes."""


def courses_of(table: pd.DataFrame, across: str) -> Iterator[Course]:
    """Yield the lines of a tidy table, one a seed.

    across: the column that x is. Others: input, modality, seed, weights, assay, quantity, model,
    layer, value, low, high.
    """
    held, every = table.quantity == HELD_OUT, table.quantity == EVERY_LAYER
    trained, random = table.weights == "trained", table.weights.str.startswith("random")
    for kind, chosen, keys in (
        (RANDOM, held & random, ["seed"]),
        (EVERY, every & trained, ["seed", "layer"]),
        (CHOSEN, held & trained, ["seed"]),
        (CEILING, held & (table.model == CEILING), ["model"]),
    ):
        for (row, column, modality, *_), part in table[chosen].groupby(
            ["input", "assay", "modality", *keys], sort=False
        ):
            line = part.sort_values(across)
            ends = (line.low, line.high) if kind == CHOSEN else ((), ())
            yield Course(row, column, kind, modality, *map(list, (line[across], line.value, *ends)))


@styled
def draw_courses(
    courses: Sequence[Course], across: str, *, theme: Theme = LIGHT, width: float = DOUBLE
) -> Figure:
    """Draw every line in its panel; the panels of one assay have one vertical scale.

    across: what x is, in words.
    """
    rows = list(dict.fromkeys(course.row for course in courses))
    columns = list(dict.fromkeys(course.column for course in courses))
    figure = blank(width, 1.75 * len(rows) + 0.6)
    grid = figure.subplots(len(rows), len(columns), sharex=True, sharey="col", squeeze=False)
    places = sorted({x for course in courses for x in course.x})
    for at, row in enumerate(rows):
        for axes, column in zip(grid[at], columns, strict=True):
            axes.axhline(0, color=theme.rule, linewidth=0.6, zorder=0)
            for course in courses:
                if (course.row, course.column) == (row, column):
                    _line(axes, course, theme)
            _scale(axes, places)
            if not at:
                axes.set_title(column)
            if at + 1 == len(rows):
                axes.set_xlabel(across)
        grid[at, 0].set_ylabel(f"{row}\nagreement")
    used = {course.kind: course.modality for course in courses}
    legend_above(figure, [_key(kind, used[kind], theme) for kind in KINDS if kind in used])
    return figure


def _scale(axes: Axes, places: Sequence[float]) -> None:
    if places[0] <= 0:
        axes.set_xscale("symlog", linthresh=LINEAR)
        return
    axes.set_xscale("log")
    if len(places) <= MOST:
        axes.set_xticks(places, [f"{x:g}" for x in places], minor=False)
        axes.set_xticks([], minor=True)


def _line(axes: Axes, course: Course, theme: Theme) -> None:
    role, width, dashes = KINDS[course.kind]
    colour = getattr(theme, role) if role else colour_of(theme, course.modality)
    gid = f"{course.row}, {course.column}: {course.kind}"
    if len(course.x) < 2 and role:
        axes.axhline(course.value[0], color=colour, linewidth=width, linestyle=dashes, gid=gid)
        return
    marker = "o" if course.kind == CHOSEN else ""
    axes.plot(
        course.x,
        course.value,
        color=colour,
        linewidth=width,
        linestyle=dashes,
        marker=marker,
        markersize=3,
        gid=gid,
    )
    if len(course.low):
        axes.fill_between(
            course.x,
            course.low,
            course.high,
            color=colour,
            alpha=0.2,
            linewidth=0,
            gid=f"{gid} interval",
        )


def _key(kind: str, modality: str, theme: Theme) -> Line2D:
    role, width, dashes = KINDS[kind]
    colour = getattr(theme, role) if role else colour_of(theme, modality)
    return Line2D([], [], color=colour, linewidth=width, linestyle=dashes, label=kind)
