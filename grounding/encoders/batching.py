"""Put inputs together by length.

Padding leaks unless the model is kept from seeing it (see `own_frames`), so a batch holds inputs
of one length, or, for a family that is proof against padding, of lengths near each other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

__all__ = ["batches_by_length", "batches_by_sum", "equal_length_batches", "rung"]

RATIO = 1.15
"""From one rung of the ladder of lengths to the next: the most that a recording is padded by."""


def equal_length_batches(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Return positions grouped by equal length, at most `size` to a group, shortest first.

    >>> equal_length_batches([3, 1, 3, 3], size=2)
    [[1], [0, 2], [3]]
    """
    by_length: dict[int, list[int]] = defaultdict(list)
    for position, length in enumerate(lengths):
        by_length[length].append(position)
    return [
        positions[start : start + size]
        for _, positions in sorted(by_length.items())
        for start in range(0, len(positions), size)
    ]


def rung(length: int) -> int:
    """Return the least rung of the ladder of lengths that is not below `length`.

    torch compiles its convolutions anew for each shape that it meets (some 0.2 s for those of
    wav2vec 2.0), so padded batches have few shapes: lengths of the ladder, sizes that are powers
    of two.

    >>> rung(8000), rung(9000), rung(rung(9000))
    (8818, 10141, 10141)
    """
    step = max(0, math.floor(math.log(max(length, 1)) / math.log(RATIO)))
    while math.ceil(RATIO**step) < length:
        step += 1
    return math.ceil(RATIO**step)


def batches_by_length(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Return positions in groups of one rung each, shortest first.

    A group holds a power of two, at most `size`.

    >>> batches_by_length([300, 100, 310, 101, 120, 301], size=2)
    [[1, 3], [4], [0, 5], [2]]
    """
    by_rung: dict[int, list[int]] = defaultdict(list)
    for position in sorted(range(len(lengths)), key=lambda position: lengths[position]):
        by_rung[rung(lengths[position])].append(position)
    batches = []
    for _, positions in sorted(by_rung.items()):
        while positions:
            most = min(size, len(positions))
            taken = 1 << (most.bit_length() - 1)
            batches.append(positions[:taken])
            positions = positions[taken:]
    return batches


def batches_by_sum(lengths: Sequence[int], most: int, size: int | None = None) -> list[list[int]]:
    """Return positions in groups of near lengths, shortest first.

    A group, padded to its longest, holds at most `most` in all, and at most `size` positions; or
    one position.

    >>> batches_by_sum([3, 9, 4, 20, 4], most=12)
    [[0, 2, 4], [1], [3]]
    """
    batches: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lambda position: lengths[position]):
        full = not batches or (len(batches[-1]) + 1) * lengths[position] > most
        if full or len(batches[-1]) == size:
            batches.append([])
        batches[-1].append(position)
    return batches
