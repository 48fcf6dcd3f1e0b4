"""English phones (ARPAbet) as the simulator's gestures: one record a phone.

`tract` names vowel shapes in order (two for a diphthong); shapes in capitals are those found by
`shapes.py`. A consonant has a `tier` and a `gesture` on it; the vowel tier runs on below it.
`seconds` is the duration at rate 1 in a stressed final syllable before nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GLOTTIS_SHAPES", "PHONES", "Phone", "ipa"]


@dataclass(frozen=True)
class Phone:
    """How one phone is made; `kind` decides which rules of timing and score apply."""

    ipa: str
    kind: str  # vowel, glide, stop, affricate, fricative, nasal, lateral or breath
    seconds: float
    tract: tuple[str, ...] = ()
    tier: str = ""
    gesture: str = ""
    voiced: bool = True


def _vowel(ipa: str, seconds: float, *tract: str) -> Phone:
    return Phone(ipa, "vowel", seconds, tract)


def _consonant(ipa: str, kind: str, seconds: float, gesture: str, voiced: bool) -> Phone:
    tier = {"ll": "lip", "tt": "tongue-tip", "tb": "tongue-body"}[gesture[:2]]
    return Phone(ipa, kind, seconds, (), tier, gesture, voiced)


PHONES: dict[str, Phone] = {
    "IY": _vowel("i", 0.24, "IY"),
    "IH": _vowel("ɪ", 0.17, "I"),
    "EH": _vowel("ɛ", 0.19, "E"),
    "AE": _vowel("æ", 0.28, "AE"),
    "AA": _vowel("ɑ", 0.25, "AA"),
    "AO": _vowel("ɔ", 0.25, "AO"),
    "AH": _vowel("ʌ", 0.18, "AH"),
    "UH": _vowel("ʊ", 0.17, "UH"),
    "UW": _vowel("u", 0.24, "UW"),
    "ER": _vowel("ɝ", 0.25, "ER"),
    "EY": _vowel("eɪ", 0.25, "EY", "IY"),
    "AY": _vowel("aɪ", 0.30, "a", "IH"),
    "OY": _vowel("ɔɪ", 0.32, "AO", "IH"),
    "OW": _vowel("oʊ", 0.25, "OW", "U"),
    "AW": _vowel("aʊ", 0.29, "a", "UH"),
    "W": Phone("w", "glide", 0.09, ("W",)),
    "Y": Phone("j", "glide", 0.08, ("i",)),
    "R": Phone("ɹ", "glide", 0.09, ("R",)),
    "L": _consonant("l", "lateral", 0.09, "tt-alveolar-lateral", True),
    "M": _consonant("m", "nasal", 0.10, "ll-labial-closure", True),
    "N": _consonant("n", "nasal", 0.10, "tt-alveolar-closure", True),
    "NG": _consonant("ŋ", "nasal", 0.12, "tb-velar-closure", True),
    "P": _consonant("p", "stop", 0.10, "ll-labial-closure", False),
    "T": _consonant("t", "stop", 0.09, "tt-alveolar-closure", False),
    "K": _consonant("k", "stop", 0.09, "tb-velar-closure", False),
    "B": _consonant("b", "stop", 0.11, "ll-labial-closure", True),
    "D": _consonant("d", "stop", 0.10, "tt-alveolar-closure", True),
    "G": _consonant("ɡ", "stop", 0.10, "tb-velar-closure", True),
    "CH": _consonant("t͡ʃ", "affricate", 0.17, "tt-postalveolar-closure", False),
    "JH": _consonant("d͡ʒ", "affricate", 0.13, "tt-postalveolar-closure", True),
    "F": _consonant("f", "fricative", 0.13, "ll-dental-fricative", False),
    "TH": _consonant("θ", "fricative", 0.12, "tt-dental-fricative", False),
    "S": _consonant("s", "fricative", 0.14, "tt-alveolar-fricative", False),
    "SH": _consonant("ʃ", "fricative", 0.14, "tt-postalveolar-fricative", False),
    "V": _consonant("v", "fricative", 0.09, "ll-dental-fricative", True),
    "DH": _consonant("ð", "fricative", 0.07, "tt-dental-fricative", True),
    "Z": _consonant("z", "fricative", 0.11, "tt-alveolar-fricative", True),
    "ZH": _consonant("ʒ", "fricative", 0.11, "tt-postalveolar-fricative", True),
    "HH": Phone("h", "breath", 0.10, (), "", "", False),
}

# Glottis shapes added to the speaker: (shape that it starts from, parameters that differ).
# AS is the strength of aspiration noise in dB; the speaker's own -10 dB left /h, p, t, k/ weak.
GLOTTIS_SHAPES: dict[str, tuple[str, dict[str, float]]] = {
    "aspirated": ("voiceless-plosive", {"AS": -3.0}),
    "breath": ("h", {"AS": 0.0, "XB": 0.08, "XT": 0.08, "CA": 0.15}),
}


def ipa(phone: str, stress: int) -> str:
    """Return the IPA of an ARPAbet phone; AH and ER differ without stress.

    >>> ipa("AH", 0), ipa("AH", 1), ipa("S", 0)
    ('ə', 'ʌ', 's')
    """
    unstressed = {"AH": "ə", "ER": "ɚ"}
    return unstressed[phone] if phone in unstressed and not stress else PHONES[phone].ipa
