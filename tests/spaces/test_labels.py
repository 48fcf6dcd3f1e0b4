"""Two stimuli share a label or they do not."""

from __future__ import annotations

import pytest

from grounding.spaces import space, why_missing


def labelled(make_set, field, labels):
    return make_set(len(labels), fields=[{field: label} for label in labels])


@pytest.mark.parametrize(
    ("name", "labels"), [("language", ["en", "fr", "en", "ru"]), ("speaker", ["a", "b", "a", "c"])]
)
def test_stimuli_of_one_label_are_at_0_and_others_at_1(make_set, name, labels):
    found = space(name, labelled(make_set, name, labels)).rdm()
    # Pairs in order: 01 02 03 12 13 23; only 0 and 2 share a label.
    assert found.values.tolist() == [1.0, 0.0, 1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("language", ["en", "en", "en"]),
        ("language", ["en", "fr", "ru"]),
        ("speaker", ["a", "a", "a"]),
    ],
)
def test_labels_that_sort_nothing_make_no_space(make_set, name, labels):
    assert "all distances are equal" in why_missing(name, labelled(make_set, name, labels))


def test_a_speaker_who_is_not_named_is_pointed_at(make_set):
    stimuli = make_set(3, fields=[{"speaker": "a"}, {}, {"speaker": "b"}])
    assert "stimulus 's1' names no speaker" in why_missing("speaker", stimuli)
