"""The figures of a page: each drawn in a light and in a dark theme, numbered as they appear."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from grounding.figures import DARK, LIGHT, Planned, Result, Theme
from grounding.figures.saving import encoded

__all__ = ["Picture", "arrange", "picture"]

LEADS = ("plane", "between-within", "forest")
"""The figure that leads the page: the first of these that can be drawn."""

SCALE = 125
"""Pixels an inch: a double column fills the page's width, in the size of its text."""


@dataclass(frozen=True)
class Picture:
    """One figure of the page.

    light, dark: data addresses of SVG. width, height: pixels on the page.
    """

    stem: str
    number: int
    title: str
    caption: str
    alt: str
    light: str
    dark: str
    width: int
    height: int
    claims: tuple[str, ...]


def arrange(planned: Iterable[Planned], claims: Iterable[str]) -> list[Planned]:
    """Return the figures that can be drawn, in the order of the page.

    First the one that leads, then each claim's own, then those of no claim in the run.
    """
    drawn = [item for item in planned if not item.missing]
    leads = [item for name in LEADS for item in drawn if item.kind.name == name]
    order = leads[:1]
    for claim in claims:
        order += [i for i in drawn if i.kind.claims[:1] == (claim,) and i not in order]
    return order + [item for item in drawn if item not in order]


def picture(result: Result, item: Planned, number: int) -> Picture:
    """Draw one figure in both themes."""
    light, width, height = _drawn(result, item, LIGHT)
    dark, *_ = _drawn(result, item, DARK)
    return Picture(
        stem=item.stem,
        number=number,
        title=item.kind.title + ("" if item.kind.whole else f", {item.stimuli}"),
        caption=item.kind.caption(result, item.stimuli),
        alt=item.kind.alt(result, item.stimuli),
        light=light,
        dark=dark,
        width=width,
        height=height,
        claims=item.kind.claims,
    )


def _drawn(result: Result, item: Planned, theme: Theme) -> tuple[str, int, int]:
    figure = item.kind.draw(result, item.stimuli, theme=theme, width=item.kind.width)
    # An image cannot use the fonts of its page: as outlines its letters look alike everywhere.
    svg = encoded(figure, "svg", theme, **{"svg.fonttype": "path"})
    address = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
    width, height = figure.get_size_inches() * SCALE
    return address, round(width), round(height)
