"""Nothing that is scored is trained on: by sound, by text, by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grounding.errors import UserError
from grounding.stimuli import StimulusSet, read_stimuli
from grounding.stimuli.sets import scored_sets
from grounding.twins.apart import refuse_scored


def named(words, name, some):
    return StimulusSet(tuple(some), name, words.folder)


def test_scored_sets_hold_what_decides_the_pair_and_not_what_is_trained_on():
    assert {"vocal-tract-words", "vocal-tract-languages"} <= set(scored_sets())
    assert "spoken-training" not in scored_sets()


def test_other_words_may_be_trained_on(words):
    by_text = sorted({stimulus.transcript for stimulus in words})
    own = words.where(lambda one: one.transcript in by_text[:10])
    refuse_scored(own, [named(words, "scored", words.where(lambda one: one not in own))])


def test_a_scored_sound_is_refused_whatever_its_text(words):
    relabelled = named(words, "own", [replace(words[0], transcript="another")])
    with pytest.raises(UserError, match=r"1 of 1 utterances of own .* has the sound of"):
        refuse_scored(relabelled, [words])


@pytest.mark.parametrize(
    ("said", "message"),
    [("KEY!", "has the text of a scored stimulus: 'KEY!'"), ("the key, please", "has 'key' in")],
)
def test_a_test_word_is_refused_alone_and_inside(words, said, message):
    scored = named(words, "scored", [replace(words[0], transcript="key")])
    own = named(words, "own", [replace(words[1], transcript=said)])
    with pytest.raises(UserError, match=message):
        refuse_scored(own, [scored])


def test_the_same_word_of_another_language_or_inside_a_word_is_another(words):
    scored = named(words, "scored", [replace(words[0], transcript="key")])
    own = [replace(words[1], transcript="key", language="fr"), replace(words[2], transcript="keys")]
    refuse_scored(named(words, "own", own), [scored])


def test_a_word_of_a_set_of_sentences_may_be_part_of_an_utterance(words):
    spoken = replace(words[0], transcript="key", articulation_path=None)
    scored = named(words, "sentences", [spoken])
    refuse_scored(named(words, "own", [replace(words[1], transcript="the key")]), [scored])


def test_every_scored_set_on_this_machine_can_be_held_against(words):
    some = read_stimuli("vocal-tract-words")
    with pytest.raises(
        UserError, match="944 of 944 utterances of vocal-tract-words may not be trained on"
    ):
        refuse_scored(some)
