"""Rebuild this set: every word of `words.tsv`, spoken by the vocal-tract simulator.

    python make.py [--jobs 2] [--out DIR] [--only ID ...] [--fresh] [--search]

Needs `pip install 'speech-grounding[synthesis]'`. An item whose files are there, whole and made
from the same plan is left alone, so an interrupted run goes on where it stopped; `--fresh` makes
all anew. The manifest is written at the end, with what `recognise.py` measured where it has.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from grounding.files import write_whole
from grounding.stimuli.simulator.building import Builder, write_item
from grounding.stimuli.simulator.inventories.en import ENGLISH
from grounding.stimuli.simulator.library import Simulator, installed_speaker
from grounding.stimuli.simulator.shapes import search
from grounding.stimuli.simulator.speak import RATE, speak
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import BASE, RECIPES, realise

HERE = Path(__file__).resolve().parent
FOUND = Path("heard.json")  # written by recognise.py


@dataclass(frozen=True)
class Item:
    """One word in one realisation, and where it goes."""

    id: str
    word: str
    recipe: str
    phones: tuple[str, ...]
    attributes: dict[str, Any]


def items(table: Path) -> Iterator[Item]:
    """Yield the items of the table of words: three a word, eight for a deep one."""
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            families = [name for name in row["families"].split(",") if name]
            attributes = {
                "category": row["category"],
                "synset": row["synset"],
                "families": families,
                "deep": row["deep"] == "1",
            }
            for recipe in RECIPES if attributes["deep"] else BASE:
                phones = tuple(row["arpabet"].split())
                yield Item(f"{row['word']}-{recipe}", row["word"], recipe, phones, attributes)


def plan(item: Item) -> list[dict[str, Any]]:
    """Return the one planned record of an item."""
    drawn = realise(item.recipe, item.id)
    placed = segments(item.phones, drawn.style.rate)
    phones = [one.ipa for one in placed]
    return [
        {
            "id": item.id,
            "transcript": item.word,
            "language": "en",
            "audio": f"audio/{item.id}.flac",
            "rate": RATE,
            "speaker": drawn.anatomy,
            "phones": phones,
            "realisation": drawn.record(),
            "articulation": f"articulation/{item.id}.npz",
            "attributes": item.attributes
            | {"segments": [[p, s.start, s.end] for p, s in zip(phones, placed, strict=True)]},
        }
    ]


def make(item: Item, folder: Path) -> list[dict[str, Any]]:
    """Speak one item into `folder`; return its record."""
    shapes = json.loads((HERE / "shapes.json").read_text(encoding="utf-8"))
    return [
        write_item(plan(item)[0], speak(item.phones, realise(item.recipe, item.id), shapes), folder)
    ]


@cache
def heard() -> Mapping[str, Any]:
    """Return what a recogniser heard, by id; nothing where none was asked."""
    path = HERE / FOUND
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def told(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with what a recogniser heard in this very audio, and the mark of it."""
    whole = {k: v for k, v in record.items() if k not in ("intelligibility", "marks")}
    found = heard().get(record["id"])
    if found is not None and found["sha256"] == record["sha256"]:
        whole["intelligibility"] = {k: v for k, v in found.items() if k != "sha256"}
        whole["marks"] = [] if found["recognised"] else ["not-recognised"]
    return whole


def search_shapes() -> None:
    """Search for the vowel shapes again and write `shapes.json`."""
    simulator = Simulator(installed_speaker())
    found = {}
    for name, target in tqdm(ENGLISH.targets.items(), unit="shape"):
        found[name] = search(simulator, target, np.random.default_rng([2, *name.encode()]))
    write_whole(HERE / "shapes.json", (json.dumps(found, indent=1) + "\n").encode())


def builder() -> Builder:
    """Return how the set is made: one job an item."""
    return Builder({item.id: item for item in items(HERE / "words.tsv")}, plan, make, told)


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    about = (__doc__ or "").splitlines()[0]
    builder().command(argv, HERE, about, first={"search": search_shapes})


if __name__ == "__main__":
    main()
