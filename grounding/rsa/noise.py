"""The noise of repeated observations: its covariance, shrunk, and the inverse of that."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import cho_factor, cho_solve

from grounding.errors import UserError
from grounding.rsa.metrics import CONSTANT
from grounding.rsa.observations import Rows, check_observations, means_of, number_labels
from grounding.tables import lookup

__all__ = ["SHRINKAGES", "noise_precision"]

SHRINKAGES: Mapping[str, str] = {
    "none": "nothing: needs more degrees of freedom than features",
    "diagonal": "its own diagonal (Schaefer & Strimmer 2005, doi:10.2202/1544-6115.1175)",
    "eye": "equal variances (Ledoit & Wolf 2004, doi:10.1016/S0047-259X(03)00096-4)",
    "only-diagonal": "its own diagonal, all the way: variances alone",
}

Square = Float[np.ndarray, "feature feature"]


def noise_precision(
    features: Rows,
    stimuli: Sequence[str],
    *,
    shrinkage: str,
    folds: Sequence[Hashable] | None = None,
) -> Square:
    """Estimate the precision of observations: the inverse covariance of their noise.

    Noise is what differs between observations of one stimulus, or of one stimulus in one fold.
    Its covariance is unbiased before it is shrunk: the degrees of freedom are the observations
    less the means that are taken off, and they stand for the sample size in the intensity of
    shrinkage too, which is the one of least expected squared error.

    shrinkage: a name in `SHRINKAGES`: what the covariance is shrunk towards.
    folds: the fold of each observation; noise is then what differs inside a fold.

    Raises `UnknownName` for another shrinkage; `UserError` for observations that are not finite
    or not labelled one by one, a stimulus (in a fold) that is observed once, a feature that does
    not vary, and a covariance that is singular.
    """
    lookup("shrinkage", shrinkage, SHRINKAGES)
    rows, stimulus, ids = check_observations(features, stimuli)
    fold, labels = number_labels(
        folds if folds is not None else [""] * len(rows), len(rows), "fold"
    )
    cells, cell, count = np.unique(
        stimulus * len(labels) + fold, return_inverse=True, return_counts=True
    )
    if (count == 1).any():
        one, at = divmod(int(cells[count == 1][0]), len(labels))
        where = "" if folds is None else f" in fold {labels[at]!r}"
        raise UserError(
            f"stimulus {ids[one]!r} is observed once{where} ({np.sum(count == 1)} such): "
            "its noise cannot be told; leave it out, or observe it again"
        )
    residuals = rows - means_of(rows, cell, len(cells))[cell]
    freedom = len(rows) - len(cells)
    size = np.sqrt(np.mean(rows**2, axis=0))
    still = np.sqrt(np.mean(residuals**2, axis=0)) <= CONSTANT * size
    if still.all() or (still.any() and shrinkage != "eye"):
        raise UserError(
            f"feature {np.flatnonzero(still)[0]} does not vary between observations of a stimulus "
            f"({np.sum(still)} of {len(still)} such): leave it out"
        )
    covariance = _covariance(residuals, count[cell], freedom, shrinkage)
    spread = np.sqrt(np.diag(covariance))
    least = np.linalg.eigvalsh(covariance / np.outer(spread, spread))[0]
    if least <= len(spread) * np.finfo(np.float64).eps:
        raise UserError(
            f"the noise covariance of {len(spread)} features is singular with {freedom} degrees "
            f"of freedom and shrinkage {shrinkage!r}: shrink it, or leave out features"
        )
    inverse = cho_solve(cho_factor(covariance), np.eye(len(spread)))
    return (inverse + inverse.T) / 2.0


def _covariance(
    residuals: Rows, count: Int[np.ndarray, " observation"], freedom: int, shrinkage: str
) -> Square:
    # A residual around the mean of n observations has (n - 1) / n of the noise's covariance.
    # Scaled up and weighted by as much, residuals are samples whose mean product is unbiased.
    full = (count - 1.0) / count
    weight = full / freedom
    samples = residuals / np.sqrt(full)[:, None]
    found = residuals.T @ residuals / freedom  # the same as that weighted mean
    variances = np.diag(found)
    if shrinkage == "none":
        return found
    if shrinkage == "eye":
        target = variances.mean() * np.eye(len(variances))
        far = np.sum((found - target) ** 2)
        square = weight @ np.sum(samples**2, axis=1) ** 2
        error = (square - np.sum(found**2)) / freedom
    else:
        target = np.diag(variances)
        if shrinkage == "only-diagonal":
            return target
        squares = samples**2 / variances
        square = (squares * weight[:, None]).T @ squares
        correlation = found / np.sqrt(np.outer(variances, variances))
        off = ~np.eye(len(variances), dtype=bool)
        far = np.sum(correlation[off] ** 2)
        error = np.sum((square - correlation**2)[off]) / max(freedom - 1, 1)
    intensity = np.clip(error / far, 0.0, 1.0) if far > 0.0 else 1.0
    return intensity * target + (1.0 - intensity) * found
