"""Phone strings weighted by articulatory features, against panphon's own distance."""

from __future__ import annotations

import numpy as np
import panphon.distance
import pytest

from grounding.errors import UserError
from grounding.spaces import space, spaces
from grounding.spaces.phones import (
    ARPABET,
    ipa_from_arpabet,
    phone_distances,
    phone_string_rdm,
    phones_missing,
)

BAT, PAT, MAT, SAT = (("b", "æ", "t"), ("p", "æ", "t"), ("m", "æ", "t"), ("s", "æ", "t"))


@pytest.fixture(scope="module")
def panphon_distance():
    return panphon.distance.Distance()


def test_distances_are_panphons_a_segment(panphon_distance):
    strings = [BAT, ("b", "a", "t", "a"), ("t͡ʃ", "a", "ɪ"), ("ɲ", "iː"), ("sʲ", "ɨ", "s", "t")]
    found = phone_distances(strings)
    weights = sum(panphon_distance.fm.weights)
    for i, a in enumerate(strings):
        for j, b in enumerate(strings):
            cost = panphon_distance.weighted_feature_edit_distance("".join(a), "".join(b))
            np.testing.assert_allclose(found[i, j], cost / weights / max(len(a), len(b)))


def test_voicing_is_a_smaller_step_than_manner_and_place():
    found = phone_distances([BAT, PAT, SAT])
    assert 0 < found[0, 1] < found[0, 2]


def test_distances_are_those_of_a_metric_space_before_normalisation():
    strings = [ipa_from_arpabet([phone]) for phone in ARPABET]
    found = phone_distances(strings)
    assert np.array_equal(found, found.T)
    assert not np.diag(found).any()
    assert (found + np.eye(len(found)) > 0).all()


def test_one_phone_left_out_costs_one_segment_of_the_longer():
    assert phone_distances([("b", "æ", "t"), ("æ", "t")])[0, 1] == pytest.approx(1 / 3)


def test_ways_to_write_one_phone_are_one_but_another_letter_is_not():
    found = phone_distances([("g",), ("ɡ",), ("tʃ",), ("t͡ʃ",), ("ɝ",), ("ɜɹ",), ("d",)])
    assert found[0, 1] == found[2, 3] == found[4, 5] == 0
    assert found[0, 6] > 0


def test_an_affricate_is_one_segment_and_two_phones_are_two():
    assert phone_distances([("tʃ",), ("t", "ʃ")])[0, 1] > 0


def test_all_phones_of_the_dictionary_have_ipa_that_panphon_knows():
    assert len(ARPABET) == 39
    assert len(set(ARPABET.values())) == 39
    assert ipa_from_arpabet(["B", "AH1", "N", "AH0"]) == ("b", "ʌ", "n", "ə")


def test_a_phone_that_is_no_arpabet_is_refused():
    with pytest.raises(UserError, match="'Q' is no ARPAbet phone"):
        ipa_from_arpabet(["Q"])


@pytest.mark.parametrize("phone", ["!", "ˈa", "a!", "7"])
def test_a_symbol_that_panphon_would_drop_is_refused(phone):
    with pytest.raises(UserError, match="is not IPA as panphon knows it"):
        phone_distances([("b", phone)])


def test_an_empty_string_is_refused():
    with pytest.raises(UserError, match="phone string is empty"):
        phone_distances([BAT, ()])


def test_realisations_share_their_phones_and_keep_their_place(make_set):
    strings = [BAT, MAT, BAT, SAT]
    stimuli = make_set(4, fields=[{"phones": list(s)} for s in strings])
    found = phone_string_rdm(stimuli)
    assert found.ids == stimuli.ids
    np.testing.assert_array_equal(found.square(), phone_distances(strings))
    assert found.square()[0, 2] == 0
    assert "phones" in spaces(stimuli)
    np.testing.assert_array_equal(space("phones", stimuli).rdm().values, found.values)


def test_order_of_the_stimuli_moves_no_distance(make_set):
    strings = [BAT, MAT, SAT, ("a",)]
    stimuli = make_set(4, fields=[{"phones": list(s)} for s in strings])
    turned = phone_string_rdm(stimuli.select(stimuli.ids[::-1]))
    np.testing.assert_array_equal(
        turned.select(stimuli.ids).values, phone_string_rdm(stimuli).values
    )


def test_stimuli_without_phones_are_named(make_set):
    stimuli = make_set(3, fields=[{"phones": ["a"]}, {}, {}])
    reason = phones_missing(stimuli)
    assert reason is not None
    assert "2 of 3 stimuli have no phones (the first is 's1')" in reason
    assert "phones" not in spaces(stimuli)
    with pytest.raises(UserError, match="2 of 3 stimuli have no phones"):
        phone_string_rdm(stimuli)


def test_a_stimulus_with_a_wrong_phone_is_named(make_set):
    stimuli = make_set(3, fields=[{"phones": ["a"]}, {"phones": ["%"]}, {"phones": ["b"]}])
    with pytest.raises(UserError, match="stimulus 's1': phone '%' is not IPA"):
        phone_string_rdm(stimuli)
