"""Put the store on trial: kill extractions at given moments, and measure their memory.

For tests and benchmarks. Everything runs the toy encoder, each extraction in a process of its own.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from jaxtyping import Float

from grounding.activations import working
from grounding.activations.extraction import extract, extract_stored
from grounding.activations.shards import read_shard
from grounding.activations.store import LOCKS
from grounding.encoders import Encoder, load_encoder
from grounding.encoders.steps import Steps
from grounding.stimuli import Stimulus, StimulusSet, read_stimuli

__all__ = ["Killed", "Weight", "contents", "kill_and_resume", "peak_memory"]

POOLING = "trajectory"
RATE = 16_000


@dataclass(frozen=True)
class Killed:
    """What became of an extraction that was killed and run again.

    moment: stimuli that it had been given. stored: stimuli in whole shards by then. again: stimuli
    that the second run encoded. equal: whether the store ended in the bytes of an unharmed one.
    """

    moment: float
    stored: int
    again: int
    equal: bool


class SlowEncoder:
    """An encoder that takes its time with each stimulus and says which it was given."""

    def __init__(self, inner: Encoder, seconds: float) -> None:
        self.inner, self.seconds = inner, seconds
        self.name, self.modality, self.sees = inner.name, inner.modality, inner.sees
        self.revision, self.layers = inner.revision, inner.layers
        self.provenance: Mapping[str, Any] = inner.provenance
        self.given: list[str] = []

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        for stimulus in stimuli:
            self.given.append(stimulus.id)
            if self.seconds:
                print(stimulus.id, flush=True)
                time.sleep(self.seconds)
        return self.inner.encode(stimuli, layers)

    def steps(self, stimulus: Stimulus) -> Steps:
        return self.inner.steps(stimulus)


def kill_and_resume(
    stimuli: StimulusSet,
    scratch: str | Path,
    moments: Sequence[float],
    shard: int = 4,
    seconds: float = 0.02,
) -> list[Killed]:
    """Kill extractions with signal 9 and run them again, one at each of `moments`.

    moments: how many stimuli the encoder has been given by then, 0 to less than all; a fraction is
        of the time until the next, also where a shard is written in it.
    shard: stimuli a shard. seconds: that each stimulus takes.
    """
    scratch = Path(scratch)
    extract_slowly(stimuli, scratch / "unharmed", shard, 0.0)
    expected = contents(scratch / "unharmed")
    found = []
    for number, moment in enumerate(moments):
        store = scratch / f"killed-{number}"
        dying = _start(stimuli, store, shard, seconds)
        assert dying.stdout is not None
        for _ in range(int(moment)):
            dying.stdout.readline()
        time.sleep(moment % 1 * 2 * seconds)
        dying.send_signal(signal.SIGKILL)
        dying.communicate()
        stored = sum(len(read_shard(p).keys) for p in store.rglob("*.safetensors"))
        again = extract_slowly(stimuli, store, shard, 0.0)
        found.append(Killed(moment, stored, len(again), contents(store) == expected))
    return found


def contents(store: str | Path) -> dict[str, bytes]:
    """Return every file of a store but its locks, by its path."""
    files = (p.relative_to(store) for p in Path(store).rglob("*") if p.is_file())
    return {str(p): (Path(store) / p).read_bytes() for p in files if p.parts[0] != LOCKS}


@dataclass(frozen=True)
class Weight:
    """A process' peak memory in bytes: before an extraction, after the files' hashes, at the end.

    A stimulus remembers the hash of its file, which extraction asks for first.
    """

    before: int
    hashed: int
    whole: int


def peak_memory(count: int, of: int, scratch: str | Path, in_memory: bool = False) -> Weight:
    """Return what an extraction of `count` recordings does to the peak memory of a process.

    of: stimuli that the process holds. The values go to a store; or are gathered `in_memory` too.
    """
    call = f"measure({count}, {of}, {str(scratch)!r}, {in_memory})"
    said = _run(call).communicate()[0]
    return Weight(*map(int, said.split()))


def measure(count: int, of: int, scratch: str, in_memory: bool) -> None:
    """Print the peaks of this process' memory (Linux, macOS); see `Weight`."""
    folder = Path(scratch) / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    stimuli = []
    for number in range(of):
        name = f"r{number}.wav"
        if not (folder / name).is_file():
            soundfile.write(folder / name, 0.1 * rng.standard_normal(1200), RATE, "FLOAT")
        stimuli.append(Stimulus(f"r{number}", "noise", "en", folder, name, RATE))
    encoder = load_encoder("toy")
    store = Path(scratch) / f"store-{count}-{in_memory}"
    extract(encoder, stimuli[:64], POOLING, store / "first")  # what is imported on the way
    before, chosen = peak(), stimuli[:count]
    for stimulus in chosen:
        _ = stimulus.audio_digest
    hashed = peak()
    if in_memory:
        extract(encoder, chosen, POOLING, store)
    else:
        extract_stored(encoder, chosen, POOLING, store)
    print(before, hashed, peak())


def peak() -> int:
    """Return the most bytes that this process has had in memory."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux's ru_maxrss begins with the peak of the process that started it
        said = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert said is not None
        return int(said[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def extract_slowly(
    stimuli: Sequence[Stimulus], store: str | Path, shard: int, seconds: float
) -> list[str]:
    """Extract in shards of a size; return the ids of what the encoder was given."""
    before, working.SHARD = working.SHARD, shard
    encoder = SlowEncoder(load_encoder("toy"), seconds)
    try:
        extract(encoder, stimuli, POOLING, store)
    finally:
        working.SHARD = before
    return encoder.given


def extract_in_child(folder: str, store: str, shard: int, seconds: float) -> None:
    """Say that it starts, and extract."""
    stimuli = read_stimuli(folder)
    print("started", flush=True)
    extract_slowly(stimuli, store, shard, seconds)


def _start(stimuli: StimulusSet, store: Path, shard: int, seconds: float) -> subprocess.Popen[str]:
    """Start a slow extraction and return it when it begins to extract."""
    call = f"extract_in_child({str(stimuli.folder)!r}, {str(store)!r}, {shard}, {seconds})"
    process = _run(call)
    assert process.stdout is not None
    if process.stdout.readline().strip() != "started":
        raise RuntimeError(f"the extraction did not start: {call}")
    return process


def _run(call: str) -> subprocess.Popen[str]:
    program = f"from grounding.activations import trials; trials.{call}"
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
