"""The tract from the side: where a model's frames put it, over where it was.

Front is to the right, up is up, in mm. Two kinds of posture are drawn:

- `flesh`: points as articulography sees them. They are the data; the line through those of the
  tongue only guides the eye.
- `tract`: the simulator's parameters. The tongue runs from the hyoid along its body, an ellipse
  about (TCX, TCY), to blade and tip; jaw and lips follow from JX, JA, LP and LD. A sketch: in the
  shipped words its outline passes the true points TT, TB and TD at 1.0, 0.5 and 1.8 mm (median;
  6.2, 2.6 and 4.8 mm at the 95th percentile).

The palate is the trace of the highest places that tongues of the shipped sets reached, with the
velum raised; how far the velum is open is not drawn. All constants are for an anatomy of scale 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from grounding.errors import UserError
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, legend_above, styled
from grounding.figures.vowels import Vowel, draw_vowels, moved
from grounding.tables import lookup

__all__ = ["PALATE", "STREAMS", "Posture", "Sketch", "draw_quadrilaterals", "draw_tracts", "sketch"]

COLUMNS = 3
MARGIN = 7.0  # mm around what is drawn
TONGUE = ("TD", "TB", "TT")  # from the back; a line joins those that there are
BODY = (21.0, 18.0)  # mm, half the width and height of the tongue's body
ARC = np.radians([190.0, 165.0, 140.0, 115.0, 90.0])  # of the body that is outline
MM_PER = {"cm": 10.0, "mm": 1.0, "deg": 1.0}

PALATE: Float[np.ndarray, "place 2"] = np.array(
    [
        *((-28, -14), (-20, -8), (-14, -1), (-8, 6), (-2, 9.6), (4, 11), (12, 12.6), (18, 11.8)),
        *((24, 10.8), (30, 10), (36, 9), (41, 8), (44, 5), (47, 1.5), (48, -2)),
    ]
)
"""mm, from the velum's end to the upper incisors."""
FOLLOWS: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "JAW": ((1.015, 0.687, 0.0, 0.0, 45.74), (-0.041, 1.875, 0.0, 0.0, -12.13)),
    "LL": ((0.433, 0.179, 1.047, -0.014, 66.58), (-0.069, 0.956, -0.14, -0.503, -13.99)),
    "UL": ((0.369, 0.148, 1.032, -0.015, 69.67), (-0.065, 0.971, -0.132, 0.503, 3.60)),
}
"""x and y (mm) by JX (mm), JA (degrees), LP and LD (mm), and 1: least squares over the shipped
words; root mean square error .02 mm for the jaw, .3 to .5 for the lips."""


@dataclass(frozen=True, eq=False)
class Posture:
    """One state of a tract.

    stream: a name in `STREAMS`. channels, units: as the stream names them. values: one a channel.
    """

    stream: str
    channels: tuple[str, ...]
    units: tuple[str, ...]
    values: Float[np.ndarray, " channel"]

    def __post_init__(self) -> None:
        lookup("stream to draw", self.stream, STREAMS)
        sizes = {len(self.channels), len(self.units), np.size(self.values)}
        if len(sizes) > 1 or np.ndim(self.values) != 1 or not np.isfinite(self.values).all():
            raise UserError(
                f"a posture has one unit and one finite value a channel; found "
                f"{len(self.channels)} channels, {len(self.units)} units and values {self.values}"
            )


@dataclass(frozen=True, eq=False)
class Sketch:
    """What is drawn of a posture, in mm.

    points: (x, y) by name. outline: places along the tongue, from the back.
    """

    points: Mapping[str, tuple[float, float]]
    outline: Float[np.ndarray, "place 2"]


def sketch(posture: Posture, scale: float = 1.0) -> Sketch:
    """Return the drawing of a posture.

    scale: of the anatomy; what is not measured but drawn by rule grows with it.

    Raises `UserError` for channels that are absent, and lengths in no known unit.
    """
    return STREAMS[posture.stream](posture, scale)


def _taken(posture: Posture, names: Iterable[str]) -> list[float]:
    """Return values in mm or degrees."""
    held = dict(zip(posture.channels, zip(posture.values, posture.units, strict=True), strict=True))
    if absent := [name for name in names if name not in held]:
        raise UserError(
            f"a posture of stream {posture.stream!r} has no channel {', '.join(absent)}; found "
            f"{', '.join(posture.channels)}"
        )
    if odd := [name for name in names if held[name][1] not in MM_PER]:
        unit = held[odd[0]][1]
        raise UserError(f"{odd[0]} is in {unit!r}; needed one of {', '.join(MM_PER)}. Convert it")
    return [float(held[name][0]) * MM_PER[held[name][1]] for name in names]


def _flesh(posture: Posture, scale: float) -> Sketch:
    names = [channel.removesuffix(".x") for channel in posture.channels if channel.endswith(".x")]
    x = _taken(posture, [f"{name}.x" for name in names])
    y = _taken(posture, [f"{name}.y" for name in names])
    points = dict(zip(names, zip(x, y, strict=True), strict=True))
    along = [points[name] for name in TONGUE if name in points]
    if len(along) < 2:
        raise UserError(
            f"a tongue needs two of the points {', '.join(TONGUE)}; found {', '.join(names)}"
        )
    return Sketch(points, _curve(np.array(along)))


def _tract(posture: Posture, scale: float) -> Sketch:
    parameters = ("JX", "JA", "LP", "LD", "HX", "HY", "TCX", "TCY", "TBX", "TBY", "TTX", "TTY")
    jx, ja, lp, ld, *rest = _taken(posture, parameters)
    by = np.array([jx / scale, ja, lp / scale, ld / scale, 1.0])
    points = {}
    for name, (x, y) in FOLLOWS.items():
        points[name] = (float(scale * (by @ x)), float(scale * (by @ y)))
    hyoid, centre, blade, tip = np.reshape(rest, (4, 2))
    body = centre + scale * np.column_stack([BODY[0] * np.cos(ARC), BODY[1] * np.sin(ARC)])
    return Sketch(points, _curve(np.vstack([hyoid, body, blade, tip])))


STREAMS: Mapping[str, Callable[[Posture, float], Sketch]] = {"flesh": _flesh, "tract": _tract}
"""By stream of an articulation: how a posture of it is drawn."""


def _curve(places: Float[np.ndarray, "place 2"]) -> Float[np.ndarray, "place 2"]:
    """Return a line through the places that is smooth, and never turns between two of them."""
    from scipy.interpolate import PchipInterpolator

    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    kept = np.concatenate([[True], steps > 0.0])  # a place given twice is one place
    along = np.concatenate([[0.0], np.cumsum(steps)])[kept]
    return PchipInterpolator(along, places[kept])(np.linspace(0.0, along[-1], 80))


@styled
def draw_tracts(
    true: Posture,
    predicted: Mapping[str, Posture],
    *,
    scale: float,
    theme: Theme = LIGHT,
    width: float = DOUBLE,
) -> Figure:
    """Draw the true tract, and beside it each predicted one over the true one, to one scale.

    predicted: by title, such as a layer; of the same stream as the true one. Thin lines join each
    predicted point to where it is.
    scale: of the anatomy that both are of, 1 for the simulator's own.

    Raises `UserError` for nothing predicted, another stream, and what `sketch` raises.
    """
    if not predicted:
        raise UserError("there is no predicted posture; needed one or more, by title")
    if other := sorted({one.stream for one in predicted.values()} - {true.stream}):
        raise UserError(
            f"the true posture is of stream {true.stream!r} and a predicted one of {other[0]!r}; "
            "draw both of one stream"
        )
    truth = sketch(true, scale)
    panels = {"true": None, **{title: sketch(one, scale) for title, one in predicted.items()}}
    if len(panels) == len(predicted):
        raise UserError("a predicted posture is called 'true'; give it another title")
    rows, columns = -(-len(panels) // COLUMNS), min(COLUMNS, len(panels))
    seen = [truth, *filter(None, panels.values())]
    places = [[*one.outline.tolist(), *one.points.values()] for one in seen]
    drawn = np.concatenate([scale * PALATE, *map(np.array, places)])
    corner, far = drawn.min(0) - MARGIN, drawn.max(0) + MARGIN
    across, up = far - corner
    figure = blank(width, rows * ((width - 0.6) / columns * up / across + 0.35) + 0.6)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    for axes, (title, found) in zip(grid.flat, panels.items(), strict=False):
        axes.set_title(title)
        axes.set(aspect="equal", xlim=(corner[0], far[0]), ylim=(corner[1], far[1]))
        axes.plot(*(scale * PALATE.T), color=theme.quiet, linewidth=1.0, gid=f"{title}: palate")
        if found is None:
            _names(axes, truth, theme)
        else:
            _errors(axes, truth, found, title, theme)
            _sketch(axes, found, "predicted", f"{title}: predicted", theme)
        _sketch(axes, truth, "true", f"{title}: true", theme, faint=found is not None)
    figure.supxlabel("mm: back to front", fontsize=7.5)
    figure.supylabel("mm: down to up", fontsize=7.5)
    keys = ("true", "predicted")
    legend_above(figure, [Line2D([], [], label=key, **_look(key, theme)) for key in keys])
    return figure


def _names(axes: Axes, shown: Sketch, theme: Theme) -> None:
    for name, place in shown.points.items():
        look: dict[str, Any] = {"color": theme.quiet, "fontsize": 6, "textcoords": "offset points"}
        axes.annotate(name, place, (3, -7), **look)


def _look(what: str, theme: Theme) -> dict[str, Any]:
    if what == "true":
        return {"color": theme.ink, "linestyle": "--", "marker": "o", "markerfacecolor": "none"}
    return {"color": theme.speech, "linestyle": "-", "marker": "o"}


def _sketch(
    axes: Axes, shown: Sketch, what: str, gid: str, theme: Theme, *, faint: bool = False
) -> None:
    look = _look(what, theme) | {"marker": ""}
    axes.plot(*shown.outline.T, **look, linewidth=0.8 if faint else 1.4, gid=f"{gid} tongue")
    for name, (x, y) in shown.points.items():
        look = _look(what, theme) | {"linestyle": ""}
        axes.plot([x], [y], **look, markersize=3 if faint else 4, gid=f"{gid} {name}")


def _errors(axes: Axes, truth: Sketch, found: Sketch, title: str, theme: Theme) -> None:
    for name, (x, y) in found.points.items():
        if name in truth.points:
            to_x, to_y = truth.points[name]
            look: dict[str, Any] = {"color": theme.refuted, "linewidth": 0.8}
            axes.plot([x, to_x], [y, to_y], **look, gid=f"{title}: error {name}")


def draw_quadrilaterals(
    vowels: Sequence[Vowel],
    recovered: Mapping[str, Iterable[Sequence[float]]],
    *,
    theme: Theme = LIGHT,
    width: float = DOUBLE,
) -> Figure:
    """Draw the vowels where they are, then where each layer's map puts them, to one scale.

    recovered: by layer, F1 and F2 in Bark, one pair a vowel in the order of the vowels.

    Raises what `draw_vowels` and `moved` raise, and `UserError` for a layer called "true".
    """
    if "true" in recovered:
        raise UserError("a layer is called 'true'; give it another title")
    panels = {title: moved(vowels, places) for title, places in recovered.items()}
    return draw_vowels({"true": vowels, **panels}, theme=theme, width=width)
