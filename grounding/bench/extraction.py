"""What is measured of extraction: one row a model, and what the store must stand."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from grounding.bench.keeping import (
    measure_damage,
    measure_index,
    measure_kills,
    measure_memory,
)
from grounding.bench.loops import hear_one_by_one, read_one_by_one, whisper_one_by_one
from grounding.bench.material import packaged, random_hubert, random_wav2vec2, recordings, texts
from grounding.bench.measured import Measured, alone
from grounding.bench.passes import Subject, measure_model

__all__ = ["COLUMNS", "EXTRACTIONS", "as_cells", "machine", "run_case"]

Case = Callable[[Path, int, int], list[Measured]]  # from a folder, a seed and rounds

LOW_BOUND = 0.05  # of bfloat16, whose numbers have eight bits

WAV2VEC2 = Subject(
    name="wav2vec 2.0 of 4 x 256, 1,000 recordings",
    count=1000,
    model=random_wav2vec2,
    material=recordings,
    loop=hear_one_by_one,
)
HUBERT = replace(
    WAV2VEC2, name="HuBERT of 12 x 768, 100 recordings", count=100, model=random_hubert
)
SUBJECTS = (
    WAV2VEC2,
    replace(
        WAV2VEC2,
        name="wav2vec 2.0 of 4 x 256, bfloat16, 1,000 recordings",
        dtype="bfloat16",
        bound=LOW_BOUND,
    ),
    HUBERT,
    replace(
        HUBERT,
        name="HuBERT of 12 x 768, bfloat16, 100 recordings",
        dtype="bfloat16",
        bound=LOW_BOUND,
    ),
    Subject(
        name="all-MiniLM-L6-v2, 1,000 texts",
        count=1000,
        model=partial(packaged, "all-MiniLM-L6-v2"),
        material=texts,
        loop=read_one_by_one,
    ),
    Subject(
        name="whisper-tiny.en, 30 s window, 60 recordings",
        count=60,
        model=partial(packaged, "whisper-tiny.en"),
        material=recordings,
        loop=whisper_one_by_one,
        faster=None,  # 30 s are work enough for both processors, alone or in company
    ),
)

EXTRACTIONS: Mapping[str, Case] = {
    **{subject.name: partial(measure_model, subject) for subject in SUBJECTS},
    "peak memory": partial(measure_memory, 1000, 10_000, 1.5),
    "killed and run again": partial(measure_kills, 40, 20),
    "a flipped bit": partial(measure_damage, 40, 20),
    "index of a large store": partial(measure_index, 100_000, 40, 16),
}

COLUMNS = ("what", "against", "ours", "other", "ratio", "wanted", "peak, MiB", "difference", "")


def run_case(case: Case, *, seed: int, repeats: int) -> list[Measured]:
    """Run one case in a process of its own, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="grounding-bench-") as scratch:
        return alone(case, Path(scratch), seed, repeats)


def as_cells(row: Measured) -> tuple[str, ...]:
    """Return the cells of a row, one for each of `COLUMNS`."""
    ratio = "" if row.ratio is None else f"{row.ratio:.3g} times {row.sense}"
    return (
        row.what,
        row.against,
        f"{row.ours:.3g} {row.unit}",
        "" if row.theirs is None else f"{row.theirs:.3g} {row.unit}",
        ratio,
        row.wanted,
        "" if row.peak is None else f"{row.peak:.0f}",
        "" if row.difference is None else f"{row.difference:.0e}" if row.difference else "0",
        row.verdict,
    )


def machine() -> str:
    """Return on what the table is made: processor, threads, versions."""
    import torch

    from grounding.activations.running import available_processors

    said = os.environ.get("OMP_NUM_THREADS", "unset")
    threads = torch.get_num_threads()
    return (
        f"{available_processors()} processors ({processor()}), OMP_NUM_THREADS {said}: "
        f"{threads} {'thread' if threads == 1 else 'threads'}; torch {torch.__version__}."
    )


def processor() -> str:
    """Return the processor's name, as far as the system tells."""
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
