"""Cut stimuli into shards: near lengths together, so that batches are full and little is padded.

Cuts are made of what is missing, from the shortest up, each as large as it may be. Taking whole
cuts away moves none of the others, so that a run which is killed and resumed, and runs that share
the work, make the same shards. The order in which stimuli are given moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from grounding.encoders import Encoder
from grounding.stimuli import Stimulus

__all__ = ["Sized", "cut", "sized"]

SECONDS = 600.0
"""Of sound in a shard of more than one: bounds what is decoded at once, and what a kill loses."""


class Sized(NamedTuple):
    """A stimulus' key, after how much there is of it: characters, or seconds of sound."""

    size: float
    seconds: float
    key: str


def sized(encoder: Encoder, stimulus: Stimulus, key: str) -> Sized:
    """Return a key with how much the encoder reads of its stimulus, from the file's header."""
    if encoder.sees != "audio":
        return Sized(len(stimulus.transcript), 0.0, key)
    samples = _samples(stimulus) if stimulus.samples is None else stimulus.samples
    return Sized(samples / stimulus.rate, samples / stimulus.rate, key)


def _samples(stimulus: Stimulus) -> int:
    """Return the length of a recording, read through a copy.

    A stimulus remembers its header, which takes more memory than all else that extraction keeps.
    """
    copy = object.__new__(type(stimulus))
    copy.__dict__.update(stimulus.__dict__)
    return copy.header.samples


def cut(keys: Iterable[Sized], count: int) -> list[tuple[Sized, ...]]:
    """Return keys in cuts of at most `count` and `SECONDS`, or of one; shortest first.

    >>> some = [Sized(size, size, str(size)) for size in (3.0, 300.0, 400.0, 1.0, 2.0)]
    >>> [[one.key for one in part] for part in cut(some, 2)]
    [['1.0', '2.0'], ['3.0', '300.0'], ['400.0']]
    """
    cuts: list[tuple[Sized, ...]] = []
    part: list[Sized] = []
    seconds = 0.0
    for one in sorted(keys):
        seconds += one.seconds
        if part and (len(part) == count or seconds > SECONDS):
            cuts.append(tuple(part))
            part, seconds = [], one.seconds
        part.append(one)
    return [*cuts, tuple(part)] if part else cuts
