"""Spanish: five vowels, dental stops, the soft stops β ð ɣ, tap and trill; θ and ʎ where said.

Targets of the vowels: F1 and F2 of four men of Madrid (Bradlow 1995, A comparative acoustic study
of English and Spanish vowels, J. Acoust. Soc. Am. 97, 1916-1924); F3 is near that of the shape from
which the search starts. Vowels without stress keep their quality.
"""

from __future__ import annotations

from grounding.stimuli.simulator.consonants import consonant_shapes
from grounding.stimuli.simulator.phones import (
    BEAT,
    FLICK,
    HUSH,
    OPEN,
    VELUM,
    Inventory,
    Phone,
    Timing,
    consonant,
    vowel,
)
from grounding.stimuli.simulator.shapes import Target

__all__ = ["SPANISH"]

_TARGETS: dict[str, Target] = {
    "es-i": Target("i", (286.0, 2147.0, 2950.0), 0.2),
    "es-e": Target("e", (458.0, 1814.0, 2650.0)),
    "es-a": Target("a", (638.0, 1353.0, 2500.0)),
    "es-o": Target("O", (460.0, 1019.0, 2650.0)),
    "es-u": Target("u", (322.0, 992.0, 2500.0), 0.25),
}

_PHONES: dict[str, Phone] = {
    "i": vowel("i", 0.17, "es-i"),
    "e": vowel("e", 0.18, "es-e"),
    "a": vowel("a", 0.20, "es-a"),
    "o": vowel("o", 0.18, "es-o"),
    "u": vowel("u", 0.17, "es-u"),
    "j": Phone("j", "glide", 0.07, ("es-i",)),
    "w": Phone("w", "glide", 0.07, ("es-u",)),
    "i̯": Phone("i̯", "glide", 0.08, ("es-i",)),
    "u̯": Phone("u̯", "glide", 0.08, ("es-u",)),
    "l": consonant("l", "lateral", 0.08, "tt-alveolar-lateral", True),
    "ʎ": consonant("ʎ", "lateral", 0.10, "tb-palatal-lateral", True, secondary="i"),
    "m": consonant("m", "nasal", 0.09, "ll-labial-closure", True, velum=VELUM),
    "n": consonant("n", "nasal", 0.09, "tt-alveolar-closure", True, velum=VELUM),
    "ɲ": consonant("ɲ", "nasal", 0.11, "tb-palatal-closure", True, velum=VELUM, secondary="i"),
    "ŋ": consonant("ŋ", "nasal", 0.09, "tb-velar-closure", True, velum=VELUM),
    "p": consonant("p", "stop", 0.10, "ll-labial-closure", False, breathy=False),
    "t": consonant("t", "stop", 0.10, "tt-dental-closure", False, breathy=False),
    "k": consonant("k", "stop", 0.10, "tb-velar-closure", False, lingers=True, breathy=False),
    "b": consonant("b", "stop", 0.09, "ll-labial-closure", True),
    "d": consonant("d", "stop", 0.09, "tt-dental-closure", True),
    "ɡ": consonant("ɡ", "stop", 0.09, "tb-velar-closure", True, lingers=True),
    "β": consonant("β", "approximant", 0.07, "ll-labial-approximant", True),
    "ð": consonant("ð", "approximant", 0.07, "tt-dental-approximant", True),
    "ɣ": consonant("ɣ", "approximant", 0.07, "tb-velar-approximant", True),
    "ʝ": consonant("ʝ", "fricative", 0.09, "tb-palatal-fricative", True, secondary="i"),
    "t͡ʃ": consonant("t͡ʃ", "affricate", 0.15, "tt-postalveolar-closure", False, friction=HUSH),
    "f": consonant("f", "fricative", 0.12, "ll-dental-fricative", False),
    "θ": consonant("θ", "fricative", 0.12, "tt-dental-fricative", False),
    "s": consonant("s", "fricative", 0.12, "tt-alveolar-fricative", False, mutes=True),
    "z": consonant("z", "fricative", 0.09, "tt-alveolar-fricative", True),
    "x": consonant("x", "fricative", 0.12, "tb-velar-fricative", False),
    "ɾ": consonant("ɾ", "tap", 0.035, BEAT, True, pace=FLICK, between=OPEN),
    "r": consonant("r", "trill", 0.12, BEAT, True, pace=FLICK, between=OPEN, closures=3),
}

SPANISH = Inventory(
    language="es",
    phones=_PHONES,
    targets=_TARGETS,
    timing=Timing(
        unstressed=0.8, nonfinal=0.95, open=1.1, voiced_coda=1.0, voiceless_coda=0.95,
        sonorant_coda=0.95, closed=0.95, aspirated=0.018, weak=0.018, muted=0.015, friction=0.075,
    ),
    cannot=(
        "A trill's closures are asked for one by one, at most three in /r/; they do not come from "
        "the air that flows by. /ɾ/ may narrow without closing, in fast speech and clusters.",
        "/s/ is the speaker's laminal one; the apical /s/ of northern Spain is not made.",
        "/f/ keeps its shape before /w/; assimilated nasals other than [m n ɲ ŋ] are not made.",
    ),
    shapes=consonant_shapes(_PHONES.values()),
)  # fmt: skip
