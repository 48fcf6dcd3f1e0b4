"""The store on trial: its memory, its index, and what is left of it after kills and damage."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np

from grounding.activations import verify
from grounding.activations.shards import SUFFIX, Draft, read_shard, shard_name
from grounding.activations.store import Collection
from grounding.activations.stored import StoredActivations
from grounding.activations.trials import contents, extract_slowly, kill_and_resume, peak_memory
from grounding.activations.working import SHARD
from grounding.bench.measured import MIB, Measured, alone, peak_mib
from grounding.encoders.protocol import layer_names
from grounding.stimuli import StimulusSet
from grounding.stimuli.toy import write_toy_set

__all__ = [
    "measure_damage",
    "measure_index",
    "measure_kills",
    "measure_memory",
    "read_large",
    "write_large",
]

KIB = 1024
SMALL_SHARD = 4  # stimuli, so that a short run has many shards
EXPECTED = "expected.npy"


def measure_memory(
    few: int, many: int, limit: float, scratch: Path, seed: int, repeats: int
) -> list[Measured]:
    """Return the peak of a process that extracts `many` stimuli, beside one that extracts `few`.

    Both hold `many` stimuli. Gathering the values in memory too shows that a difference is seen.
    The last rows are what one stimulus more adds: the hash of its file, which it remembers, and
    what extraction keeps of it; beside it its values, where they are gathered.
    """
    low, high = peak_memory(few, many, scratch), peak_memory(many, many, scratch)
    gathered = peak_memory(many, many, scratch, True)
    values = (gathered.whole - high.whole) / many / KIB
    hashes = (high.hashed - high.before - low.hashed + low.before) / (many - few) / KIB
    kept = (high.whole - high.hashed - low.whole + low.hashed) / (many - few) / KIB
    each = f"memory for each stimulus from {few:,} to {many:,}"
    return [
        Measured(
            what=f"peak memory of the process, {many:,} of {many:,} stimuli to the store",
            against=f"{few:,} of {many:,}",
            ours=high.whole / MIB,
            theirs=low.whole / MIB,
            unit="MiB",
            sense="as much",
            limit=limit,
            peak=(high.whole - high.before) / MIB,
        ),
        Measured(
            what=f"what extraction adds to it, {many:,} stimuli to the store",
            against=f"{few:,} stimuli",
            ours=(high.whole - high.before) / MIB,
            theirs=(low.whole - low.before) / MIB,
            unit="MiB",
            sense="as much",
        ),
        Measured(
            what=f"what extraction adds to it, {many:,} stimuli, values gathered",
            against="to the store",
            ours=(gathered.whole - gathered.before) / MIB,
            theirs=(high.whole - high.before) / MIB,
            unit="MiB",
            sense="as much",
        ),
        Measured(
            what=f"{each}: the hash of its file, in the stimulus",
            against="its values, where they are gathered",
            ours=hashes,
            theirs=values,
            unit="KiB",
            sense="as much",
        ),
        Measured(
            what=f"{each}: all else, values to the store",
            against="its values, where they are gathered",
            ours=kept,
            theirs=values,
            unit="KiB",
            sense="as much",
        ),
    ]


def measure_kills(
    stimuli: int, kills: int, scratch: Path, seed: int, repeats: int
) -> list[Measured]:
    """Return how many killed and resumed runs were not as one that nobody killed."""
    rng = np.random.default_rng(seed)
    toys = _toys(stimuli, scratch, rng)
    started = time.perf_counter()
    moments = rng.uniform(0, stimuli - 1, size=kills).tolist()
    found = kill_and_resume(toys, scratch, moments, SMALL_SHARD)
    seconds = time.perf_counter() - started
    row = f"killed (signal 9) at {kills} random moments of {stimuli} stimuli, run again"
    return [
        Measured(
            what=f"{row}: stores that differ",
            against="bytes of a run not killed",
            ours=seconds,
            difference=sum(not one.equal for one in found),
        ),
        Measured(
            what=f"{row}: runs that computed a finished shard",
            against=f"{sum(one.stored for one in found)} stimuli in finished shards",
            ours=seconds,
            difference=sum(one.again != stimuli - one.stored for one in found),
        ),
    ]


def measure_damage(
    stimuli: int, flips: int, scratch: Path, seed: int, repeats: int
) -> list[Measured]:
    """Return how often a flipped byte was not named, and how often more than it was rebuilt."""
    rng = np.random.default_rng(seed)
    toys = _toys(stimuli, scratch, rng)
    store = scratch / "damaged"
    extract_slowly(toys, store, SMALL_SHARD, 0.0)
    whole, ids = contents(store), {toy.audio_digest: toy.id for toy in toys}
    unnamed = others = 0
    started = time.perf_counter()
    for _ in range(flips):
        paths = sorted(store.rglob(f"*{SUFFIX}"))
        path = paths[int(rng.integers(len(paths)))]
        inside = {ids[key] for key in read_shard(path).keys}
        flip(path, int(rng.integers(path.stat().st_size)), 1 << int(rng.integers(8)))
        unnamed += verify(store).damaged != (path,)
        path.unlink()
        given = extract_slowly(toys, store, SMALL_SHARD, 0.0)
        others += set(given) != inside or contents(store) != whole
    seconds = time.perf_counter() - started
    row = f"a bit flipped in one of {len(paths)} shards, {flips} times"
    return [
        Measured(
            what=f"{row}: not named by verify, or others were",
            against="the shard",
            ours=seconds,
            difference=unnamed,
        ),
        Measured(
            what=f"{row}: another shard was rebuilt, or other bytes",
            against="the store before",
            ours=seconds,
            difference=others,
        ),
    ]


def flip(path: Path, at: int, bits: int) -> None:
    """Change bits of the byte at a place of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= bits
    path.write_bytes(data)


def _toys(stimuli: int, scratch: Path, rng: np.random.Generator) -> StimulusSet:
    return write_toy_set(scratch / "toys", words=stimuli, realisations=1, rng=rng)


def measure_index(
    stimuli: int, layers: int, features: int, scratch: Path, seed: int, repeats: int
) -> list[Measured]:
    """Return the cost of the index of a large store, and of one layer of it."""
    shards = write_large(scratch / "large", stimuli, layers, features, np.random.default_rng(seed))
    first, again, read, plain, difference, peaks = alone(
        read_large, scratch / "large", stimuli, layers
    )
    row = f"{stimuli:,} stimuli x {layers} layers ({shards:,} shards)"
    return [
        Measured(what=f"{row}: first index", against="", ours=first, peak=peaks[0]),
        Measured(
            what=f"{row}: index again, nothing new",
            against="first index",
            ours=again,
            theirs=first,
            sense="as fast",
        ),
        Measured(
            what=f"{row}: one layer, checked",
            against="the same numbers in one .npy",
            ours=read,
            theirs=plain,
            peak=peaks[1],
            difference=difference,
        ),
    ]


def write_large(
    folder: Path, stimuli: int, layers: int, features: int, rng: np.random.Generator
) -> int:
    """Fill a folder with shards of random features; return how many.

    The middle layer is written into one file beside them too.
    """
    keys, names = _keys(stimuli), layer_names(layers - 1)
    expected = np.empty((stimuli, features), dtype=np.float32)
    starts = range(0, stimuli, SHARD)
    for start in starts:
        some = keys[start : start + SHARD]
        values = rng.standard_normal((layers, len(some), features), dtype=np.float32)
        expected[start : start + SHARD] = values[layers // 2]
        draft = Draft(folder / shard_name(some, names), some, [1] * len(some), names, "float32")
        for place in range(len(some)):
            draft.put(place, values[:, place : place + 1])
        draft.finish()
    np.save(folder / EXPECTED, expected)
    return len(starts)


def read_large(
    folder: Path, stimuli: int, layers: int
) -> tuple[float, float, float, float, float, tuple[float, float]]:
    """Return the seconds of index, index again, one layer and one file; difference; two peaks.

    The peaks are MiB beyond what the keys of the stimuli take.
    """
    keys, names = _keys(stimuli), layer_names(layers - 1)
    ids = tuple(f"s{number}" for number in range(stimuli))
    place, before = Collection(folder, {}), peak_mib(forget=True)
    started = time.perf_counter()
    index = place.index()
    first, peak = time.perf_counter() - started, peak_mib() - before
    started = time.perf_counter()
    index = place.index(index)
    again = time.perf_counter() - started
    stored = StoredActivations(ids, names, "mean", "random", {}, keys, index)
    started = time.perf_counter()
    values = stored.layer(layers // 2)
    read, higher = time.perf_counter() - started, peak_mib() - before
    started = time.perf_counter()
    expected = np.load(folder / EXPECTED)
    plain = time.perf_counter() - started
    difference = float(np.abs(values - expected).max())
    return first, again, read, plain, difference, (peak, higher)


def _keys(stimuli: int) -> tuple[str, ...]:
    return tuple(hashlib.sha256(str(number).encode()).hexdigest() for number in range(stimuli))
