"""Phones are sorted as panphon and the IPA chart have them, and stand where their segments are."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.errors import UnknownName, UserError
from grounding.probes.phonetic import (
    CONSONANTS,
    FEATURES,
    PROPERTIES,
    VOWELS,
    by_class,
    phonetic,
    signed,
    signs,
)
from grounding.stimuli import Stimulus
from grounding.stimuli.ipa import feature_table, features, segments


@pytest.fixture
def words(say):
    return say([["b", "aɪ"], ["t", "i"], ["m", "u"]])


def numeric(phone):
    return dict(zip(feature_table().names, features(segments(phone)[-1]), strict=False))


def test_features_are_named_as_panphon_names_them():
    assert tuple(feature_table().names[: len(FEATURES)]) == FEATURES


def test_the_chart_agrees_with_panphon():
    """What panphon says of syllables, nasality and voice is what the chart says."""
    for letter in VOWELS:
        assert features(segments(letter)[0])[FEATURES.index("syl")] == 1
        assert PROPERTIES["manner"].of(letter) == "vowel"
    for letter, (manner, place) in CONSONANTS.items():
        found = numeric(letter)
        assert found["syl"] == -1
        assert (found["nas"] == 1) == (manner == "nasal"), letter
        assert (place in ("bilabial", "labiodental")) <= (found["lab"] == 1), letter
        voicing = PROPERTIES["voicing"].of(letter)
        assert (voicing is not None) == (manner in ("plosive", "fricative"))
        if voicing:
            assert (voicing == "voiced") == (found["voi"] == 1), letter


@pytest.mark.parametrize(
    ("phone", "manner", "place", "voicing"),
    [
        ("t͡ʃ", "affricate", "postalveolar", "voiceless"),
        ("tʃ", "affricate", "postalveolar", "voiceless"),
        ("d͡ʒː", "affricate", "postalveolar", "voiced"),
        ("ç", "fricative", "palatal", "voiceless"),
        ("kʲ", "plosive", "velar", "voiceless"),
        ("lˠ", "lateral", "alveolar", None),
        ("g", "plosive", "velar", "voiced"),
        ("ɝ", "vowel", None, None),
        ("ɛ̃", "vowel", None, None),
        ("aʊ", "vowel", None, None),
    ],
)
def test_marks_and_ties_are_read(phone, manner, place, voicing):
    found = [PROPERTIES[name].of(phone) for name in ("manner", "place", "voicing")]
    assert found == [manner, place, voicing]


@pytest.mark.parametrize("name", PROPERTIES)
def test_one_hot_targets_lie_where_the_segments_do(name, words):
    task = phonetic(words, name)
    times = np.array([0.05, 0.1, 0.19, 0.2, 0.29, 0.3, 0.35])
    for stimulus in words:
        found = task.at(stimulus, times)
        expected = [None, *[stimulus.phones[0]] * 2, *[stimulus.phones[1]] * 2, None, None]
        for row, phone in zip(found, expected, strict=True):
            of = PROPERTIES[name].of(phone) if phone else None
            if of is None:
                assert np.isnan(row).all()
            else:
                assert row.sum() == 1 and task.columns[int(row.argmax())] == of


def test_targets_do_not_change_what_is_kept(words):
    task = phonetic(words, "phone")
    before = task.values[words[0].id].copy()
    task.at(words[0], np.array([0.0, 9.0]))
    np.testing.assert_array_equal(task.values[words[0].id], before)


def test_signed_targets_are_the_mean_over_a_phones_segments(words):
    task = signed(words)
    found = task.at(words[0], np.array([0.15, 0.25]))
    np.testing.assert_array_equal(found[0], features("b"))
    np.testing.assert_array_equal(found[1], (features("a") + features("ɪ")) / 2)
    assert task.columns == FEATURES and not signs("aɪ").flags.writeable


def test_the_phone_of_a_time_is_named(words):
    task = phonetic(words, "phone")
    said = task.phones(words, np.array([0, 2, 2]), np.array([0.15, 0.25, 0.05]))
    assert said == ["b", "u", ""]


def with_segments(stimulus, spans):
    record = {**stimulus.record(), "attributes": {"segments": spans}}
    return Stimulus.from_record(record, stimulus.folder)


def test_what_cannot_be_sorted_is_refused(words, say):
    with pytest.raises(UnknownName, match=r"unknown phonetic property 'maner'.*'manner'"):
        phonetic(words, "maner")
    with pytest.raises(UserError, match=r"1 classes of 'place' \(bilabial\).*two or more"):
        phonetic(say([["b", "a"], ["p", "i"]]), "place")
    with pytest.raises(UserError, match="no attribute 'segments'"):
        phonetic([with_segments(words[0], [])], "phone")
    with pytest.raises(UserError, match=r"'p' starts at 0\.15 s, before 'b' ends at 0\.2 s"):
        phonetic([with_segments(words[0], [["b", 0.1, 0.2], ["p", 0.15, 0.3]])], "phone")
    with pytest.raises(UserError, match="the letter 'ǃ', which has no place in the chart"):
        PROPERTIES["manner"].of("ǃ")
    with pytest.raises(UserError, match=f"not known of stimulus '{words[0].id}'"):
        by_class(words[1:], "first", str).at(words[0], np.array([0.1]))
