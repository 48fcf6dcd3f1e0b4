"""From phones to a gestural score, the simulator's own notation for who moves when.

A `Segment` is a phone with the time that it is asked to fill. The score then starts each gesture
early, since a gesture with time constant tau needs about 7 tau to close a constriction and 4 tau
to open one; so segment times are requested times, and the movement leads them by design.

See `gestures` for the notation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from grounding.stimuli.simulator.gestures import TAU, TIERS, Gesture, sequence
from grounding.stimuli.simulator.phones import SONORANTS, Phone

__all__ = ["LEAD", "TAIL", "Segment", "Style", "gestural_score"]

LEAD, TAIL = 0.06, 0.1  # s of rest before the first and after the last segment
_CLOSE, _OPEN = 7.0, 4.0  # lead of a gesture's on- and offset, in time constants
_BEAT = 0.034  # s, the shortest time from one closure of a trill to the next
_QUICK = 0.008  # s, for letting go of stops: a slow release has no burst


@dataclass(frozen=True)
class Style:
    """What a realisation varies.

    rate: speed factor of all durations. overlap: how far vowels reach into the consonants
    around them, 0 to 1. slack: factor on the time constants of the vowel tier (above 1 vowels
    are reached late and undershot). contour: F0 in semitones above `f0` (Hz) at equal steps from
    first to last segment. voice: glottis shape of voiced sounds. pressure: dPa.
    """

    rate: float
    overlap: float
    slack: float
    f0: float
    contour: tuple[float, ...]
    voice: str
    pressure: float


@dataclass(frozen=True)
class Segment:
    """A phone with its requested start, end and release, in s.

    phone: its symbol in the inventory. made: how it is made.
    """

    phone: str
    made: Phone
    start: float
    end: float
    release: float  # s of aspiration or burst inside the segment's end; 0 for other kinds
    stress: int = 0

    @property
    def ipa(self) -> str:
        """Its IPA with its stress."""
        return self.made.said(self.stress)


def _shapes(segments: Sequence[Segment], i: int) -> tuple[str, ...]:
    """Vowel-tier shapes of segment `i`; some consonants bring one of their own."""
    segment = segments[i]
    made = segment.made
    if made.coda and _is_coda(segments, i):
        return made.coda
    if made.unstressed and not segment.stress:
        return made.unstressed
    return made.tract or ((made.secondary,) if made.secondary else ())


def _vowels(segments: Sequence[Segment], style: Style, end: float) -> list[Gesture]:
    """Vowel-tier gestures, the schwa of rest before and after them.

    With overlap 1 a vowel holds from the beginning of the consonants before it to the end of
    those after it; with overlap 0 the tongue and lips are at rest until the vowel is due.
    """
    tau = TAU * style.slack
    gestures: list[Gesture] = []
    previous = segments[0].start
    for i, segment in enumerate(segments):
        shapes = _shapes(segments, i)
        if not shapes:
            continue
        glide = segment.made.kind != "vowel"
        reach = 0.0 if glide else style.overlap * (segment.start - previous)
        onset = max(0.0, segment.start - _OPEN * tau - reach)
        if i == 0 or (style.overlap > 0.9 and not gestures):
            onset = 0.0
        gestures.append(Gesture(onset, end, shapes[0], TAU if glide else tau))
        if len(shapes) == 2:
            turn = segment.start + 0.38 * (segment.end - segment.start) - 3 * tau
            gestures.append(Gesture(turn, end, shapes[1], 1.5 * tau))
        previous = segment.end
    coda = segments[-1].end - previous
    rest = previous + style.overlap * coda - _OPEN * TAU
    if coda > 0 and style.overlap < 0.9:
        gestures.append(Gesture(rest, end, "@", tau))
    return gestures


def _is_coda(segments: Sequence[Segment], i: int) -> bool:
    return i + 1 == len(segments) or segments[i + 1].made.kind not in ("vowel", "glide")


def _constrictions(segments: Sequence[Segment], tier: str, end: float) -> list[Gesture]:
    """Closures and narrowings of one tier; in place from the start, and held to the end.

    A first consonant is made before voice begins and a last fricative, nasal or lateral is not
    let go before voice has died: else a lone word has a vowel before and after it.
    """
    gestures: list[Gesture] = []
    for i, segment in enumerate(segments):
        made = segment.made
        if made.tier != tier:
            continue
        last = i + 1 == len(segments)
        stop = made.kind in ("stop", "affricate")
        own = made.pace != TAU
        let_go = made.pace if own else _QUICK if stop and (last or not made.lingers) else TAU
        start = segment.start - _CLOSE * made.pace if i else 0.0
        release = segment.end - segment.release - _OPEN * let_go
        until = end if last and not stop else release
        close = made.pace if i else TAU
        if made.between:
            gestures += _beats(segment, start)
            continue
        gestures.append(Gesture(start, until, made.gesture, close, let_go))
        after = segment.end - _OPEN * TAU
        if made.kind == "affricate":
            gestures.append(Gesture(release, end if last else after, made.friction, let_go))
        elif made.hiss and segment.release > 0.03:
            hiss = after if last else release + 0.03
            gestures.append(Gesture(release, hiss, made.hiss, let_go))
    return gestures


def _beats(segment: Segment, start: float) -> list[Gesture]:
    """Closures of a tap or trill with short openings between, evenly in its time.

    The last opening is held until the tip is at rest: let go at once, it would close again.
    """
    made = segment.made
    count = max(1, min(made.closures, int((segment.end - segment.start) / _BEAT)))
    beat = (segment.end - segment.start) / count
    gestures = []
    for k in range(count):
        shut = segment.start + k * beat - _OPEN * made.pace
        half, last = shut + beat / 2, k + 1 == count
        until = half + _CLOSE * made.pace if last else shut + beat
        gestures += [
            Gesture(shut if k else start, half, made.gesture, made.pace),
            Gesture(half, until, made.between, made.pace),
        ]
    return gestures


def _velum(segments: Sequence[Segment], end: float) -> list[Gesture]:
    """Open early for a nasal; for a nasal vowel from its start, so that a stop before it is one."""
    return [
        Gesture(
            s.start - (0.0 if _nucleus(s) else 0.07) if i else 0.0,
            end if i + 1 == len(segments) and not _nucleus(s) else s.end - 0.07,
            str(s.made.velum),
            TAU,
        )
        for i, s in enumerate(segments)
        if s.made.velum
    ]


def _nucleus(segment: Segment) -> bool:
    return segment.made.kind == "vowel"


def _glottis(segments: Sequence[Segment], style: Style, end: float) -> list[Gesture]:
    """Open for voiceless sounds until the end of their release; else the style's voice."""
    gestures: list[Gesture] = []
    for i, segment in enumerate(segments):
        made, value, lead = segment.made, style.voice, 0.04
        if made.glottis:
            value = made.glottis
        elif made.kind == "breath":
            value = "breath"
        elif made.kind in ("fricative", "affricate"):
            value = "voiced-fricative" if made.voiced else "voiceless-fricative"
        elif made.kind == "stop" and not made.voiced:
            aspirated = made.breathy and i + 1 < len(segments)
            value = "aspirated" if aspirated else "voiceless-plosive"
        elif made.kind == "stop" and i:
            value = "voiced-plosive"
        if not made.voiced and i and segments[i - 1].made.voiced:
            lead = 0.05
        start = segment.start - lead if i else 0.0
        stop = segment.end - 0.04 if i + 1 < len(segments) else end
        gestures.append(Gesture(start, stop, value, TAU))
    return gestures


def _melody(segments: Sequence[Segment], style: Style, end: float) -> list[Gesture]:
    first, last = segments[0].start, segments[-1].end
    base = 12 * log2(style.f0)
    steps = len(style.contour)
    edges = [first + (last - first) * k / steps - 0.06 for k in range(steps)]
    edges[0] = 0.0
    return [
        Gesture(a, b, f"{base + offset:.4f}", 0.03)
        for a, b, offset in zip(edges, [*edges[1:], end], style.contour, strict=True)
    ]


def _pressure(segments: Sequence[Segment], style: Style, end: float) -> list[Gesture]:
    first, last = segments[0].start - 0.02, segments[-1].end - 0.03
    if segments[-1].made.kind == "stop" and segments[-1].made.voiced:
        last -= segments[-1].release + 0.02  # a weak release, or it becomes a vowel
    sonorant = segments[0].made.kind in ("vowel", *SONORANTS)
    obstructed = segments[0].made.kind in ("stop", "affricate")
    onset = 0.005 if obstructed else 0.012  # a sudden onset of sound is heard as a stop
    first -= 0.03 if sonorant else 0.0
    return [
        Gesture(0.0, first, "0.0", TAU),
        Gesture(first, last, f"{style.pressure:.1f}", onset),
        Gesture(last, end, "0.0", 0.008),
    ]


def gestural_score(segments: Sequence[Segment], style: Style) -> str:
    """Return the score (XML text) that speaks `segments` in the given style."""
    end = segments[-1].end + TAIL
    tiers = {
        "vowel": _vowels(segments, style, end),
        "velic": _velum(segments, end),
        "glottal-shape": _glottis(segments, style, end),
        "f0": _melody(segments, style, end),
        "lung-pressure": _pressure(segments, style, end),
    }
    lines = ["<gestural_score>"]
    for tier in TIERS:
        gestures = tiers.get(tier.name)
        if gestures is None:
            gestures = _constrictions(segments, tier.name, end)
        lines += sequence(tier, gestures, end)
    return "\n".join([*lines, "</gestural_score>", ""])
