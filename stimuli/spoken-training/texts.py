"""What is said: texts of a source, repaired by `repairs.tsv`, or told to be of no use.

A rule of the table replaces whole words, in one recording or wherever they stand ("*"), in the
order of the table. A text is a defect that is left with signs that are no words, or with words in
brackets, which may be read or not. `unusable.tsv` lists recordings without speech and those whose
text is plainly another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sources import Utterance

from grounding.stimuli.recorded.folders import read_rows

__all__ = ["Repair", "read_repairs", "repaired", "without_text"]

SPELT = re.compile(r"[^\W_]|[\u0300-\u036f .,;:?!¿'-]")
MONEY = re.compile(r"\s*\([^()]*[$€£¥¢][^()]*\)")
LETTER = re.compile("La lettre .")
NOTE = re.compile(r"\W*([\[(<].*[\])>])\W*")
QUOTES = re.compile('[“”„«»"…]')
DASHES = re.compile(r"\s+[-—–]+\s+|[—–]|^\s*-+\s*")


@dataclass(frozen=True)
class Repair:
    """Words to replace. recording: in which one, "*" in all. is_: "" takes the words out."""

    language: str
    recording: str
    was: str
    is_: str

    def apply(self, text: str) -> str:
        """Return the text with the words replaced; a capital at their start stays."""

        def word(match: re.Match[str]) -> str:
            return self.is_[:1].upper() + self.is_[1:] if match[0][0].isupper() else self.is_

        start = r"(?<!\w)" if self.was[0].isalnum() else ""
        end = r"(?!\w)" if self.was[-1].isalnum() else ""
        return re.sub(start + re.escape(self.was) + end, word, text, flags=re.IGNORECASE)


def read_repairs(path: Path) -> list[Repair]:
    """Read `repairs.tsv` (language, recording, was, is, why)."""
    return [Repair(r["language"], r["recording"], r["was"], r["is"]) for r in read_rows(path)]


def repaired(text: str, language: str, recording: str, repairs: Sequence[Repair]) -> str:
    """Return a text without sums of money in brackets and dashes, repaired, in single spaces."""
    text = QUOTES.sub(" ", MONEY.sub("", unicodedata.normalize("NFC", text)))
    text = re.sub(r"\s+([,.;:?])", r"\1", " ".join(DASHES.sub(" ", text).split()))
    for repair in repairs:
        if repair.language in ("*", language) and repair.recording in ("*", recording):
            text = repair.apply(text)
    text = re.sub(r"\s+([,.;:?])", r"\1", " ".join(text.split()))
    return text.strip(" ,;:").rstrip(" .")


def without_text(utterance: Utterance, text: str, unusable: Sequence[Mapping[str, str]]) -> str:
    """Return why an utterance has no text of use, "" where it has one.

    text: its text as repaired. unusable: the rows of `unusable.tsv`.
    """
    place = utterance.source, utterance.recording
    for row in unusable:
        if (row["source"], row["recording"]) == place and row["language"] in (
            "*",
            utterance.language,
        ):
            return row["reason"]
    if NOTE.fullmatch(utterance.text) or utterance.recording.startswith("silence/"):
        return "no speech"
    if not text:
        return "no transcript"
    if utterance.recording.startswith("letters/") and len(text) == 1:
        return "a letter alone"
    if utterance.source == "tuxpaint" and utterance.language == "fr" and LETTER.fullmatch(text):
        return "a letter alone"  # that its stamp is one is in the text and not in the recording
    return "defect" if SPELT.sub("", text) else ""
