"""Phones as the simulator's gestures: one record a phone, one inventory a language.

`tract` names vowel shapes in order (two for a diphthong). A consonant has a `tier` and a `gesture`
on it; the vowel tier runs on below it. `seconds` is the duration at rate 1 in a stressed final
syllable before nothing. What score and timing need to know of a phone stands in its record, so that
no rule asks for a phone by name. The tables are in `inventories`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any
from unicodedata import normalize

import numpy as np

from grounding.stimuli.ipa import feature_table, features, weights
from grounding.stimuli.simulator.gestures import TAU
from grounding.stimuli.simulator.shapes import Target, tract_shapes

__all__ = ["GLOTTIS_SHAPES", "OBSTRUENTS", "SONORANTS", "Inventory", "Phone", "Timing",
           "consonant", "lengthened", "palatalised", "vowel"]  # fmt: skip

SLOW = 0.016  # s, time constant of English /b/ and /m/, heard by their slow transitions
VELUM = 0.5  # cm^2 that a nasal asks for
FLICK = 0.005  # s, time constant of a tap, the smallest that the simulator takes
HISS, HUSH = "tt-alveolar-fricative", "tt-postalveolar-fricative"
BEAT, OPEN = "tt-alveolar-beat", "tt-alveolar-approximant"  # of a tap or trill

OBSTRUENTS = ("stop", "affricate", "fricative")
SONORANTS = ("glide", "lateral", "nasal", "approximant", "tap", "trill")


@dataclass(frozen=True)
class Phone:
    """How one phone is made; `kind` decides which rules of timing and score apply.

    kind: vowel, glide, stop, affricate, fricative, nasal, lateral, breath, approximant (a
    narrowing without noise, under the style's voice), tap or trill.
    """

    ipa: str
    kind: str
    seconds: float
    tract: tuple[str, ...] = ()
    tier: str = ""  # lip, tongue-tip or tongue-body
    gesture: str = ""
    voiced: bool = True
    unstressed_ipa: str = ""  # its IPA without stress, where that differs
    unstressed: tuple[str, ...] = ()  # its vowel-tier shapes without stress, where those differ
    coda: tuple[str, ...] = ()  # vowel-tier shapes that it brings after its vowel
    secondary: str = ""  # vowel-tier shape during a consonant: "i" for a palatalised one
    velum: float = 0.0  # opening asked for, cm^2: nasals and nasal vowels
    pace: float = TAU  # s, time constant of making the constriction and of letting it go
    lingers: bool = False  # a stop that is let go no faster than others move: a velar's long burst
    friction: str = ""  # gesture of an affricate's second part, on its tier
    breathy: bool = True  # whether a voiceless stop's open glottis makes aspiration noise
    hiss: str = ""  # gesture of the slit through which an aspirated stop is let go
    mutes: bool = False  # a stop after it has no aspiration
    closures: int = 1  # of a trill, at most; fewer where it has little time
    glottis: str = ""  # glottis shape, where it is not that of its kind: "stop" of a glottal stop
    between: str = ""  # gesture of a tap's or trill's openings
    long: bool = False  # a geminate or long consonant: a vowel before it is in a closed syllable

    def said(self, stress: int) -> str:
        """Return its IPA with this stress (0: none)."""
        return self.ipa if stress or not self.unstressed_ipa else self.unstressed_ipa


def _nearest(name: str, phones: Mapping[str, Phone]) -> str:
    """Return the symbol of the phone whose articulatory features are nearest, or "" for no IPA."""

    def first(ipa: str) -> str:
        return next(iter(feature_table().ipa_segs(normalize("NFD", ipa))), "")

    if not first(name):
        return next(iter(get_close_matches(name, phones, n=1)), "")
    wanted = features(first(name))
    return min(
        phones,
        key=lambda one: float(np.abs(features(first(phones[one].ipa)) - wanted) @ weights()),
    )


def vowel(ipa: str, seconds: float, *tract: str, **more: Any) -> Phone:
    """Return a vowel; two shapes make a diphthong. `more`: other fields of `Phone`."""
    return Phone(ipa, "vowel", seconds, tract, **more)


def consonant(
    ipa: str, kind: str, seconds: float, gesture: str, voiced: bool, **more: Any
) -> Phone:
    """Return a consonant on the tier that its gesture's name begins with."""
    tier = {"ll": "lip", "tt": "tongue-tip", "tb": "tongue-body"}[gesture[:2]]
    return Phone(ipa, kind, seconds, (), tier, gesture, voiced, **more)


def lengthened(phone: Phone, factor: float) -> Phone:
    """Return the long phone (IPA with ː), `factor` times as long."""
    closures = max(phone.closures, round(factor * phone.closures))
    length = replace(phone, ipa=phone.ipa + "ː", seconds=factor * phone.seconds)
    return replace(length, long=phone.kind != "vowel", closures=closures)


def palatalised(phone: Phone, factor: float = 1.0) -> Phone:
    """Return the palatalised consonant (IPA with ʲ): the tongue as in "i" during it."""
    return replace(phone, ipa=phone.ipa + "ʲ", secondary="i", seconds=factor * phone.seconds)


@dataclass(frozen=True)
class Timing:
    """Rules of duration: factors on `Phone.seconds`, and seconds of release. English's by default.

    A vowel: `unstressed`; `nonfinal` before another syllable; at the end of the word `open`; in the
    last syllable before a voiced obstruent `voiced_coda`, a voiceless one `voiceless_coda`, a
    sonorant `sonorant_coda`; `closed` before a long consonant or two.
    A consonant: `cluster` beside another one; at the end of the word `final_stop` or `final`.
    Release: `aspirated` s of a voiceless stop at the start of the word or of a stressed syllable,
    `weak` s elsewhere before a vowel, `muted` s after /s/ and the like; `friction` s of a voiceless
    and `voiced_friction` s of a voiced affricate.
    """

    unstressed: float = 0.55
    nonfinal: float = 0.75
    open: float = 1.1
    voiced_coda: float = 1.15
    voiceless_coda: float = 0.72
    sonorant_coda: float = 0.85
    closed: float = 1.0
    cluster: float = 0.8
    final_stop: float = 0.75
    final: float = 1.15
    aspirated: float = 0.06
    weak: float = 0.035
    muted: float = 0.02
    friction: float = 0.09
    voiced_friction: float = 0.045


@dataclass(frozen=True)
class Inventory:
    """What the simulator can say of a language.

    language: ISO 639-1. phones: by the symbol that word lists use (English: ARPAbet without digit;
    others: IPA). targets: vowel shapes that must be found, by names that are unique over languages.
    shapes: tract shapes that follow from one of the speaker's by a rule: name, the shape that it
    starts from, parameters that differ. cannot: what is not made of this language, in sentences.
    """

    language: str
    phones: Mapping[str, Phone]
    targets: Mapping[str, Target]
    timing: Timing
    cannot: tuple[str, ...]
    shapes: Mapping[str, tuple[str, Mapping[str, float]]] = field(default_factory=dict)

    def split(self, symbol: str) -> tuple[str, int]:
        """Return a symbol's phone and its stress: 1 primary, 2 secondary, 0 none or unmarked.

        English marks stress by a last digit, other languages by ˈ or ˌ before the vowel. A letter
        and its mark may be one character or two; the phones are written as one where there is one.
        """
        symbol = normalize("NFC", symbol)
        mark = {"ˈ": 1, "ˌ": 2}.get(symbol[:1], 0)
        name = symbol[1:] if mark else symbol
        if name not in self.phones and name[-1:] in ("0", "1", "2"):
            return name[:-1], int(name[-1])
        return name, mark

    def unknown(self, symbol: str) -> str:
        """Say that a symbol is no phone of the language, which is nearest, and which there are."""
        name, _ = self.split(symbol)
        near = _nearest(name, self.phones)
        hint = f"; the nearest is {near!r}" if near else ""
        known = " ".join(self.phones)
        return f"{symbol!r} is no phone of {self.language!r}{hint}; known: {known}"

    def tract_shapes(
        self, found: Mapping[str, Mapping[str, float]]
    ) -> dict[str, tuple[str, Mapping[str, float]]]:
        """Return the shapes that this language adds to the speaker, as `speakers.speaker_xml` takes
        them.

        found: parameters of found vowel shapes by name (a shapes file); others than `targets` are
        left out. Raises `UserError` if one is missing.
        """
        return {**tract_shapes(found, self.targets), **self.shapes}


# Glottis shapes added to the speaker: (shape that it starts from, parameters that differ).
# AS is the strength of aspiration noise in dB; the speaker's own -10 dB left /h, p, t, k/ weak.
GLOTTIS_SHAPES: dict[str, tuple[str, dict[str, float]]] = {
    "aspirated": ("voiceless-plosive", {"AS": -3.0}),
    "breath": ("h", {"AS": 0.0, "XB": 0.08, "XT": 0.08, "CA": 0.15}),
}
