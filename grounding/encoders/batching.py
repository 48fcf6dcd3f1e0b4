"""Put inputs together so that nothing is ever padded.

Padding leaks: group normalisation (wav2vec 2.0 base) takes its statistics over padded frames, and
a model without a pad token needs one invented. So a batch holds inputs of one length only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

__all__ = ["equal_length_batches"]


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
