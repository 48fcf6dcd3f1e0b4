"""How every figure looks: widths, colours, type.

Conventions
-----------
Widths are those of journal columns, in inches. Colours are Okabe and Ito's (2008, Color Universal
Design), darkened or lightened until they stand out from the paper; what a colour says, a shape or
a word says too. Text stays text in SVG and PDF. Figures never touch pyplot: nothing is global.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import matplotlib
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = [
    "DARK",
    "DOUBLE",
    "LIGHT",
    "SINGLE",
    "Theme",
    "blank",
    "colour_of",
    "legend_above",
    "marker_of",
    "settings",
    "styled",
]

SINGLE = 3.5
"""Inches: one column of a page."""
DOUBLE = 7.2
"""Inches: two columns of a page."""

P = ParamSpec("P")


@dataclass(frozen=True)
class Theme:
    """The colours of a figure, as hex codes."""

    name: str
    paper: str
    ink: str
    quiet: str
    """Axes, ticks and second-rank text."""
    rule: str
    """Lines that only guide the eye."""
    speech: str
    text: str
    other: str
    """Controls and whatever has no modality."""
    random: str
    reference: str
    """The transcript ceiling."""
    supported: str
    refuted: str
    undecided: str


LIGHT = Theme(
    name="light",
    paper="#ffffff",
    ink="#1b1e22",
    quiet="#5a6068",
    rule="#d4d8dc",
    speech="#0072b2",
    text="#c95400",
    other="#5a6068",
    random="#8a9098",
    reference="#007a59",
    supported="#007a59",
    refuted="#a23f7d",
    undecided="#5a6068",
)
DARK = Theme(
    name="dark",
    paper="#15181c",
    ink="#e9ebed",
    quiet="#a9afb6",
    rule="#3b4148",
    speech="#56b4e9",
    text="#f2994a",
    other="#a9afb6",
    random="#868d95",
    reference="#3cc9a0",
    supported="#3cc9a0",
    refuted="#e391c2",
    undecided="#a9afb6",
)

MARKERS = {"speech": "o", "text": "s"}


def colour_of(theme: Theme, modality: str, role: str = "model") -> str:
    """Return the colour of a modality; controls and references that are no model are grey."""
    if role != "model":
        return theme.other
    return {"speech": theme.speech, "text": theme.text}.get(modality, theme.other)


def marker_of(modality: str, role: str = "model") -> str:
    """Return the shape of a modality."""
    return MARKERS.get(modality, "D") if role == "model" else "D"


def settings(theme: Theme) -> dict[Any, Any]:
    """Return matplotlib's settings for a theme."""
    return {
        "font.family": ["DejaVu Sans"],  # comes with matplotlib: looks alike on every machine
        "font.size": 7.5,
        "axes.labelsize": 7.5,
        "axes.titlesize": 7.5,
        "figure.titlesize": 8,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "text.color": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.titlelocation": "left",
        "axes.edgecolor": theme.quiet,
        "axes.facecolor": theme.paper,
        "figure.facecolor": theme.paper,
        "savefig.facecolor": theme.paper,
        "xtick.color": theme.quiet,
        "ytick.color": theme.quiet,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "lines.linewidth": 1.2,
        "lines.markersize": 4.5,
        "figure.dpi": 100,
        "savefig.dpi": 220,
        "svg.fonttype": "none",
        "svg.hashsalt": "grounding",  # equal results give equal files
        "pdf.fonttype": 42,
    }


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Make a function that takes a keyword `theme` draw in that theme's settings."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        theme = kwargs.get("theme", LIGHT)
        assert isinstance(theme, Theme)
        with matplotlib.rc_context(settings(theme)):
            figure = draw(*args, **kwargs)
            # Lay out once and for all, while the settings hold.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            return figure

    return drawn


def blank(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches, drawn by Agg, that lays itself out."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def legend_above(figure: Figure, handles: Sequence[Artist]) -> None:
    """Write the legend above the axes, in as many columns as the width holds."""
    for columns in range(len(handles), 0, -1):
        legend = figure.legend(
            handles=list(handles), loc="outside upper left", ncols=columns, columnspacing=1.4
        )
        if legend.get_window_extent().width <= figure.bbox.width or columns == 1:
            return
        legend.remove()
