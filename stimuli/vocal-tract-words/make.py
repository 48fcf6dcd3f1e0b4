"""Rebuild this set: every word of `words.tsv`, spoken by the vocal-tract simulator.

    python make.py [--jobs 2] [--out DIR] [--only ID ...] [--fresh] [--search]

Needs `pip install 'speech-grounding[synthesis]'`. An item whose files are there, whole and made
from the same plan is left alone, so an interrupted run goes on where it stopped; `--fresh` makes
all anew. The manifest is written at the end, with what `recognise.py` measured where it has.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from tqdm import tqdm

from grounding.stimuli.simulator.articulation import FRAME_RATE, STREAMS
from grounding.stimuli.simulator.library import Simulator, installed_speaker
from grounding.stimuli.simulator.phones import ipa
from grounding.stimuli.simulator.shapes import TARGETS, search
from grounding.stimuli.simulator.speak import RATE, speak
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import BASE, RECIPES, realise

HERE = Path(__file__).resolve().parent
PARTIAL = "manifest.partial.jsonl"
FOUND = Path("heard.json")  # written by recognise.py
TASKS = 20  # items a worker makes: the library keeps about 25 MB of every speaker that it loads
ITEMS_A_PROCESS = 40  # the simulator's library keeps about 27 MB of every speaker that it opens


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


def plan(item: Item) -> dict[str, Any]:
    """Return the manifest fields that are known before anything is made."""
    drawn = realise(item.recipe, item.id)
    placed = segments(item.phones, drawn.style.rate)
    phones = [ipa(s.phone, s.stress) for s in placed]
    return {
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


def write_whole(path: Path, content: bytes) -> str:
    """Write a file so that it is there whole or not at all; return its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    temporary = Path(file.name)
    temporary.chmod(0o644)
    temporary.replace(path)
    return hashlib.sha256(content).hexdigest()


def make(item: Item, folder: Path) -> tuple[dict[str, Any], float]:
    """Speak one item into `folder`; return its manifest record and the seconds that it took."""
    started = time.perf_counter()
    shapes = json.loads((HERE / "shapes.json").read_text(encoding="utf-8"))
    spoken = speak(item.phones, realise(item.recipe, item.id), shapes)
    record = plan(item)
    audio = io.BytesIO()
    soundfile.write(
        audio, spoken.audio, RATE, format="FLAC", subtype="PCM_16", compression_level=1.0
    )
    arrays: dict[str, np.ndarray] = {"rate": np.array(FRAME_RATE)}
    for name, (channels, units) in STREAMS.items():
        arrays[name] = spoken.streams[name]
        arrays[f"{name}.channels"] = np.array(channels)
        arrays[f"{name}.units"] = np.array(units)
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    record["samples"] = len(spoken.audio)
    record["sha256"] = write_whole(folder / record["audio"], audio.getvalue())
    digest = write_whole(folder / record["articulation"], packed.getvalue())
    record["attributes"] = record["attributes"] | {"articulation_sha256": digest}
    return record, time.perf_counter() - started


def made(
    missing: Sequence[Item], folder: Path, jobs: int
) -> Iterator[tuple[dict[str, Any], float]]:
    """Make items in worker processes; yield what `make` returns, as they are done."""
    context = get_context("spawn")  # the simulator's library has one state a process
    # New processes now and then by hand: the pool's own max_tasks_per_child can hang.
    share = jobs * ITEMS_A_PROCESS
    for start in range(0, len(missing), share):
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            pending = [pool.submit(make, item, folder) for item in missing[start : start + share]]
            for done in as_completed(pending):
                yield done.result()


def stands(record: dict[str, Any], item: Item, folder: Path) -> bool:
    """Whether an item's files are whole and its record follows from the present plan."""
    expected = plan(item)
    seen = {key: record.get(key) for key in expected}
    attributes = dict(record.get("attributes", {}))
    digest = attributes.pop("articulation_sha256", None)
    seen["attributes"] = attributes
    files = ((record.get("audio"), record.get("sha256")), (record.get("articulation"), digest))
    return seen == json.loads(json.dumps(expected)) and all(
        (folder / str(path)).is_file()
        and hashlib.sha256((folder / str(path)).read_bytes()).hexdigest() == sha
        for path, sha in files
    )


def read_records(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what earlier runs made, by id."""
    records: dict[str, dict[str, Any]] = {}
    for name in ("manifest.jsonl", PARTIAL):
        if (folder / name).is_file():
            lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]  # the last may be torn
            records |= {r["id"]: r for r in map(json.loads, whole)}
    return records


def write_manifest(wanted: Sequence[Item], records: dict[str, Any], folder: Path) -> None:
    """Write the manifest in the order of `wanted`, with what a recogniser heard."""
    heard = HERE / FOUND
    heard_by_id = json.loads(heard.read_text(encoding="utf-8")) if heard.is_file() else {}
    lines = []
    for item in wanted:
        record = dict(records[item.id])
        record.pop("intelligibility", None)
        record.pop("marks", None)
        found = heard_by_id.get(item.id)
        if found is not None and found["sha256"] == record["sha256"]:
            record["intelligibility"] = {k: v for k, v in found.items() if k != "sha256"}
            record["marks"] = [] if found["recognised"] else ["not-recognised"]
        lines.append(json.dumps(record, ensure_ascii=False, sort_keys=True))
    write_whole(folder / "manifest.jsonl", ("\n".join(lines) + "\n").encode())


def search_shapes() -> None:
    """Find the vowel shapes again and write `shapes.json`."""
    simulator = Simulator(installed_speaker())
    found = {}
    for name, target in tqdm(TARGETS.items(), unit="shape"):
        found[name] = search(simulator, target, np.random.default_rng([2, *name.encode()]))
    write_whole(HERE / "shapes.json", (json.dumps(found, indent=1) + "\n").encode())


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--only", nargs="+", metavar="ID", help="make these items alone")
    parser.add_argument("--fresh", action="store_true", help="make again what is already there")
    parser.add_argument("--search", action="store_true", help="search for the vowel shapes again")
    arguments = parser.parse_args(argv)
    if arguments.search:
        search_shapes()
    folder = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(items(HERE / "words.tsv"))
    if arguments.only:
        unknown = sorted(set(arguments.only) - {item.id for item in wanted})
        if unknown:
            parser.error(f"no item {', '.join(unknown)}; ids are WORD-RECIPE as in the manifest")
        wanted = [item for item in wanted if item.id in set(arguments.only)]
    records = {} if arguments.fresh else read_records(folder)
    missing = [i for i in wanted if i.id not in records or not stands(records[i.id], i, folder)]
    seconds = []
    with (
        (folder / PARTIAL).open("a", encoding="utf-8") as partial,
        tqdm(total=len(missing), unit="item") as bar,
    ):
        for record, spent in made(missing, folder, arguments.jobs):
            records[record["id"]] = record
            seconds.append(spent)
            partial.write(json.dumps(record, ensure_ascii=False) + "\n")
            partial.flush()
            bar.update()
    write_manifest(wanted, records, folder)
    (folder / PARTIAL).unlink()
    rate = f", {np.mean(seconds):.2f} s an item in its worker" if seconds else ""
    print(f"{len(wanted)} items, {len(missing)} made now{rate}")


if __name__ == "__main__":
    main()
