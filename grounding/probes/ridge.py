"""Ridge regression in closed form, fitted, chosen and tested from sums over frames alone.

Conventions
-----------
- Features are centred and divided by their standard deviation *in the data of the fit*, and a
  penalty is the number added to the diagonal of X'X: scikit-learn's `alpha` behind a
  `StandardScaler`. Weights are handed back for features as they come.
- Every target has a penalty of its own. It is the one whose squared error is least when each
  group of the training data in turn is left out, summed over groups.
- Sums are raw (not centred) and in float64: a feature whose mean is m times its standard
  deviation loses 2 log10(m) of sixteen digits. One that does not move beyond that is left out.
- Where scikit-learn solves anew for every penalty and inner fold, here X'X of a training set is
  diagonalised once for all penalties (`solved`), and training sets that two outer folds share once
  for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from grounding.activations.products import Sums
from grounding.errors import UserError
from grounding.probes.solved import Solved

__all__ = [
    "Errors",
    "Nested",
    "Penalties",
    "Ridge",
    "add",
    "errors",
    "fit",
    "fit_nested",
    "leave_each_out",
    "nested",
    "sums_of",
]


Penalties = Sequence[float] | Float[np.ndarray, " penalty"]


@dataclass(frozen=True, eq=False)
class Ridge:
    """A linear map from features to targets, in the targets' units.

    penalty: of each target, as scikit-learn's `alpha` on features of unit variance.
    """

    weights: Float[np.ndarray, "feature target"]
    intercept: Float[np.ndarray, " target"]
    penalty: Float[np.ndarray, " target"]

    def predict(self, x: Float[np.ndarray, "row feature"]) -> Float[np.ndarray, "row target"]:
        """Return the targets that belong to these features."""
        return x @ self.weights + self.intercept

    def only(self, targets: Sequence[int] | slice) -> Ridge:
        """Return the map to some of the targets."""
        return Ridge(self.weights[:, targets], self.intercept[targets], self.penalty[targets])


@dataclass(frozen=True, eq=False)
class Errors:
    """How far a map is from the targets of some data, per target.

    sse: sum of squared errors, squared units. sst: sum of squares around the data's own mean.
    r: Pearson correlation of predicted with true; NaN where either does not move.
    """

    n: int
    sse: Float[np.ndarray, " target"]
    sst: Float[np.ndarray, " target"]
    r: Float[np.ndarray, " target"]

    @property
    def explained(self) -> Float[np.ndarray, " target"]:
        """1 - sse / sst: at most 1, below 0 for a map that is worse than the mean."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1.0 - self.sse / self.sst

    @property
    def error(self) -> Float[np.ndarray, " target"]:
        """The root mean square error, in the target's unit."""
        return np.sqrt(self.sse / self.n)


@dataclass(frozen=True, eq=False)
class Nested:
    """A ridge whose penalties were chosen within its training data.

    explained: of each target, the share of variance explained on the inner groups left out, at
        the penalty chosen: what a choice between sets of features or lags may rest on.
    """

    ridge: Ridge
    explained: Float[np.ndarray, " target"]


def sums_of(x: Float[np.ndarray, "row feature"], y: Float[np.ndarray, "row target"]) -> Sums:
    """Return the sums over rows that are in memory; see `grounding.activations.gram` for others."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    return Sums(len(x), x.sum(axis=0), y.sum(axis=0), x.T @ x, x.T @ y, y.T @ y)


def add(groups: Sequence[Sums]) -> Sums:
    """Return the sums over all groups together.

    Raises `UserError` for none, or groups of other features or targets.
    """
    shapes = {one.xy.shape for one in groups}
    if len(shapes) != 1:
        raise UserError(
            f"{len(groups)} groups of sums have the shapes {sorted(shapes)}; needed one group or "
            "more, of the same features and targets."
        )
    n, *parts = zip(*((s.n, s.x, s.y, s.xx, s.xy, s.yy) for s in groups), strict=True)
    return Sums(sum(n), *(np.sum(part, axis=0) for part in parts))


def fit(sums: Sums, penalties: float | Penalties) -> Ridge:
    """Return the ridge with given penalties: one number, or one a target.

    Raises `UserError` for penalties that are not above 0 or do not fit the targets.

    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> fit(sums_of(x, 3.0 * x + 1.0), 1e-9).predict(np.array([[5.0]])).round(6)
    array([[16.]])
    """
    targets = len(sums.y)
    given = _checked(penalties)
    if given.size not in (1, targets):
        raise UserError(f"{given.size} penalties for {targets} targets; needed one, or one each.")
    penalty = np.broadcast_to(given, (targets,)).copy()
    return Ridge(*Solved(sums).map(penalty))


def fit_nested(groups: Sequence[Sums], penalties: Penalties) -> Ridge:
    """Return the ridge over all groups, with the best of `penalties` for each target.

    Each group in turn is left out, maps of all penalties are fitted on the others and their errors
    on it are added up. No frame is read.

    Raises `UserError` for fewer than two groups, or penalties that are not above 0.
    """
    return nested(groups, penalties).ridge


def nested(groups: Sequence[Sums], penalties: Penalties) -> Nested:
    """Return what `fit_nested` does, with what the inner groups said of it."""
    grid = _checked(penalties)
    if len(groups) < 2:
        raise UserError(
            f"{len(groups)} training groups; needed 2 or more, since penalties are chosen on "
            "groups left out. Give more folds."
        )
    inner = [
        Solved(add([*groups[:one], *groups[one + 1 :]])).errors(groups[one], grid)
        for one in range(len(groups))
    ]
    return _chosen(Solved(add(groups)), inner, groups, grid)


def leave_each_out(groups: Sequence[Sums], penalties: Penalties) -> tuple[Nested, ...]:
    """Return, for each group, `nested` over all the others.

    The map without groups a and b serves the choice for both: half the work of calling `nested`
    for each group.

    Raises `UserError` for fewer than three groups, or penalties that are not above 0.
    """
    grid = _checked(penalties)
    if len(groups) < 3:
        raise UserError(
            f"{len(groups)} groups; needed 3 or more, since one is tested on and penalties are "
            "chosen on another. Ask for more folds."
        )
    inner: dict[tuple[int, int], np.ndarray] = {}
    for one, other in combinations(range(len(groups)), 2):
        rest = [group for at, group in enumerate(groups) if at not in (one, other)]
        solved = Solved(add(rest))
        inner[one, other] = solved.errors(groups[other], grid)
        inner[other, one] = solved.errors(groups[one], grid)
    found = []
    for one in range(len(groups)):
        others = [at for at in range(len(groups)) if at != one]
        rest = [groups[at] for at in others]
        found.append(_chosen(Solved(add(rest)), [inner[one, at] for at in others], rest, grid))
    return tuple(found)


def errors(sums: Sums, ridge: Ridge) -> Errors:
    """Return how far `ridge` is from the targets of the data that `sums` are of.

    Raises `UserError` for sums of other features or targets than the map's, or of no frame.
    """
    if sums.xy.shape != ridge.weights.shape or sums.n < 1:
        raise UserError(
            f"a map of {ridge.weights.shape} features and targets was given sums of "
            f"{sums.xy.shape} over {sums.n} frames; needed the same, over one frame or more."
        )
    n, w, b = sums.n, ridge.weights, ridge.intercept
    # Around the data's own means, where the products are small.
    xx = sums.xx - np.outer(sums.x, sums.x) / n
    xy = sums.xy - np.outer(sums.x, sums.y) / n
    sst = np.maximum(np.diag(sums.yy) - sums.y**2 / n, 0.0)
    spread = np.maximum(np.einsum("ft,ft->t", w, xx @ w), 0.0)
    shared = np.einsum("ft,ft->t", w, xy)
    bias = (sums.x @ w + n * b - sums.y) / n
    sse = np.maximum(sst - 2.0 * shared + spread + n * bias**2, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = shared / np.sqrt(spread * sst)
    return Errors(n, sse, sst, np.clip(r, -1.0, 1.0))


def _chosen(
    solved: Solved,
    inner: Sequence[Float[np.ndarray, "penalty target"]],
    groups: Sequence[Sums],
    grid: Float[np.ndarray, " penalty"],
) -> Nested:
    """Return the map over all groups with the penalties of least inner error."""
    total = np.sum(inner, axis=0)
    best = np.argmin(total, axis=0)
    sst = sum(np.diag(one.yy) - one.y**2 / one.n for one in groups if one.n)
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = 1.0 - total.min(axis=0) / sst
    return Nested(Ridge(*solved.map(grid[best])), explained)


def _checked(penalties: float | Penalties) -> Float[np.ndarray, " penalty"]:
    grid = np.atleast_1d(np.asarray(penalties, dtype=np.float64))
    if grid.ndim != 1 or not grid.size or not (np.isfinite(grid) & (grid > 0)).all():
        raise UserError(
            f"penalties are {penalties}; needed numbers above 0, such as 1.0 or "
            "np.logspace(-1, 5, 13)."
        )
    return grid
