"""Small stimulus sets on disk, with the sound and the articulation that a test gives."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from grounding.stimuli import (
    Articulation,
    Stream,
    read_stimuli,
    write_articulation,
    write_manifest,
)

RATE = 16_000
POINTS = ("UL", "LL", "JAW", "TT", "TB", "TD")


@pytest.fixture
def tone():
    """Return a function that makes a buzz: ten harmonics of falling size, peak about 0.3."""

    def make(hertz, seconds=0.4, rate=RATE):
        time = np.arange(round(seconds * rate)) / rate
        harmonics = [np.sin(2 * np.pi * k * hertz * time) / k for k in range(1, 11)]
        return (0.15 * np.sum(harmonics, axis=0)).astype(np.float32)

    return make


@pytest.fixture
def hiss():
    """Return a function that makes white noise, which has no F0."""

    def make(seed, seconds=0.4, rate=RATE):
        noise = np.random.default_rng(seed).standard_normal(round(seconds * rate))
        return (0.05 * noise).astype(np.float32)

    return make


@pytest.fixture
def make_set(tmp_path, hiss):
    """Return a function that writes and reads a set: one sound, and streams, a stimulus.

    sounds: one array a stimulus, or how many stimuli of a short noise.
    streams: for each stimulus a mapping of a name to values, or to (values, channels, units).
    fields: for each stimulus more manifest fields.
    """
    made = []

    def make(sounds, streams=None, fields=None, rate=RATE):
        if isinstance(sounds, int):
            sounds = [hiss(i, 0.1) for i in range(sounds)]
        folder = tmp_path / f"set{len(made)}"
        folder.mkdir()
        records = []
        for i, sound in enumerate(sounds):
            name = f"s{i}"
            soundfile.write(folder / f"{name}.wav", sound, rate, subtype="FLOAT")
            record = {
                "id": name,
                "transcript": f"word {i}",
                "language": "en",
                "audio": f"{name}.wav",
                "rate": rate,
            }
            if streams is not None and streams[i] is not None:
                held = {k: Stream(k, *labelled(k, v)) for k, v in streams[i].items()}
                write_articulation(folder / f"{name}.npz", Articulation(100.0, held))
                record["articulation"] = f"{name}.npz"
            records.append(record | (fields[i] if fields else {}))
        write_manifest(folder, records)
        made.append(folder)
        return read_stimuli(str(folder))

    return make


def flesh_channels(n):
    return tuple(f"{point}.{axis}" for point in POINTS for axis in "xy")[:n]


def labelled(name, values):
    """Return values with channels and units: those given, or those of the simulator's streams."""
    if isinstance(values, tuple):
        return values
    n = values.shape[1]
    if name == "flesh":
        return values, flesh_channels(n), ("mm",) * n
    unit = {"area": "log cm^2", "variables": "cm", "section_length": "cm"}[name]
    return values, tuple(f"{name}{i}" for i in range(n)), (unit,) * n
