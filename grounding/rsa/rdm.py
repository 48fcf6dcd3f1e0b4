"""Representational dissimilarity matrices whose stimuli are named.

Values are condensed in the order of `scipy.spatial.distance.squareform`: the pairs (0, 1),
(0, 2), ..., (1, 2), ... An RDM never travels without the ids of its stimuli, in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import squareform

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa.metrics import METRICS, rearrange
from grounding.tables import lookup

__all__ = ["DTYPES", "RDM", "rdm"]

DTYPES: Mapping[str, type] = {"float64": np.float64, "float32": np.float32}
FEWEST = 3  # two stimuli make one pair, and one pair has no geometry
CHUNK = 1 << 20  # values that are checked at a time


@dataclass(frozen=True, eq=False)
class RDM:
    """The dissimilarities of all pairs of named stimuli.

    values: condensed, in the unit of the metric, read-only. float32 stays float32, all else
        becomes float64. They are copied, unless the array is read-only and owns its memory.
    ids: the stimuli, in the order of rows and columns.
    metric: what made the values, such as "correlation".
    name: what they are of, such as "articulation" or "whisper-tiny.en layer 1"; may be empty.

    Raises `UserError` for fewer than three stimuli, a repeated id, a number of values that does
    not fit the ids, and values that are not finite. Negative values pass: unbiased estimates of
    a distance (crossnobis) have them.
    """

    values: Float[np.ndarray, " pair"]
    ids: tuple[str, ...]
    metric: str
    name: str = ""

    def __post_init__(self) -> None:
        ids = check_ids(self.ids)
        values = np.asarray(self.values)
        dtype = np.float32 if values.dtype == np.float32 else np.float64
        if values.dtype != dtype or values.flags.writeable or not values.flags.owndata:
            values = np.array(values, dtype=dtype)
        pairs = len(ids) * (len(ids) - 1) // 2
        what = f"RDM {self.name!r}" if self.name else "RDM"
        if values.shape != (pairs,):
            raise UserError(
                f"{what}: {len(ids)} ids need {pairs} condensed values, "
                f"found an array of shape {values.shape}"
            )
        chunks = (values[start : start + CHUNK] for start in range(0, pairs, CHUNK))
        broken = sum(int(np.count_nonzero(~np.isfinite(chunk))) for chunk in chunks)
        if broken:
            raise UserError(
                f"{what}: {broken} of {pairs} values are not finite; "
                "leave out the stimuli that have no value"
            )
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "ids", ids)

    def __repr__(self) -> str:
        return f"RDM({self.name!r}, {self.n} stimuli, {self.metric!r})"

    @property
    def n(self) -> int:
        """The number of stimuli."""
        return len(self.ids)

    def square(self) -> Float[np.ndarray, "stimulus stimulus"]:
        """Return the symmetric matrix with a zero diagonal, as a new array."""
        return squareform(self.values, checks=False)

    def select(self, ids: Sequence[str]) -> RDM:
        """Return the RDM of these stimuli, in this order.

        Raises `StimulusMismatch` when an id is not in this RDM.
        """
        wanted = check_ids(ids)
        place = {id: i for i, id in enumerate(self.ids)}
        absent = [id for id in wanted if id not in place]
        if absent:
            raise StimulusMismatch(
                f"{self.name or 'this RDM'} has no stimulus {absent[0]!r} "
                f"({len(absent)} of {len(wanted)} asked for are missing)"
            )
        values = rearrange(self.values, self.n, np.array([place[id] for id in wanted]))
        values.flags.writeable = False
        return RDM(values, wanted, self.metric, self.name)

    def to_rsatoolbox(self) -> Any:
        """Return an `rsatoolbox.rdm.RDMs` of one RDM, with ids as pattern descriptor "id"."""
        from grounding.rsa.interchange import to_rsatoolbox

        return to_rsatoolbox([self])

    @classmethod
    def from_rsatoolbox(cls, rdms: Any, *, row: int | None = None, descriptor: str = "id") -> RDM:
        """Return one RDM of an `rsatoolbox.rdm.RDMs`, with ids from a pattern descriptor.

        row: which RDM, needed when there are several.

        Raises `UserError` when the descriptor is missing or `row` is needed or out of range.
        """
        from grounding.rsa.interchange import from_rsatoolbox

        known = from_rsatoolbox(rdms, descriptor=descriptor).rdms
        if row is None and len(known) > 1:
            raise UserError(f"there are {len(known)} RDMs here: give row=0 to {len(known) - 1}")
        row = 0 if row is None else row
        if not 0 <= row < len(known):
            raise UserError(f"row {row} is out of range: there are {len(known)} RDMs")
        return known[row]


def rdm(
    features: Float[np.ndarray, "stimulus feature"],
    ids: Sequence[str],
    *,
    metric: str,
    name: str = "",
    dtype: str = "float64",
) -> RDM:
    """Measure the dissimilarity of every pair of stimuli.

    metric: a name in `METRICS`. Rows that are equal are at distance exactly 0, and at exactly
        equal distances from every other row.
    dtype: how values are kept, "float64" or "float32"; they are computed in float64 either way.
        The work needs the memory of the values, of the features once more, and little else.

    Raises `UnknownName` for another metric or dtype and `UserError` for features that are not
    finite, not one row an id, or that the metric cannot take (a constant row under "correlation").

    >>> features = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    >>> rdm(features, ["a", "b", "c"], metric="euclidean").values.round(3)
    array([5.   , 1.   , 4.243])
    """
    record = lookup("metric", metric, METRICS)
    kept = lookup("dtype", dtype, DTYPES)
    ids = check_ids(ids)
    rows = np.asarray(features, dtype=np.float64, order="C")
    if rows.ndim != 2 or len(rows) != len(ids) or rows.shape[1] == 0:
        raise UserError(
            f"{len(ids)} ids need features of shape ({len(ids)}, feature), found {rows.shape}"
        )
    finite = np.isfinite(rows)
    if not finite.all():
        broken = [ids[i] for i in np.flatnonzero(~finite.all(axis=1))]
        raise UserError(f"the features of {broken[0]!r} are not finite ({len(broken)} such rows)")
    del finite  # it is as long as the features
    values = record.distances(rows, ids, kept)
    values.flags.writeable = False
    return RDM(values, ids, metric, name)


def check_ids(ids: Sequence[Hashable]) -> tuple[str, ...]:
    """Return ids as a tuple, or raise `UserError`: three or more strings, none twice."""
    names = tuple(id for id in ids if isinstance(id, str))
    if len(names) < len(ids):
        odd = next(id for id in ids if not isinstance(id, str))
        raise UserError(f"a stimulus id is a string, found {odd!r}")
    if len(names) < FEWEST:
        raise UserError(f"an RDM needs at least {FEWEST} stimuli, found {len(names)}")
    if len(set(names)) != len(names):
        twice, count = Counter(names).most_common(1)[0]
        raise UserError(f"stimulus id {twice!r} is there {count} times; ids name one stimulus each")
    return names
