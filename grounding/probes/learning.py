"""How much articulation a map needs: scores against minutes of training data.

The literature's point is 5 minutes (Cho et al., ICASSP 2023: r = .77, of .81 with all). A curve
takes the labels of each fold's training data in a random order and adds them whole, so that a
larger training set holds the smaller one, and a transcript's other realisations come with it. What
is tested on stays the same for every number of minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from grounding.activations.extraction import somewhere
from grounding.activations.working import Progress
from grounding.encoders import Encoder
from grounding.errors import UserError
from grounding.probes.maps import LEVEL, SAMPLES
from grounding.probes.reading import at_best_lag, check_moves, predict
from grounding.probes.ridge import Penalties, nested
from grounding.probes.rows import Rows, frame_rows
from grounding.probes.scores import agreement, hold, mean_score
from grounding.probes.splits import folds as make_folds
from grounding.probes.splits import labels_of
from grounding.probes.targets import Trajectories, channels
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import Sampled, warn_of_few
from grounding.stimuli import Stimulus

__all__ = ["LearningPoint", "learning_curve", "take_minutes"]


@dataclass(frozen=True, eq=False)
class LearningPoint:
    """A score after so much training data.

    asked: minutes. minutes: what was taken, whole labels, mean over folds. stimuli: the same.
    mean: the mean of r over channels, with its bootstrap samples. low, high: its interval.
    """

    asked: float
    minutes: float
    stimuli: float
    mean: Sampled
    low: float
    high: float


def learning_curve(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    *,
    stream: str | Trajectories,
    minutes: Sequence[float],
    layer: int | str,
    by: str = "transcript",
    over: str = "transcript",
    folds: int,
    inner: int,
    penalties: Penalties,
    lag: Sequence[float],
    context: int,
    store: str | Path | None,
    rng: np.random.Generator,
    only: Sequence[str] | None = None,
    samples: int = SAMPLES,
    level: float = LEVEL,
    progress: Progress | None = None,
) -> tuple[LearningPoint, ...]:
    """Return the score of a layer's maps for each number of minutes of training data.

    minutes: of frames that have targets. inner: into how many parts the training data are cut to
    choose penalties and lag. Other arguments: see `articulatory_map`.

    Raises `UserError` for more minutes than a fold's training data have, or so few that they hold
    fewer labels than `inner`; else see `articulatory_map`.
    """
    targets = channels(stimuli, stream, only) if isinstance(stream, str) else stream
    with somewhere(store) as folder:
        rows = frame_rows(
            encoder,
            stimuli,
            targets,
            layers=[layer],
            lags=lag,
            context=context,
            store=folder,
            progress=progress,
        )
        check_moves(rows)
        labels = labels_of(stimuli, by)
        names, group = np.unique(np.array(labels_of(stimuli, over)), return_inverse=True)
        warn_of_few(len(names))
        seconds = np.bincount(rows.stimulus, rows.seconds, minlength=len(stimuli))
        parts = make_folds(labels, folds, rng)
        orders = [
            rng.permutation(sorted({labels[at] for at in fold.train})).tolist() for fold in parts
        ]
        seeds = rng.integers(2**63, size=folds)  # so that the order of minutes moves nothing
        drawn = draw_groups(len(names), samples, rng)
        points = []
        for wanted in minutes:
            found = []
            taken = []
            for number, (fold, order) in enumerate(zip(parts, orders, strict=True)):
                train = take_minutes(labels, seconds, fold.train, order, wanted)
                taken.append(train)
                places, read, true = _read(
                    rows,
                    train,
                    fold.test,
                    labels,
                    inner,
                    penalties,
                    np.random.default_rng(seeds[number]),
                )
                found.append((read, true, np.full(len(places), number), places))
            read, true, of_fold, places = (
                np.concatenate(part) for part in zip(*found, strict=True)
            )
            held = hold(read, true, of_fold, group[rows.stimulus[places]], len(names))
            mean = mean_score(held, agreement(held, drawn).r)
            points.append(
                LearningPoint(
                    float(wanted),
                    float(np.mean([seconds[train].sum() for train in taken])) / 60.0,
                    float(np.mean([len(train) for train in taken])),
                    mean,
                    *mean.interval(level),
                )
            )
    return tuple(points)


def take_minutes(
    labels: Sequence[str],
    seconds: np.ndarray,
    train: Int[np.ndarray, " some"],
    order: Sequence[str],
    minutes: float,
) -> Int[np.ndarray, " fewer"]:
    """Return the training stimuli of the first labels that have so many minutes together.

    labels, seconds: of each stimulus of the set. order: labels, those of `train`.

    Raises `UserError` for minutes that are not above 0, or more than there are.
    """
    held = np.array(labels)
    total = seconds[train].sum() / 60.0
    if not 0.0 < minutes <= total:
        raise UserError(
            f"{minutes:g} minutes of training data were asked for, and a fold's training data have "
            f"{total:.3g}; needed a number above 0 and at most that."
        )
    of_label = np.array([seconds[train[held[train] == label]].sum() for label in order])
    enough = np.flatnonzero(np.cumsum(of_label) / 60.0 >= minutes - 1e-9)[0]
    return train[np.isin(held[train], list(order)[: enough + 1])]


def _read(
    rows: Rows,
    train: Int[np.ndarray, " some"],
    test: Int[np.ndarray, " others"],
    labels: Sequence[str],
    inner: int,
    penalties: Penalties,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit on some stimuli; return the places of the others' rows, predictions and truth."""
    (layer,) = rows.layers
    parts = make_folds([labels[at] for at in train], inner, rng)
    found = nested([rows.sums(layer, train[part.test]) for part in parts], penalties)
    lag, ridge, _ = at_best_lag(rows, found)
    places, read = predict(rows, layer, test, ridge)
    return places, read, rows.y[places, lag]
