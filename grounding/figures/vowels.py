"""The vowel quadrilateral, as phoneticians draw it: F2 falls to the right, F1 grows downwards.

The first panel shows where the vowels are, the others where a model's geometry puts them. Vowels
lie on a grid, and lines join those that are one step apart in it: what is straight in the first
panel shows by its bends how a model differs. Unrounded vowels are joined by whole lines, rounded
ones by dashed lines of another colour; as in the IPA's chart, the symbol of a rounded vowel stands
right of its place and that of an unrounded one left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from grounding.errors import UserError
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, legend_above, styled

__all__ = ["Vowel", "draw_vowels", "moved"]

HEIGHT = 2.5  # inches of a row of panels
COLUMNS = 3


@dataclass(frozen=True)
class Vowel:
    """One vowel in one panel.

    ipa: its label. rounded: whether the lips are. node: its row and column in the grid, by which
    it is joined to others of its rounding. height: F1, backness: F2, both in Bark.
    """

    ipa: str
    rounded: bool
    node: tuple[int, int]
    height: float
    backness: float


def moved(vowels: Sequence[Vowel], places: Iterable[Sequence[float]]) -> list[Vowel]:
    """Return the vowels at other places: F1 and F2 in Bark, one pair a vowel."""
    return [
        replace(vowel, height=float(f1), backness=float(f2))
        for vowel, (f1, f2) in zip(vowels, places, strict=True)
    ]


@styled
def draw_vowels(
    panels: Mapping[str, Sequence[Vowel]], *, theme: Theme = LIGHT, width: float = DOUBLE
) -> Figure:
    """Draw one panel a title, side by side, all to one scale.

    Raises `UserError` where there is nothing to draw.
    """
    if not panels or not all(panels.values()):
        raise UserError("there is no vowel to draw; needed a panel or more with vowels in each")
    rows = -(-len(panels) // COLUMNS)
    columns = min(COLUMNS, len(panels))
    figure = blank(width, HEIGHT * rows + 0.3)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, (title, vowels) in zip(grid.flat, panels.items(), strict=False):
        _panel(axes, title, vowels, theme)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    for k, axes in enumerate(grid.flat):
        axes.xaxis.set_tick_params(labelbottom=k + columns >= len(panels))
    grid[0, 0].invert_xaxis()  # shared with all panels
    grid[0, 0].invert_yaxis()
    figure.supxlabel("F2 (Bark): front to back", fontsize=7.5)
    figure.supylabel("F1 (Bark): open to close", fontsize=7.5)
    legend_above(figure, [_line(theme, rounded) for rounded in (False, True)])
    return figure


def _style(theme: Theme, rounded: bool) -> tuple[str, Literal["-", "--"]]:
    return (theme.text, "--") if rounded else (theme.speech, "-")


def _line(theme: Theme, rounded: bool) -> Line2D:
    colour, dashes = _style(theme, rounded)
    return Line2D([], [], color=colour, linestyle=dashes, label="rounded" * rounded or "unrounded")


def _panel(axes: Axes, title: str, vowels: Sequence[Vowel], theme: Theme) -> None:
    axes.set_title(title)
    for a, b in combinations(vowels, 2):
        steps = sum(abs(x - y) for x, y in zip(a.node, b.node, strict=True))
        if a.rounded == b.rounded and steps == 1:
            colour, dashes = _style(theme, a.rounded)
            axes.plot(
                [a.backness, b.backness],
                [a.height, b.height],
                color=colour,
                linestyle=dashes,
                linewidth=0.6,
                alpha=0.6,
                gid=f"{title}: step",
            )
    for vowel in vowels:
        axes.text(
            vowel.backness,
            vowel.height,
            vowel.ipa,
            color=_style(theme, vowel.rounded)[0],
            ha="left" if vowel.rounded else "right",
            va="center",
            fontsize=8,
            gid=f"{title}: vowel",
        )
        axes.plot(
            [vowel.backness],
            [vowel.height],
            ".",
            markersize=2,
            gid=f"{title}: place",
            color=_style(theme, vowel.rounded)[0],
        )
    axes.margins(0.08)
