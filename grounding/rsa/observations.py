"""Observations of stimuli: rows of features, each labelled with what was observed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError

__all__ = ["Rows", "check_observations", "means_of", "number_labels"]

Rows = Float[np.ndarray, "observation feature"]


def check_observations(
    features: Rows, stimuli: Sequence[str]
) -> tuple[Rows, Int[np.ndarray, " observation"], tuple]:
    """Return features in float64, each row's number of its stimulus, and the stimuli as they come.

    Raises `UserError` for rows that are not finite or not labelled one by one.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or 0 in rows.shape:
        raise UserError(f"features must be (observation, feature), found shape {rows.shape}")
    stimulus, labels = number_labels(stimuli, len(rows), "stimulus")
    broken = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(broken):
        raise UserError(
            f"observation {broken[0]}, of stimulus {labels[stimulus[broken[0]]]!r}, is not finite "
            f"({len(broken)} such): leave it out"
        )
    return rows, stimulus, labels


def number_labels(
    labels: Sequence[Hashable], observations: int, what: str
) -> tuple[Int[np.ndarray, " observation"], tuple]:
    """Return each observation's number of its label, and the labels as they come."""
    labels = list(labels)
    if len(labels) != observations:
        raise UserError(f"{observations} observations need one {what} each, found {len(labels)}")
    place: dict[Hashable, int] = {}
    number = [place.setdefault(label, len(place)) for label in labels]
    return np.array(number, dtype=np.intp), tuple(place)


def means_of(rows: Rows, cell: Int[np.ndarray, " observation"], cells: int) -> Rows:
    """Return the mean row of each cell."""
    order = np.argsort(cell, kind="stable")
    count = np.bincount(cell, minlength=cells)
    starts = np.cumsum(count) - count
    return np.add.reduceat(rows[order], starts, axis=0) / count[:, None]
