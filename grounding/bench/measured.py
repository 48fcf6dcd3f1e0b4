"""What a benchmark of extraction found, and the means to find it in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from grounding.activations.trials import peak

__all__ = ["SENSES", "Measured", "alone", "peak_mib", "relative_difference"]

MIB = 2**20

Result = TypeVar("Result")

SENSES: Mapping[str, str] = {"as long": "at most", "as fast": "at least", "as much": "at most"}
"""What a ratio says: how many times as long as the other, as fast, as much; and what is wanted."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One row of the table.

    what, against: ours, and what it is held against.
    ours, theirs: of both, in `unit`; None where nothing is compared.
    sense: what the ratio says, a name in `SENSES`.
    limit: the ratio that is wanted; None where none is.
    peak: MiB by which ours raised the peak of its process' memory, or None.
    difference: between the results of both; None where neither gives a result to compare.
    bound: the largest difference that is called equal.
    """

    what: str
    against: str
    ours: float
    theirs: float | None = None
    unit: str = "s"
    sense: str = "as long"
    limit: float | None = None
    peak: float | None = None
    difference: float | None = None
    bound: float = 0.0

    @property
    def ratio(self) -> float | None:
        """Ours by theirs; how many times as fast is theirs by ours."""
        if self.theirs is None:
            return None
        over, under = self.ours, self.theirs
        if self.sense == "as fast":
            over, under = under, over
        return over / under if under else float("inf")

    @property
    def wanted(self) -> str:
        """What the ratio should be, in words."""
        return "" if self.limit is None else f"{SENSES[self.sense]} {self.limit:g}"

    @property
    def differs(self) -> bool:
        """Whether the results are not equal within the bound; not a number is not equal."""
        return self.difference is not None and not self.difference <= self.bound

    @property
    def verdict(self) -> str:
        """Return "differs", "missed", "met", or "equal" where no ratio is wanted."""
        if self.differs:
            return "differs"
        if self.limit is None or self.ratio is None:
            return "" if self.difference is None else "equal"
        least = SENSES[self.sense] == "at least"
        met = self.ratio >= self.limit if least else self.ratio <= self.limit
        return "met" if met else "missed"


def relative_difference(
    ours: Float[np.ndarray, "layer stimulus feature"],
    theirs: Float[np.ndarray, "layer stimulus feature"],
) -> float:
    """Return the largest distance of two vectors of a layer and a stimulus, by their length.

    Arrays of other shapes differ by infinity.

    >>> relative_difference(np.array([[[3.0, 4.5]]]), np.array([[[3.0, 4.0]]]))
    0.1
    """
    if ours.shape != theirs.shape:
        return float("inf")
    apart = np.linalg.norm(ours.astype(np.float64) - theirs, axis=-1)
    return float((apart / np.linalg.norm(theirs.astype(np.float64), axis=-1)).max())


def alone(work: Callable[..., Result], *arguments: Any) -> Result:
    """Do work in a process of its own, so that the peak of its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def peak_mib(forget: bool = False) -> float:
    """Return the peak of this process' memory in MiB, or of what follows, as Linux tells it.

    forget: let the peak start again from what is in memory now. Elsewhere than on Linux nothing is
    forgotten.
    """
    if forget:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    return peak() / MIB
