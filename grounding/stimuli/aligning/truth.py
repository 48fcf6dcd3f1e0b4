"""When boundaries between phones happen in the simulator's arrays, where physics shows one.

What is asked of the simulator is a time for every phone; gestures lead it. Sound changes where the
tract does: this reads the moment from the arrays, for the boundaries that have such a moment.

| boundary | event |
| --- | --- |
| to a closure (stop, affricate, nasal) from what is open | the smallest area reaches 0 |
| from a closure to what is open; the release of a stop | it leaves 0 |
| from a voiceless stop, affricate or /h/ to what is voiced | the glottis closes half-way |
| to /h/ | it opens half-way |
| to or from a fricative, beside what is open | the smallest area passes `SLIT` |
| from an affricate to what is voiced, if voiced itself | it passes `SLIT` |
| between nasal and stop | the velum closes or opens half-way |

Between vowels, glides and laterals, and between two stops, there is none. Areas are the narrowest
of lips, tip and body; times are interpolated between frames of 10 ms. The event taken is the one
nearest to the requested time and not farther than `REACH` from it; where there is none there is no
truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from grounding.stimuli.aligning.classes import OPEN, Kind, kind
from grounding.stimuli.articulation import Articulation

__all__ = ["CLOSED", "REACH", "SLIT", "acoustic_times", "event"]

SLIT, CLOSED, REACH = 0.3, 0.01, 0.08  # cm^2, cm^2, s

Track = Float[np.ndarray, " time"]


def event(left: Kind, right: Kind) -> tuple[str, int] | None:
    """Return the track that shows the boundary, and whether it rises (1) or falls (-1) there."""
    if left.name == "nasal" and right.closed:
        return ("velum", -1) if right.name != "nasal" else None
    if left.closed and right.name == "nasal":
        return "velum", 1
    if right.closed:
        return None if left.closed else ("closure", -1)
    breathy = "h" in (left.name, right.name)
    if breathy or (left.name in ("stop", "affricate") and not left.voiced and right.voiced):
        return ("glottis", -1 if right.voiced else 1) if left.voiced != right.voiced else None
    if left.name == "affricate" and right.name in OPEN:
        return "slit", 1
    if left.closed:
        return "closure", 1
    if right.name == "fricative" and left.name in OPEN:
        return "slit", -1
    if left.name == "fricative" and right.name in OPEN:
        return "slit", 1
    return None


def acoustic_times(
    segments: Sequence[tuple[str, float, float]], articulation: Articulation
) -> list[float | None]:
    """Return the time in s of every boundary inside a stimulus, None where arrays show none."""
    stream = articulation["variables"]
    value = dict(zip(stream.channels, stream.values.T, strict=True))
    area = np.minimum.reduce([value["lip.area"], value["tip.area"], value["body.area"]])
    tracks = {
        "closure": (area, CLOSED),
        "slit": (area, SLIT),
        "velum": _halved(value["velum.area"]),
        "glottis": _halved(value["glottis.opening"]),
    }
    found: list[float | None] = []
    for (left, _, time), (right, *_) in pairwise(segments):
        what = event(kind(left), kind(right))
        found.append(what and _nearest(*tracks[what[0]], what[1], time, articulation.rate))
    return found


def _halved(track: Track) -> tuple[Track, float]:
    return track, float(track.min() + track.max()) / 2


def _nearest(track: Track, level: float, way: int, time: float, rate: float) -> float | None:
    """Return when the track passes `level` in the way asked for, nearest to `time`."""
    above = track > level
    after = np.flatnonzero(above[1:] != above[:-1]) + 1
    after = after[above[after] == (way > 0)]
    before = track[after - 1].astype(float)
    times = (after - 1 + (level - before) / (track[after] - before)) / rate
    near = times[np.abs(times - time) <= REACH]
    return float(near[np.argmin(np.abs(near - time))]) if len(near) else None
