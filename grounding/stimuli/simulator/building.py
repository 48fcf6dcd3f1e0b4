"""Build a set of simulated stimuli: in processes, resumable, every file whole.

A `Job` makes one or more items from one load of the simulator. What is there, whole and made from
the same plan is left alone, so an interrupted run goes on where it stopped. A record that was made
is kept in a partial manifest until all are there.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from grounding.files import write_whole
from grounding.stimuli.recorded.sound import flac
from grounding.stimuli.simulator.articulation import FRAME_RATE, STREAMS
from grounding.stimuli.simulator.postures import Sounded
from grounding.stimuli.simulator.speak import Spoken

__all__ = ["JOBS_A_PROCESS", "PARTIAL", "Builder", "choose_words", "npz", "write_item"]

PARTIAL = "manifest.partial.jsonl"
JOBS_A_PROCESS = 40  # the simulator's library keeps about 27 MB of every speaker that it opens

Record = dict[str, Any]


def npz(streams: Mapping[str, Float[np.ndarray, "time channel"]]) -> bytes:
    """Return the streams of `articulation.STREAMS` as the bytes of an articulation file."""
    arrays: dict[str, np.ndarray] = {"rate": np.array(FRAME_RATE)}
    for name, (channels, units) in STREAMS.items():
        arrays[name] = streams[name]
        arrays[f"{name}.channels"] = np.array(channels)
        arrays[f"{name}.units"] = np.array(units)
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    return packed.getvalue()


def write_item(planned: Record, spoken: Spoken | Sounded, folder: Path) -> Record:
    """Write what was spoken to the files that a planned record names; return the whole record."""
    audio, arrays = flac(spoken.audio), npz(spoken.streams)
    write_whole(folder / planned["audio"], audio)
    write_whole(folder / planned["articulation"], arrays)
    digest = hashlib.sha256(arrays).hexdigest()
    return planned | {
        "samples": len(spoken.audio),
        "sha256": hashlib.sha256(audio).hexdigest(),
        "attributes": planned["attributes"] | {"articulation_sha256": digest},
    }


def choose_words(table: Sequence[Mapping[str, str]], count: int) -> list[Mapping[str, str]]:
    """Choose rows of a table of words one by one, each the word whose phones are rarest so far.

    table: rows with `word` and `arpabet`. Only words of one vowel are taken. A word's worth is the
    mean of 1 / (1 + times chosen) over its phones, counted apart before and after the vowel; of
    equals the first in the alphabet is taken.
    """
    found = {}
    for row in sorted(table, key=lambda row: row["word"]):
        phones = row["arpabet"].split()
        vowels = [k for k, phone in enumerate(phones) if phone[-1].isdigit()]
        if len(vowels) == 1:
            placed = [(p.rstrip("012"), k < vowels[0]) for k, p in enumerate(phones)]
            found[row["word"]] = (row, placed)
    times: dict[tuple[str, bool], int] = {}
    chosen: list[Mapping[str, str]] = []
    while len(chosen) < count and found:
        worth = {
            word: float(np.mean([1 / (1 + times.get(place, 0)) for place in placed]))
            for word, (_, placed) in found.items()
        }
        row, placed = found.pop(max(worth, key=worth.__getitem__))  # the first of equals
        chosen.append(row)
        for place in placed:
            times[place] = times.get(place, 0) + 1
    return chosen


@dataclass(frozen=True)
class Builder:
    """How one set is made.

    jobs: by name, what `plan` and `make` are given; it must pickle.
    plan: returns the manifest records of a job, with what is known before anything is made.
    make: writes the files of a job into a folder and returns the whole records; none for a job
        that cannot be made.
    told: returns a record as the manifest has it, with what is known of it from elsewhere.
    """

    jobs: Mapping[str, Any]
    plan: Callable[[Any], list[Record]]
    make: Callable[[Any, Path], list[Record]]
    told: Callable[[Record], Record] = dict

    def stands(self, name: str, records: Mapping[str, Record], folder: Path) -> bool:
        """Whether a job's files are whole and its records follow from the present plan."""
        for planned in self.plan(self.jobs[name]):
            record = records.get(planned["id"])
            if record is None:
                return False
            attributes = dict(record["attributes"])
            digest = attributes.pop("articulation_sha256", None)
            seen = {k: v for k, v in record.items() if k in planned} | {"attributes": attributes}
            files = ((planned["audio"], record["sha256"]), (planned["articulation"], digest))
            if seen != json.loads(json.dumps(planned)) or not all(
                (folder / path).is_file()
                and hashlib.sha256((folder / path).read_bytes()).hexdigest() == sha
                for path, sha in files
            ):
                return False
        return True

    def made(self, missing: Sequence[str], folder: Path, processes: int) -> Iterator[list[Record]]:
        """Make jobs in worker processes; yield the records of each, as they are done."""
        context = get_context("spawn")  # the simulator's library has one state a process
        share = processes * JOBS_A_PROCESS  # the pool's own max_tasks_per_child can hang
        for start in range(0, len(missing), share):
            with ProcessPoolExecutor(processes, mp_context=context) as pool:
                pending = [
                    pool.submit(self.make, self.jobs[name], folder)
                    for name in missing[start : start + share]
                ]
                for done in as_completed(pending):
                    yield done.result()

    def build(
        self, folder: Path, processes: int, only: Sequence[str] | None = None, fresh: bool = False
    ) -> int:
        """Make what is missing of the set, or of the jobs `only`; return how many jobs were made.

        The manifest holds every item that is there, in the order of the jobs. `fresh`: make
        again what is there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        records = read_records(folder)
        wanted = [name for name in self.jobs if only is None or name in only]
        missing = [n for n in wanted if fresh or not self.stands(n, records, folder)]
        with (
            (folder / PARTIAL).open("a", encoding="utf-8") as partial,
            tqdm(total=len(missing), unit="job") as bar,
        ):
            for done in self.made(missing, folder, processes):
                for record in done:
                    records[record["id"]] = record
                    partial.write(json.dumps(record, ensure_ascii=False) + "\n")
                partial.flush()
                bar.update()
        order = [record["id"] for job in self.jobs.values() for record in self.plan(job)]
        lines = [
            json.dumps(self.told(records[id]), ensure_ascii=False, sort_keys=True)
            for id in order
            if id in records
        ]
        write_whole(folder / "manifest.jsonl", ("\n".join(lines) + "\n").encode())
        (folder / PARTIAL).unlink()
        return len(missing)

    def command(
        self,
        argv: Sequence[str] | None,
        here: Path,
        about: str,
        first: Mapping[str, Callable[[], None]] = MappingProxyType({}),
    ) -> None:
        """Build as the command line says; `here` is the set's own folder.

        first: what can be done before, by the option's name; its docstring is the option's help.
        """
        parser = argparse.ArgumentParser(description=about)
        parser.add_argument("--out", type=Path, default=here, help="folder to write to")
        parser.add_argument("--jobs", type=int, default=1, help="worker processes")
        parser.add_argument("--only", nargs="+", metavar="NAME", help="make these alone")
        parser.add_argument("--fresh", action="store_true", help="make again what is there")
        for name, step in first.items():
            parser.add_argument(f"--{name}", action="store_true", help=step.__doc__)
        chosen = parser.parse_args(argv)
        if unknown := sorted(set(chosen.only or ()) - set(self.jobs)):
            parser.error(f"nothing is called {', '.join(unknown)}; known: {', '.join(self.jobs)}")
        for name, step in first.items():
            if getattr(chosen, name):
                step()
        made = self.build(chosen.out, chosen.jobs, chosen.only, chosen.fresh)
        print(f"{len(self.jobs)} to make in all, {made} made now")


def read_records(folder: Path) -> dict[str, Record]:
    """Return what earlier runs made, by id."""
    records: dict[str, Record] = {}
    for name in ("manifest.jsonl", PARTIAL):
        if (folder / name).is_file():
            lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]  # the last may be torn
            records |= {r["id"]: r for r in map(json.loads, whole)}
    return records
