"""German, as it is spoken from texts: the speaker's own vowels and constrictions.

The speaker is a German (Birkholz 2013), so no shape has to be found. Durations are round numbers of
the usual size (long vowels about 1.6 times the short ones).
"""

from __future__ import annotations

from dataclasses import replace

from grounding.stimuli.simulator.consonants import consonant_shapes
from grounding.stimuli.simulator.phones import (
    HISS,
    HUSH,
    SLOW,
    VELUM,
    Inventory,
    Phone,
    Timing,
    consonant,
    vowel,
)

__all__ = ["GERMAN"]

_PHONES: dict[str, Phone] = {
    "iː": vowel("iː", 0.23, "i"),
    "yː": vowel("yː", 0.23, "y"),
    "eː": vowel("eː", 0.24, "e"),
    "øː": vowel("øː", 0.24, "2"),
    "ɛː": vowel("ɛː", 0.24, "E:"),
    "aː": vowel("aː", 0.26, "a"),
    "oː": vowel("oː", 0.24, "o"),
    "uː": vowel("uː", 0.23, "u"),
    "ɪ": vowel("ɪ", 0.14, "I"),
    "ʏ": vowel("ʏ", 0.14, "Y"),
    "ɛ": vowel("ɛ", 0.15, "E"),
    "œ": vowel("œ", 0.15, "9"),
    "a": vowel("a", 0.16, "a"),
    "ɔ": vowel("ɔ", 0.15, "O"),
    "ʊ": vowel("ʊ", 0.14, "U"),
    "ə": vowel("ə", 0.12, "@"),
    "ɐ": vowel("ɐ", 0.15, "6"),
    "aɪ": vowel("aɪ", 0.27, "a", "I"),
    "aʊ": vowel("aʊ", 0.27, "a", "U"),
    "ɔʏ": vowel("ɔʏ", 0.28, "O", "Y"),
    "ɐ̯": Phone("ɐ̯", "glide", 0.09, ("6",)),
    "j": Phone("j", "glide", 0.08, ("i",)),
    "l": consonant("l", "lateral", 0.09, "tt-alveolar-lateral", True),
    "m": consonant("m", "nasal", 0.10, "ll-labial-closure", True, velum=VELUM, pace=SLOW),
    "n": consonant("n", "nasal", 0.10, "tt-alveolar-closure", True, velum=VELUM),
    "ŋ": consonant("ŋ", "nasal", 0.11, "tb-velar-closure", True, velum=VELUM),
    "p": consonant("p", "stop", 0.10, "ll-labial-closure", False),
    "t": consonant("t", "stop", 0.09, "tt-alveolar-closure", False, hiss=HISS),
    "k": consonant("k", "stop", 0.09, "tb-velar-closure", False, lingers=True),
    "b": consonant("b", "stop", 0.10, "ll-labial-closure", True, pace=SLOW),
    "d": consonant("d", "stop", 0.09, "tt-alveolar-closure", True),
    "ɡ": consonant("ɡ", "stop", 0.09, "tb-velar-closure", True, lingers=True),
    "p͡f": consonant(
        "p͡f", "affricate", 0.16, "ll-labial-closure", False, friction="ll-dental-fricative"
    ),
    "t͡s": consonant("t͡s", "affricate", 0.16, "tt-alveolar-closure", False, friction=HISS),
    "t͡ʃ": consonant("t͡ʃ", "affricate", 0.17, "tt-postalveolar-closure", False, friction=HUSH),
    "d͡ʒ": consonant("d͡ʒ", "affricate", 0.13, "tt-postalveolar-closure", True, friction=HUSH),
    "f": consonant("f", "fricative", 0.13, "ll-dental-fricative", False),
    "v": consonant("v", "fricative", 0.08, "ll-dental-fricative", True),
    "s": consonant("s", "fricative", 0.14, "tt-alveolar-fricative", False, mutes=True),
    "z": consonant("z", "fricative", 0.10, "tt-alveolar-fricative", True),
    "ʃ": consonant("ʃ", "fricative", 0.14, "tt-postalveolar-fricative", False, mutes=True),
    "ʒ": consonant("ʒ", "fricative", 0.11, "tt-postalveolar-fricative", True),
    "ç": consonant("ç", "fricative", 0.13, "tb-palatal-fricative", False),
    "x": consonant("x", "fricative", 0.13, "tb-velar-fricative", False),
    "χ": consonant("χ", "fricative", 0.13, "tb-uvular-fricative", False),
    "ʁ": consonant("ʁ", "fricative", 0.08, "tb-uvular-fricative", True),
    "h": Phone("h", "breath", 0.09, (), "", "", False),
}
_PHONES |= {
    f"{name}\u0329": replace(_PHONES[name], ipa=f"{name}\u0329", kind="nasal", seconds=0.16)
    for name in ("m", "n")
}

GERMAN = Inventory(
    language="de",
    phones=_PHONES,
    targets={},
    timing=Timing(
        unstressed=0.75, nonfinal=0.85, open=1.05, voiced_coda=1.0, voiceless_coda=0.9,
        sonorant_coda=0.95, friction=0.08,
    ),
    cannot=(
        "The glottal stop before a word's first vowel is not made.",
        "/a/ and /aː/ have one shape and differ in duration alone.",
        "/ʁ/ is a voiced fricative; a uvular trill or tap is not made.",
    ),
    shapes=consonant_shapes(_PHONES.values()),
)  # fmt: skip
