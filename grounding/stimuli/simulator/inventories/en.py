"""English (General American): ARPAbet without stress digits, as in CMUdict.

Shapes in capitals are those that were found. Targets are averages of male American vowels after
Peterson and Barney (1952), rounded, and moved by up to about 150 Hz where a recogniser took one
vowel for another.
"""

from __future__ import annotations

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
from grounding.stimuli.simulator.shapes import Target

__all__ = ["ENGLISH"]

_TARGETS: dict[str, Target] = {
    "IY": Target("i", (290.0, 2250.0, 2950.0), 0.2),
    "IH": Target("I", (410.0, 1950.0, 2560.0)),
    "EY": Target("e", (470.0, 2050.0, 2600.0)),
    "AE": Target("E:", (710.0, 1680.0, 2430.0)),
    "AA": Target("a", (730.0, 1110.0, 2440.0)),
    "AO": Target("O", (640.0, 960.0, 2450.0)),
    "AH": Target("a", (620.0, 1200.0, 2400.0)),
    "OW": Target("O", (530.0, 1050.0, 2400.0)),
    "UH": Target("U", (440.0, 1020.0, 2240.0)),
    "UW": Target("u", (320.0, 1100.0, 2250.0), 0.25),
    "ER": Target("tt-postalveolar-fricative(a)", (480.0, 1350.0, 1690.0)),
    "R": Target("tt-postalveolar-fricative(u)", (340.0, 1120.0, 1600.0), 0.25),
    "W": Target("u", (290.0, 650.0, 2260.0), 0.15),
}

_PHONES: dict[str, Phone] = {
    "IY": vowel("i", 0.24, "IY"),
    "IH": vowel("ɪ", 0.17, "I"),
    "EH": vowel("ɛ", 0.19, "E"),
    "AE": vowel("æ", 0.28, "AE"),
    "AA": vowel("ɑ", 0.25, "AA"),
    "AO": vowel("ɔ", 0.25, "AO"),
    "AH": vowel("ʌ", 0.18, "AH", unstressed=("@",), unstressed_ipa="ə"),
    "UH": vowel("ʊ", 0.17, "UH"),
    "UW": vowel("u", 0.24, "UW"),
    "ER": vowel("ɝ", 0.25, "ER", unstressed_ipa="ɚ"),
    "EY": vowel("eɪ", 0.25, "EY", "IY"),
    "AY": vowel("aɪ", 0.30, "a", "IH"),
    "OY": vowel("ɔɪ", 0.32, "AO", "IH"),
    "OW": vowel("oʊ", 0.25, "OW", "U"),
    "AW": vowel("aʊ", 0.29, "a", "UH"),
    "W": Phone("w", "glide", 0.09, ("W",)),
    "Y": Phone("j", "glide", 0.08, ("i",)),
    "R": Phone("ɹ", "glide", 0.09, ("R",), coda=("ER",)),
    "L": consonant("l", "lateral", 0.09, "tt-alveolar-lateral", True, coda=("o",)),
    "M": consonant("m", "nasal", 0.10, "ll-labial-closure", True, velum=VELUM, pace=SLOW),
    "N": consonant("n", "nasal", 0.10, "tt-alveolar-closure", True, velum=VELUM),
    "NG": consonant("ŋ", "nasal", 0.12, "tb-velar-closure", True, velum=VELUM),
    "P": consonant("p", "stop", 0.10, "ll-labial-closure", False),
    "T": consonant("t", "stop", 0.09, "tt-alveolar-closure", False, hiss=HISS),
    "K": consonant("k", "stop", 0.09, "tb-velar-closure", False, lingers=True),
    "B": consonant("b", "stop", 0.11, "ll-labial-closure", True, pace=SLOW),
    "D": consonant("d", "stop", 0.10, "tt-alveolar-closure", True),
    "G": consonant("ɡ", "stop", 0.10, "tb-velar-closure", True, lingers=True),
    "CH": consonant("t͡ʃ", "affricate", 0.17, "tt-postalveolar-closure", False, friction=HUSH),
    "JH": consonant("d͡ʒ", "affricate", 0.13, "tt-postalveolar-closure", True, friction=HUSH),
    "F": consonant("f", "fricative", 0.13, "ll-dental-fricative", False),
    "TH": consonant("θ", "fricative", 0.12, "tt-dental-fricative", False),
    "S": consonant("s", "fricative", 0.14, "tt-alveolar-fricative", False, mutes=True),
    "SH": consonant("ʃ", "fricative", 0.14, "tt-postalveolar-fricative", False),
    "V": consonant("v", "fricative", 0.09, "ll-dental-fricative", True),
    "DH": consonant("ð", "fricative", 0.07, "tt-dental-fricative", True),
    "Z": consonant("z", "fricative", 0.11, "tt-alveolar-fricative", True),
    "ZH": consonant("ʒ", "fricative", 0.11, "tt-postalveolar-fricative", True),
    "HH": Phone("h", "breath", 0.10, (), "", "", False),
}

ENGLISH = Inventory(
    language="en",
    phones=_PHONES,
    targets=_TARGETS,
    timing=Timing(),
    cannot=(
        "A flap, a syllabic consonant and a glottal stop are not made.",
        "/ɹ/ has one shape, with a raised tip; a bunched tongue is not made.",
    ),
)
