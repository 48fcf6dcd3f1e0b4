"""Rebuild this set: the words of `words.tsv` in five languages, by the vocal-tract simulator.

    python make.py [--jobs 2] [--out DIR] [--only ID ...] [--fresh] [--search]

Needs `pip install 'speech-grounding[synthesis]'`. `--search` first finds the vowel shapes that the
languages need again (about 15 s each) and writes `shapes.json`. The manifest is written at the end,
with what `recognise.py` measured where it has.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from grounding.files import write_whole
from grounding.stimuli.recorded.folders import read_rows
from grounding.stimuli.simulator.building import Builder
from grounding.stimuli.simulator.inventories import INVENTORIES, inventory
from grounding.stimuli.simulator.library import Simulator, installed_speaker
from grounding.stimuli.simulator.shapes import search
from grounding.stimuli.simulator.synthesis import Utterance, plan, said

HERE = Path(__file__).resolve().parent
LANGUAGES = ("de", "es", "it", "fr", "ru")
ALL = ("plain", "reduced")
FOUND = "heard.json"  # written by recognise.py
FEW, CONCEPTS = "short-tract", 40  # a third realisation, of the table's first concepts


class Item(NamedTuple):
    """One word in one realisation, and what it means."""

    concept: str
    utterance: Utterance

    def record(self) -> dict[str, Any]:
        """Return the planned record of the manifest."""
        record = plan(self.utterance)
        split = inventory(self.utterance.language).split
        stress = [split(symbol)[1] for symbol in self.utterance.phones]
        attributes = record["attributes"] | {"stress": stress}
        return record | {"concept": self.concept, "attributes": attributes}


def items() -> dict[str, Item]:
    """Return every item of the set by its id."""
    rows = read_rows(HERE / "words.tsv")
    first = list(dict.fromkeys(row["concept"] for row in rows))[:CONCEPTS]
    found = [
        Item(row["concept"], Utterance(name, row["word"], recipe, phones, row["language"]))
        for row in rows
        for name, phones in [(f"{row['language']}-{row['concept']}", tuple(row["phones"].split()))]
        for recipe in (*ALL, *([FEW] if row["concept"] in first else []))
    ]
    return {item.utterance.id: item for item in found}


def planned(item: Item) -> list[dict[str, Any]]:
    """Return the one planned record of an item."""
    return [item.record()]


def make(item: Item, folder: Path) -> list[dict[str, Any]]:
    """Speak one item into `folder`; return its record."""
    shapes = json.loads((HERE / "shapes.json").read_text(encoding="utf-8"))
    return [said(item.utterance, item.record(), shapes, folder)]


def search_shapes() -> None:
    """Find the vowel shapes again and write `shapes.json`."""
    simulator = Simulator(installed_speaker())
    targets = {k: v for code in LANGUAGES for k, v in INVENTORIES[code].targets.items()}
    found = {
        name: search(simulator, target, np.random.default_rng([2, *name.encode()]))
        for name, target in tqdm(targets.items(), unit="shape")
    }
    write_whole(HERE / "shapes.json", (json.dumps(found, indent=1) + "\n").encode())


@cache
def _heard() -> dict[str, dict[str, Any]]:
    table = HERE / FOUND
    found: dict[str, dict[str, Any]] = {}
    if table.is_file():
        found = json.loads(table.read_text(encoding="utf-8"))
    return found


def told(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with what `recognise.py` heard, if the item has not changed since."""
    record = {k: v for k, v in record.items() if k not in ("intelligibility", "marks")}
    found = _heard().get(record["id"], {})
    if found.get("sha256") == record["sha256"]:
        record["intelligibility"] = {k: v for k, v in found.items() if k != "sha256"}
        record["marks"] = [] if found["recognised"] else ["not-recognised"]
    return record


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    about = (__doc__ or "").splitlines()[0]
    Builder(items(), planned, make, told).command(argv, HERE, about, {"search": search_shapes})


if __name__ == "__main__":
    main()
