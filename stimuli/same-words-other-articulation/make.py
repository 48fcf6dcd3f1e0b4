"""Rebuild this set: 24 words, each in a normal way and with one factor of its articulation moved.

    python make.py [--jobs 2] [--out DIR] [--only ID ...] [--fresh]

Needs `pip install 'speech-grounding[synthesis]'`. The words, their phones and the vowel shapes
are those of `vocal-tract-words`, read from its tables.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from grounding.stimuli.simulator.building import Builder, choose_words, write_item
from grounding.stimuli.simulator.score import Style
from grounding.stimuli.simulator.speak import RATE, speak
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import CONTOURS, Realisation

HERE = Path(__file__).resolve().parent
TABLES = HERE.parent / "vocal-tract-words"
WORDS = 24
STYLE = Style(1.0, 0.5, 1.0, 110.0, CONTOURS["fall"], "modal", 8000.0)


class Way(NamedTuple):
    """What is moved: the factor's name, the level's, and a field of `Style`, or `scale`."""

    factor: str
    level: str
    name: str = ""
    value: float = 0.0


WAYS = (
    Way("none", "normal"),
    Way("rate", "slow", "rate", 0.7),
    Way("rate", "fast", "rate", 1.4),
    Way("coarticulation", "least", "overlap", 0.0),
    Way("coarticulation", "most", "overlap", 1.0),
    Way("anatomy", "short", "scale", 0.85),
    Way("anatomy", "long", "scale", 1.15),
)


class Job(NamedTuple):
    """One word in one way."""

    word: str
    phones: tuple[str, ...]
    way: Way

    @property
    def id(self) -> str:
        return f"{self.word}-{self.name}"

    @property
    def name(self) -> str:
        """The factor and the level."""
        return "-".join(part for part in (self.way.factor, self.way.level) if part != "none")

    @property
    def realisation(self) -> Realisation:
        """How it is said."""
        scale, style = 1.0, STYLE
        if self.way.name == "scale":
            scale = self.way.value
        elif self.way.name:
            style = replace(STYLE, **{self.way.name: self.way.value})
        anatomy = "short" if scale < 0.94 else "long" if scale > 1.05 else "medium"
        return Realisation(self.name, "fall", anatomy, scale, style)


def jobs() -> dict[str, Job]:
    """Return every item of the set by its id."""
    with (TABLES / "words.tsv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines, delimiter="\t"))
    found = [
        Job(row["word"], tuple(row["arpabet"].split()), way)
        for row in choose_words(table, WORDS)
        for way in WAYS
    ]
    return {job.id: job for job in found}


def plan(job: Job) -> list[dict[str, Any]]:
    """Return the one planned record of an item."""
    drawn = job.realisation
    placed = segments(job.phones, drawn.style.rate)
    phones = [s.ipa for s in placed]
    return [
        {
            "id": job.id,
            "transcript": job.word,
            "language": "en",
            "audio": f"audio/{job.id}.flac",
            "rate": RATE,
            "speaker": drawn.anatomy,
            "phones": phones,
            "realisation": drawn.record(),
            "articulation": f"articulation/{job.id}.npz",
            "attributes": {
                "factor": job.way.factor,
                "level": job.way.level,
                "parameters": {job.way.name: job.way.value} if job.way.name else {},
                "segments": [[p, s.start, s.end] for p, s in zip(phones, placed, strict=True)],
            },
        }
    ]


def make(job: Job, folder: Path) -> list[dict[str, Any]]:
    """Speak one item into `folder`; return its record."""
    shapes = json.loads((TABLES / "shapes.json").read_text(encoding="utf-8"))
    return [write_item(plan(job)[0], speak(job.phones, job.realisation, shapes), folder)]


def builder() -> Builder:
    """Return how the set is made: one job an item."""
    return Builder(jobs(), plan, make)


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    builder().command(argv, HERE, (__doc__ or "").splitlines()[0])


if __name__ == "__main__":
    main()
