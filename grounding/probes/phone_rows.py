"""An encoder's layer by frame or by phone segment, in memory, and what held-out maps say of it.

`frame_rows` and `segment_rows` bring one layer in; `row_targets` looks up targets at the rows'
times; `held_out` predicts each fold by a map that was fitted on the others, with penalties chosen
within them. Folds and groups are of stimuli, never of rows, and no group may lie on both sides of a
fold.

`grounding.probes.rows` is for many layers and targets that move; here a row knows which phone it
is of, which classes and transfer need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.activations import extract_frames, extract_spans, heard_spans, spans_of
from grounding.activations.extraction import somewhere
from grounding.activations.products import Targets
from grounding.encoders import Encoder
from grounding.errors import UserError
from grounding.probes.ridge import leave_each_out, sums_of
from grounding.probes.splits import Fold
from grounding.stimuli import Stimulus

__all__ = ["PhoneRows", "fold_of", "frame_rows", "held_out", "row_targets", "segment_rows"]

WITHIN = (np.arange(9) + 0.5) / 9
"""Where in a segment its targets are looked up, to be averaged; the edges belong to neighbours."""


@dataclass(frozen=True, eq=False)
class PhoneRows:
    """Features of one layer, a row a frame or a phone segment.

    place: of each row's stimulus among `stimuli`. start, end: seconds; of a frame, both are its
        centre.
    left_out: segments that no step of the encoder overlaps.
    """

    values: Float[np.ndarray, "row feature"]
    place: Int[np.ndarray, " row"]
    start: Float[np.ndarray, " row"]
    end: Float[np.ndarray, " row"]
    stimuli: tuple[Stimulus, ...]
    unit: Literal["frame", "segment"]
    encoder: str
    layer: str
    left_out: int
    provenance: Mapping[str, Any]


def frame_rows(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    layer: int | str,
    store: str | Path | None = None,
) -> PhoneRows:
    """Return every frame of `stimuli` at a layer.

    Raises `UserError` for an encoder whose steps have no time, and as `extract_frames` does.
    """
    values, place, centres = [], [], []
    with somewhere(store) as folder:
        frames = extract_frames(encoder, stimuli, [layer], folder)
        (name,) = frames.layers
        for at, stimulus in enumerate(stimuli):
            steps = frames.steps(stimulus.id)
            if steps.rate is None:
                raise UserError(
                    f"the steps of {encoder.name} are characters, which have no time; needed "
                    "steps of samples. For what a transcript tells of frames, take "
                    "grounding.probes.phone_string."
                )
            values.append(np.array(frames.of(stimulus.id, name)))
            place.append(np.full(len(steps), at))
            centres.append(steps.centre / steps.rate)
    when = np.concatenate(centres)
    return PhoneRows(
        np.concatenate(values),
        np.concatenate(place),
        when,
        when,
        tuple(stimuli),
        "frame",
        encoder.name,
        name,
        0,
        frames.provenance,
    )


def segment_rows(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    layer: int | str,
    store: str | Path | None = None,
) -> PhoneRows:
    """Return the mean features of every phone segment that a step overlaps; see `extract_spans`."""
    heard, lost = heard_spans(encoder, stimuli, spans_of(stimuli, "phone"))
    acts = extract_spans(encoder, stimuli, "phone", store, layers=[layer], spans=heard)
    places = {stimulus.id: at for at, stimulus in enumerate(stimuli)}
    return PhoneRows(
        acts.values[0],
        np.array([places[name] for name in acts.stimuli]),
        acts.start,
        acts.end,
        tuple(stimuli),
        "segment",
        encoder.name,
        acts.layers[0],
        len(lost),
        acts.provenance,
    )


def row_targets(rows: PhoneRows, at: Targets) -> Float[np.ndarray, "row target"]:
    """Return the targets of every row: at a frame's centre, or the mean over a segment.

    at: of a `Phonetic`, `Channels` or control. A row whose target is not known throughout is NaN.
    """
    order = np.argsort(rows.place, kind="stable")
    borders = np.searchsorted(rows.place[order], np.arange(len(rows.stimuli) + 1))
    inside = WITHIN if rows.unit == "segment" else np.zeros(1)
    parts = []
    for which, stimulus in enumerate(rows.stimuli):
        some = order[borders[which] : borders[which + 1]]
        times = rows.start[some, None] + (rows.end - rows.start)[some, None] * inside
        values = np.asarray(at(stimulus, times.ravel()), dtype=np.float64)
        parts.append(values.reshape(len(some), len(inside), values.shape[1]).mean(axis=1))
    found = np.empty((len(order), parts[0].shape[1]))
    found[order] = np.concatenate(parts)
    return found


def held_out(
    rows: PhoneRows,
    targets: Float[np.ndarray, "row target"],
    folds: Sequence[Fold],
    groups: Sequence[str],
    *,
    penalties: Sequence[float],
    train: Bool[np.ndarray, " row"] | None = None,
) -> Float[np.ndarray, "row target"]:
    """Return what maps fitted on the other folds predict for each row.

    targets: as from `row_targets`; rows of NaN are predicted, not trained on.
    groups: one label a stimulus, such as its transcript. train: rows that may be trained on; None
        is all.

    Raises `UserError` as `fold_of` does, for targets of other rows, or fewer than three folds.
    """
    if len(targets) != len(rows.values):
        raise UserError(
            f"{len(targets)} targets for {len(rows.values)} rows of {rows.encoder}; needed one for "
            "each. Take them from row_targets with the same rows."
        )
    fold = fold_of(folds, groups)[rows.place]
    usable = ~np.isnan(targets).any(axis=1)
    if train is not None:
        usable &= train
    inside = [fold == one for one in range(len(folds))]
    sums = [sums_of(rows.values[some & usable], targets[some & usable]) for some in inside]
    predicted = np.empty(targets.shape)
    for some, found in zip(inside, leave_each_out(sums, penalties), strict=True):
        predicted[some] = found.ridge.predict(rows.values[some])
    return predicted


def fold_of(folds: Sequence[Fold], groups: Sequence[str]) -> Int[np.ndarray, " stimulus"]:
    """Return in which fold each stimulus is tested on.

    groups: one label a stimulus.

    Raises `UserError` for folds that do not test on each stimulus once and train on it otherwise,
    or a group on both sides of one.
    """
    n = len(groups)
    tested = np.concatenate([fold.test for fold in folds])
    whole = all(len(fold.train) + len(fold.test) == n for fold in folds)
    if not whole or not np.array_equal(np.sort(tested), np.arange(n)):
        raise UserError(
            f"{len(folds)} folds test on {len(tested)} stimuli, and {n} have a group; needed: each "
            "stimulus tested on once, and trained on in all other folds. Take folds from "
            "splits.folds."
        )
    found = np.empty(n, dtype=np.intp)
    for one, fold in enumerate(folds):
        found[fold.test] = one
    of_group: dict[str, int] = {}
    for group, one in zip(groups, found.tolist(), strict=True):
        if of_group.setdefault(group, one) != one:
            raise UserError(
                f"group {group!r} is on both sides of a fold; needed whole groups. Make the folds "
                "from the same labels."
            )
    return found
