"""How far found boundaries between phones are from known ones, and how far guesses would be.

A known time is the requested one (the attribute `segments` of a set that was not aligned here) or
the acoustic one (`truth`, where the simulator's arrays are there). Only those boundaries count
where the known segments meet. Two controls look at no sound:

- equal: all phones equally long;
- typical: each phone as long, in proportion, as it is on average in the other words of the set.

Both are given when the first phone begins and the last one ends, which the aligner has to find (its
error there: `EDGES`); for "typical, own ends" these are the aligner's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.stimuli.aligning.aligned import Segment
from grounding.stimuli.aligning.classes import boundary_class
from grounding.stimuli.aligning.truth import acoustic_times
from grounding.stimuli.stimulus import Stimulus

__all__ = ["EDGES", "Boundary", "boundaries", "known_segments", "stretched", "typical_seconds"]


EDGES = ("begin of the first phone", "end of the last phone")
MEET = 1e-3  # s: known segments farther apart than this have a pause between them


@dataclass(frozen=True)
class Boundary:
    """One boundary of an utterance; times in s, None where there is none.

    label: one of `classes.CLASSES` or of `EDGES`. found: by name of what looked for it.
    """

    label: str
    requested: float
    acoustic: float | None
    found: Mapping[str, float]


def known_segments(stimulus: Stimulus) -> tuple[Segment, ...]:
    """Return the segments that a stimulus came with; raises `UserError` without any."""
    segments = stimulus.attributes.get("segments")
    if not segments or "aligner" in stimulus.attributes:
        raise UserError(
            f"{stimulus.place}: stimulus {stimulus.id!r} has no segments of its own; needed the "
            "attribute 'segments' from elsewhere, to hold an aligner against it"
        )
    return tuple((phone, start, end) for phone, start, end in segments)


def typical_seconds(stimuli: Sequence[Stimulus]) -> dict[str, dict[str, float]]:
    """Return, by transcript, the mean length of every phone in the stimuli of other transcripts.

    A phone that no other transcript has is given the mean of all phones.
    """
    lengths: dict[str, dict[str, list[float]]] = {}
    for stimulus in stimuli:
        for phone, start, end in known_segments(stimulus):
            lengths.setdefault(phone, {}).setdefault(stimulus.transcript, []).append(end - start)
    everything = float(np.mean([x for by in lengths.values() for xs in by.values() for x in xs]))

    def mean(phone: str, transcript: str) -> float:
        others = [x for t, xs in lengths[phone].items() if t != transcript for x in xs]
        return float(np.mean(others)) if others else everything

    return {t: {p: mean(p, t) for p in lengths} for t in {s.transcript for s in stimuli}}


def stretched(seconds: Sequence[float], start: float, end: float) -> Float[np.ndarray, " boundary"]:
    """Return the inner boundaries of phones of these lengths, stretched to last from start to end.

    >>> stretched([1, 3], 0.0, 0.2).tolist()
    [0.05]
    """
    ends = np.cumsum(np.asarray(seconds, dtype=float))
    return start + (end - start) * ends[:-1] / ends[-1]


def boundaries(
    stimulus: Stimulus, aligned: Sequence[Segment], seconds: Mapping[str, float]
) -> list[Boundary]:
    """Return the edges of a stimulus and its boundaries, and where aligner and controls put them.

    aligned: the aligner's segments. seconds: `typical_seconds` of its transcript. Where the aligner
    has a pause, its boundary is in the middle of that.
    """
    known = known_segments(stimulus)
    first, last = known[0][1], known[-1][2]
    typical = [seconds[phone] for phone, *_ in known]
    guesses = {
        "equal": stretched([1.0] * len(known), first, last),
        "typical": stretched(typical, first, last),
        "typical, own ends": stretched(typical, aligned[0][1], aligned[-1][2]),
    }
    acoustic: Sequence[float | None] = [None] * len(known)
    if stimulus.articulation_path is not None:
        acoustic = acoustic_times(known, stimulus.articulation)
    edges = ((first, aligned[0][1]), (last, aligned[-1][2]))
    found = [
        Boundary(label, time, None, {"aligner": mine})
        for label, (time, mine) in zip(EDGES, edges, strict=True)
    ]
    for k, ((left, _, end), (right, start, _)) in enumerate(pairwise(known)):
        if abs(start - end) > MEET:
            continue
        times = {"aligner": (aligned[k][2] + aligned[k + 1][1]) / 2}
        times |= {name: float(guess[k]) for name, guess in guesses.items()}
        label = boundary_class(left, right)
        found.append(Boundary(label, end, acoustic[k], times))
    return found
