"""The rows that a map is fitted on: features of an encoder beside the targets at their time.

At the level "frame" a row is a step of a stimulus. Its features are those of the step and of as
many neighbours on either side as `context` says; the first and the last step stand in for those
that are missing, so that every context scores the same rows. Its targets are taken at the step's
centre plus each of the lags (s; above 0: the target is later than the sound that the step hears).
A row counts only where the targets of all lags are known, so that lags are compared on the same
rows.

At the level "word" a row is a stimulus: the mean of its steps, beside the mean of the targets in so
many slices of its time. This is where models of text can take part, whose steps have no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from grounding.activations import extract, extract_frames
from grounding.activations.extraction import Layers
from grounding.activations.products import Sums
from grounding.activations.working import Progress
from grounding.encoders import Encoder
from grounding.errors import UserError
from grounding.probes.ridge import add, sums_of
from grounding.probes.targets import Trajectories
from grounding.stimuli import Stimulus

__all__ = ["Rows", "frame_rows", "stacked", "word_rows"]

CHUNK = 4096
"""Rows that are in memory at once, in float64."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of all stimuli, with features that are read when they are asked for.

    y: targets, lags side by side within a row. lags: seconds; (0.0,) where rows have no time.
    stimulus: of each row, the place of its stimulus; rising.
    seconds: of each row, how much time it stands for.
    left_out: rows that had no target, and are not here.
    names, units, articulators: of each channel.
    features: gives the features of a stimulus at a layer, its rows only.
    """

    y: Float[np.ndarray, "row lag channel"]
    lags: tuple[float, ...]
    stimulus: Int[np.ndarray, " row"]
    seconds: Float[np.ndarray, " row"]
    left_out: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    articulators: tuple[str, ...]
    layers: tuple[str, ...]
    features: Callable[[int, str], Float[np.ndarray, "_row feature"]]
    provenance: Mapping[str, Any]

    def of(self, stimuli: Int[np.ndarray, " some"]) -> Int[np.ndarray, " row"]:
        """Return the places of the rows of some stimuli, rising."""
        return np.flatnonzero(np.isin(self.stimulus, stimuli))

    def read(
        self, layer: str, stimuli: Int[np.ndarray, " some"]
    ) -> Iterator[tuple[Int[np.ndarray, " row"], Float[np.ndarray, "row feature"]]]:
        """Yield places of rows and their features, in pieces of about `CHUNK` rows."""
        starts = np.searchsorted(self.stimulus, stimuli, side="left")
        ends = np.searchsorted(self.stimulus, stimuli, side="right")
        places: list[np.ndarray] = []
        parts: list[np.ndarray] = []
        held = 0
        for one, start, end in zip(stimuli, starts, ends, strict=True):
            if start == end:
                continue
            places.append(np.arange(start, end))
            parts.append(self.features(int(one), layer))
            held += end - start
            if held >= CHUNK:
                yield np.concatenate(places), np.concatenate(parts).astype(np.float64)
                places, parts, held = [], [], 0
        if held:
            yield np.concatenate(places), np.concatenate(parts).astype(np.float64)

    def sums(self, layer: str, stimuli: Int[np.ndarray, " some"]) -> Sums:
        """Return the sums over rows of some stimuli; targets go by lag, then by channel.

        Raises `UserError` where none of them has a row.
        """
        parts = [
            sums_of(x, self.y[rows].reshape(len(rows), -1)) for rows, x in self.read(layer, stimuli)
        ]
        if not parts:
            raise UserError(f"none of {len(stimuli)} stimuli has a row with targets at {layer!r}.")
        return add(parts)


def frame_rows(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    targets: Trajectories,
    *,
    layers: Layers | None,
    lags: Sequence[float],
    context: int,
    store: str | Path,
    progress: Progress | None = None,
) -> Rows:
    """Return a row for each step of `stimuli` that has targets; features stay in the store.

    layers: None is all. lags: seconds. context: steps on either side. store: a folder; see
    `extract_frames` for what it takes.

    Raises `UserError` for a text encoder, lags that are not finite and different, a context below
    0, or where no step has targets.
    """
    if encoder.modality != "speech":
        raise UserError(
            f"{encoder.name} reads text, and its steps have no time. Map it at the level 'word'."
        )
    offsets = tuple(float(lag) for lag in lags)
    if not offsets or len(set(offsets)) < len(offsets) or not np.isfinite(offsets).all():
        raise UserError(f"lags are {list(lags)}; needed one number of seconds or more, each once.")
    if context < 0:
        raise UserError(f"the context is {context} steps to either side; needed 0 or more.")
    chosen = encoder.layers if layers is None else layers
    frames = extract_frames(encoder, stimuli, chosen, store, progress=progress)
    known: list[np.ndarray] = []
    kept: list[np.ndarray] = []
    seconds: list[np.ndarray] = []
    for stimulus in stimuli:
        steps = encoder.steps(stimulus)
        rate = steps.rate or 1
        low, high = steps.cells()
        times = steps.centre[:, None] / rate + np.array(offsets)
        # All at once: an articulation is read from the disk whenever it is asked for.
        y = targets.at(stimulus, times.ravel()).reshape(*times.shape, len(targets.names))
        there = ~np.isnan(y).any(axis=(1, 2))
        known.append(y[there])
        kept.append(there)
        seconds.append(((high - low) / rate)[there])
    counts = [len(one) for one in known]
    if not sum(counts):
        raise UserError(
            f"no step of {encoder.name} has targets at all lags from {min(offsets):g} to "
            f"{max(offsets):g} s; take shorter lags."
        )

    def features(place: int, layer: str) -> np.ndarray:
        return stacked(np.asarray(frames.of(stimuli[place].id, layer)), context)[kept[place]]

    return Rows(
        np.concatenate(known),
        offsets,
        np.repeat(np.arange(len(stimuli)), counts),
        np.concatenate(seconds),
        sum(len(one) for one in kept) - sum(counts),
        tuple(targets.names),
        tuple(targets.units),
        tuple(targets.articulators),
        frames.layers,
        features,
        {"rows": "frame", "lags": offsets, "context": context, **dict(frames.provenance)},
    )


def word_rows(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    targets: Trajectories,
    *,
    layers: Layers | None,
    slices: int,
    store: str | Path | None,
    progress: Progress | None = None,
) -> Rows:
    """Return a row for each stimulus: mean features, mean targets in `slices` equal parts of time.

    With one slice channels keep their names; with more, "TT.x" becomes "TT.x 1/3" and so on.

    Raises `UserError` for fewer slices than one; else see `extract` and the targets' `slices`.
    """
    if slices < 1:
        raise UserError(f"words were to be cut into {slices} slices; needed 1 or more.")
    acts = extract(encoder, stimuli, "mean", store, progress, layers)
    y = np.stack([targets.slices(s, slices).ravel() for s in stimuli])
    parts = [f" {one + 1}/{slices}" if slices > 1 else "" for one in range(slices)]
    return Rows(
        y[:, None],
        (0.0,),
        np.arange(len(stimuli)),
        np.array([s.header.samples / s.rate for s in stimuli]),
        0,
        tuple(f"{name}{part}" for part in parts for name in targets.names),
        tuple(targets.units) * slices,
        tuple(targets.articulators) * slices,
        acts.layers,
        lambda place, layer: acts.layer(layer)[place : place + 1],
        {"rows": "word", "slices": slices, **dict(acts.provenance)},
    )


def stacked(
    steps: Float[np.ndarray, "step feature"], context: int
) -> Float[np.ndarray, "step stacked"]:
    """Put the features of `context` steps before and after beside those of each step.

    Earlier steps come first; beyond the ends, the end repeats.

    >>> stacked(np.array([[1.0], [2.0], [3.0]]), 1)
    array([[1., 1., 2.],
           [1., 2., 3.],
           [2., 3., 3.]])
    """
    if not context:
        return steps
    at = np.arange(len(steps))[:, None] + np.arange(-context, context + 1)
    return steps[np.clip(at, 0, len(steps) - 1)].reshape(len(steps), -1)
