"""When each phone of a word is asked to happen: durations from a few rules, numbers a language.

Vowels are shorter without stress, before another syllable and before a voiceless coda, longer
before a voiced one; voiceless stops at the start of a stressed syllable are aspirated, after /s/
they are not; consonants in clusters are shorter. The rules are Klatt's (1976) for English; the
numbers (`phones.Timing`) are round ones of the usual size, English's set by what a recogniser
heard. A language without one of these rules has the factor 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from grounding.errors import UserError
from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.phones import OBSTRUENTS, SONORANTS, Inventory, Phone, Timing
from grounding.stimuli.simulator.score import LEAD, Segment

__all__ = ["segments"]


def _made(phones: Sequence[str], spoken: Inventory) -> list[tuple[str, Phone, int]]:
    found = []
    for symbol in phones:
        name, stress = spoken.split(symbol)
        if name not in spoken.phones:
            raise UserError(spoken.unknown(symbol))
        found.append((name, spoken.phones[name], stress))
    return found


def _vowel_factor(i: int, made: Sequence[Phone], stress: int, vowels: Sequence[int], rule: Timing
) -> float:  # fmt: skip
    factor = 1.0 if stress else rule.unstressed
    last = i == vowels[-1]
    if not last:
        factor *= rule.nonfinal
    after = made[i + 1] if i + 1 < len(made) else None
    if after is None:
        return factor * rule.open
    if after.kind in OBSTRUENTS and last:
        factor *= rule.voiced_coda if after.voiced else rule.voiceless_coda
    if after.kind in SONORANTS and last:
        factor *= rule.sonorant_coda
    if after.long or (i + 2 < len(made) and after.kind != "vowel" != made[i + 2].kind):
        factor *= rule.closed
    return factor


def _release(i: int, made: Sequence[Phone], stresses: Sequence[int], rule: Timing) -> float:
    """Seconds of burst and aspiration after a stop, of friction in an affricate."""
    this = made[i]
    after = made[i + 1] if i + 1 < len(made) else None
    if this.kind == "affricate":
        return rule.voiced_friction if this.voiced else rule.friction
    if this.kind != "stop":
        return 0.0
    if this.voiced:
        return 0.015 if after else 0.03
    if after is None:
        return 0.05
    if after.kind in ("stop", "fricative", "affricate", "nasal"):
        return 0.015
    if i and made[i - 1].mutes:
        return rule.muted
    stressed = next((s for m, s in zip(made[i:], stresses[i:], strict=True)
                     if m.kind == "vowel"), 0)  # fmt: skip
    return rule.aspirated if stressed or i == 0 else rule.weak


def segments(
    phones: Sequence[str], rate: float, language: str | Inventory = "en"
) -> tuple[Segment, ...]:
    """Return timed segments of `phones` at speed `rate`.

    phones: symbols of the language's inventory, vowels with their stress: English ARPAbet with
    digits, other languages IPA with ˈ or ˌ before the stressed vowel. Closures, friction and vowels
    shrink with rate; bursts and aspiration half as much.

    Raises `UserError` for an unknown phone, and for a word without a vowel.
    """
    spoken = inventory(language)
    rule = spoken.timing
    found = _made(phones, spoken)
    made, stresses = [f[1] for f in found], [f[2] for f in found]
    vowels = [i for i, m in enumerate(made) if m.kind == "vowel"]
    if not vowels:
        raise UserError(f"no vowel in {' '.join(phones)!r}; a word needs at least one")
    placed, now = [], LEAD
    for i, (name, this, stress) in enumerate(found):
        seconds = this.seconds
        release = _release(i, made, stresses, rule)
        if this.kind == "vowel":
            seconds *= _vowel_factor(i, made, stress, vowels, rule)
        else:
            if any(made[j].kind != "vowel" for j in (i - 1, i + 1) if 0 <= j < len(made)):
                seconds *= rule.cluster
            if i + 1 == len(made):
                seconds *= rule.final_stop if this.kind == "stop" else rule.final
        if this.kind == "affricate":
            seconds -= release
        length = seconds / rate + release / rate**0.5
        placed.append(
            Segment(
                phone=name,
                made=this,
                start=round(now, 4),
                end=round(now + length, 4),
                release=round(release / rate**0.5, 4),
                stress=stress,
            )
        )
        now += length
    return tuple(placed)
