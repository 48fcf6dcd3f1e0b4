"""Italian (Tuscan standard): seven vowels, long consonants, dental stops.

Targets of the vowels are round numbers for a man's voice, set so that the seven stand apart as the
books have it; they are not copied from a table of measurements, of which none was at hand.
Stressed vowels in open syllables before the last are long (`timing`), before a long consonant or
two they are short. A long consonant has the symbol and ː, such as tː.
"""

from __future__ import annotations

from grounding.stimuli.simulator.consonants import consonant_shapes
from grounding.stimuli.simulator.phones import (
    BEAT,
    FLICK,
    HISS,
    HUSH,
    OPEN,
    VELUM,
    Inventory,
    Phone,
    Timing,
    consonant,
    lengthened,
    vowel,
)
from grounding.stimuli.simulator.shapes import Target

__all__ = ["ITALIAN"]

_TARGETS: dict[str, Target] = {
    "it-i": Target("i", (290.0, 2250.0, 2950.0), 0.2),
    "it-e": Target("e", (400.0, 2050.0, 2650.0)),
    "it-E": Target("E", (550.0, 1850.0, 2550.0)),
    "it-a": Target("a", (720.0, 1350.0, 2500.0)),
    "it-O": Target("O", (560.0, 930.0, 2600.0)),
    "it-o": Target("o", (430.0, 830.0, 2600.0)),
    "it-u": Target("u", (310.0, 750.0, 2550.0), 0.25),
}

_SHORT: dict[str, Phone] = {
    "l": consonant("l", "lateral", 0.08, "tt-alveolar-lateral", True),
    "m": consonant("m", "nasal", 0.09, "ll-labial-closure", True, velum=VELUM),
    "n": consonant("n", "nasal", 0.09, "tt-alveolar-closure", True, velum=VELUM),
    "ɲ": consonant("ɲ", "nasal", 0.12, "tb-palatal-closure", True, velum=VELUM, secondary="i"),
    "p": consonant("p", "stop", 0.10, "ll-labial-closure", False, breathy=False),
    "t": consonant("t", "stop", 0.10, "tt-dental-closure", False, breathy=False),
    "k": consonant("k", "stop", 0.10, "tb-velar-closure", False, lingers=True, breathy=False),
    "b": consonant("b", "stop", 0.09, "ll-labial-closure", True),
    "d": consonant("d", "stop", 0.09, "tt-dental-closure", True),
    "ɡ": consonant("ɡ", "stop", 0.09, "tb-velar-closure", True, lingers=True),
    "ʎ": consonant("ʎ", "lateral", 0.12, "tb-palatal-lateral", True, secondary="i"),
    "t͡s": consonant("t͡s", "affricate", 0.15, "tt-alveolar-closure", False, friction=HISS),
    "d͡z": consonant("d͡z", "affricate", 0.12, "tt-alveolar-closure", True, friction=HISS),
    "t͡ʃ": consonant("t͡ʃ", "affricate", 0.15, "tt-postalveolar-closure", False, friction=HUSH),
    "d͡ʒ": consonant("d͡ʒ", "affricate", 0.12, "tt-postalveolar-closure", True, friction=HUSH),
    "f": consonant("f", "fricative", 0.12, "ll-dental-fricative", False),
    "v": consonant("v", "fricative", 0.08, "ll-dental-fricative", True),
    "s": consonant("s", "fricative", 0.12, "tt-alveolar-fricative", False, mutes=True),
    "ʃ": consonant("ʃ", "fricative", 0.13, "tt-postalveolar-fricative", False),
    "r": consonant("r", "trill", 0.08, BEAT, True, pace=FLICK, between=OPEN, closures=2),
}

_PHONES: dict[str, Phone] = {
    "i": vowel("i", 0.17, "it-i"),
    "e": vowel("e", 0.18, "it-e"),
    "ɛ": vowel("ɛ", 0.19, "it-E"),
    "a": vowel("a", 0.20, "it-a"),
    "ɔ": vowel("ɔ", 0.19, "it-O"),
    "o": vowel("o", 0.18, "it-o"),
    "u": vowel("u", 0.17, "it-u"),
    "j": Phone("j", "glide", 0.07, ("it-i",)),
    "w": Phone("w", "glide", 0.07, ("it-u",)),
    "i̯": Phone("i̯", "glide", 0.08, ("it-i",)),
    "u̯": Phone("u̯", "glide", 0.08, ("it-u",)),
    "ŋ": consonant("ŋ", "nasal", 0.09, "tb-velar-closure", True, velum=VELUM),
    "ɱ": consonant("ɱ", "nasal", 0.09, "ll-labial-closure", True, velum=VELUM),
    "z": consonant("z", "fricative", 0.09, "tt-alveolar-fricative", True),
    **_SHORT,
    **{f"{name}ː": lengthened(phone, 1.9) for name, phone in _SHORT.items()},
}

ITALIAN = Inventory(
    language="it",
    phones=_PHONES,
    targets=_TARGETS,
    timing=Timing(
        unstressed=0.7, nonfinal=1.1, open=1.0, voiced_coda=1.0, voiceless_coda=1.0,
        sonorant_coda=1.0, closed=0.65, aspirated=0.018, weak=0.018, muted=0.015, friction=0.075,
    ),
    cannot=(
        "A trill's closures are asked for one by one, at most two in /r/ and four in /rː/; they "
        "do not come from the air that flows by.",
        "[ɱ] is made with both lips, as [m] is.",
    ),
    shapes=consonant_shapes(_PHONES.values()),
)  # fmt: skip
