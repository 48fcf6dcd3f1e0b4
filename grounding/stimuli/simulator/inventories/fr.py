"""French of Paris: ten oral vowels and schwa, three nasal vowels, uvular r, glide ɥ.

Targets of the vowels: averages of ten men in Calliope (1989), La parole et son traitement
automatique, rounded to 10 Hz; the third resonance of /o/ and /u/ is not reached (2460 and 2500 Hz
come out). /y œ a/ are the speaker's own; his /ʏ/ has the resonances of French
/ø/ (380, 1420, 2240 Hz) and stands for it and for schwa. The mouth's shape under a nasal vowel is
not that of the oral vowel of its letter: /ɛ̃/ is lower and farther back than /ɛ/, /ɑ̃/ back and a
little rounded, /ɔ̃/ nearly an /o/ (Delvaux, Metens & Soquet 2002, ICSLP).
"""

from __future__ import annotations

from grounding.stimuli.simulator.consonants import consonant_shapes
from grounding.stimuli.simulator.phones import VELUM, Inventory, Phone, Timing, consonant, vowel
from grounding.stimuli.simulator.shapes import Target

__all__ = ["FRENCH"]

_TARGETS: dict[str, Target] = {
    "fr-i": Target("i", (310.0, 2060.0, 2980.0), 0.2),
    "fr-e": Target("e", (370.0, 1960.0, 2640.0)),
    "fr-E": Target("E", (530.0, 1720.0, 2560.0)),
    "fr-O": Target("O", (530.0, 1000.0, 2400.0)),
    "fr-o": Target("o", (380.0, 790.0, 2280.0)),
    "fr-u": Target("u", (320.0, 760.0, 2030.0), 0.25),
}

_PHONES: dict[str, Phone] = {
    "i": vowel("i", 0.17, "fr-i"),
    "y": vowel("y", 0.17, "y"),
    "u": vowel("u", 0.17, "fr-u"),
    "e": vowel("e", 0.18, "fr-e"),
    "ø": vowel("ø", 0.19, "Y"),
    "o": vowel("o", 0.19, "fr-o"),
    "ə": vowel("ə", 0.13, "Y"),
    "ɛ": vowel("ɛ", 0.19, "fr-E"),
    "œ": vowel("œ", 0.19, "9"),
    "ɔ": vowel("ɔ", 0.19, "fr-O"),
    "a": vowel("a", 0.20, "a"),
    "ɛ̃": vowel("ɛ̃", 0.22, "6", velum=VELUM),
    "ɑ̃": vowel("ɑ̃", 0.22, "O", velum=VELUM),
    "ɔ̃": vowel("ɔ̃", 0.22, "fr-o", velum=VELUM),
    "j": Phone("j", "glide", 0.08, ("fr-i",)),
    "ɥ": Phone("ɥ", "glide", 0.07, ("y",)),
    "w": Phone("w", "glide", 0.08, ("fr-u",)),
    "l": consonant("l", "lateral", 0.08, "tt-alveolar-lateral", True),
    "m": consonant("m", "nasal", 0.10, "ll-labial-closure", True, velum=VELUM),
    "n": consonant("n", "nasal", 0.10, "tt-alveolar-closure", True, velum=VELUM),
    "ɲ": consonant("ɲ", "nasal", 0.11, "tb-palatal-closure", True, velum=VELUM, secondary="i"),
    "p": consonant("p", "stop", 0.11, "ll-labial-closure", False, breathy=False),
    "t": consonant("t", "stop", 0.10, "tt-dental-closure", False, breathy=False),
    "k": consonant("k", "stop", 0.10, "tb-velar-closure", False, lingers=True, breathy=False),
    "b": consonant("b", "stop", 0.10, "ll-labial-closure", True),
    "d": consonant("d", "stop", 0.09, "tt-dental-closure", True),
    "ɡ": consonant("ɡ", "stop", 0.09, "tb-velar-closure", True, lingers=True),
    "f": consonant("f", "fricative", 0.12, "ll-dental-fricative", False),
    "v": consonant("v", "fricative", 0.09, "ll-dental-fricative", True),
    "s": consonant("s", "fricative", 0.13, "tt-alveolar-fricative", False, mutes=True),
    "z": consonant("z", "fricative", 0.10, "tt-alveolar-fricative", True),
    "ʃ": consonant("ʃ", "fricative", 0.13, "tt-postalveolar-fricative", False),
    "ʒ": consonant("ʒ", "fricative", 0.11, "tt-postalveolar-fricative", True),
    "ʁ": consonant("ʁ", "fricative", 0.08, "tb-uvular-fricative", True),
}

FRENCH = Inventory(
    language="fr",
    phones=_PHONES,
    targets=_TARGETS,
    timing=Timing(
        unstressed=0.8, nonfinal=0.85, open=1.0, voiced_coda=1.15, voiceless_coda=0.9,
        sonorant_coda=0.95, aspirated=0.02, weak=0.02, muted=0.015,
    ),
    cannot=(
        "/ʁ/ is voiced everywhere; the voiceless one after /p t k f/ and the weak one at the end "
        "of a word are not made.",
        "/a/ and /ɑ/ are one vowel, and /œ̃/ is not made, as in most of northern France.",
        "/ø/ and schwa have one shape and differ in duration alone.",
    ),
    shapes=consonant_shapes(_PHONES.values()),
)  # fmt: skip
