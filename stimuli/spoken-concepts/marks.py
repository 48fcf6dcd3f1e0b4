"""What is known to be wrong with a clip: measured here, or read in `marks.tsv`.

`clipped`: its samples, as decoded, go beyond full scale: the recording was overdriven.
`noisy`: its loud frames (95th percentile of levels over 10 ms) are less than 20 dB above the quiet
ones (5th). So is a clip that was cut so tightly that it has no pause.
`duration`: what is spoken lasts longer or shorter than its phones lead one to expect
(`grounding.stimuli.recorded.durations`).
`other-meaning`: the text says something else than the English one (`marks.tsv` says what).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

__all__ = ["clipped", "noisy", "other_meanings"]

SMALLEST_RANGE = 20.0  # dB


def clipped(values: Float[np.ndarray, "sample channel"]) -> bool:
    """Whether samples, as decoded, go beyond full scale."""
    return bool(np.abs(values).max() > 1)


def noisy(range_db: float) -> bool:
    """Whether a clip's loud frames are close to its quiet ones."""
    return range_db < SMALLEST_RANGE


def other_meanings(rows: Sequence[Mapping[str, str]]) -> set[tuple[str, str]]:
    """Return language and concept of each clip that `marks.tsv` lists."""
    return {(row["language"], row["concept"]) for row in rows}
