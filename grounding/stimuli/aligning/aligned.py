"""What an aligner says of one stimulus: when each of its phones begins and ends, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grounding.stimuli.aligning.mapping import Part

__all__ = ["Aligned", "gathered"]

Segment = tuple[str, float, float]


@dataclass(frozen=True)
class Aligned:
    """One stimulus, aligned or not.

    segments: (phone as the manifest has it, start, end) in s, in order; each begins where the one
        before it ends, or later. Empty where it failed.
    score: natural log, a frame of 10 ms: how much less likely the phones' states are than the best
        states of the model for each frame, with the transitions; 0 is the most. None: it failed.
    failure: why there are no segments, or None.
    """

    id: str
    segments: tuple[Segment, ...]
    score: float | None
    failure: str | None = None


def gathered(
    phones: Sequence[str], parts: Sequence[Part], times: Sequence[tuple[float, float]]
) -> tuple[Segment, ...]:
    """Return the manifest's phones with the times of the parts that stand for them.

    A phone of several parts lasts from the first to the last of them. Phones that share a part
    (a diphthong that the manifest has as two) share its time equally.

    >>> gathered(["o", "ʊ"], [Part("OW", (0, 1))], [(0.0, 0.2)])
    (('o', 0.0, 0.1), ('ʊ', 0.1, 0.2))
    """
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for part, (start, end) in zip(parts, times, strict=True):
        share = (end - start) / len(part.owners)
        for k, owner in enumerate(part.owners):
            starts.setdefault(owner, round(start + k * share, 4))
            ends[owner] = round(start + (k + 1) * share, 4)
    return tuple((phone, starts[k], ends[k]) for k, phone in enumerate(phones))
