"""Put names beside points so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

__all__ = ["name_points"]

OFFSETS = (  # points to the side, in the order in which they are tried
    (6, 5, "left", "bottom"),
    (-6, 5, "right", "bottom"),
    (6, -5, "left", "top"),
    (-6, -5, "right", "top"),
    (6, 14, "left", "bottom"),
    (-6, 14, "right", "bottom"),
    (6, -14, "left", "top"),
    (-6, -14, "right", "top"),
    (6, 24, "left", "bottom"),
    (-6, 24, "right", "bottom"),
    (6, -24, "left", "top"),
    (-6, -24, "right", "top"),
)


def name_points(
    axes: Axes,
    points: Sequence[tuple[float, float, str, str]],
    crosses: Sequence[tuple[float, float, float, float]] = (),
) -> None:
    """Write a name beside each (x, y, name, colour), clear of other names, points and crosses.

    crosses: (left, right, bottom, top) of two lines that cross half-way; names keep off them.
    Call it once the axes have their limits. Where no place is free the first one is taken.
    """
    figure = axes.figure
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    frame = axes.get_window_extent()
    scale = figure.dpi / 72
    spots = [axes.transData.transform(p[:2]) for p in points]
    taken = [Bbox.from_bounds(x - 3 * scale, y - 3 * scale, 6 * scale, 6 * scale) for x, y in spots]
    for left, right, bottom, top in crosses:
        (x0, y0), (x1, y1) = axes.transData.transform([(left, bottom), (right, top)])
        across, up = (x0 + x1) / 2, (y0 + y1) / 2
        taken.append(Bbox([[x0, up - scale], [x1, up + scale]]))
        taken.append(Bbox([[across - scale, y0], [across + scale, y1]]))
    for x, y, name, colour in points:
        text = axes.annotate(
            name, (x, y), xytext=(0, 0), textcoords="offset points", color=colour, fontsize=7
        )
        for right, up, horizontal, vertical in (*OFFSETS, OFFSETS[0]):
            text.set(position=(right, up), ha=horizontal, va=vertical)
            box = text.get_window_extent()
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1
            if (
                inside
                and frame.y0 <= box.y0 <= box.y1 <= frame.y1
                and not box.count_overlaps(taken)
            ):
                break
        taken.append(box)
        text.set_in_layout(False)
