"""What is lost when a map is applied where it was not fitted, and how two tasks' losses compare.

A cell is a pair of labels: the map of one (`across`) and the map of the other (`within`), scored on
the same held-out rows of the other. Losses are within minus across: 0 is none lost, below 0 is a
map that does better abroad. `share_lost` divides by what was above chance at home, so that tasks of
different difficulty compare; it is undefined where nothing was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from grounding.errors import UserError
from grounding.probes.classify import Draws
from grounding.rsa.sampled import Sampled

__all__ = ["Cell", "Transfer", "difference_of_losses"]


@dataclass(frozen=True, eq=False)
class Cell:
    """Scores on the rows of a label: of another label's map, and of its own. rows: how many."""

    across: Sampled
    within: Sampled
    chance: float
    rows: int


@dataclass(frozen=True, eq=False)
class Transfer:
    """The scores of every label's map on every label, paired.

    task, on, measure: what was read, on which rows, scored how; see `grounding.probes.transfer`.
    cells: by (fitted on, applied to); those without rows or classes that differ are not there.
    trained: stimuli that each map could be fitted on, over all folds.
    """

    task: str
    on: str
    measure: str
    labels: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    trained: Mapping[str, int]
    drawn: Draws

    @property
    def across(self) -> Float[np.ndarray, "source target"]:
        """The score of each label's map on each label; the diagonal is of its own. NaN: no cell."""
        return self._matrix("across")

    @property
    def within(self) -> Float[np.ndarray, "source target"]:
        """The score of the target's own map on the same rows."""
        return self._matrix("within")

    @property
    def loss(self) -> Float[np.ndarray, "source target"]:
        """Within minus across."""
        return self.within - self.across

    def _matrix(self, what: str) -> Float[np.ndarray, "source target"]:
        found = np.full((len(self.labels),) * 2, np.nan)
        for (source, target), cell in self.cells.items():
            place = self.labels.index(source), self.labels.index(target)
            found[place] = getattr(cell, what).estimate
        return found

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The cells of two different labels."""
        return tuple(pair for pair in self.cells if pair[0] != pair[1])

    def loss_of(self, source: str, target: str) -> Sampled:
        """Return the loss of one cell. Raises `UserError` for a cell that is not there."""
        if (source, target) not in self.cells:
            raise UserError(
                f"{self.task!r} on {self.on} rows has no score from {source!r} to {target!r}. "
                f"Known: {', '.join(f'{a} to {b}' for a, b in self.cells) or 'none'}."
            )
        cell = self.cells[source, target]
        return _minus(cell.within, cell.across)

    def mean_loss(self, pairs: tuple[tuple[str, str], ...] | None = None) -> Sampled:
        """Return the mean loss over pairs of different labels; None is all of `pairs`.

        Raises `UserError` where there is none.
        """
        return _mean([self.loss_of(*pair) for pair in self._some(pairs)])

    def share_lost(self, pairs: tuple[tuple[str, str], ...] | None = None) -> Sampled:
        """Return the mean loss over the mean of what is above chance within: 1 is all lost.

        NaN where, over these pairs, nothing is above chance within.
        """
        some = self._some(pairs)
        lost = self.mean_loss(some)
        above = _mean([self.cells[pair].within for pair in some])
        chance = float(np.mean([self.cells[pair].chance for pair in some]))
        return Sampled(
            float(_over(np.array([lost.estimate]), np.array([above.estimate - chance]))[0]),
            _over(lost.samples, above.samples - chance),
        )

    def _some(self, pairs: tuple[tuple[str, str], ...] | None) -> tuple[tuple[str, str], ...]:
        some = self.pairs if pairs is None else pairs
        if not some:
            raise UserError(
                f"{self.task!r} on {self.on} rows has no score between any two of "
                f"{', '.join(self.labels)}, so that nothing can be lost."
            )
        return some

    def table(self, level: float) -> list[dict[str, Any]]:
        """Return one row a cell, with the interval of its loss."""
        found = []
        for (source, target), cell in self.cells.items():
            loss = self.loss_of(source, target)
            same = source == target
            low, high = (0.0, 0.0) if same else _interval(loss, level)
            found.append(
                {
                    "task": self.task,
                    "on": self.on,
                    "measure": self.measure,
                    "fitted": source,
                    "applied": target,
                    "across": cell.across.estimate,
                    "within": cell.within.estimate,
                    "chance": cell.chance,
                    "loss": loss.estimate,
                    "low": low,
                    "high": high,
                    "rows": cell.rows,
                    "trained": self.trained[source],
                }
            )
        return found


def difference_of_losses(one: Transfer, other: Transfer, *, share: bool) -> Sampled:
    """Return how much more is lost of the first task than of the second, paired.

    Over the pairs of labels that both have. share: of what was above chance within, instead of in
    the measures' own units, which must then be one.

    Raises `UserError` for other labels, draws or (without share) measures, or no pair in common.
    """
    if one.labels != other.labels or one.drawn.groups != other.drawn.groups:
        raise UserError(
            f"losses of {one.task!r} are over {', '.join(one.labels)}, of {other.task!r} over "
            f"{', '.join(other.labels)}, or over other groups; needed the same of both."
        )
    if not _same(one.drawn.counts, other.drawn.counts):
        raise UserError(
            f"losses of {one.task!r} and {other.task!r} come from other draws, so that they are "
            "not paired. Score both with the same `draw`."
        )
    if not share and one.measure != other.measure:
        raise UserError(
            f"losses in {one.measure!r} and in {other.measure!r} have no difference; score both "
            "by one measure, or compare the shares that are lost."
        )
    common = tuple(pair for pair in one.pairs if pair in other.cells)
    if share:
        return _minus(one.share_lost(common), other.share_lost(common))
    return _minus(one.mean_loss(common), other.mean_loss(common))


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(a.shape == b.shape and (a == b).all())


def _minus(one: Sampled, other: Sampled) -> Sampled:
    return Sampled(one.estimate - other.estimate, one.samples - other.samples)


def _mean(several: list[Sampled]) -> Sampled:
    samples = np.stack([one.samples for one in several])
    there: Bool[np.ndarray, "item sample"] = ~np.isnan(samples)
    total = np.where(there, samples, 0.0).sum(axis=0)
    estimate = float(np.mean([one.estimate for one in several]))
    return Sampled(estimate, _over(total, there.sum(axis=0).astype(float)))


def _over(
    number: Float[np.ndarray, " sample"], by: Float[np.ndarray, " sample"]
) -> Float[np.ndarray, " sample"]:
    """Return the quotient, NaN where the divisor is not above 0."""
    return np.where(by > 0, number / np.where(by > 0, by, 1.0), np.nan)


def _interval(found: Sampled, level: float) -> tuple[float, float]:
    """Return the interval, or NaN where too many samples lack a value."""
    try:
        return found.interval(level)
    except UserError:
        return float("nan"), float("nan")
