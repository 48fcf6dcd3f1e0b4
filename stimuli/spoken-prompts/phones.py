"""Phones of a transcript in IPA, from espeak-ng 1.52 through phonemizer.

The phones are those of the dictionary form, not of the recording. Each is one segment that
panphon has features for: diphthongs and r-coloured vowels are split, affricates keep their tie
bar, stress and word boundaries are dropped. English names inside other languages are read by
espeak-ng's English voice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

__all__ = ["VOICES", "phones", "russian_laterals", "segments"]

VERSION = (1, 52, 0)
VOICES = {"en": "en-us", "fr": "fr-fr", "es": "es-419", "it": "it", "ru": "ru"}

# espeak-ng's symbols, and what they stand for in IPA: in every language, then in one.
IPA = {
    "ɚ": "əɹ",
    "ᵻ": "ɪ",  # the weak vowel of "roses"
    "ss": "sː",
    "g": "ɡ",
    '"': "",
}
IPA_OF = {
    "en": {"ɜː": "ɜːɹ"},  # "bird": r-coloured in American speech; espeak-ng leaves that out
    "es": {"pː": "p"},  # "aceptar" has no long consonant
    "ru": {"y": "ɨ"},  # the vowel of "ты" is not front and rounded
}
AFFRICATE = re.compile("([td])(?=[szʃʒɕʑ])")
TIE = "\u0361"
RETROFLEX = "ɭ"
SOFTENING = frozenset("ьеёиюя")

# Spelt so that espeak-ng reads the names of the letters, once punctuation is gone.
READ_AS = {("en", "A.M."): "eh em", ("en", "P.M."): "pee em"}


@cache
def _features() -> Any:
    from panphon import FeatureTable

    return FeatureTable()


@cache
def _voice(language: str) -> Any:
    import espeakng_loader
    from phonemizer.backend import EspeakBackend
    from phonemizer.backend.espeak.wrapper import EspeakWrapper

    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    voice = EspeakBackend(VOICES[language], language_switch="remove-flags", with_stress=False)
    if voice.version() != VERSION:
        found = ".".join(map(str, voice.version()))
        raise RuntimeError(f"espeak-ng {found} found, 1.52.0 needed: install requirements.txt")
    return voice


def segments(phoneme: str, language: str) -> list[str]:
    """Split one espeak-ng phoneme into segments that panphon knows.

    Raises `ValueError` when a part of it is none.
    """
    ipa = unicodedata.normalize("NFD", phoneme)
    for symbol, meaning in (IPA | IPA_OF.get(language, {})).items():
        ipa = ipa.replace(symbol, meaning)
    ipa = AFFRICATE.sub(rf"\1{TIE}", ipa)
    found = _features().ipa_segs(ipa)
    if "".join(found) != ipa:
        raise ValueError(f"{language}: panphon does not know all of {phoneme!r} ({ipa!r})")
    return [str(segment) for segment in found]


def russian_laterals(found: Sequence[str], text: str) -> list[str]:
    """Write each Russian lateral as soft or velarised, as its spelling says.

    espeak-ng writes both as one retroflex symbol, except before some vowels. Raises `ValueError`
    when the text does not have as many as the phones.
    """
    after = re.findall("л(?=л*(.?))", text.lower())
    places = [at for at, segment in enumerate(found) if segment.startswith(RETROFLEX)]
    if len(after) != len(places):
        raise ValueError(f"ru: {len(places)} laterals in the phones of {text!r}, not {len(after)}")
    out = list(found)
    for at, letter in zip(places, after, strict=True):
        out[at] = "lʲ" if letter in SOFTENING else "lˠ"
    return out


def phones(texts: Sequence[str], language: str) -> list[tuple[str, ...]]:
    """Return the phones of each text: IPA, one string a segment."""
    from phonemizer.separator import Separator

    said = [READ_AS.get((language, text), text) for text in texts]
    separator = Separator(phone="_", word=" ", syllable="")
    spelt = _voice(language).phonemize(said, separator=separator, strip=True)
    if len(spelt) != len(said):
        raise RuntimeError(f"{language}: {len(said)} texts in, {len(spelt)} out of espeak-ng")
    out = []
    for text, line in zip(texts, spelt, strict=True):
        phonemes = re.split("[_ ]+", line.strip("_ "))
        found = [segment for phoneme in phonemes for segment in segments(phoneme, language)]
        out.append(tuple(russian_laterals(found, text) if language == "ru" else found))
    return out
