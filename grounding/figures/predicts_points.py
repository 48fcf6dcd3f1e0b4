"""Every point: what models do downstream beside what their layers hold, one panel a score.

A point is one layer of one model with one set of weights. A family has one colour and one shape;
trained weights are filled, checkpoints half filled, random weights hollow. Thin lines join the
layers of one model with one set of weights in the order in which they come. Nothing is computed
here: a correlation is written over a panel only where one is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from grounding.errors import UserError
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, legend_above, styled

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UsePoint", "draw_predicts", "points_of"]

SHAPES = "osD^vP*X"
COLOURS = ("speech", "text", "reference", "refuted", "other")
"""Fields of `Theme`; their number and that of the shapes have no common divisor."""
MOST = len(SHAPES) * len(COLOURS)
SCORES = ("articulatory", "phonetic", "acoustic")
FILLS: Mapping[str, Literal["full", "left", "none"]] = {
    "trained": "full",
    "checkpoint": "left",
    "random": "none",
}
"""By kind of weights."""


@dataclass(frozen=True)
class UsePoint:
    """One point of one panel.

    panel: the score that `x` is, in its own unit. y: downstream accuracy.
    weights: "trained", "random-<seed>", or whatever a checkpoint is called.
    """

    panel: str
    family: str
    model: str
    layer: str
    weights: str
    x: float
    y: float

    @property
    def kind(self) -> str:
        """A name of `FILLS`."""
        if self.weights == "trained":
            return self.weights
        return "random" if self.weights.startswith("random") else "checkpoint"


def points_of(table: pd.DataFrame, scores: Sequence[str] = SCORES) -> Iterator[UsePoint]:
    """Yield the points of a tidy table, panel by panel, in its order.

    table: with columns family, model, layer, weights, downstream and the scores.

    Raises `UserError` where a column is absent.
    """
    wanted = ("family", "model", "layer", "weights", "downstream", *scores)
    if absent := [name for name in wanted if name not in table]:
        raise UserError(
            f"the table has no column {', '.join(absent)}; needed {', '.join(wanted)}, one layer "
            "of one model with one set of weights a row"
        )
    for score in scores:
        for row in table.to_dict("records"):
            family, model, layer, weights = (str(row[name]) for name in wanted[:4])
            x, y = float(row[score]), float(row["downstream"])
            yield UsePoint(score, family, model, layer, weights, x, y)


@styled
def draw_predicts(
    points: Sequence[UsePoint],
    downstream: str,
    *,
    units: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
    theme: Theme = LIGHT,
    width: float = DOUBLE,
) -> Figure:
    """Draw one panel a score, side by side, on one scale of downstream accuracy.

    downstream: what `y` is, in words. units: by panel, what its score is in.
    notes: by panel, what is written over it, such as a correlation with its interval.

    Raises `UserError` for no point, for more families than can be told apart, and for units or
    notes of a panel that is not there.
    """
    panels = list(dict.fromkeys(point.panel for point in points))
    families = list(dict.fromkeys(point.family for point in points))
    units, notes = units or {}, notes or {}
    if not points:
        raise UserError("there is no point to draw; needed one or more")
    if len(families) > MOST:
        raise UserError(
            f"{len(families)} families cannot be told apart by {len(COLOURS)} colours and "
            f"{len(SHAPES)} shapes; draw {MOST} or fewer"
        )
    if stray := sorted({*units, *notes} - set(panels)):
        raise UserError(
            f"there are units or notes of {', '.join(stray)}, and panels {', '.join(panels)} only"
        )
    figure = blank(width, 0.85 * width / max(2, len(panels)) + 0.75)
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(grid, panels, strict=True):
        own = [point for point in points if point.panel == panel]
        _lines(axes, own, families, theme)
        for point in sorted(own, key=lambda p: list(FILLS).index(p.kind), reverse=True):
            _point(axes, point, families, theme)
        axes.set_xlabel(f"{panel} score, {units[panel]}" if panel in units else f"{panel} score")
        axes.set_title(notes.get(panel, ""))
        axes.margins(0.06)
    grid[0].set_ylabel(downstream)
    kinds = [kind for kind in FILLS if any(point.kind == kind for point in points)]
    legend_above(figure, [*_families(families, theme), *_kinds(kinds, theme)])
    return figure


def _look(families: Sequence[str], family: str, theme: Theme) -> dict[str, Any]:
    """Return a family's colour and shape; no two of `MOST` families share both."""
    k = families.index(family)
    colour = getattr(theme, COLOURS[k % len(COLOURS)])
    return {"color": colour, "marker": SHAPES[k % len(SHAPES)]}


def _lines(axes: Axes, points: Sequence[UsePoint], families: Sequence[str], theme: Theme) -> None:
    def whole(point: UsePoint) -> tuple[str, str, str]:
        return point.family, point.model, point.weights

    for (family, model, weights), group in groupby(sorted(points, key=whole), key=whole):
        places = [(point.x, point.y) for point in group]
        if len(places) > 1:
            axes.plot(
                *zip(*places, strict=True),
                color=_look(families, family, theme)["color"],
                linewidth=0.4,
                alpha=0.4,
                zorder=1,
                gid=f"{points[0].panel}: {model} {weights} layers",
            )


def _point(axes: Axes, point: UsePoint, families: Sequence[str], theme: Theme) -> None:
    axes.plot(
        [point.x],
        [point.y],
        **_look(families, point.family, theme),
        fillstyle=FILLS[point.kind],
        markerfacecoloralt=theme.paper,
        markersize=4 if point.kind == "trained" else 3.2,
        markeredgewidth=0.7,
        linestyle="",
        gid=f"{point.panel}: {point.model} {point.layer} {point.weights}",
    )


def _families(families: Sequence[str], theme: Theme) -> list[Line2D]:
    looks = [(family, _look(families, family, theme)) for family in families]
    return [Line2D([], [], linestyle="", label=family, **look) for family, look in looks]


def _kinds(kinds: Sequence[str], theme: Theme) -> list[Line2D]:
    """Return what fillings mean; without a key where there is only one."""
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            color=theme.quiet,
            fillstyle=FILLS[kind],
            markerfacecoloralt=theme.paper,
            label=kind if kind == "checkpoint" else f"{kind} weights",
        )
        for kind in kinds
        if len(kinds) > 1
    ]
