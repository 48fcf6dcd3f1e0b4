"""The notation of a gestural score: eight tiers of gestures that follow each other without gap.

A gesture pulls its articulators towards a target as a critically damped system does, faster with
a shorter time constant; a neutral gesture lets them go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["TAU", "TIERS", "Gesture", "Tier", "sequence"]

TAU = 0.012  # s, the simulator's usual time constant
_SHORTEST = 0.001  # s; a shorter gesture is left out


@dataclass(frozen=True)
class Gesture:
    """start, end: s. value: a shape's name or a number.

    tau, release: time constants in s, of the gesture and of the rest that follows it.
    """

    start: float
    end: float
    value: str
    tau: float
    release: float = TAU


@dataclass(frozen=True)
class Tier:
    """rest: what fills a gap. neutral: whether rest means that the tier lets go."""

    name: str
    unit: str
    rest: str
    neutral: bool


TIERS = (
    Tier("vowel", "", "@", False),
    Tier("lip", "", "", True),
    Tier("tongue-tip", "", "", True),
    Tier("tongue-body", "", "", True),
    Tier("velic", "", "0.0", True),
    Tier("glottal-shape", "", "modal", False),
    Tier("f0", "st", "80.0", False),
    Tier("lung-pressure", "dPa", "0.0", False),
)


def sequence(tier: Tier, gestures: Sequence[Gesture], finish: float) -> list[str]:
    """Return XML lines that lay `gestures` end to end, each cut where the next begins.

    Gaps are filled with the tier's rest; a tier that can let go does so after its last gesture,
    until `finish` s.
    """
    lines = [f'<gesture_sequence type="{tier.name}-gestures" unit="{tier.unit}">']
    now, release = 0.0, TAU

    def add(value: str, until: float, tau: float, neutral: bool) -> None:
        lines.append(
            f'<gesture value="{value}" slope="0.0" duration_s="{until - now:.6f}" '
            f'time_constant_s="{tau:.6f}" neutral="{neutral:d}" />'
        )

    for k, gesture in enumerate(gestures):
        start, end = max(gesture.start, now), gesture.end
        if k + 1 < len(gestures):
            end = min(end, max(gestures[k + 1].start, start))
        if end - start < _SHORTEST:
            continue
        if start - now >= _SHORTEST:
            add(tier.rest, start, release, tier.neutral)
            now = start
        add(gesture.value, end, gesture.tau, False)
        now, release = end, gesture.release
    if tier.neutral and finish - now >= _SHORTEST:  # else the last gesture would never let go
        add(tier.rest, finish, release, True)
    return [*lines, "</gesture_sequence>"]
