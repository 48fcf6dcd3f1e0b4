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
from grounding.stimuli.simulator.phones import PHONES, Phone

__all__ = ["LEAD", "TAIL", "Segment", "Style", "gestural_score"]

LEAD, TAIL = 0.06, 0.1  # s of rest before the first and after the last segment
_CLOSE, _OPEN = 7.0, 4.0  # lead of a gesture's on- and offset, in time constants
_SLOW = 0.016  # s, for /b/ and /m/
_QUICK = 0.008  # s, for letting go of other stops: a slow release has no burst


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
    """A phone (ARPAbet, no stress digit) with its requested start, end and release, in s."""

    phone: str
    start: float
    end: float
    release: float  # s of aspiration or burst inside the segment's end; 0 for other kinds
    stress: int = 0

    @property
    def made(self) -> Phone:
        return PHONES[self.phone]


def _shapes(segments: Sequence[Segment], i: int) -> tuple[str, ...]:
    """Vowel-tier shapes of segment `i`; an L or R after its vowel brings one of its own."""
    segment = segments[i]
    if _is_coda(segments, i) and segment.phone in ("L", "R"):
        return ("o",) if segment.phone == "L" else ("ER",)
    if segment.phone == "AH" and not segment.stress:
        return ("@",)
    return segment.made.tract


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
    gestures = []
    for i, segment in enumerate(segments):
        made = segment.made
        if made.tier != tier:
            continue
        last = i + 1 == len(segments)
        stop = made.kind in ("stop", "affricate")
        labial = segment.phone in ("B", "M")  # heard by its slow transitions
        quick = stop and (last or segment.phone not in ("K", "G"))  # a velar's burst is long
        let_go = _SLOW if labial else _QUICK if quick else TAU
        start = segment.start - _CLOSE * (_SLOW if labial else TAU) if i else 0.0
        release = segment.end - segment.release - _OPEN * let_go
        until = end if last and not stop else release
        close = _SLOW if labial and i else TAU
        gestures.append(Gesture(start, until, made.gesture, close, let_go))
        after = segment.end - _OPEN * TAU
        if made.kind == "affricate":
            friction = "tt-postalveolar-fricative"
            gestures.append(Gesture(release, end if last else after, friction, let_go))
        elif segment.phone == "T" and segment.release > 0.03:
            hiss = after if last else release + 0.03
            gestures.append(Gesture(release, hiss, "tt-alveolar-fricative", let_go))
    return gestures


def _velum(segments: Sequence[Segment], end: float) -> list[Gesture]:
    return [
        Gesture(
            s.start - 0.07 if i else 0.0,
            s.end - 0.07 if i + 1 < len(segments) else end,
            "0.5",
            TAU,
        )
        for i, s in enumerate(segments)
        if s.made.kind == "nasal"
    ]


def _glottis(segments: Sequence[Segment], style: Style, end: float) -> list[Gesture]:
    """Open for voiceless sounds until the end of their release; else the style's voice."""
    gestures: list[Gesture] = []
    for i, segment in enumerate(segments):
        made, value, lead = segment.made, style.voice, 0.04
        if made.kind == "breath":
            value = "breath"
        elif made.kind in ("fricative", "affricate"):
            value = "voiced-fricative" if made.voiced else "voiceless-fricative"
        elif made.kind == "stop" and not made.voiced:
            value = "voiceless-plosive" if i + 1 == len(segments) else "aspirated"
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
    sonorant = segments[0].made.kind in ("vowel", "glide", "nasal", "lateral")
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
