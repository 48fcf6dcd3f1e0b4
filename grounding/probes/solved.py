"""X'X of standardised features, diagonalised, so that every further penalty costs a division.

With Z the centred features over their scales and Z'Z = V diag(v) V', the ridge of penalty p has the
weights V (v + p)^-1 V'Z'y: V is found once, and penalties only change the division.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from grounding.activations.products import Sums
from grounding.errors import UserError

__all__ = ["STILL", "Solved"]

STILL = 1e-12
"""Share of a feature's mean square that is its variance, at or below which it is rounding."""


class Solved:
    """All ridges over the data that `sums` are of.

    Raises `UserError` for fewer than two frames.
    """

    def __init__(self, sums: Sums) -> None:
        if sums.n < 2:
            raise UserError(f"a map was to be fitted on {sums.n} frames; needed 2 or more.")
        self.x, self.y = sums.x / sums.n, sums.y / sums.n
        square = np.diag(sums.xx) / sums.n
        variance = square - self.x**2
        still = variance <= STILL * square
        self.moves = np.where(still, 0.0, 1.0 / np.sqrt(np.where(still, 1.0, variance)))
        xx = (sums.xx - np.outer(sums.x, self.x)) * np.outer(self.moves, self.moves)
        xy = (sums.xy - np.outer(sums.x, self.y)) * self.moves[:, None]
        values, self.vectors = np.linalg.eigh(xx)
        self.values = np.maximum(values, 0.0)
        self.rotated = self.vectors.T @ xy

    def map(
        self, penalty: Float[np.ndarray, " target"]
    ) -> tuple[
        Float[np.ndarray, "feature target"],
        Float[np.ndarray, " target"],
        Float[np.ndarray, " target"],
    ]:
        """Return weights, intercepts and penalties of the map with one penalty a target."""
        shrunk = self.rotated / (self.values[:, None] + penalty)
        weights = self.moves[:, None] * (self.vectors @ shrunk)
        return weights, self.y - self.x @ weights, penalty

    def errors(
        self, held: Sums, penalties: Float[np.ndarray, " penalty"]
    ) -> Float[np.ndarray, "penalty target"]:
        """Return the sum of squared errors of every penalty's map on other data.

        In the eigenvectors' coordinates: the data are turned once, and not once a penalty.
        """
        n = held.n
        # Around the means of the fit, so that no intercept is needed.
        x = held.x - n * self.x
        y = held.y - n * self.y
        xx = held.xx - np.outer(held.x, self.x) - np.outer(self.x, x)
        xy = held.xy - np.outer(held.x, self.y) - np.outer(self.x, y)
        yy = np.diag(held.yy) - 2.0 * held.y * self.y + n * self.y**2
        turned = self.vectors.T @ (xx * np.outer(self.moves, self.moves)) @ self.vectors
        crossed = self.vectors.T @ (xy * self.moves[:, None])
        found = np.empty((len(penalties), len(yy)))
        for place, penalty in enumerate(penalties):
            w = self.rotated / (self.values[:, None] + penalty)
            found[place] = yy - 2.0 * (w * crossed).sum(axis=0) + (w * (turned @ w)).sum(axis=0)
        return found
