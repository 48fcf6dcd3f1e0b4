"""Put names beside points so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
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
    others: Sequence[tuple[float, float]] = (),
) -> None:
    """Write a name beside each (x, y, name, colour), clear of names, of points and of `others`.

    Call it once the axes have their limits. Where no place is free the first one is taken.
    """
    figure = axes.get_figure()
    assert figure is not None
    figure.draw_without_rendering()
    frame = axes.get_window_extent()
    scale = figure.dpi / 72
    spots = [axes.transData.transform(p[:2]) for p in (*points, *others)]
    taken = [Bbox.from_bounds(x - 3 * scale, y - 3 * scale, 6 * scale, 6 * scale) for x, y in spots]
    for x, y, name, colour in points:
        text = axes.annotate(
            name, (x, y), xytext=(0, 0), textcoords="offset points", color=colour, fontsize=7
        )
        boxes = []
        for right, up, horizontal, vertical in OFFSETS:
            text.set_position((right, up))
            text.set_horizontalalignment(horizontal)
            text.set_verticalalignment(vertical)
            box = text.get_window_extent()
            boxes.append(box)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and box.y1 <= frame.y1
            if inside and frame.y0 <= box.y0 and not box.count_overlaps(taken):
                break
        else:
            right, up, horizontal, vertical = OFFSETS[0]
            text.set_position((right, up))
            text.set_horizontalalignment(horizontal)
            text.set_verticalalignment(vertical)
            box = boxes[0]
        taken.append(box)
        text.set_in_layout(False)
