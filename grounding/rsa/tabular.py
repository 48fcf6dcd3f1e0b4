"""RDMs to and from plain arrays and data frames.

Ids travel with the values in every form. What comes in is checked and never mended: a form that
leaves a pair out, has it twice or disagrees with itself is refused. Values keep their precision
(float32 or float64).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Shaped
from scipy.spatial.distance import squareform

from grounding.errors import UserError
from grounding.rsa.rdm import RDM, check_ids

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "from_pair_frame",
    "from_square",
    "from_square_frame",
    "pair_at",
    "real_numbers",
    "to_pair_frame",
    "to_square_frame",
]

COLUMNS = ("first", "second", "value")
ROUNDING = 1e-6  # of the largest value: two halves of a square that differ by less are one
ROWS = 512  # rows of a square that are checked at a time


def from_square(
    array: Shaped[np.ndarray, "stimulus stimulus"],
    ids: Sequence[str],
    *,
    metric: str,
    name: str = "",
) -> RDM:
    """Return the RDM of a symmetric array with a zero diagonal; `RDM.square` is the way back.

    The values are those above the diagonal. Those below may differ by rounding, a millionth of
    the largest value. Condensed values need no function: `RDM(values, ids, metric, name)`.

    Raises `UserError` for another shape, a value that is not a finite number, a diagonal that is
    not zero, and an array that is not symmetric, with the ids.

    >>> square = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])
    >>> from_square(square, ["a", "b", "c"], metric="euclidean").values
    array([1., 2., 3.])
    """
    ids = check_ids(ids)
    square = real_numbers(array, "a square array")
    if square.shape != (len(ids), len(ids)):
        hint = "; condensed values go to RDM(values, ids, metric)" if square.ndim == 1 else ""
        raise UserError(
            f"{len(ids)} ids need an array of shape ({len(ids)}, {len(ids)}), "
            f"found {square.shape}{hint}"
        )
    _check_square(square, ids)
    condensed = squareform(square, checks=False)
    condensed.flags.writeable = False  # so that it is not copied again
    return RDM(condensed, ids, metric, name)


def to_square_frame(rdm: RDM) -> DataFrame:
    """Return a square data frame: index and columns are the ids."""
    from pandas import DataFrame

    return DataFrame(rdm.square(), index=list(rdm.ids), columns=list(rdm.ids))


def from_square_frame(frame: DataFrame, *, metric: str, name: str = "") -> RDM:
    """Return the RDM of a square data frame whose index and columns are the ids.

    Raises what `from_square` raises, and `UserError` unless rows and columns hold the same ids
    in the same order.
    """
    rows, columns = list(frame.index), list(frame.columns)
    if rows != columns:
        apart = set(rows) ^ set(columns)
        odd = [label for label in (*rows, *columns) if label in apart]
        fault = (
            f"{odd[0]!r} is in one of them only"
            if odd
            else "their order differs; take frame[frame.index]"
        )
        raise UserError(f"the rows and columns of a square frame name the same ids: {fault}")
    return from_square(frame.to_numpy(), rows, metric=metric, name=name)


def to_pair_frame(rdm: RDM) -> DataFrame:
    """Return a tidy data frame, one pair a row: columns "first", "second" and "value"."""
    from pandas import DataFrame

    ids = np.array(rdm.ids, dtype=object)
    first = np.repeat(ids, np.arange(rdm.n - 1, -1, -1))
    second = np.concatenate([ids[i:] for i in range(1, rdm.n)])
    return DataFrame(dict(zip(COLUMNS, (first, second, rdm.values.copy()), strict=True)))


def from_pair_frame(
    frame: DataFrame, *, metric: str, name: str = "", ids: Sequence[str] | None = None
) -> RDM:
    """Return the RDM of a tidy data frame: every pair in one row, its two ids in either order.

    ids: the order of the stimuli; None takes them as they come, row by row.

    Raises `UserError` for other columns, a value that is not a finite number, an id that is not
    among `ids`, a stimulus paired with itself, a pair that is there twice and one that is absent.
    """
    from pandas import Index

    if sorted(map(str, frame.columns)) != sorted(COLUMNS):
        raise UserError(
            f"a frame of pairs has the columns {', '.join(COLUMNS)}, "
            f"found {', '.join(map(str, frame.columns))}"
        )
    values = real_numbers(frame["value"].to_numpy(), "the column 'value'")
    ends = np.array(frame[["first", "second"]], dtype=object)
    order = check_ids(list(dict.fromkeys(ends.ravel()) if ids is None else ids))
    place = Index(order).get_indexer(ends.ravel()).reshape(ends.shape)
    if (place < 0).any():
        raise UserError(f"id {ends[place < 0][0]!r} of the frame is not among the ids asked for")
    low, high = place.min(1), place.max(1)
    if (low == high).any():
        raise UserError(f"stimulus {order[low[low == high][0]]!r} is paired with itself")
    n = len(order)
    at = low * n - low * (low + 1) // 2 + high - low - 1  # the pair's place in condensed order
    count = np.bincount(at, minlength=n * (n - 1) // 2)
    for fault, wrong in (("there twice or more", count > 1), ("not there", count == 0)):
        if wrong.any():
            one, other = pair_at(int(wrong.argmax()), n)
            raise UserError(
                f"the pair of {order[one]!r} and {order[other]!r} is {fault} "
                f"({int(wrong.sum())} such pairs); give every pair once"
            )
    condensed = np.empty_like(values)
    condensed[at] = values
    return RDM(condensed, order, metric, name)


def real_numbers(array: Any, what: str) -> Float[np.ndarray, "..."]:
    """Return an array as float32 or float64; raise `UserError` unless it holds real numbers."""
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise UserError(f"{what} holds numbers, found {array.dtype}")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


@np.errstate(over="ignore")  # a difference may be infinite, and is no less a difference
def _check_square(square: Float[np.ndarray, "stimulus stimulus"], ids: Sequence[str]) -> None:
    # In blocks of rows: a difference of two squares would double the memory.
    blocks = [slice(start, start + ROWS) for start in range(0, len(square), ROWS)]

    def refuse(fault: str, wrong: Iterator[np.ndarray]) -> None:
        for rows, found in zip(blocks, wrong, strict=True):
            if found.any():
                i, j = np.argwhere(found)[0] + (rows.start, 0)
                raise UserError(
                    f"a square RDM is {fault}: found {square[i, j]} for {ids[i]!r} with "
                    f"{ids[j]!r} and {square[j, i]} the other way"
                )

    refuse("finite", (~np.isfinite(square[rows]) for rows in blocks))
    near = ROUNDING * max(float(np.abs(square[rows]).max()) for rows in blocks)
    refuse("symmetric", (np.abs(square[rows] - square[:, rows].T) > near for rows in blocks))
    off = np.abs(square.diagonal()) > near
    if off.any():
        i = int(off.argmax())
        raise UserError(
            f"a square RDM has zeros on its diagonal, found {square[i, i]} at {ids[i]!r}; "
            "is it a similarity?"
        )


def pair_at(place: int, stimuli: int) -> tuple[int, int]:
    """Return the two stimuli of a place in condensed order."""
    first = 0
    while place >= stimuli - 1 - first:
        place -= stimuli - 1 - first
        first += 1
    return first, first + 1 + place
