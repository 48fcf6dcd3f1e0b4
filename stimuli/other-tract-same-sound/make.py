"""Rebuild this set: every pair of `pairs.jsonl`, both members sounded by the simulator.

    python make.py [--jobs 1] [--out DIR] [--only ID ...] [--fresh]

Needs `pip install 'speech-grounding[synthesis]'`. An item whose files are there, whole and made
from the same plan is left alone, so an interrupted run goes on where it stopped; `--fresh` makes
all anew. `search.py` found the states and `choose.py` the pairs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grounding.stimuli.simulator.building import Builder, write_item
from grounding.stimuli.simulator.postures import RATE, Manner, sound

HERE = Path(__file__).resolve().parent
PAIRS = "pairs.jsonl"
MEMBERS = ("a", "b")
MANNER = Manner(
    start=0.05,
    end=0.5,
    length=0.6,
    turn=0.15,
    tau=0.016,
    f0=(115.0, 112.0, 106.0, 98.0),
    voice="modal",
    pressure=8000.0,
)


@dataclass(frozen=True)
class Item:
    """One member of a pair. states: one posture held, or two to glide between."""

    pair: str
    member: str
    kind: str
    vowels: tuple[str, ...]
    states: tuple[dict[str, float], ...]

    @property
    def id(self) -> str:
        return f"{self.pair}-{self.member}"


def items(table: Path) -> dict[str, Item]:
    """Return both members of every pair of the table, by id."""
    pairs = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    found = [
        Item(pair["pair"], member, pair["kind"], tuple(pair["vowels"]), tuple(pair[member]))
        for pair in pairs
        for member in MEMBERS
    ]
    return {item.id: item for item in found}


def plan(item: Item) -> list[dict[str, Any]]:
    """Return the one planned record of an item."""
    return [
        {
            "id": item.id,
            "transcript": "".join(item.vowels),
            "language": "en",
            "audio": f"audio/{item.id}.flac",
            "rate": RATE,
            "speaker": "medium",
            "phones": list(item.vowels),
            "realisation": {"name": item.kind, **asdict(MANNER)},
            "articulation": f"articulation/{item.id}.npz",
            "marks": ["nearest-vowel-as-transcript"],
            "attributes": {
                "pair": item.pair,
                "member": item.member,
                "kind": item.kind,
                "postures": list(item.states),
            },
        }
    ]


def make(item: Item, folder: Path) -> list[dict[str, Any]]:
    """Sound one item into `folder`; return its record."""
    return [write_item(plan(item)[0], sound(item.states, MANNER), folder)]


def builder() -> Builder:
    """Return how the set is made: one job an item."""
    return Builder(items(HERE / PAIRS), plan, make)


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    builder().command(argv, HERE, (__doc__ or "").splitlines()[0])


if __name__ == "__main__":
    main()
