"""Low-pass filtering of movement without delay, over what was measured and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.signal import butter, sosfiltfilt

from grounding.errors import UserError

__all__ = ["ORDER", "runs", "smooth", "smoothing_record"]

ORDER = 4
PERIODS = 3  # of the cut-off, by which each run is extended at its ends


def smooth(
    values: Float[np.ndarray, "time channel"], rate: float, hz: float
) -> Float[np.ndarray, "time channel"]:
    """Return `values` low-passed at `hz`, forwards and backwards, each channel by itself.

    A Butterworth filter of order 4 as second-order sections, run both ways: no delay, and half
    the amplitude at `hz`. Every run of measured frames between missing ones (NaN) is filtered by
    itself, extended at its ends by its own reflection, so that no gap is bridged and what is
    missing stays missing. With `hz` 0 the values are returned as they are.

    Raises `UserError` when the cut-off is not below half the rate.
    """
    if hz == 0:
        return values
    if not 0 < hz < rate / 2:
        raise UserError(
            f"a smoothing cut-off of {hz:g} Hz for movement at {rate:g} Hz; needed one above 0 and "
            "below half the rate, or 0 for none"
        )
    sections = butter(ORDER, hz, fs=rate, output="sos")
    out = values.copy()
    for channel in range(values.shape[1]):
        for first, last in runs(~np.isnan(values[:, channel])):
            extend = min(last - first - 1, round(PERIODS * rate / hz))
            if extend > 0:
                run = values[first:last, channel]
                out[first:last, channel] = sosfiltfilt(sections, run, padlen=extend)
    return out


def runs(measured: Bool[np.ndarray, " time"]) -> list[tuple[int, int]]:
    """Return where runs of True begin, and where they are over.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], measured, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def smoothing_record(hz: float) -> dict[str, Any] | None:
    """Return what was done, for a stimulus's attributes; None where nothing was."""
    if hz == 0:
        return None
    return {"filter": f"Butterworth, order {ORDER}, forwards and backwards", "cutoff_hz": hz}
