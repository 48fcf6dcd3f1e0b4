"""Where each step of an encoder lies in what it reads: samples of audio, or characters of text.

Places are borders between samples: sample k lies between k and k + 1, and a step that reads the
first 400 samples has start 0, end 400 and centre 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import GroundingError

__all__ = ["Steps", "even_steps"]


@dataclass(frozen=True, eq=False)
class Steps:
    """Where each step lies.

    start: the first sample (character) of the front end's receptive field; below 0 where it pads.
    end: one past the last; beyond the recording's length where it pads.
    unit: what `start` and `end` count.
    rate: of "sample" in Hz; None for characters.
    hop: samples from one step to the next; None where steps are not even.
    middle: the front end's own centre where its field is lopsided; None is halfway.
    """

    start: Int[np.ndarray, " step"]
    end: Int[np.ndarray, " step"]
    unit: Literal["sample", "character"]
    rate: int | None = None
    hop: int | None = None
    middle: Float[np.ndarray, " step"] | None = None

    def __post_init__(self) -> None:
        if self.start.shape != self.end.shape or not (self.start < self.end).all():
            raise GroundingError("each step needs a start and an end after it.")
        if (self.unit == "sample") != (self.rate is not None):
            raise GroundingError(f"steps counted by {self.unit} have the rate {self.rate}.")

    def __len__(self) -> int:
        return len(self.start)

    @property
    def centre(self) -> Float[np.ndarray, " step"]:
        """The middle of each step, in samples or characters."""
        return (self.start + self.end) / 2 if self.middle is None else self.middle

    def cells(self) -> tuple[Float[np.ndarray, " step"], Float[np.ndarray, " step"]]:
        """Return from where to where a step stands for the sound when spans are pooled.

        Half a hop to either side of its centre, so that even steps share out the time between
        them; start to end where steps are not even.
        """
        if self.hop is None:
            return self.start.astype(np.float64), self.end.astype(np.float64)
        return self.centre - self.hop / 2, self.centre + self.hop / 2

    def weights(self, start: float, end: float) -> Float[np.ndarray, " step"]:
        """Return how much of the span from `start` to `end` each step's cell holds.

        In samples or characters; 0 for a step whose cell lies outside.

        >>> even_steps(3, hop=320, field=400, rate=16_000).weights(200, 600)
        array([160., 240.,   0.])
        """
        low, high = self.cells()
        return np.maximum(0.0, np.minimum(high, end) - np.maximum(low, start))


def even_steps(
    count: int, *, hop: int, field: int, rate: int, first: int = 0, centre: float | None = None
) -> Steps:
    """Return `count` steps of audio, `hop` samples apart, each reading `field` samples.

    first: where the first step starts. centre: the first step's centre, if not halfway.

    >>> even_steps(2, hop=320, field=400, rate=16_000).centre
    array([200., 520.])
    """
    start = first + hop * np.arange(count)
    middle = None if centre is None else centre + hop * np.arange(count, dtype=np.float64)
    return Steps(start, start + field, "sample", rate, hop, middle)
