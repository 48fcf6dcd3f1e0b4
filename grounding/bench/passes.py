"""Extraction beside the model's bare forward passes, the loop that people write, and the store.

Bare are the encoder's own batches, as its model was given them, with nothing prepared, kept,
pooled or stored: less than that no extraction can do. The three sides take turns in one process;
reported is the median of the rounds. Models are loaded and warm before the first. Each extraction
begins with an empty store and with stimuli of which no file has been read, and includes hashing,
decoding, pooling and writing to the disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np

from grounding.activations import extract
from grounding.activations.running import model_threads
from grounding.bench.loops import Loop
from grounding.bench.material import fresh
from grounding.bench.measured import Measured, peak_mib, relative_difference
from grounding.encoders import load_encoder
from grounding.stimuli import Stimulus

__all__ = ["Call", "Subject", "measure_model", "noted", "run_bare"]

WARM = 8  # stimuli before the first round
POOLING = "mean"
AGAIN = 50.0  # times as fast as filling the store should reading it be


@dataclass(frozen=True)
class Call:
    """What an encoder's model was given: its inputs, and the recordings' lengths beside them."""

    inputs: dict[str, Any]
    samples: tuple[int, ...] | None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model to measure extraction with.

    name: in the table. count: of stimuli.
    model: from a folder and a seed to what `load_encoder` takes.
    material: from a number, a folder and a generator to stimuli.
    loop: from the model's folder to the loop that people write.
    dtype: of the encoder; the loop is always in float32.
    within: how many times as long as its bare passes extraction may take.
    faster: how many times as fast as the loop it should be; None where the model's window is fixed.
    bound: the relative difference from the loop that is called equal.
    """

    name: str
    count: int
    model: Callable[[Path, int], str]
    material: Callable[[int, Path, np.random.Generator], list[Stimulus]]
    loop: Callable[[Path], Loop]
    dtype: Literal["bfloat16"] | None = None
    within: float = 1.15
    faster: float | None = 3.0
    bound: float = 1e-4


def measure_model(subject: Subject, scratch: Path, seed: int, repeats: int) -> list[Measured]:
    """Return the rows of one model."""
    stimuli = subject.material(subject.count, scratch / "audio", np.random.default_rng(seed))
    encoder: Any = load_encoder(subject.model(scratch / "model", seed), dtype=subject.dtype)
    extract(encoder, fresh(stimuli[:WARM]), POOLING, scratch / "warm")
    before = peak_mib(forget=True)
    extract(encoder, fresh(stimuli), POOLING, scratch / "peak")
    peak = max(0.0, peak_mib() - before)  # pages of before may have been given back
    loop = subject.loop(encoder.source.files)
    loop(stimuli[:WARM])
    calls: list[Call] = []
    ours, bare, looped, again = [], [], [], []
    for number in range(repeats):
        store, some = scratch / f"store-{number}", fresh(stimuli)
        with noted(encoder, calls) if not calls else nullcontext():
            seconds, acts = _timed(extract, encoder, some, POOLING, store)
        ours.append(seconds)
        bare.append(_timed(run_bare, encoder, calls)[0])
        seconds, expected = _timed(loop, stimuli)
        looped.append(seconds)
        some = fresh(stimuli)
        seconds, read = _timed(extract, encoder, some, POOLING, store)
        again.append(seconds)
    difference = relative_difference(acts.values, expected)
    cold = median(ours)
    return [
        Measured(
            what=f"{subject.name}: extraction",
            against=f"bare passes of its {len(calls)} batches",
            ours=cold,
            theirs=median(bare),
            limit=subject.within,
            peak=peak,
            difference=difference,
            bound=subject.bound,
        ),
        Measured(
            what=f"{subject.name}: extraction",
            against="one at a time, as people write it",
            ours=cold,
            theirs=median(looped),
            sense="as fast",
            limit=subject.faster,
            peak=peak,
            difference=difference,
            bound=subject.bound,
        ),
        Measured(
            what=f"{subject.name}: again, from the store",
            against="extraction",
            ours=median(again),
            theirs=cold,
            sense="as fast",
            limit=AGAIN,
            difference=relative_difference(read.values, acts.values),
        ),
    ]


@contextmanager
def noted(encoder: Any, calls: list[Call]) -> Iterator[None]:
    """Add to `calls` what the encoder's model is given within the block."""

    def note(_: Any, args: Sequence[Any], named: dict[str, Any]) -> None:
        inputs = {name: value for name, value in named.items() if name != "output_hidden_states"}
        calls.append(Call(inputs, lengths.samples if lengths else None))

    lengths = getattr(encoder, "_lengths", None)
    hook = encoder._model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield
    finally:
        hook.remove()


def run_bare(encoder: Any, calls: Sequence[Call]) -> None:
    """Give the encoder's model the same again, as it computes in extraction; keep nothing."""
    import torch

    lengths, low = getattr(encoder, "_lengths", None), encoder.dtype == "bfloat16"
    with model_threads(encoder):
        for call in calls:
            if lengths is not None:
                lengths.samples = call.samples
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
                encoder._model(**call.inputs)


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - started, result
