"""Measure how intelligible each item is to Whisper base: `python recognise.py`.

    python -m pip install espeakng-loader==0.2.4 phonemizer==3.4.0

Writes `heard.json` (by id) and prints the table of the README; then run `make.py` once more to put
what was heard into the manifest. Whisper is told the language. The measures are those of
`grounding.encoders.listener`:

- open: `correct` if, without case and punctuation and with Russian ё as е, what it writes is the
  word or sounds like it (the phones of `pronounce.py`, stress apart). `phone_similarity`: 1 minus
  the edit distance between phones over the longer length; 0 if nothing in the language's letters
  was written.
- closed: `rank` is the word's place among the words of its language; 1 is best. `margin` is its
  log-probability minus that of the strongest other word.

An item is `recognised` if `correct` or `rank` 1.
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from pronounce import LANGUAGES, pronounce

from grounding.encoders.listener import (
    Listener,
    lone,
    placed,
    recognise,
    recognition,
    similarity,
)
from grounding.encoders.packaged import load_whisper
from grounding.encoders.quiet import quiet_transformers
from grounding.stimuli.recorded.folders import read_rows

HERE = Path(__file__).resolve().parent
MODEL = "whisper-base"
MOST = 20  # tokens of a transcription; Cyrillic takes about one a letter
LETTERS = {"ru": "[^а-яё ]"} | dict.fromkeys(("de", "es", "it", "fr"), "[^a-zà-öø-ÿœß' ]")


def plain(text: str, language: str) -> str:
    """Return a text in small letters of the language, without punctuation.

    >>> plain(" Лёд!", "ru")
    'лёд'
    """
    small = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    return " ".join(re.sub(LETTERS[language], " ", small).split())


@cache
def sounds(text: str, language: str) -> tuple[str, ...]:
    """Return the phones of a plain text, stress apart; none where they cannot be told."""
    if not text:
        return ()
    try:
        (phones,) = pronounce([text], language)
    except ValueError:  # letters or sounds of another language
        return ()
    return tuple(phone.lstrip("ˈˌ") for phone in phones)


def judge(
    row: Mapping[str, str], text: str, scores: np.ndarray, words: Sequence[str]
) -> dict[str, Any]:
    """Return the record of one item from its row of words.tsv; see the top of this file."""
    language, word = row["language"], row["word"]
    right = tuple(phone.lstrip("ˈˌ") for phone in row["phones"].split())
    heard = plain(text, language)
    same = heard.replace("ё", "е") == plain(word, language).replace("ё", "е")
    found = right if same else sounds(heard, language)
    own = words.index(word)
    rank, margin = placed(scores, own, np.arange(len(words)) != own)
    correct = same or found == right
    return {
        "model": MODEL,
        "heard": heard,
        "correct": correct,
        "phone_similarity": round(similarity(right, found), 3) if found else 0.0,
        "rank": rank,
        "margin": margin,
        "recognised": correct or rank == 1,
    }


def groups(records: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the ids of the rows of the table: all, each language, each language's realisations."""
    found: dict[str, list[str]] = {"all": []}
    for record in sorted(records, key=lambda r: LANGUAGES.index(r["language"])):
        language = record["language"]
        for name in ("all", language, f"{language}/{record['realisation']['name']}"):
            found.setdefault(name, []).append(record["id"])
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Listen to every item of a folder's manifest and write `heard.json` there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, default=HERE)
    folder = parser.parse_args(argv).folder
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    rows = {(r["language"], r["word"]): r for r in read_rows(HERE / "words.tsv")}
    words = {code: [w for language, w in rows if language == code] for code in LANGUAGES}
    with quiet_transformers():
        model, processor = load_whisper(MODEL)
    listeners = {
        code: Listener(model, processor, list(map(lone, words[code])), language=code, most=MOST)
        for code in LANGUAGES
    }

    def listen(record: Mapping[str, Any]) -> dict[str, Any]:
        audio, _ = soundfile.read(folder / record["audio"], dtype="float32")
        language = record["language"]
        text, scores = listeners[language].hear(audio)
        return judge(rows[language, record["transcript"]], text, scores, words[language])

    with quiet_transformers():
        heard = recognise(records, listen, folder / "heard.json")
    print("\n".join(recognition(heard, groups(records))))


if __name__ == "__main__":
    main()
