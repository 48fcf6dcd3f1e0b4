"""Rebuild this set: 60 articulations, each in the seven sounds of `SOUNDS`.

    python make.py [--jobs 2] [--out DIR] [--only WORD ...] [--fresh]

Needs `pip install 'speech-grounding[synthesis]'`. The words, their phones and the vowel shapes
are those of `vocal-tract-words`, read from its tables.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grounding.stimuli.simulator.building import Builder, choose_words, write_item
from grounding.stimuli.simulator.score import Style
from grounding.stimuli.simulator.sounds import LEVEL, SOUNDS, sound_all
from grounding.stimuli.simulator.speak import RATE
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import CONTOURS, Realisation

HERE = Path(__file__).resolve().parent
TABLES = HERE.parent / "vocal-tract-words"
ARTICULATIONS = 60
STYLE = Style(1.0, 0.5, 1.0, 110.0, CONTOURS["fall"], "modal", 8000.0)
NORMAL = Realisation("normal", "fall", "medium", 1.0, STYLE)


def words() -> dict[str, tuple[str, ...]]:
    """Return the phones of every chosen word, in the order in which they were chosen."""
    with (TABLES / "words.tsv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines, delimiter="\t"))
    return {r["word"]: tuple(r["arpabet"].split()) for r in choose_words(table, ARTICULATIONS)}


def plan(job: tuple[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return the planned records of one word: one a sound."""
    word, arpabet = job
    placed = segments(arpabet, STYLE.rate)
    phones = [s.ipa for s in placed]
    records = []
    for name, sound in SOUNDS.items():
        glottis = "modal" if sound.channel is not None else name  # a channel leaves it alone
        f0 = round(STYLE.f0 * 2 ** (sound.semitones / 12), 4)
        records.append(
            {
                "id": f"{word}-{name}",
                "transcript": word,
                "language": "en",
                "audio": f"audio/{word}-{name}.flac",
                "rate": RATE,
                "speaker": NORMAL.anatomy,
                "phones": phones,
                "realisation": NORMAL.record()
                | {"name": name, "voice": sound.voice, "f0": f0, **sound.parameters},
                "articulation": f"articulation/{word}-{glottis}.npz",
                "attributes": {
                    "articulation": word,
                    "sound": name,
                    "parameters": {"level_rms": LEVEL, **sound.parameters},
                    "segments": [[p, s.start, s.end] for p, s in zip(phones, placed, strict=True)],
                },
            }
        )
    return records


def make(job: tuple[str, tuple[str, ...]], folder: Path) -> list[dict[str, Any]]:
    """Sound one word in every way into `folder`; return its records."""
    word, arpabet = job
    shapes = json.loads((TABLES / "shapes.json").read_text(encoding="utf-8"))
    spoken = sound_all(arpabet, NORMAL, shapes, word)
    return [
        write_item(record, spoken[record["attributes"]["sound"]], folder) for record in plan(job)
    ]


def builder() -> Builder:
    """Return how the set is made: one job a word."""
    return Builder({word: (word, phones) for word, phones in words().items()}, plan, make)


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    builder().command(argv, HERE, (__doc__ or "").splitlines()[0])


if __name__ == "__main__":
    main()
