"""Edit distance between strings of symbols, for all pairs at once.

The cheapest way to turn one string into the other by deleting, inserting and replacing symbols
(Levenshtein 1966; Wagner & Fischer 1974), with any cost of replacing and one cost of deleting or
inserting. The costs must make a distance of it: symmetric, zero on the diagonal.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float

__all__ = ["edit_distances", "unit_costs"]


def unit_costs(n_symbols: int) -> Float[np.ndarray, "symbol symbol"]:
    """Return the costs of Levenshtein's distance: 1 to replace a symbol by another, else 0."""
    return 1.0 - np.eye(n_symbols)


def edit_distances(
    strings: Sequence[Sequence[Hashable]],
    symbols: Sequence[Hashable],
    replace: Float[np.ndarray, "symbol symbol"],
    indel: float,
) -> Float[np.ndarray, "string string"]:
    """Return the edit distance between every two of `strings`.

    `replace[i, j]` is the cost of replacing `symbols[i]` by `symbols[j]`, `indel` that of
    deleting or inserting any symbol. A symbol that `symbols` does not hold is a KeyError.

    >>> edit_distances(["cat", "hat", "at"], "acht", unit_costs(4), 1.0)
    array([[0., 1., 1.],
           [1., 0., 1.],
           [1., 1., 0.]])
    """
    index = {symbol: i for i, symbol in enumerate(symbols)}
    coded = [np.array([index[s] for s in string], dtype=np.intp) for string in strings]
    # Longest first, so that a string meets no longer ones and the table is no wider than needed.
    order = sorted(range(len(coded)), key=lambda i: -len(coded[i]))
    lengths = np.array([len(coded[i]) for i in order], dtype=np.intp)
    padded = np.zeros((len(coded), int(lengths.max(initial=0))), dtype=np.intp)
    for codes, i in zip(padded, order, strict=True):
        codes[: len(coded[i])] = coded[i]
    # With one cost of inserting, the left-to-right recursion along a row of the table is a running
    # minimum once that cost is taken off, so only the rows remain a loop.
    distances = np.zeros((len(coded), len(coded)))
    for k, i in enumerate(order):
        others = padded[k:, : lengths[k]]
        ramp = indel * np.arange(lengths[k] + 1)
        row = np.tile(ramp, (len(others), 1))
        for depth, symbol in enumerate(coded[i], start=1):
            best = row + indel
            np.minimum(best[:, 1:], row[:, :-1] + replace[symbol][others], out=best[:, 1:])
            best[:, 0] = depth * indel
            row = np.minimum.accumulate(best - ramp, axis=1) + ramp
        found = row[np.arange(len(others)), lengths[k:]]
        distances[i, order[k:]] = found
        distances[order[k:], i] = found
    np.fill_diagonal(distances, 0.0)
    return distances
