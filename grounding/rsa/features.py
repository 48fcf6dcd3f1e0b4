"""Features that stand for their RDM, so that the RDM itself need never be held.

Rows are read a piece at a time, whatever their type and wherever they lie, and every piece is
converted to float64: a memory-mapped array is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa.metrics import METRICS
from grounding.rsa.rdm import check_ids
from grounding.tables import lookup

__all__ = ["Centred", "Features", "centre", "pieces"]

PIECE = 1024  # rows that are checked at a time


@dataclass(frozen=True, eq=False)
class Features:
    """The features of named stimuli, and the metric that makes an RDM of them.

    values: one row a stimulus, of any floating-point type; not copied, and read-only from here.
        May be memory-mapped (`np.load(path, mmap_mode="r")`).
    ids: the stimuli, in the order of rows.
    metric: a name in `METRICS`.
    name: what they are of, such as "whisper-tiny.en layer 1"; may be empty.

    Raises what `rdm` raises for the same features.

    >>> Features(np.zeros((3, 2), np.float32), ("a", "b", "c"), "euclidean", "layer 1")
    Features('layer 1', 3 stimuli, 'euclidean')
    """

    values: Float[np.ndarray, "stimulus feature"]
    ids: tuple[str, ...]
    metric: str
    name: str = ""

    def __post_init__(self) -> None:
        lookup("metric", self.metric, METRICS)
        ids = check_ids(self.ids)
        values = np.asarray(self.values).view()
        what = f"features {self.name!r}" if self.name else "features"
        if values.ndim != 2 or len(values) != len(ids) or values.shape[1] == 0:
            raise UserError(
                f"{what}: {len(ids)} ids need features of shape ({len(ids)}, feature), "
                f"found {values.shape}"
            )
        if values.dtype.kind != "f":
            raise UserError(
                f"{what}: values are to be floating-point numbers, found {values.dtype}; "
                "convert them with .astype"
            )
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "ids", ids)
        broken: list[str] = []
        for part in pieces(self.n, PIECE):
            good = np.isfinite(values[part]).all(axis=1)
            broken += [ids[part][i] for i in np.flatnonzero(~good)]
            if not broken:
                self.points(part)  # refuses what the metric cannot take
        if broken:
            raise UserError(
                f"{what}: the row of {broken[0]!r} is not finite ({len(broken)} such rows)"
            )

    def __repr__(self) -> str:
        return f"Features({self.name!r}, {self.n} stimuli, {self.metric!r})"

    @property
    def n(self) -> int:
        """The number of stimuli."""
        return len(self.ids)

    def points(self, part: slice) -> Float[np.ndarray, "stimulus feature"]:
        """Return the points of some stimuli, as a new array; see `Metric`."""
        rows = np.asarray(self.values[part], dtype=np.float64, order="C")
        return METRICS[self.metric].point(rows, self.ids[part])

    def select(self, ids: Sequence[str]) -> Features:
        """Return the features of these stimuli, in this order, as a copy.

        Raises `StimulusMismatch` when an id is not among these stimuli.
        """
        wanted = check_ids(ids)
        place = {id: i for i, id in enumerate(self.ids)}
        absent = [id for id in wanted if id not in place]
        if absent:
            raise StimulusMismatch(
                f"{self.name or 'these features'} have no stimulus {absent[0]!r} "
                f"({len(absent)} of {len(wanted)} asked for are missing)"
            )
        return Features(self.values[[place[id] for id in wanted]], wanted, self.metric, self.name)


@dataclass(frozen=True, eq=False)
class Centred:
    """The points of features, moved so that their mean is zero.

    first: the point of the first stimulus. It is taken off before the mean of the rest, so that
        an offset that all points share costs no digits.
    mean: the mean of the points less the first.
    """

    features: Features
    first: Float[np.ndarray, " feature"]
    mean: Float[np.ndarray, " feature"]

    def points(self, part: slice) -> Float[np.ndarray, "stimulus feature"]:
        """Return the moved points of some stimuli, as a new array."""
        points = self.features.points(part)
        points -= self.first
        points -= self.mean
        return points


def centre(features: Features, size: int) -> Centred:
    """Find the mean of the points, reading `size` rows at a time."""
    first = features.points(slice(0, 1))[0]
    total = np.zeros_like(first)
    for part in pieces(features.n, size):
        points = features.points(part)
        points -= first
        total += points.sum(axis=0)
    return Centred(features, first, total / features.n)


def pieces(n: int, size: int) -> Iterator[slice]:
    """Cut n stimuli into runs of `size`, the last one shorter."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
