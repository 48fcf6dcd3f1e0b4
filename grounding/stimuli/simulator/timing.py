"""When each phone of a word is asked to happen: durations from a few rules of English.

Vowels are shorter without stress, before another syllable and before a voiceless coda, longer
before a voiced one; voiceless stops at the start of a stressed syllable are aspirated, after /s/
they are not; consonants in clusters are shorter. The rules are Klatt's (1976); the numbers are
round ones of the usual size, set by what a recogniser heard.
"""

from __future__ import annotations

from collections.abc import Sequence

from grounding.errors import UserError
from grounding.stimuli.simulator.phones import PHONES
from grounding.stimuli.simulator.score import LEAD, Segment

__all__ = ["segments"]


def _split(phone: str) -> tuple[str, int]:
    name, stress = phone.rstrip("012"), phone[-1:]
    if name not in PHONES:
        raise UserError(f"unknown ARPAbet phone {phone!r}; known: {' '.join(sorted(PHONES))}")
    return name, int(stress) if stress in ("0", "1", "2") and stress else 0


def _vowel_factor(i: int, names: Sequence[str], stress: int, vowels: Sequence[int]) -> float:
    factor = 1.0 if stress else 0.55
    if i != vowels[-1]:
        factor *= 0.75
    after = names[i + 1] if i + 1 < len(names) else None
    if after is None:
        return factor * 1.1
    obstruent = PHONES[after].kind in ("stop", "affricate", "fricative")
    if obstruent and i == vowels[-1]:
        factor *= 1.15 if PHONES[after].voiced else 0.72
    if PHONES[after].kind in ("lateral", "glide", "nasal") and i == vowels[-1]:
        factor *= 0.85
    return factor


def _release(i: int, names: Sequence[str], stresses: Sequence[int]) -> float:
    """Seconds of burst and aspiration after a stop, of friction in an affricate."""
    made = PHONES[names[i]]
    before = names[i - 1] if i else None
    after = names[i + 1] if i + 1 < len(names) else None
    if made.kind == "affricate":
        return 0.09 if not made.voiced else 0.045
    if made.kind != "stop":
        return 0.0
    if made.voiced:
        return 0.015 if after else 0.03
    if after is None:
        return 0.05
    if PHONES[after].kind in ("stop", "fricative", "affricate", "nasal"):
        return 0.015
    if before == "S":
        return 0.02
    stressed = next((s for n, s in zip(names[i:], stresses[i:], strict=True)
                     if PHONES[n].kind == "vowel"), 0)  # fmt: skip
    return 0.06 if stressed or i == 0 else 0.035


def segments(phones: Sequence[str], rate: float) -> tuple[Segment, ...]:
    """Return timed segments of ARPAbet `phones` (vowels with stress digits) at speed `rate`.

    Closures, friction and vowels shrink with rate; bursts and aspiration half as much.
    """
    pairs = [_split(phone) for phone in phones]
    names, stresses = [p[0] for p in pairs], [p[1] for p in pairs]
    vowels = [i for i, n in enumerate(names) if PHONES[n].kind == "vowel"]
    if not vowels:
        raise UserError(f"no vowel in {' '.join(phones)!r}; a word needs at least one")
    placed, now = [], LEAD
    for i, (name, stress) in enumerate(pairs):
        made = PHONES[name]
        seconds = made.seconds
        release = _release(i, names, stresses)
        if made.kind == "vowel":
            seconds *= _vowel_factor(i, names, stress, vowels)
        else:
            neighbours = [names[j] for j in (i - 1, i + 1) if 0 <= j < len(names)]
            if any(PHONES[n].kind != "vowel" for n in neighbours):
                seconds *= 0.8
            if i + 1 == len(names):
                seconds *= 0.75 if made.kind == "stop" else 1.15
        if made.kind == "affricate":
            seconds -= release
        length = seconds / rate + release / rate**0.5
        placed.append(
            Segment(
                name, round(now, 4), round(now + length, 4), round(release / rate**0.5, 4), stress
            )
        )
        now += length
    return tuple(placed)
