"""Run stimuli through an encoder in pieces that fit into memory, and check what comes back."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from grounding.encoders import Encoder
from grounding.encoders.steps import Steps
from grounding.errors import GroundingError
from grounding.stimuli import Stimulus

__all__ = ["ahead", "available_processors", "decoded", "encoded", "model_threads"]

MOST = 1 << 18
"""Steps times layers that are in memory at once: 1 GiB with 1024 features."""

QUOTA = Path("/sys/fs/cgroup/cpu.max")

Item = TypeVar("Item")
Made = TypeVar("Made")


def encoded(
    encoder: Encoder, stimuli: Sequence[Stimulus], layers: Sequence[str], steps: Sequence[Steps]
) -> Iterator[tuple[int, Float[np.ndarray, "layer step feature"]]]:
    """Yield the place of each stimulus and its activations, the shortest first.

    steps: those of each stimulus. The stimuli go to the encoder in pieces that are a function of
    their lengths alone.

    Raises `GroundingError` for numbers that are not finite, or another number of layers or steps
    than the encoder says that it gives.
    """
    for places in pieces([len(one) for one in steps], MOST // len(layers)):
        arrays = encoder.encode([stimuli[place] for place in places], layers)
        for place, array in zip(places, arrays, strict=True):
            _check(encoder, stimuli[place], array, (len(layers), len(steps[place])))
            yield place, array


def pieces(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Cut places into pieces of at most `most` in sum, or of one; shortest first.

    >>> pieces([5, 2, 9, 3], most=6)
    [[1, 3], [0], [2]]
    """
    cut: list[list[int]] = []
    room = 0
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        room -= lengths[place]
        if room < 0 or not cut:
            cut.append([])
            room = most - lengths[place]
        cut[-1].append(place)
    return cut


def _check(
    encoder: Encoder, stimulus: Stimulus, array: np.ndarray, expected: tuple[int, int]
) -> None:
    if array.ndim != 3 or array.shape[:2] != expected:
        raise GroundingError(
            f"{encoder.name} gave an array of {array.shape} for stimulus {stimulus.id!r}; needed "
            f"{expected[0]} layers of {expected[1]} steps, which is what it says that it gives."
        )
    if not np.isfinite(array).all():
        raise GroundingError(
            f"{encoder.name} gave numbers that are not finite for stimulus {stimulus.id!r}."
        )


class _Decoded(Stimulus):
    """A stimulus whose sound is in memory."""

    @property
    def audio(self) -> Float[np.ndarray, " sample"]:
        sound: np.ndarray = self.__dict__["_sound"]
        return sound.copy()


def decoded(encoder: Encoder, stimuli: Sequence[Stimulus]) -> list[Stimulus]:
    """Return the stimuli with their sound in memory, if the encoder hears it.

    A sound that cannot be decoded is left to the encoder, which then says so at its turn.
    """
    return [_decode(s) if encoder.sees == "audio" else s for s in stimuli]


def _decode(stimulus: Stimulus) -> Stimulus:
    if type(stimulus) is not Stimulus:
        return stimulus
    copy = object.__new__(_Decoded)
    copy.__dict__.update(stimulus.__dict__)  # what is read of the file is forgotten with the sound
    try:
        copy.__dict__["_sound"] = Stimulus.audio.__get__(copy)
    except GroundingError:
        return stimulus
    return copy


def ahead(
    items: Sequence[Item], make: Callable[[Item], Made]
) -> Generator[tuple[Item, Made], None, None]:
    """Yield each item and what is made of it, which is made in a thread, one item ahead.

    >>> list(ahead([1, 2, 3], lambda item: item**2))
    [(1, 1), (2, 4), (3, 9)]
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(make, items[0]) if items else None
        for place, item in enumerate(items):
            assert waiting is not None
            made = waiting.result()
            if place + 1 < len(items):
                waiting = pool.submit(make, items[place + 1])
            yield item, made


@contextmanager
def model_threads(encoder: Encoder) -> Iterator[None]:
    """Give torch no more threads than there are processors for this process, until the block ends.

    torch counts the machine's processors; a container or a worker of a cluster may have fewer, and
    threads that compete are slower than fewer. A smaller number that the caller set is kept.
    """
    # The encoder may load torch at its first stimulus, and the first shard must not differ.
    if "torch" not in encoder.provenance.get("versions", ()) and "torch" not in sys.modules:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(min(before, available_processors()))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def available_processors() -> int:
    """Return how many processors this process may use: its affinity and its container's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = QUOTA.read_text().split()
        allowed = max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):  # no such file, or "max": no quota
        return count or 1
    return min(count or 1, allowed)
