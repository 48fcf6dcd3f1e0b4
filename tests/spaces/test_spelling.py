"""Spelling and length of transcripts, against Levenshtein distances worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.spaces import space, spaces
from grounding.spaces.spelling import (
    length_missing,
    length_rdm,
    spelling_distances,
    spelling_missing,
    spelling_rdm,
)


@pytest.fixture
def spoken(make_set):
    """Return a function that makes stimuli with these transcripts."""
    return lambda *texts: make_set(len(texts), fields=[{"transcript": text} for text in texts])


def test_distance_is_the_share_of_letters_changed():
    found = spelling_distances(["kitten", "sitting", "kitten"])
    np.testing.assert_allclose(found[0], [0, 3 / 7, 0])


def test_nothing_in_common_is_one_and_order_of_letters_counts():
    found = spelling_distances(["abc", "xyz", "cab"])
    assert found[0, 1] == 1
    assert found[0, 2] == pytest.approx(2 / 3)


def test_case_and_the_way_an_accent_is_stored_do_not_count_but_the_accent_does():
    found = spelling_distances(["Été", "e\u0301te\u0301", "ete"])
    assert found[0, 1] == 0
    assert found[0, 2] == pytest.approx(2 / 3)


def test_empty_texts_are_equal_and_far_from_any_other():
    np.testing.assert_array_equal(spelling_distances(["", "", "ab"])[0], [0, 0, 1])


def test_stimuli_get_the_distances_of_their_transcripts(spoken):
    stimuli = spoken("cat", "hat", "cat", "house")
    found = spelling_rdm(stimuli)
    assert found.ids == stimuli.ids
    np.testing.assert_allclose(found.square(), spelling_distances(stimuli.transcripts))
    assert found.square()[0, 2] == 0


def test_length_is_the_difference_in_characters(spoken):
    found = length_rdm(spoken("cat", "hat", "horses", "a b"))
    np.testing.assert_array_equal(found.values, [0, 3, 0, 3, 0, 3])


def test_every_set_has_both(spoken):
    stimuli = spoken("un", "deux", "trois")
    assert spelling_missing(stimuli) is None
    assert length_missing(stimuli) is None
    assert {"spelling", "length"} <= set(spaces(stimuli))
    assert space("length", stimuli).units == "characters"


def test_long_transcripts_of_many_stimuli_take_no_time(spoken):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcdefgh "), size=60)) for _ in range(150)]
    found = spelling_distances(texts)
    assert found.shape == (150, 150)
    assert (found[~np.eye(150, dtype=bool)] > 0.5).all()
