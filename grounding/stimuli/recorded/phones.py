"""Phones of a text in IPA, from espeak-ng 1.52 through phonemizer.

The phones are those of the dictionary form, not of a recording. Each is one segment that panphon
has features for: diphthongs and r-coloured vowels are split, affricates keep their tie bar, word
boundaries are dropped. English names inside other languages are read by espeak-ng's English
voice. espeak-ng is GPL-3 and no part of this package: `REQUIREMENTS` are installed by who makes
a set.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from grounding.errors import UserError
from grounding.stimuli.ipa import feature_table
from grounding.tables import lookup

__all__ = ["REQUIREMENTS", "VOICES", "phones", "russian_laterals", "segments"]

VERSION = (1, 52, 0)
REQUIREMENTS = ("espeakng-loader==0.2.4", "phonemizer==3.4.0")
VOICES = {
    "bg": "bg",
    "de": "de",
    "en": "en-us",
    "es": "es-419",
    "fr": "fr-fr",
    "it": "it",
    "ro": "ro",
    "ru": "ru",
}

# espeak-ng's symbols, and what they stand for in IPA: in every language, then in one.
IPA = {
    "ɚ": "əɹ",
    "ᵻ": "ɪ",  # the weak vowel of "roses"
    "ss": "sː",
    "g": "ɡ",
    '"': "",
    "^": "",
}
IPA_OF = {
    "en": {"ɜː": "ɜːɹ"},  # "bird": r-coloured in American speech; espeak-ng leaves that out
    "es": {"pː": "p"},  # "aceptar" has no long consonant
    "fr": {"-": ""},  # espeak-ng keeps two vowels of "ma réponse" apart by it
    "ro": {"ʲʲ": "ʲ"},  # "pantaloni" ends in one soft consonant; espeak-ng marks it twice
    "ru": {"y": "ɨ"},  # the vowel of "ты" is not front and rounded
}
AFFRICATE = re.compile("([td])(?=[szʃʒɕʑ])")
STRESS = "ˈˌ"
TIE = "\u0361"
RETROFLEX = "ɭ"
SOFTENING = frozenset("ьеёиюя")


@cache
def _voice(language: str, stress: bool) -> Any:
    try:
        import espeakng_loader
        from phonemizer.backend import EspeakBackend
        from phonemizer.backend.espeak.wrapper import EspeakWrapper
    except ImportError as error:
        raise UserError(
            f"Python package {error.name!r} not found; needed for phones. Run 'python -m pip "
            f"install {' '.join(REQUIREMENTS)}'."
        ) from error

    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    name = lookup("espeak-ng voice", language, VOICES)
    voice = EspeakBackend(name, language_switch="remove-flags", with_stress=stress)
    if voice.version() != VERSION:
        found = ".".join(map(str, voice.version()))
        raise UserError(
            f"espeak-ng {found} found, 1.52.0 needed: another one gives other phones. Run 'python "
            f"-m pip install {' '.join(REQUIREMENTS)}'."
        )
    return voice


def segments(phoneme: str, language: str) -> list[str]:
    """Split one espeak-ng phoneme into segments that panphon knows.

    A mark of stress stays before the first segment. Raises `ValueError` when a part is none.
    """
    ipa = unicodedata.normalize("NFD", phoneme)
    for symbol, meaning in (IPA | IPA_OF.get(language, {})).items():
        ipa = ipa.replace(symbol, meaning)
    bare = ipa.lstrip(STRESS)
    stress = ipa[: len(ipa) - len(bare)]
    bare = AFFRICATE.sub(rf"\1{TIE}", bare)
    found = [str(segment) for segment in feature_table().ipa_segs(bare)]
    if "".join(found) != bare:
        raise ValueError(f"{language}: panphon does not know all of {phoneme!r} ({bare!r})")
    return [stress + found[0], *found[1:]] if found else found


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


def phones(texts: Sequence[str], language: str, *, stress: bool = False) -> list[tuple[str, ...]]:
    """Return the phones of each text: IPA, one string a segment.

    language: ISO 639-1, one of `VOICES`.
    stress: keep "ˈ" (primary) and "ˌ" (secondary) before a stressed vowel.

    Raises `UserError` when espeak-ng is missing or of another version, and `ValueError` for a
    text whose phones panphon does not know.
    """
    voice = _voice(language, stress)
    from phonemizer.separator import Separator

    separator = Separator(phone="_", word=" ", syllable="")
    spelt = voice.phonemize(list(texts), separator=separator, strip=True)
    if len(spelt) != len(texts):
        raise ValueError(f"{language}: {len(texts)} texts in, {len(spelt)} out of espeak-ng")
    out = []
    for text, line in zip(texts, spelt, strict=True):
        phonemes = re.split("[_ ]+", line.strip("_ "))
        found = [segment for phoneme in phonemes for segment in segments(phoneme, language)]
        out.append(tuple(russian_laterals(found, text) if language == "ru" else found))
    return out
