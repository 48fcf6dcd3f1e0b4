"""The default run scores a stated part of the shipped sets, and never a part of a user's."""

from __future__ import annotations

from collections import Counter

import pytest

from grounding.claims.settings import Settings
from grounding.claims.subset import WINDOWS, chosen_stimuli, chosen_window
from grounding.stimuli import read_stimuli

DEFAULT, FULL = Settings(), Settings(full=True)


@pytest.fixture(scope="module")
def words():
    return read_stimuli("vocal-tract-words", check_audio=False)


@pytest.fixture(scope="module")
def prompts():
    return read_stimuli("spoken-prompts", check_audio=False)


def test_every_word_keeps_two_realisations_and_deep_words_keep_all(words):
    chosen, said = chosen_stimuli(words, DEFAULT, shipped=True)
    kept, there = Counter(chosen.transcripts), Counter(words.transcripts)
    assert len(kept) == len(there) >= 240
    assert sum(count >= 8 for count in kept.values()) >= 40
    assert all(n == (there[w] if there[w] >= 8 else 2) for w, n in kept.items())
    assert "two realisations" in said


def test_every_language_keeps_the_same_hundred_concepts(prompts):
    chosen, said = chosen_stimuli(prompts, DEFAULT, shipped=True)
    by_language = {}
    for stimulus in chosen:
        by_language.setdefault(stimulus.language, set()).add(stimulus.concept)
    assert set(by_language) == {"en", "fr", "es", "it", "ru"}
    assert len({frozenset(concepts) for concepts in by_language.values()}) == 1
    assert len(by_language["en"]) == 100
    assert "100 concepts" in said


@pytest.mark.parametrize("name", ["words", "prompts"])
def test_full_scores_everything_in_the_models_own_window(name, request):
    stimuli = request.getfixturevalue(name)
    assert chosen_stimuli(stimuli, FULL, shipped=True) == (stimuli, "all")
    assert chosen_window(stimuli, FULL) is None


def test_a_folder_of_a_users_own_is_scored_whole(words):
    assert chosen_stimuli(words, DEFAULT, shipped=False) == (words, "all")


def test_the_window_is_the_shortest_that_holds_every_stimulus(words, prompts):
    assert chosen_window(words, DEFAULT) == WINDOWS[0]
    window = chosen_window(prompts, DEFAULT)
    longest = max(stimulus.duration for stimulus in prompts)
    assert window >= longest and all(w < longest for w in WINDOWS if w < window)


def test_a_stimulus_longer_than_every_short_window_gets_the_models_own(toy_folder, monkeypatch):
    monkeypatch.setattr("grounding.claims.subset.WINDOWS", (0.01,))
    assert chosen_window(read_stimuli(str(toy_folder)), DEFAULT) is None
