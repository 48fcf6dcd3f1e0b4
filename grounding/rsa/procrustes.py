"""Procrustes similarity of two point sets, from their squared distances alone.

Squared distances give the inner products of centred points (double centring, K = -H D H / 2), and
any root of those is the point set up to rotation and reflection, which the similarity ignores.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh, svdvals
from scipy.spatial.distance import squareform

from grounding.errors import UserError

__all__ = ["centred_points", "procrustes_similarity"]

ROUNDING = 1e-5  # of the greatest eigenvalue, below 0; values in single precision reach 1e-6


def procrustes_similarity(
    models: Float[np.ndarray, "model pair"], references: Float[np.ndarray, "reference pair"]
) -> Float[np.ndarray, "model reference"]:
    """Return the Procrustes similarity of every model with every reference.

    The vectors hold squared Euclidean distances of points X and Y, or a multiple of these: metric
    "squared-euclidean", "correlation" or "cosine". With X and Y centred, it is s = |X'Y|_* /
    (|X|_F |Y|_F), the sum of the singular values over the norms: the cosine of the two sets after
    the best rotation. With both sets scaled to norm 1 the squared distance that is left is
    2 - 2 s (Ding et al. 2021, arXiv:2108.01661); arccos(s) is the angular shape distance, a
    metric (Williams et al. 2021, arXiv:2110.14739); `scipy.spatial.procrustes`, which also scales
    one set to the other, returns 1 - s^2.

    Range 0 to 1, greater is more alike. The null depends on n and on the dimensions of both sets
    and is far above 0 where they have many dimensions for few stimuli: test by permutation.
    Invariant to translation, rotation, reflection and scaling of either set of points, and so to
    multiplying dissimilarities; not to adding a constant to them, nor to a shear of the points.

    Each vector of n stimuli takes n^3, each two n r s + r s min(r, s) for point sets of r and s
    dimensions. NaN for points that are all one.

    Raises `UserError` where no points have such squared distances. Plain distances (metric
    "euclidean") are not noticed: their roots are distances too, of other points, which would be
    compared instead.

    >>> square = np.array([[1.0, 2.0, 1.0, 1.0, 2.0, 1.0]])  # corners in turn, squared distances
    >>> procrustes_similarity(square, 9.0 * square).round(12)
    array([[1.]])
    """
    ready = [centred_points(one, f"reference {j}") for j, one in enumerate(references)]
    similarity = np.empty((len(models), len(references)))
    for i, model in enumerate(models):
        points = centred_points(model, f"model {i}")
        similarity[i] = [_cosine(points, other) for other in ready]
    return np.minimum(similarity, 1.0)  # no cosine is above 1 but by rounding


def _cosine(
    points: Float[np.ndarray, "stimulus axis"], other: Float[np.ndarray, "stimulus other"]
) -> float:
    if not points.size or not other.size:
        return float("nan")
    return float(svdvals(points.T @ other).sum())


def centred_points(
    squared: Float[np.ndarray, " pair"], name: str
) -> Float[np.ndarray, "stimulus axis"]:
    """Return centred points of norm 1 with these squared distances, but for their scale.

    This is classical multidimensional scaling with all its axes: uncorrelated, those of the least
    variance first.

    name: what the distances are of, for the error.

    Raises `UserError` where no points have such squared distances.
    """
    inner = squareform(np.asarray(squared, dtype=np.float64), checks=False)
    means = inner.mean(0)
    inner -= means
    inner -= means[:, None] - means.mean()
    inner *= -0.5
    eigenvalues, vectors = eigh(inner, overwrite_a=True, check_finite=False)
    greatest, least = eigenvalues[-1], eigenvalues[0]
    if -least > ROUNDING * max(greatest, -least):
        raise UserError(
            f"{name} does not hold squared Euclidean distances, which procrustes needs: inner "
            f"products with the eigenvalues {least:.3g} to {greatest:.3g} are of no points; take "
            "metric 'squared-euclidean', 'correlation' or 'cosine'"
        )
    # Rounding makes small positive eigenvalues as it makes negative ones, and roots are greater.
    kept = eigenvalues > 2.0 * max(-least, len(inner) * np.finfo(float).eps * greatest)
    roots = np.sqrt(eigenvalues[kept])
    return vectors[:, kept] * (roots / max(np.linalg.norm(roots), np.finfo(float).tiny))
