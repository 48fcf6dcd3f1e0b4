"""Forest plot: every claim's estimates against the bounds of its rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from grounding.figures.numbers import estimate_text
from grounding.figures.records import Claim, Criterion, Estimate, Result
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, legend_above, styled

__all__ = ["Line", "draw_forest", "forest_lines"]

WRAP = 44  # characters of an estimate's name in double width
WHOLE = "all models"


@dataclass(frozen=True)
class Line:
    """One line of the plot: a heading, an estimate, or a criterion that has no estimate."""

    claim: Claim | None
    name: str
    estimate: Estimate | None = None
    criterion: Criterion | None = None
    heading: bool = False


def forest_lines(result: Result) -> Iterator[Line]:
    """Yield the lines from top to bottom."""
    for claim in result.claims:
        yield Line(claim, f"{claim.name}: {claim.outcome}", heading=True)
        bounds = {c.estimate: c for c in claim.criteria}
        for estimate in claim.estimates:
            yield Line(claim, estimate.name, estimate, bounds.pop(estimate.name, None))
        for criterion in bounds.values():
            yield Line(claim, criterion.estimate, criterion=criterion)
    if result.dissociation:
        yield Line(None, WHOLE, heading=True)
        for estimate in result.dissociation:
            yield Line(None, estimate.name, estimate)


@styled
def draw_forest(
    result: Result, stimuli: str = "", *, theme: Theme = LIGHT, width: float = DOUBLE
) -> Figure:
    """Draw estimates with intervals; a rule's bound is a tick, with an arrow to its side.

    stimuli: not used; a claim brings its own stimulus set.
    """
    shown = list(forest_lines(result))
    wide = width >= DOUBLE - 1
    step = 1.0 if wide else 1.5
    figure = blank(width, 0.235 * step * len(shown) + 0.8)
    axes = figure.subplots()
    axes.axvline(0, color=theme.rule, linewidth=0.6, zorder=0)
    for place, line in enumerate(shown):
        _draw(axes, line, place, theme, wide)
    labels = [fill(line.name, WRAP if wide else 27) for line in shown]
    axes.set_yticks(range(len(shown)), labels)
    for tick, line in zip(axes.get_yticklabels(), shown, strict=True):
        tick.set_color(_colour(line.claim, theme) if line.heading else theme.ink)
        tick.set_fontweight("bold" if line.heading else "normal")
        tick.set_fontsize(7 if wide else 5.5)
        tick.set_linespacing(0.95)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("agreement, difference of agreements, or share")
    legend_above(figure, _legend(result, theme))
    return figure


def _draw(axes: Axes, line: Line, place: int, theme: Theme, wide: bool) -> None:
    colour = _colour(line.claim, theme)
    right = axes.get_yaxis_transform()
    if line.criterion is not None:
        _bound(axes, line.criterion, place, theme)
    if line.estimate is not None:
        found = line.estimate
        counts = line.criterion is not None or line.claim is None
        gid = f"{line.claim.name if line.claim else WHOLE}: {found.name}"
        axes.plot(
            [found.low, found.high],
            [place, place],
            color=colour,
            linewidth=1.6 if counts else 0.8,
            gid=f"{gid} interval",
        )
        axes.plot(
            [found.value],
            [place],
            "o",
            color=colour,
            markerfacecolor=colour if counts else theme.paper,
            gid=gid,
        )
        if wide:
            words = estimate_text(found.value, found.low, found.high)
            axes.text(1.02, place, words, transform=right, va="center", fontsize=7)
    elif not line.heading:
        axes.text(
            1.02,
            place,
            "not estimated",
            transform=right,
            va="center",
            fontsize=7,
            color=theme.quiet,
            style="italic",
        )


def _bound(axes: Axes, criterion: Criterion, place: int, theme: Theme) -> None:
    bound, up = criterion.bound, criterion.above is not None
    axes.plot(
        [bound, bound],
        [place - 0.38, place + 0.38],
        color=theme.ink,
        linewidth=0.9,
        gid=f"bound {criterion.estimate}",
    )
    axes.annotate(
        "",
        (bound, place + 0.34),
        xytext=(9 if up else -9, 0),
        textcoords="offset points",
        arrowprops={
            "arrowstyle": "<-",
            "color": theme.ink,
            "linewidth": 0.6,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 5,
        },
    )


def _colour(claim: Claim | None, theme: Theme) -> str:
    return theme.ink if claim is None else str(getattr(theme, claim.outcome))


def _legend(result: Result, theme: Theme) -> list[Line2D]:
    handles = [
        Line2D([], [], marker="o", color=getattr(theme, outcome), label=outcome)
        for outcome in dict.fromkeys(claim.outcome for claim in result.claims)
    ]
    handles.append(
        Line2D(
            [],
            [],
            marker="|",
            linestyle="",
            markersize=8,
            color=theme.ink,
            label="bound of the rule; arrow: side that supports",
        )
    )
    if any(line.estimate and line.claim and not line.criterion for line in forest_lines(result)):
        handles.append(
            Line2D(
                [],
                [],
                marker="o",
                linewidth=0.8,
                color=theme.quiet,
                markerfacecolor=theme.paper,
                label="no part of the rule",
            )
        )
    return handles
