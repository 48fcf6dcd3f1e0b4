"""Rebuild this set: every vowel of `states.jsonl`, held by three anatomies.

    python make.py [--jobs 2] [--out DIR] [--only ID ...] [--fresh]

Needs `pip install 'speech-grounding[synthesis]'`. `search.py` found the states.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grounding.stimuli.simulator.building import Builder, write_item
from grounding.stimuli.simulator.postures import RATE, Manner, sound

HERE = Path(__file__).resolve().parent
STATES = "states.jsonl"
START, END, LENGTH = 0.05, 0.44, 0.5  # s
FALL = (1.0, -0.5, -2.0)  # semitones above F0 at equal steps


class Anatomy(NamedTuple):
    """A speaker: its name, the factor on its lengths, and the range of F0 in Hz."""

    name: str
    scale: float
    f0: tuple[float, float]


ANATOMIES = (
    Anatomy("short", 0.87, (165.0, 215.0)),
    Anatomy("medium", 1.0, (100.0, 140.0)),
    Anatomy("long", 1.12, (80.0, 110.0)),
)


class Job(NamedTuple):
    """One vowel in one anatomy."""

    vowel: dict[str, Any]
    anatomy: Anatomy

    @property
    def id(self) -> str:
        return f"{self.vowel['id']}-{self.anatomy.name}"

    @property
    def f0(self) -> float:
        """F0 in Hz: drawn by the id alone."""
        rng = np.random.default_rng(list(sha256(self.id.encode()).digest()))
        return round(float(rng.uniform(*self.anatomy.f0)), 1)

    @property
    def manner(self) -> Manner:
        """How the state is sounded."""
        f0 = tuple(round(self.f0 * 2.0 ** (step / 12.0), 2) for step in FALL)
        return Manner(START, END, LENGTH, 0.0, 0.012, f0, "modal", 8000.0)


def vowels() -> list[dict[str, Any]]:
    """Return the lines of the table that are sounded: points of the grid and anchors."""
    lines = (HERE / STATES).read_text(encoding="utf-8").splitlines()
    return [vowel for vowel in map(json.loads, lines) if vowel["kind"] in MARKS]


MARKS = {  # by kind: what the transcript is
    "grid": ["nearest-vowel-as-transcript", "no-language"],
    "anchor": ["vowel-as-transcript"],
}


def plan(job: Job) -> list[dict[str, Any]]:
    """Return the one planned record of an item."""
    vowel, anatomy = job.vowel, job.anatomy
    told = ("kind", "rounding", "row", "column", "target", "reached", "bark", "state")
    return [
        {
            "id": job.id,
            "transcript": vowel["ipa"],
            "language": vowel["language"],
            "audio": f"audio/{job.id}.flac",
            "rate": RATE,
            "speaker": anatomy.name,
            "phones": [vowel["ipa"]],
            "realisation": {
                "name": anatomy.name,
                "anatomy_scale": anatomy.scale,
                **asdict(job.manner),
            },
            "articulation": f"articulation/{job.id}.npz",
            "marks": MARKS[vowel["kind"]],
            "attributes": {"vowel": vowel["id"], **{k: vowel[k] for k in told if k in vowel}},
        }
    ]


def make(job: Job, folder: Path) -> list[dict[str, Any]]:
    """Sound one item into `folder`; return its record."""
    sounded = sound([job.vowel["state"]], job.manner, job.anatomy.scale)
    return [write_item(plan(job)[0], sounded, folder)]


def builder() -> Builder:
    """Return how the set is made: one job an item."""
    jobs = [Job(vowel, anatomy) for vowel in vowels() for anatomy in ANATOMIES]
    return Builder({job.id: job for job in jobs}, plan, make)


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    builder().command(argv, HERE, (__doc__ or "").splitlines()[0])


if __name__ == "__main__":
    main()
