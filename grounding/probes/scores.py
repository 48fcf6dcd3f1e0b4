"""How well held-out trajectories are read out: per channel, per articulator, and on the whole.

Conventions
-----------
- Each row is predicted once, by a map that saw no stimulus of its fold. Variances and covariances
  are taken around the means *of a fold* and then added up over folds: `r` is their ratio. Pooled
  around one mean they would be biased below 0 without any relation, because the mean that a map
  learns is high where the mean of what was left out is low.
- `r` is so of all rows of a fold together, not the mean over utterances: a channel's posture over a
  word counts, as does its movement.
- Intervals are over groups (transcripts), drawn with replacement within the folds in which they
  lie. Maps are not fitted anew, so intervals are of these maps on other words. All that is drawn
  is how often each group counts, and sums over a group's rows are all that is kept of it.
- The mean over channels is the "articulatory score" of Cho et al. (ICASSP 2023, arXiv 2210.11723).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import GroundingError
from grounding.rsa.sampled import Sampled, interval

__all__ = [
    "Agreement",
    "ArticulatorScore",
    "ChannelScore",
    "Held",
    "agreement",
    "by_articulator",
    "by_channel",
    "hold",
    "mean_score",
]


STILL = 1e-12
"""Share of a mean square that is variance, at or below which it is rounding."""


@dataclass(frozen=True, eq=False)
class Held:
    """Sums over held-out rows: a cell is what of a group lies in a fold.

    sums: n, sum p, sum y, sum pp, sum py, sum yy of predictions p and truth y, from each channel's
        mean.
    fold, group: of each cell. groups: how many there are.
    """

    sums: Float[np.ndarray, "cell 6 channel"]
    fold: Int[np.ndarray, " cell"]
    group: Int[np.ndarray, " cell"]
    groups: int

    @property
    def n(self) -> int:
        """How many rows there are."""
        return int(self.sums[:, 0, 0].sum())

    def within(self, fold: int) -> Held:
        """Return what lies in one fold."""
        there = self.fold == fold
        return Held(self.sums[there], self.fold[there], self.group[there], self.groups)


@dataclass(frozen=True, eq=False)
class Agreement:
    """r, share of variance explained, and root mean square error in the channel's unit."""

    r: Float[np.ndarray, "... channel"]
    explained: Float[np.ndarray, "... channel"]
    error: Float[np.ndarray, "... channel"]


@dataclass(frozen=True)
class ChannelScore:
    """How well one channel is read out of held-out rows.

    r: -1 to 1. low, high: its interval. explained: up to 1, below 0 for worse than the mean.
    error: root mean square, in `unit`. n_frames: held-out rows. n_groups: drawn from.
    """

    channel: str
    articulator: str
    unit: str
    r: float
    explained: float
    error: float
    n_frames: int
    n_groups: int
    low: float
    high: float


@dataclass(frozen=True)
class ArticulatorScore:
    """The mean of r, and of the share explained, over the channels of an articulator."""

    articulator: str
    channels: tuple[str, ...]
    r: float
    explained: float
    low: float
    high: float


def hold(
    predicted: Float[np.ndarray, "row channel"],
    true: Float[np.ndarray, "row channel"],
    fold: Int[np.ndarray, " row"],
    group: Int[np.ndarray, " row"],
    groups: int,
) -> Held:
    """Add up held-out rows by fold and group.

    Raises `GroundingError` for predictions and truth of different shapes, or no rows.
    """
    if predicted.shape != true.shape or not len(true) or {len(fold), len(group)} != {len(true)}:
        raise GroundingError(
            f"{predicted.shape} predictions for {true.shape} true values in {len(fold)} folds and "
            f"{len(group)} groups; needed a row of each for every row, and one row or more."
        )
    # Nothing that is scored depends on where 0 lies, and squares are small near it.
    middle = true.mean(axis=0)
    predicted, true = predicted - middle, true - middle
    cells, of_row = np.unique(np.stack([fold, group]), axis=1, return_inverse=True)
    of_row = of_row.reshape(-1)
    parts = (np.ones_like(true), predicted, true, predicted**2, predicted * true, true**2)
    sums = np.zeros((cells.shape[1], len(parts), true.shape[1]))
    for place, part in enumerate(parts):
        np.add.at(sums[:, place], of_row, part)
    return Held(sums, cells[0], cells[1], groups)


def agreement(held: Held, counts: Float[np.ndarray, "... group"] | None = None) -> Agreement:
    """Return how well the channels are read out, each group counted so many times; None is once.

    NaN where a channel, or its prediction, does not move within any fold.
    """
    if counts is None:
        counts = np.ones(held.groups)
    rows, channels = held.sums.shape[1:]
    total = np.zeros((4, *counts.shape[:-1], channels))  # variances of p and y, covariance, SSE
    scale = np.zeros((2, *counts.shape[:-1], channels))
    n = np.zeros((*counts.shape[:-1], channels))
    for fold in np.unique(held.fold):
        part = held.within(fold)
        weights = counts[..., part.group].astype(np.float64)
        sums = (weights @ part.sums.reshape(len(part.sums), -1)).reshape(
            *counts.shape[:-1], rows, channels
        )
        here, p, y, pp, py, yy = np.moveaxis(sums, -2, 0)
        least = np.maximum(here, 1.0)  # a fold of which nothing is drawn adds nothing
        moved = [pp - p * p / least, yy - y * y / least, py - p * y / least, pp - 2 * py + yy]
        total += np.stack(moved)
        scale += np.stack([pp, yy])
        n += here
    predicted, true, shared, sse = total
    still = (predicted <= STILL * scale[0]) | (true <= STILL * scale[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.clip(shared / np.sqrt(predicted * true), -1.0, 1.0)
        explained = 1.0 - np.maximum(sse, 0.0) / true
        error = np.sqrt(np.maximum(sse, 0.0) / n)
    return Agreement(np.where(still, np.nan, r), explained, error)


def by_channel(
    held: Held,
    samples: Float[np.ndarray, "sample channel"],
    names: Sequence[str],
    articulators: Sequence[str],
    units: Sequence[str],
    level: float,
) -> tuple[ChannelScore, ...]:
    """Return the score of every channel.

    samples: r in bootstrap samples of groups: `agreement(held, drawn).r`, with `drawn` the same for
        all that is to be compared. level: of the percentile interval, such as 0.95.

    Raises what `grounding.rsa.interval` raises.
    """
    found = agreement(held)
    low, high = interval(samples, level)
    return tuple(
        ChannelScore(
            names[at],
            articulators[at],
            units[at],
            float(found.r[at]),
            float(found.explained[at]),
            float(found.error[at]),
            held.n,
            held.groups,
            float(low[at]),
            float(high[at]),
        )
        for at in range(len(names))
    )


def by_articulator(
    held: Held,
    samples: Float[np.ndarray, "sample channel"],
    names: Sequence[str],
    articulators: Sequence[str],
    level: float,
) -> tuple[ArticulatorScore, ...]:
    """Return the score of every articulator, in the order in which channels bring them.

    See `by_channel`.
    """
    found = agreement(held)
    scores = []
    for part in dict.fromkeys(articulators):
        places = [at for at, one in enumerate(articulators) if one == part]
        low, high = interval(samples[:, places].mean(axis=1), level)
        r, explained = found.r[places].mean(), found.explained[places].mean()
        whose = tuple(names[at] for at in places)
        scores.append(
            ArticulatorScore(part, whose, float(r), float(explained), float(low), float(high))
        )
    return tuple(scores)


def mean_score(held: Held, samples: Float[np.ndarray, "sample channel"]) -> Sampled:
    """Return the mean of r over all channels, with its value in each sample of `by_channel`."""
    return Sampled(float(agreement(held).r.mean()), samples.mean(axis=1))
