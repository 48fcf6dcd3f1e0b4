"""Whether recordings last as long as their phones lead one to expect.

One that does not may say something else than its text, or nothing for a while.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["FARTHEST", "unexpected"]

FARTHEST = 4.0  # robust standard deviations
NORMAL = 1.4826  # standard deviations a median absolute deviation, of a normal distribution


def unexpected(
    seconds: Float[np.ndarray, " clip"], phones: Float[np.ndarray, " clip"]
) -> Bool[np.ndarray, " clip"]:
    """Whether each clip lasts otherwise than its number of phones leads one to expect.

    Log duration is fitted by a parabola in the log number of phones, over the clips of one
    speaker; a clip is unexpected whose residual is more than 4 robust standard deviations away.
    """
    x, y = np.log(phones), np.log(seconds)
    terms = np.stack([x**2, x, np.ones_like(x)], axis=1)
    residual = y - terms @ np.linalg.lstsq(terms, y, rcond=None)[0]
    residual -= np.median(residual)
    return np.abs(residual) > FARTHEST * NORMAL * np.median(np.abs(residual))
