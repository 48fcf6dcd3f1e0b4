"""From phones to a gestural score, the simulator's own notation for who moves when.

A `Segment` is a phone with the time that it is asked to fill. The score then starts each gesture
early, since a gesture with time constant tau needs about 7 tau to close a constriction and 4 tau
to open one; so segment times are requested times, and the movement leads them by design.

A score has eight tiers of gestures that follow each other without gap. Each gesture pulls its
articulators towards a target, as a critically damped system does; a neutral gesture lets go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from grounding.stimuli.simulator.phones import PHONES, Phone

__all__ = ["LEAD", "TAIL", "Segment", "Style", "gestural_score"]

LEAD, TAIL = 0.06, 0.1  # s of rest before the first and after the last segment
_TAU = 0.012  # s, the simulator's usual time constant
_CLOSE, _OPEN = 7.0, 4.0  # lead of a gesture's on- and offset, in time constants
_QUICK = 0.008  # s, for letting go of a stop: a slow release has no burst
_TIERS = (  # name, unit, what fills a gap, whether that is a neutral gesture
    ("vowel", "", "@", 0),
    ("lip", "", "", 1),
    ("tongue-tip", "", "", 1),
    ("tongue-body", "", "", 1),
    ("velic", "", "0.0", 1),
    ("glottal-shape", "", "modal", 0),
    ("f0", "st", "80.0", 0),
    ("lung-pressure", "dPa", "0.0", 0),
)


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


@dataclass(frozen=True)
class _Gesture:
    start: float
    end: float
    value: str
    tau: float
    release: float = _TAU  # time constant of the neutral gesture that follows


def _shapes(segments: Sequence[Segment], i: int) -> tuple[str, ...]:
    """Vowel-tier shapes of segment `i`; an L or R after its vowel brings one of its own."""
    segment = segments[i]
    if _is_coda(segments, i) and segment.phone in ("L", "R"):
        return ("o",) if segment.phone == "L" else ("ER",)
    if segment.phone == "AH" and not segment.stress:
        return ("@",)
    return segment.made.tract


def _vowels(segments: Sequence[Segment], style: Style, end: float) -> list[_Gesture]:
    """Vowel-tier gestures, the schwa of rest before and after them.

    With overlap 1 a vowel holds from the beginning of the consonants before it to the end of
    those after it; with overlap 0 the tongue and lips are at rest until the vowel is due.
    """
    tau = _TAU * style.slack
    gestures: list[_Gesture] = []
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
        gestures.append(_Gesture(onset, end, shapes[0], _TAU if glide else tau))
        if len(shapes) == 2:
            turn = segment.start + 0.38 * (segment.end - segment.start) - 3 * tau
            gestures.append(_Gesture(turn, end, shapes[1], 1.5 * tau))
        previous = segment.end
    coda = segments[-1].end - previous
    rest = previous + style.overlap * coda - _OPEN * _TAU
    if coda > 0 and style.overlap < 0.9:
        gestures.append(_Gesture(rest, end, "@", tau))
    return gestures


def _is_coda(segments: Sequence[Segment], i: int) -> bool:
    return i + 1 == len(segments) or segments[i + 1].made.kind not in ("vowel", "glide")


def _constrictions(segments: Sequence[Segment], tier: str, end: float) -> list[_Gesture]:
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
        let_go = _QUICK if stop and segment.phone != "B" else _TAU
        start = segment.start - _CLOSE * _TAU if i else 0.0
        release = segment.end - segment.release - _OPEN * let_go
        until = end if last and not stop else release
        gestures.append(_Gesture(start, until, made.gesture, _TAU, let_go))
        after = segment.end - _OPEN * _TAU
        if made.kind == "affricate":
            friction = "tt-postalveolar-fricative"
            gestures.append(_Gesture(release, end if last else after, friction, let_go))
        elif last and segment.phone == "T":
            gestures.append(_Gesture(release, after, "tt-alveolar-fricative", let_go))
    return gestures


def _velum(segments: Sequence[Segment], end: float) -> list[_Gesture]:
    return [
        _Gesture(
            s.start - 0.07 if i else 0.0,
            s.end - 0.06 if i + 1 < len(segments) else end,
            "0.5",
            _TAU,
        )
        for i, s in enumerate(segments)
        if s.made.kind == "nasal"
    ]


def _glottis(segments: Sequence[Segment], style: Style, end: float) -> list[_Gesture]:
    """Open for voiceless sounds until the end of their release; else the style's voice."""
    gestures: list[_Gesture] = []
    for i, segment in enumerate(segments):
        made, value, lead = segment.made, style.voice, 0.04
        if made.kind == "breath":
            value = "breath"
        elif made.kind == "fricative" and not made.voiced:
            value = "voiceless-fricative"
        elif made.kind == "affricate" and not made.voiced:
            value = "voiceless-fricative"
        elif made.kind == "stop" and not made.voiced:
            value = "voiceless-plosive" if i + 1 == len(segments) else "aspirated"
        elif made.kind in ("fricative", "affricate"):
            value = "voiced-fricative"
        elif made.kind == "stop" and i:
            value = "voiced-plosive"
        if not made.voiced and i and segments[i - 1].made.voiced:
            lead = 0.05
        start = segment.start - lead if i else 0.0
        stop = segment.end - 0.04 if i + 1 < len(segments) else end
        gestures.append(_Gesture(start, stop, value, _TAU))
    return gestures


def _melody(segments: Sequence[Segment], style: Style, end: float) -> list[_Gesture]:
    first, last = segments[0].start, segments[-1].end
    base = 12 * log2(style.f0)
    steps = len(style.contour)
    edges = [first + (last - first) * k / steps - 0.06 for k in range(steps)]
    edges[0] = 0.0
    return [
        _Gesture(a, b, f"{base + offset:.4f}", 0.03)
        for a, b, offset in zip(edges, [*edges[1:], end], style.contour, strict=True)
    ]


def _pressure(segments: Sequence[Segment], style: Style, end: float) -> list[_Gesture]:
    first, last = segments[0].start - 0.02, segments[-1].end - 0.03
    if segments[-1].made.kind == "stop" and segments[-1].made.voiced:
        last -= segments[-1].release + 0.02  # a weak release, or it becomes a vowel
    sonorant = segments[0].made.kind in ("vowel", "glide", "nasal", "lateral")
    onset = 0.012 if sonorant else 0.005  # a sudden onset of voice is heard as a stop
    first -= 0.03 if sonorant else 0.0
    return [
        _Gesture(0.0, first, "0.0", _TAU),
        _Gesture(first, last, f"{style.pressure:.1f}", onset),
        _Gesture(last, end, "0.0", 0.008),
    ]


def _tier(name: str, unit: str, rest: str, neutral: int, gestures: Sequence[_Gesture]) -> list[str]:
    """Lay gestures end to end, each cut where the next begins, with rest between them."""
    lines = [f'<gesture_sequence type="{name}-gestures" unit="{unit}">']
    now, release = 0.0, _TAU

    def add(value: str, until: float, tau: float, neutral: int) -> None:
        lines.append(
            f'<gesture value="{value}" slope="0.0" duration_s="{until - now:.6f}" '
            f'time_constant_s="{tau:.6f}" neutral="{neutral}" />'
        )

    for k, gesture in enumerate(gestures):
        start, end = max(gesture.start, now), gesture.end
        if k + 1 < len(gestures):
            end = min(end, max(gestures[k + 1].start, start))
        if end - start < 0.001:
            continue
        if start - now >= 0.001:
            add(rest, start, release, neutral)
            now = start
        add(gesture.value, end, gesture.tau, 0)
        now, release = end, gesture.release
    if neutral:  # without it the last gesture would never let go
        add(rest, now + TAIL, release, neutral)
    return [*lines, "</gesture_sequence>"]


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
    for name, unit, rest, neutral in _TIERS:
        gestures = tiers[name] if name in tiers else _constrictions(segments, name, end)
        lines += _tier(name, unit, rest, neutral, gestures)
    return "\n".join([*lines, "</gestural_score>", ""])
