"""Choose, fit and test the maps of one layer, fold by fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.probes.ridge import Nested, Penalties, Ridge, leave_each_out
from grounding.probes.rows import Rows
from grounding.probes.scores import (
    ArticulatorScore,
    ChannelScore,
    Held,
    agreement,
    by_articulator,
    by_channel,
    hold,
    mean_score,
)
from grounding.probes.splits import Fold
from grounding.rsa.sampled import Sampled

__all__ = ["LayerMap", "at_best_lag", "check_moves", "choose_layer", "map_layer", "predict"]


@dataclass(frozen=True, eq=False)
class LayerMap:
    """What is read out of one layer.

    mean: the mean of r over channels, with its bootstrap samples.
    lags: the one chosen for each fold, s. penalties: those chosen.
    inner: of each fold, the share of variance explained within its training data, mean over
        channels: what layers are chosen by.
    held: sums over held-out rows, from which all scores come.
    """

    layer: str
    channels: tuple[ChannelScore, ...]
    articulators: tuple[ArticulatorScore, ...]
    mean: Sampled
    lags: tuple[float, ...]
    penalties: Float[np.ndarray, "fold channel"]
    inner: Float[np.ndarray, " fold"]
    held: Held


def check_moves(rows: Rows) -> None:
    """Raise `UserError` for a channel that has one value in all rows."""
    still = np.flatnonzero(np.ptp(rows.y[:, 0], axis=0) == 0.0)
    if len(still):
        names = ", ".join(rows.names[at] for at in still)
        raise UserError(
            f"{names} never moves in these stimuli, so that nothing can be read out of it. Name "
            "the channels wanted, without these, or take more stimuli."
        )


def map_layer(
    rows: Rows,
    layer: str,
    folds: Sequence[Fold],
    group: Int[np.ndarray, " stimulus"],
    drawn: Int[np.ndarray, "sample group"],
    penalties: Penalties,
    level: float,
) -> LayerMap:
    """Fit a map for every fold, read it out on the fold, and score all folds together.

    group: of each stimulus, the place of what is drawn. Each fold trains on the others' test sets.
    """
    sums = [rows.sums(layer, fold.test) for fold in folds]
    predicted, true, of_fold, of_group = [], [], [], []
    lags, chosen, inner = [], [], []
    for number, (fold, nested) in enumerate(
        zip(folds, leave_each_out(sums, penalties), strict=True)
    ):
        lag, ridge, explained = at_best_lag(rows, nested)
        places, read = predict(rows, layer, fold.test, ridge)
        predicted.append(read)
        true.append(rows.y[places, lag])
        of_fold.append(np.full(len(places), number))
        of_group.append(group[rows.stimulus[places]])
        lags.append(rows.lags[lag])
        chosen.append(ridge.penalty)
        inner.append(explained)
    held = hold(
        np.concatenate(predicted),
        np.concatenate(true),
        np.concatenate(of_fold),
        np.concatenate(of_group),
        drawn.shape[1],
    )
    return _scored(rows, layer, held, drawn, level, tuple(lags), np.stack(chosen), np.array(inner))


def at_best_lag(rows: Rows, nested: Nested) -> tuple[int, Ridge, float]:
    """Return the place of the lag that explains most within the training data, its map, and that.

    One lag for all channels: the mean over channels of the share of variance explained decides.
    """
    count = rows.y.shape[2]
    explained = nested.explained.reshape(-1, count).mean(axis=1)
    lag = int(np.argmax(explained))
    return lag, nested.ridge.only(slice(lag * count, (lag + 1) * count)), float(explained[lag])


def predict(
    rows: Rows, layer: str, stimuli: Int[np.ndarray, " some"], ridge: Ridge
) -> tuple[Int[np.ndarray, " row"], Float[np.ndarray, "row channel"]]:
    """Return the places of the rows of some stimuli, and what a map makes of them."""
    found = [(places, ridge.predict(x)) for places, x in rows.read(layer, stimuli)]
    places, values = zip(*found, strict=True)
    return np.concatenate(places), np.concatenate(values)


def choose_layer(
    rows: Rows,
    found: Mapping[str, LayerMap],
    drawn: Int[np.ndarray, "sample group"],
    level: float,
) -> LayerMap:
    """Return what is read out when each fold's layer is chosen within its training data."""
    maps = list(found.values())
    best = np.argmax([one.inner for one in maps], axis=0)
    parts = [maps[at].held.within(number) for number, at in enumerate(best)]
    held = Held(
        np.concatenate([part.sums for part in parts]),
        np.concatenate([part.fold for part in parts]),
        np.concatenate([part.group for part in parts]),
        drawn.shape[1],
    )
    return _scored(
        rows,
        ", ".join(maps[at].layer for at in best),
        held,
        drawn,
        level,
        tuple(maps[at].lags[number] for number, at in enumerate(best)),
        np.stack([maps[at].penalties[number] for number, at in enumerate(best)]),
        np.array([maps[at].inner[number] for number, at in enumerate(best)]),
    )


def _scored(
    rows: Rows,
    layer: str,
    held: Held,
    drawn: Int[np.ndarray, "sample group"],
    level: float,
    lags: tuple[float, ...],
    penalties: Float[np.ndarray, "fold channel"],
    inner: Float[np.ndarray, " fold"],
) -> LayerMap:
    samples = agreement(held, drawn).r
    return LayerMap(
        layer,
        by_channel(held, samples, rows.names, rows.articulators, rows.units, level),
        by_articulator(held, samples, rows.names, rows.articulators, level),
        mean_score(held, samples),
        lags,
        penalties,
        inner,
        held,
    )
