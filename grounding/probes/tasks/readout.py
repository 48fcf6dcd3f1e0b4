"""A linear read-out for pooled features, which are wider than stimuli are many.

Ridge regression, solved through the products of stimuli with each other (Saunders, Gammerman &
Vovk 1998, "Ridge regression learning algorithm in dual variables"): one eigendecomposition of
stimulus x stimulus serves every penalty. The penalty is chosen by leaving out one group of the
training stimuli at a time; for a linear smoother H that needs no second fit: the left-out residual
of a group is (I - H_gg)^-1 times its fitted one. Features are standardised by the training stimuli.

Frames are many and narrow: for them there is `grounding.probes.ridge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.probes.tasks.record import balance

__all__ = ["PENALTIES", "Readout", "classify", "estimate", "prepare"]

PENALTIES = tuple(10.0**power for power in range(-5, 4))
"""In units of the mean variance that a direction has: free of the features' number and scale."""


@dataclass(frozen=True, eq=False)
class Readout:
    """Training stimuli made ready for any penalty.

    rows: standardised, less their weighted mean, times the root of the weights.
    vectors, values: the eigenvectors and eigenvalues of `rows` rows'.
    root: the roots of the weights. mean, scale, centre: of the features.
    """

    rows: Float[np.ndarray, "stimulus feature"]
    vectors: Float[np.ndarray, "stimulus direction"]
    values: Float[np.ndarray, " direction"]
    root: Float[np.ndarray, " stimulus"]
    mean: Float[np.ndarray, " feature"]
    scale: Float[np.ndarray, " feature"]
    centre: Float[np.ndarray, " feature"]

    @property
    def unit(self) -> float:
        """The mean variance of a direction; 1 where nothing varies."""
        return float(self.values.mean()) or 1.0

    def left_out(
        self,
        targets: Float[np.ndarray, "stimulus target"],
        groups: Sequence[str],
        penalty: float,
    ) -> Float[np.ndarray, "stimulus target"]:
        """Return what each training stimulus is predicted to be without its group."""
        names, group = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
        if len(names) < 2:
            raise UserError(
                f"the {len(group)} training stimuli are one group ({str(names[0])!r}); needed "
                "two or more, since a penalty is chosen by leaving one out."
            )
        y = self.root[:, None] * targets
        along = self.root / np.linalg.norm(self.root)
        shrunk = self.vectors * (self.values / (self.values + penalty * self.unit))
        missed = y - along[:, None] * (along @ y) - shrunk @ (self.vectors.T @ y)
        for one in range(len(names)):
            at = np.flatnonzero(group == one)
            hat = np.outer(along[at], along[at]) + shrunk[at] @ self.vectors[at].T
            missed[at] = np.linalg.solve(np.eye(len(at)) - hat, missed[at])
        return (y - missed) / self.root[:, None]

    def predict(
        self,
        targets: Float[np.ndarray, "stimulus target"],
        penalty: float,
        x: Float[np.ndarray, "other feature"],
    ) -> Float[np.ndarray, "other target"]:
        """Return the predictions for other stimuli."""
        weights = self.root**2
        offset = np.average(targets, axis=0, weights=weights)
        y = self.vectors.T @ (self.root[:, None] * (targets - offset))
        inverse = 1.0 / (self.values + penalty * self.unit)
        slopes = self.rows.T @ (self.vectors @ (inverse[:, None] * y))
        return ((x - self.mean) / self.scale - self.centre) @ slopes + offset


def prepare(
    x: Float[np.ndarray, "stimulus feature"], weights: Float[np.ndarray, " stimulus"]
) -> Readout:
    """Standardise training features and decompose their products."""
    mean, scale = x.mean(axis=0), x.std(axis=0)
    # What varies by rounding alone would come out as large as the rest.
    scale = np.where(scale > 1e-9 * np.abs(x).max(axis=0), scale, np.inf)
    z = (x - mean) / scale
    centre = np.average(z, axis=0, weights=weights)
    root = np.sqrt(weights)
    rows = root[:, None] * (z - centre)
    values, vectors = np.linalg.eigh(rows @ rows.T)
    return Readout(rows, vectors, np.maximum(values, 0.0), root, mean, scale, centre)


def classify(
    x: Float[np.ndarray, "stimulus feature"],
    labels: Sequence[str],
    groups: Sequence[str],
    others: Float[np.ndarray, "other feature"],
) -> tuple[str, ...]:
    """Learn labels, every class counting alike, and return those of other stimuli.

    groups: of the training stimuli; the penalty that labels most left-out ones rightly is taken,
    the largest such. Raises `UserError` for one class, or one group.
    """
    names, which = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        raise UserError(f"there is one class to learn, {str(names[0])!r}; needed two or more.")
    weights = balance(labels)
    readout, targets = prepare(x, weights), np.eye(len(names))[which]
    shares = [
        np.average(readout.left_out(targets, groups, one).argmax(axis=1) == which, weights=weights)
        for one in PENALTIES
    ]
    best = _largest_best(shares)
    return tuple(str(names[k]) for k in readout.predict(targets, best, others).argmax(axis=1))


def estimate(
    x: Float[np.ndarray, "stimulus feature"],
    values: Float[np.ndarray, " stimulus"],
    groups: Sequence[str],
    others: Float[np.ndarray, "other feature"],
) -> Float[np.ndarray, " other"]:
    """Learn a number and return that of other stimuli; the penalty has the least squared error."""
    readout, targets = prepare(x, np.ones(len(x))), values[:, None]
    errors = [np.square(readout.left_out(targets, groups, p) - targets).mean() for p in PENALTIES]
    return readout.predict(targets, _largest_best([-error for error in errors]), others)[:, 0]


def _largest_best(scores: Sequence[float]) -> float:
    return max(zip(scores, PENALTIES, strict=True))[1]
