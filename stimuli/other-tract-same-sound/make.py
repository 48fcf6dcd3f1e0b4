"""Rebuild this set: every pair of `pairs.jsonl`, both members sounded by the simulator.

    python make.py [--jobs 1] [--out DIR] [--only ID ...] [--fresh]

Needs `pip install 'speech-grounding[synthesis]'`. An item whose files are there, whole and made
from the same plan is left alone, so an interrupted run goes on where it stopped; `--fresh` makes
all anew. `search.py` found the states and `choose.py` the pairs.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from tqdm import tqdm

from grounding.stimuli.simulator.articulation import FRAME_RATE, STREAMS
from grounding.stimuli.simulator.postures import RATE, Manner, sound

HERE = Path(__file__).resolve().parent
Maker = Callable[..., dict[str, Any] | None]
PAIRS = "pairs.jsonl"
PARTIAL = "manifest.partial.jsonl"
MEMBERS = ("a", "b")
ITEMS_A_PROCESS = 40  # the simulator's library keeps about 25 MB of every speaker that it opens
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


def items(table: Path) -> Iterator[Item]:
    """Yield both members of every pair of the table."""
    for line in table.read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        for member in MEMBERS:
            yield Item(
                pair["pair"], member, pair["kind"], tuple(pair["vowels"]), tuple(pair[member])
            )


def plan(item: Item) -> dict[str, Any]:
    """Return the manifest fields that are known before anything is made."""
    return {
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


def write_whole(path: Path, content: bytes) -> str:
    """Write a file so that it is there whole or not at all; return its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    temporary = Path(file.name)
    temporary.chmod(0o644)
    temporary.replace(path)
    return hashlib.sha256(content).hexdigest()


def make(item: Item, folder: Path) -> dict[str, Any]:
    """Sound one item into `folder`; return its manifest record."""
    sounded = sound(item.states, MANNER)
    record = json.loads(json.dumps(plan(item)))
    audio = io.BytesIO()
    soundfile.write(
        audio, sounded.audio, RATE, format="FLAC", subtype="PCM_16", compression_level=1.0
    )
    arrays: dict[str, np.ndarray] = {"rate": np.array(FRAME_RATE)}
    for name, (channels, units) in STREAMS.items():
        arrays[name] = sounded.streams[name]
        arrays[f"{name}.channels"] = np.array(channels)
        arrays[f"{name}.units"] = np.array(units)
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    record["samples"] = len(sounded.audio)
    record["sha256"] = write_whole(folder / record["audio"], audio.getvalue())
    digest = write_whole(folder / record["articulation"], packed.getvalue())
    record["attributes"]["articulation_sha256"] = digest
    return record


def made(
    missing: Sequence[Item], folder: Path, jobs: int, maker: Maker
) -> Iterator[dict[str, Any] | None]:
    """Make items in worker processes; yield what `maker` returns, as they are done."""
    context = get_context("spawn")  # the simulator's library has one state a process
    share = jobs * ITEMS_A_PROCESS
    for start in range(0, len(missing), share):
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            pending = [pool.submit(maker, i, folder) for i in missing[start : start + share]]
            try:
                for done in as_completed(pending):
                    yield done.result()
            finally:  # after an error, do not make the rest first
                pool.shutdown(cancel_futures=True)


def stands(record: dict[str, Any], item: Item, folder: Path) -> bool:
    """Whether an item's files are whole and its record follows from the present plan."""
    expected = json.loads(json.dumps(plan(item)))
    seen = {key: record.get(key) for key in expected}
    attributes = dict(record.get("attributes", {}))
    digest = attributes.pop("articulation_sha256", None)
    seen["attributes"] = attributes
    files = ((record.get("audio"), record.get("sha256")), (record.get("articulation"), digest))
    return seen == expected and all(
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


def build(wanted: Sequence[Item], folder: Path, jobs: int, fresh: bool, maker: Maker = make) -> int:
    """Make what is missing in `folder` and write its manifest; return how many were missing.

    An item for which `maker` returns None is not in the manifest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    records = {} if fresh else read_records(folder)
    missing = [i for i in wanted if i.id not in records or not stands(records[i.id], i, folder)]
    with (
        (folder / PARTIAL).open("a", encoding="utf-8") as log,
        tqdm(total=len(missing), unit="item") as bar,
    ):
        for record in made(missing, folder, jobs, maker):
            bar.update()
            if record is None:
                continue
            records[record["id"]] = record
            log.write(json.dumps(record, ensure_ascii=False) + "\n")
            log.flush()
    lines = [
        json.dumps(records[i.id], ensure_ascii=False, sort_keys=True)
        for i in wanted
        if i.id in records
    ]
    write_whole(folder / "manifest.jsonl", ("\n".join(lines) + "\n").encode())
    (folder / PARTIAL).unlink()
    return len(missing)


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes")
    parser.add_argument("--only", nargs="+", metavar="ID", help="make these items alone")
    parser.add_argument("--fresh", action="store_true", help="make again what is already there")
    arguments = parser.parse_args(argv)
    wanted = list(items(HERE / PAIRS))
    if arguments.only:
        unknown = sorted(set(arguments.only) - {item.id for item in wanted})
        if unknown:
            parser.error(f"no item {', '.join(unknown)}; ids are PAIR-MEMBER as in the manifest")
        if arguments.out.resolve() == HERE:
            parser.error("--only would leave a manifest of these items alone; give --out")
        wanted = [item for item in wanted if item.id in set(arguments.only)]
    count = build(wanted, arguments.out, arguments.jobs, arguments.fresh)
    print(f"{len(wanted)} items, {count} made now")


if __name__ == "__main__":
    main()
