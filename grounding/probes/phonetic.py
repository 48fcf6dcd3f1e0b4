"""What the phones of stimuli are, as targets of a probe: identity, manner, place, features.

Conventions
-----------
- Times come from the attribute `segments` of a stimulus, [[phone, start, end], ...] in seconds. A
  moment belongs to the segment that starts at or before it and ends after it; a moment between
  segments has no target (NaN).
- A property sorts phones into classes and is a one-hot target; a phone to which it does not apply,
  as place does not to a vowel, has no target.
- Signed targets are panphon's features, +1, 0 (does not apply) or -1; a phone of several segments,
  such as a diphthong, has their mean.
- The chart is the IPA's: a phone is read by its vowel or its last consonant, without length,
  palatalisation and other marks; a tie bar makes it an affricate.

Sources: International Phonetic Association, the International Phonetic Alphabet (revised to 2020);
Mortensen et al., PanPhon, COLING 2016.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from grounding.activations.spans import Span, spans_of
from grounding.errors import UserError
from grounding.stimuli import Stimulus
from grounding.stimuli.ipa import features, segments
from grounding.tables import lookup

__all__ = [
    "CONSONANTS",
    "FEATURES",
    "PROPERTIES",
    "VOWELS",
    "Phonetic",
    "Property",
    "by_class",
    "phonetic",
    "signed",
    "signs",
]

_CHART = """
plosive: bilabial p b, alveolar t d, retroflex ʈ ɖ, palatal c ɟ, velar k ɡ, uvular q ɢ, glottal ʔ
nasal: bilabial m, labiodental ɱ, alveolar n, retroflex ɳ, palatal ɲ, velar ŋ, uvular ɴ
trill: bilabial ʙ, alveolar r, uvular ʀ
tap: alveolar ɾ, retroflex ɽ
fricative: bilabial ɸ β, labiodental f v, dental θ ð, alveolar s z, postalveolar ʃ ʒ
fricative: retroflex ʂ ʐ, alveolo-palatal ɕ ʑ, palatal ç ʝ, velar x ɣ, uvular χ ʁ
fricative: pharyngeal ħ ʕ, glottal h ɦ, alveolar ɬ ɮ
approximant: labiodental ʋ, alveolar ɹ, retroflex ɻ, palatal j, velar ɰ, labial-velar w ʍ
approximant: labial-palatal ɥ
lateral: alveolar l, retroflex ɭ, palatal ʎ, velar ʟ
"""

CONSONANTS: Mapping[str, tuple[str, str]] = {
    letter: (line.partition(":")[0], cell.split()[0])
    for line in _CHART.strip().splitlines()
    for cell in line.partition(":")[2].split(",")
    for letter in cell.split()[1:]
}
"""Manner and place of each consonant letter."""

VOWELS = frozenset("iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝ")

OBSTRUENTS = frozenset({"plosive", "fricative", "affricate"})

FEATURES = (
    *("syl", "son", "cons", "cont", "delrel", "lat", "nas", "strid", "voi", "sg", "cg", "ant"),
    *("cor", "distr", "lab", "hi", "lo", "back", "round", "velaric", "tense", "long"),
)
"""panphon's features, in its order; its two tones, which it gives no weight, are left out."""


MARKS = ("Mn", "Lm", "Sk")  # Unicode's categories of diacritics: length, palatalisation, tie bar


@cache
def _letter(phone: str) -> str:
    """Return the letter by which a phone stands in the chart: its vowel, or its last consonant."""
    text = unicodedata.normalize("NFD", "".join(segments(phone))).replace("c\u0327", "ç")
    letters = [one for one in text if unicodedata.category(one) not in MARKS]
    if strange := [one for one in letters if one not in CONSONANTS and one not in VOWELS]:
        raise UserError(
            f"phone {phone!r} has the letter {strange[0]!r}, which has no place in the chart here; "
            f"known: {' '.join([*sorted(VOWELS), *CONSONANTS])}."
        )
    return ([one for one in letters if one in VOWELS] or letters)[-1]


def _manner(phone: str) -> str:
    letter = _letter(phone)
    if letter in VOWELS:
        return "vowel"
    return "affricate" if "\u0361" in segments(phone)[-1] else CONSONANTS[letter][0]


def _place(phone: str) -> str | None:
    letter = _letter(phone)
    return CONSONANTS[letter][1] if letter in CONSONANTS else None


def _voicing(phone: str) -> str | None:
    if _manner(phone) not in OBSTRUENTS:
        return None
    return "voiced" if features(segments(phone)[-1])[FEATURES.index("voi")] > 0 else "voiceless"


@dataclass(frozen=True)
class Property:
    """A way to sort phones.

    of: gives the class of a phone, or None where the property does not apply. says: which phones.
    """

    of: Callable[[str], str | None]
    says: str


PROPERTIES: Mapping[str, Property] = {
    "phone": Property(lambda phone: phone, "every phone is a class"),
    "manner": Property(_manner, "every phone; vowels are a manner"),
    "place": Property(_place, "consonants"),
    "voicing": Property(_voicing, "obstruents: in vowels and sonorants, voice is no choice"),
}


@dataclass(frozen=True, eq=False)
class Phonetic:
    """Targets of the phone segments of stimuli.

    kind: "one-hot" (1 for the class, else 0) or "signed" (-1 to 1). columns: the classes, or the
        features.
    spans, values: by stimulus id, a row a segment; a row of NaN where there is no target.
    """

    name: str
    kind: Literal["one-hot", "signed"]
    columns: tuple[str, ...]
    spans: Mapping[str, tuple[Span, ...]]
    values: Mapping[str, Float[np.ndarray, "segment column"]]

    def segment(
        self, stimulus: Stimulus, times: Float[np.ndarray, " step"]
    ) -> Int[np.ndarray, " step"]:
        """Return in which segment of a stimulus each time (seconds) lies; -1 for none.

        Raises `UserError` for a stimulus that is not among these.
        """
        if stimulus.id not in self.spans:
            raise UserError(f"{self.name!r} is not known of stimulus {stimulus.id!r}.")
        spans = self.spans[stimulus.id]
        starts = np.array([span.start for span in spans])
        ends = np.array([span.end for span in spans])
        found = np.searchsorted(starts, times, side="right") - 1
        inside = (found >= 0) & (times < ends[found])
        return np.where(inside, found, -1)

    def at(
        self, stimulus: Stimulus, times: Float[np.ndarray, " step"]
    ) -> Float[np.ndarray, "step column"]:
        """Return the targets of a stimulus at times, in seconds; NaN outside its segments."""
        found = self.segment(stimulus, times)
        values = self.values[stimulus.id][found]
        values[found < 0] = np.nan
        return values

    def phones(
        self,
        stimuli: Sequence[Stimulus],
        place: Int[np.ndarray, " row"],
        times: Float[np.ndarray, " row"],
    ) -> list[str]:
        """Return which phone is said at each time of the stimulus at each place; "" for none."""
        said = [""] * len(place)
        for which in np.unique(place):
            rows = np.flatnonzero(place == which)
            spans = self.spans[stimuli[which].id]
            for row, at in zip(rows, self.segment(stimuli[which], times[rows]), strict=True):
                said[row] = spans[at].label if at >= 0 else ""
        return said


def phonetic(stimuli: Sequence[Stimulus], name: str) -> Phonetic:
    """Return a property of the phones of `stimuli` as one-hot targets.

    name: of `PROPERTIES`. The classes are those that occur, sorted.

    Raises `UserError` for stimuli without segments, segments that overlap or are not in order, a
    phone that is not IPA, or fewer than two classes; `UnknownName` for another property.
    """
    return by_class(stimuli, name, lookup("phonetic property", name, PROPERTIES).of)


def by_class(stimuli: Sequence[Stimulus], name: str, of: Callable[[str], str | None]) -> Phonetic:
    """Return one-hot targets of a sorting of phones that is not in the table; see `phonetic`."""
    spans = _spans(stimuli)
    sorted_ = {key: [of(span.label) for span in found] for key, found in spans.items()}
    classes = sorted({one for row in sorted_.values() for one in row if one is not None})
    if len(classes) < 2:
        raise UserError(
            f"the phones of {len(stimuli)} stimuli have {len(classes)} classes of {name!r} "
            f"({', '.join(classes) or 'none'}); a probe needs two or more."
        )
    codes = dict(zip(classes, np.eye(len(classes)), strict=True))
    none = np.full(len(classes), np.nan)
    values = {
        key: np.stack([none if one is None else codes[one] for one in row])
        for key, row in sorted_.items()
    }
    return Phonetic(name, "one-hot", tuple(classes), spans, values)


def signed(stimuli: Sequence[Stimulus]) -> Phonetic:
    """Return the articulatory features of the phones of `stimuli` as signed targets.

    Raises as `phonetic` does.
    """
    spans = _spans(stimuli)
    values = {key: np.stack([signs(span.label) for span in found]) for key, found in spans.items()}
    return Phonetic("features", "signed", FEATURES, spans, values)


@cache
def signs(phone: str) -> Float[np.ndarray, " feature"]:
    """Return the features of a phone, the mean over its segments.

    >>> dict(zip(FEATURES, signs("aɪ")))["voi"], dict(zip(FEATURES, signs("aɪ")))["hi"]
    (np.float64(1.0), np.float64(0.0))
    """
    mean: np.ndarray = np.mean([features(segment) for segment in segments(phone)], axis=0)
    mean.setflags(write=False)
    return mean


def _spans(stimuli: Sequence[Stimulus]) -> dict[str, tuple[Span, ...]]:
    """Return the phone segments of each stimulus, in order."""
    found: dict[str, list[Span]] = {stimulus.id: [] for stimulus in stimuli}
    for span in spans_of(stimuli, "phone"):
        before = found[span.stimulus]
        if before and span.start < before[-1].end:
            raise UserError(
                f"stimulus {span.stimulus!r}: phone {span.label!r} starts at {span.start:g} s, "
                f"before {before[-1].label!r} ends at {before[-1].end:g} s; needed segments in "
                "order that do not overlap. Correct the attribute 'segments'."
            )
        before.append(span)
    return {key: tuple(spans) for key, spans in found.items()}
