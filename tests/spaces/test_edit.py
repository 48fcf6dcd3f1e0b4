"""Edit distances of all pairs at once, against a plain table filled cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grounding.spaces.edit import edit_distances, unit_costs

SYMBOLS = "abcd"


def slow(first, second, replace, indel):
    table = np.zeros((len(first) + 1, len(second) + 1))
    table[:, 0] = indel * np.arange(len(first) + 1)
    table[0] = indel * np.arange(len(second) + 1)
    for i, a in enumerate(first, start=1):
        for j, b in enumerate(second, start=1):
            cost = replace[SYMBOLS.index(a), SYMBOLS.index(b)]
            table[i, j] = min(
                table[i - 1, j] + indel, table[i, j - 1] + indel, table[i - 1, j - 1] + cost
            )
    return table[-1, -1]


@settings(max_examples=60, deadline=None)
@given(
    strings=st.lists(st.text(SYMBOLS, max_size=9), min_size=1, max_size=6),
    seed=st.integers(0, 100),
)
def test_every_pair_agrees_with_the_plain_table_for_any_costs(strings, seed):
    half = np.triu(np.random.default_rng(seed).uniform(0.1, 3.0, (4, 4)), k=1)
    replace = half + half.T
    found = edit_distances(strings, SYMBOLS, replace, 0.7)
    wanted = [[slow(a, b, replace, 0.7) for b in strings] for a in strings]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_textbook_distances_come_out():
    words = ["kitten", "sitting", ""]
    symbols = sorted(set("".join(words)))
    found = edit_distances(words, symbols, unit_costs(len(symbols)), 1.0)
    assert found.tolist() == [[0, 3, 6], [3, 0, 7], [6, 7, 0]]


def test_no_strings_give_no_distances():
    assert edit_distances([], "a", unit_costs(1), 1.0).shape == (0, 0)


def test_a_symbol_without_a_cost_is_refused():
    with pytest.raises(KeyError, match="z"):
        edit_distances(["az"], "a", unit_costs(1), 1.0)
