"""The best that a masked step can be told from the targets that were not masked.

For every distance, how often target c stands so many steps after (before) target n is counted in
training. A masked step has a nearest unmasked step on each side; what the two say is combined as

    p(c) proportional to prior(c) (before(c | n, d) after(c | m, e) / prior(c)^2)^a

with `a` chosen on training data. It is shown the neighbours' true targets, which a model
has to tell from its input; a model that beats it knows more than that targets last and follow each
other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.twins.batches import Batch

__all__ = ["Neighbours", "Score", "fit_neighbours", "score_neighbours"]

SMOOTH = 0.5  # added to each count, shared out by the prior
EXPONENTS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Log probabilities of a target by that of a neighbour: "distance neighbour target"."""

    prior: Float[np.ndarray, " target"]
    before: Float[np.ndarray, "distance neighbour target"]
    after: Float[np.ndarray, "distance neighbour target"]
    exponent: float

    @property
    def reach(self) -> int:
        """The largest distance that is told apart; a farther neighbour counts as this far."""
        return len(self.before)


@dataclass(frozen=True)
class Score:
    """Mean over masked steps. loss: of the log probability, in nats. right: share told right."""

    loss: float
    right: float
    steps: int


def fit_neighbours(
    targets: list[Int[np.ndarray, " step"]], classes: int, reach: int, batches: list[Batch]
) -> Neighbours:
    """Count neighbours in the targets of whole utterances; choose the exponent on `batches`."""
    known = [one[one >= 0] for one in targets]
    prior = np.bincount(np.concatenate(known), minlength=classes) + 1.0
    prior /= prior.sum()
    counts = np.zeros((reach, classes, classes))
    for one in targets:
        for distance in range(1, min(reach, len(one) - 1) + 1):
            left, right = one[:-distance], one[distance:]
            both = (left >= 0) & (right >= 0)
            np.add.at(counts[distance - 1], (left[both], right[both]), 1.0)
    pseudo = SMOOTH * classes * prior
    before = _normalised(counts + pseudo)
    after = _normalised(counts.swapaxes(1, 2) + pseudo)
    made = [Neighbours(np.log(prior), np.log(before), np.log(after), e) for e in EXPONENTS]
    return min(made, key=lambda one: score_neighbours(one, batches).loss)


def score_neighbours(neighbours: Neighbours, batches: list[Batch]) -> Score:
    """Return how well the neighbours tell the masked steps of `batches`."""
    losses, right = [], []
    for batch in batches:
        for targets, masked, real in zip(batch.targets, batch.masked, batch.real, strict=True):
            length = int(real.sum())
            logs, asked = _told(neighbours, targets[:length], masked[:length])
            wanted = targets[asked]
            losses.append(-logs[np.arange(len(wanted)), wanted])
            right.append(logs.argmax(1) == wanted)
    loss, hits = np.concatenate(losses), np.concatenate(right)
    return Score(float(loss.mean()), float(hits.mean()), len(loss))


def _told(
    neighbours: Neighbours, targets: Int[np.ndarray, " step"], masked: np.ndarray
) -> tuple[Float[np.ndarray, "asked target"], Int[np.ndarray, " asked"]]:
    """Return log probabilities of the masked steps that have a target, and these steps."""
    asked = np.flatnonzero(masked & (targets >= 0))
    seen = np.flatnonzero(~masked & (targets >= 0))
    logs = np.tile(neighbours.prior, (len(asked), 1))
    for table, side, step in (
        (neighbours.before, np.searchsorted(seen, asked) - 1, 1),
        (neighbours.after, np.searchsorted(seen, asked), -1),
    ):
        there = (side >= 0) & (side < len(seen))
        near = seen[side[there]]
        distance = np.minimum(step * (asked[there] - near), neighbours.reach) - 1
        told = table[distance, targets[near]] - neighbours.prior
        logs[there] += neighbours.exponent * told
    return logs - _log_sum(logs), asked


def _normalised(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(-1, keepdims=True)


def _log_sum(logs: np.ndarray) -> np.ndarray:
    top = logs.max(1, keepdims=True)
    return top + np.log(np.exp(logs - top).sum(1, keepdims=True))
