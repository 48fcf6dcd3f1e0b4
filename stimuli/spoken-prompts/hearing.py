"""How far what a recogniser heard is from a transcript.

Both texts are compared as plain words: no case, punctuation or hyphens, Russian ё as е. A
recogniser writes numbers as it likes ("13th", "13", "thirteenth"); so a number that it wrote in
figures counts as the cardinal or as the ordinal word of the set, whichever is nearer.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Heard", "edits", "judge", "plain_words", "read_heard", "readings"]

LARGE = {"100": "hundred", "1000": "thousand", "1000000": "million"}
SIGNS = {
    "*": {"en": "star", "fr": "étoile", "es": "asterisco", "it": "asterisco", "ru": "звёздочка"},
    "#": {"en": "pound", "fr": "dièse", "es": "número", "it": "cancelletto", "ru": "решётка"},
}
FIGURES = re.compile(r"(\d+)(?:st|nd|rd|th|e|ème|è|er|º|ª|°|o|-?[ыои]?й)?\b[º°]?")


@dataclass(frozen=True)
class Heard:
    """What a recogniser wrote, and its edits over the transcript's words and phones.

    Phones are the better judge of a lone word, where a recogniser often writes another word of
    the same sound ("dis" for "dix").
    """

    text: str
    word_errors: float
    phone_errors: float


def edits(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the Levenshtein distance of two sequences.

    >>> edits("kitten", "sitting")
    3
    """
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, start=1):
            step = min(diagonal + (left != right), row[j] + 1, row[j - 1] + 1)
            diagonal, row[j] = row[j], step
    return row[-1]


def plain_words(text: str, language: str) -> list[str]:
    """Return the words of a text without case, punctuation, hyphens and signs.

    >>> plain_words("Press * at 9 A.M.!", "en")
    ['press', 'star', 'at', '9', 'am']
    """
    for sign, words in SIGNS.items():
        text = text.replace(sign, f" {words[language]} ")
    text = unicodedata.normalize("NFC", text).casefold().replace("ё", "е").replace("’", "'")
    text = re.sub(r"(?<=\w)\.(?=\w)", "", text)
    return re.sub(r"[^\w' ]", " ", text).split()


def readings(heard: str, language: str, prompts: Mapping[str, str]) -> tuple[str, str]:
    """Return what was heard with figures read as cardinals, and with figures read as ordinals.

    prompts: what each prompt of the language says. A figure that no prompt says stays.
    """

    def read(prefix: str) -> str:
        def word(match: re.Match[str]) -> str:
            name = LARGE.get(match[1], match[1])
            return f" {prompts.get(f'digits/{prefix}{name}', match[0])} "

        return FIGURES.sub(word, heard)

    return read(""), read("h-")


def judge(
    heard: str,
    transcript: str,
    language: str,
    prompts: Mapping[str, str],
    phones: Callable[[str], Sequence[str]],
) -> Heard:
    """Hold what was heard against the transcript, in words and in `phones`."""
    words, spoken = plain_words(transcript, language), phones(transcript)
    wer, per = [], []
    for reading in readings(heard, language, prompts):
        guess = plain_words(reading, language)
        # Equal words sound equal: phones of words without their dots ("am") would not.
        sounds = spoken if guess == words else phones(" ".join(guess)) if guess else ()
        wer.append(edits(words, guess) / len(words))
        per.append(edits(spoken, sounds) / len(spoken))
    return Heard(heard, min(wer), min(per))


def read_heard(path: Path) -> dict[tuple[str, str], str]:
    """Read `heard.tsv` (language, prompt_id, heard), keyed by language and prompt."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {(row["language"], row["prompt_id"]): row["heard"] for row in rows}
