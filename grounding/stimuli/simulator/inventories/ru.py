"""Russian of Moscow: six stressed and four reduced vowels, hard and palatalised consonants.

Targets of the vowels: the Russian speaker of Fant (1960), Acoustic Theory of Speech Production
(Mouton), rounded to 10 Hz. His /i/ (240, 2250, 3200 Hz) is that of the speaker; the reduced vowels
are the speaker's own lax ones. A palatalised consonant has the symbol and ʲ: the tongue is as in
/i/ during it. The hard /lˠ/ has the tongue of /o/ with the lips at rest.
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
    palatalised,
    vowel,
)
from grounding.stimuli.simulator.shapes import Target

__all__ = ["RUSSIAN"]

_TARGETS: dict[str, Target] = {
    "ru-1": Target("@", (300.0, 1480.0, 2230.0)),
    "ru-e": Target("E", (440.0, 1800.0, 2550.0)),
    "ru-a": Target("a", (700.0, 1080.0, 2600.0)),
    "ru-o": Target("O", (540.0, 780.0, 2500.0)),
    "ru-u": Target("u", (300.0, 630.0, 2500.0), 0.25),
}

_PAIRED: dict[str, Phone] = {
    "m": consonant("m", "nasal", 0.09, "ll-labial-closure", True, velum=VELUM),
    "n": consonant("n", "nasal", 0.09, "tt-alveolar-closure", True, velum=VELUM),
    "p": consonant("p", "stop", 0.10, "ll-labial-closure", False, breathy=False),
    "t": consonant("t", "stop", 0.10, "tt-dental-closure", False, breathy=False),
    "k": consonant("k", "stop", 0.10, "tb-velar-closure", False, lingers=True, breathy=False),
    "b": consonant("b", "stop", 0.10, "ll-labial-closure", True),
    "d": consonant("d", "stop", 0.09, "tt-dental-closure", True),
    "ɡ": consonant("ɡ", "stop", 0.09, "tb-velar-closure", True, lingers=True),
    "f": consonant("f", "fricative", 0.12, "ll-dental-fricative", False),
    "v": consonant("v", "fricative", 0.08, "ll-dental-fricative", True),
    "s": consonant("s", "fricative", 0.13, "tt-alveolar-fricative", False, mutes=True),
    "z": consonant("z", "fricative", 0.10, "tt-alveolar-fricative", True),
    "x": consonant("x", "fricative", 0.12, "tb-velar-fricative", False),
    "r": consonant("r", "trill", 0.08, BEAT, True, pace=FLICK, between=OPEN, closures=2),
}
_LATERAL = consonant("l", "lateral", 0.09, "tt-alveolar-lateral", True)
_SOFT_HUSH = consonant("ɕ", "fricative", 0.13, "tt-postalveolar-fricative", False, secondary="i")
_SOFT_AFFRICATE = consonant(
    "t͡ɕ", "affricate", 0.15, "tt-postalveolar-closure", False, friction=HUSH, secondary="i"
)

_PHONES: dict[str, Phone] = {
    "i": vowel("i", 0.17, "i"),
    "ɨ": vowel("ɨ", 0.17, "ru-1"),
    "u": vowel("u", 0.17, "ru-u"),
    "e": vowel("e", 0.18, "ru-e"),
    "ɛ": vowel("ɛ", 0.18, "E"),
    "o": vowel("o", 0.19, "ru-o"),
    "a": vowel("a", 0.20, "ru-a"),
    "ɪ": vowel("ɪ", 0.13, "I"),
    "ʊ": vowel("ʊ", 0.13, "U"),
    "ɐ": vowel("ɐ", 0.15, "6"),
    "ə": vowel("ə", 0.12, "@"),
    "j": Phone("j", "glide", 0.08, ("i",)),
    "lˠ": consonant("lˠ", "lateral", 0.09, "tt-alveolar-lateral", True, secondary="ru-dark"),
    "lʲ": palatalised(_LATERAL),
    **_PAIRED,
    **{f"{name}ʲ": palatalised(phone) for name, phone in _PAIRED.items()},
    "ʂ": consonant("ʂ", "fricative", 0.13, "tt-postalveolar-fricative", False),
    "ʐ": consonant("ʐ", "fricative", 0.10, "tt-postalveolar-fricative", True),
    "ɕː": lengthened(_SOFT_HUSH, 1.4),
    "t͡s": consonant("t͡s", "affricate", 0.15, "tt-alveolar-closure", False, friction=HISS),
    "t͡ɕ": _SOFT_AFFRICATE,
    "t͡ɕː": lengthened(_SOFT_AFFRICATE, 1.6),
}

RUSSIAN = Inventory(
    language="ru",
    phones=_PHONES,
    targets=_TARGETS,
    timing=Timing(
        unstressed=0.8, nonfinal=0.9, open=1.05, voiced_coda=1.0, voiceless_coda=0.9,
        sonorant_coda=0.95, aspirated=0.02, weak=0.02, muted=0.015, friction=0.08,
    ),
    cannot=(
        "Hard consonants other than /lˠ/ are plain, not velarised, and /ʂ ʐ/ are the speaker's "
        "postalveolar fricatives, not retroflex.",
        "/tʲ dʲ/ are let go without friction.",
        "/ɨ/ is found with its resonances but with the lips rounded, which a Russian's are not.",
        "Vowels beside palatalised consonants have no shapes of their own; they are fronted by "
        "the movement alone.",
        "A trill's closures are asked for one by one, two in /r/; they do not come from the air "
        "that flows by.",
    ),
    shapes={
        "ru-dark": ("o", {"LP": 0.0, "LD": 0.9}),
        **consonant_shapes(_PHONES.values()),
    },
)  # fmt: skip
