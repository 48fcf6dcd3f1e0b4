"""Dynamic time warping for all pairs of equally long trajectories at once.

Symmetric step pattern of Sakoe & Chiba (1978, IEEE Trans. ASSP 26:43): a path goes from the first
pair of steps to the last by (1, 0), (0, 1) or (1, 1); the step (1, 1) counts its local distance
twice, the others once, so that every path has the same total weight 2 x steps, by which the sum is
divided. The local distance is Euclidean over features, and the path stays within `radius` steps of
the diagonal.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError

__all__ = ["dtw_distances"]

BLOCK = 1 << 13  # pairs warped together: the working arrays stay within the cache's reach


def dtw_distances(
    values: Float[np.ndarray, "stimulus step feature"], *, radius: int
) -> Float[np.ndarray, " pair"]:
    """Return the condensed distances under the best warp, in the unit of the features.

    radius: how far a step may be matched from its own place, in steps; 0 allows no warp and gives
        the mean of the distances at equal steps.

    A distance is never larger than with a smaller radius.

    Raises `UserError` for a negative radius.

    >>> early = np.array([[0.0], [1.0], [1.0], [1.0]])
    >>> late = np.array([[0.0], [0.0], [1.0], [1.0]])
    >>> dtw_distances(np.stack([early, late]), radius=0)
    array([0.25])
    >>> dtw_distances(np.stack([early, late]), radius=1)
    array([0.])
    """
    if radius < 0:
        raise UserError(f"radius must be 0 or more steps, found {radius}")
    first, second = np.triu_indices(len(values), 1)
    distances = np.empty(len(first))
    for start in range(0, len(first), BLOCK):
        block = slice(start, start + BLOCK)
        distances[block] = _warp(values[first[block]], values[second[block]], radius)
    return distances


def _warp(
    one: Float[np.ndarray, "pair step feature"],
    other: Float[np.ndarray, "pair step feature"],
    radius: int,
) -> Float[np.ndarray, " pair"]:
    n_pairs, steps, _ = one.shape
    # Column j + 1 holds step j of `other`; what a path cannot reach stays infinite.
    above = np.full((steps + 1, n_pairs), np.inf)
    for i in range(steps):
        here = np.full((steps + 1, n_pairs), np.inf)
        for j in range(max(0, i - radius), min(steps, i + radius + 1)):
            local = np.sqrt(np.square(one[:, i] - other[:, j]).sum(1))
            if i == j == 0:
                here[1] = 2.0 * local
                continue
            straight = np.minimum(above[j + 1], here[j]) + local
            here[j + 1] = np.minimum(straight, above[j] + 2.0 * local)
        above = here
    return above[steps] / (2.0 * steps)
