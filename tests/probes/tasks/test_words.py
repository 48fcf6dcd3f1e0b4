"""Words are identified, spotted and found across voices, and never by the voice itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from grounding.errors import UserError
from grounding.probes.tasks import keyword_spotting, query_by_example, word_identification
from grounding.rsa import dtw_rdm

RUNS = [word_identification.run, keyword_spotting.run, query_by_example.run]


def word(stimulus):
    return stimulus.transcript


def word_and_voice(stimulus):
    return stimulus.transcript, stimulus.speaker


def names(stimuli):
    return [stimulus.realisation["name"] for stimulus in stimuli]


@pytest.mark.parametrize("run", RUNS)
def test_planted_words_are_found_and_noise_is_chance(run, said, planted, rng):
    stimuli = said(24)
    assert run(planted(stimuli, word), stimuli, rng).value > 0.75
    null = run(planted(stimuli), stimuli, rng)
    assert abs(null.value - null.chance) < 0.12


def test_a_word_known_in_one_voice_alone_is_identified_by_a_leak_and_not_by_us(said, planted, rng):
    stimuli = said(24)
    features = planted(stimuli, word_and_voice)
    score = word_identification.run(features, stimuli, rng)
    assert score.value < 0.15 and score.split == "speaker"
    leak = word_identification.identify(features, stimuli, names(stimuli), "realisation", rng)
    assert leak.value > 0.8


def test_a_word_known_in_one_voice_alone_is_sought_by_a_leak_and_not_by_us(said, planted, rng):
    stimuli = said(24)
    features = planted(stimuli, word_and_voice)
    score = query_by_example.run(features, stimuli, rng)
    assert score.value < score.chance + 0.12
    leak = query_by_example.seek(features, stimuli, names(stimuli), "realisation", rng)
    assert leak.value > score.value + 0.3


def test_other_words_of_training_would_help_if_they_were_tested_on(said, planted):
    stimuli = said(40)
    features = planted(stimuli, word, width=16)
    ours, leaks = [], []
    for seed in range(4):
        choice = keyword_spotting.choose(stimuli, np.random.default_rng(seed))
        assert len(choice.keywords) == 10 and len({*choice.others[0], *choice.others[1]}) == 30
        leak = replace(choice, others=(choice.others[0], choice.others[0]))
        ours.append(keyword_spotting.spot(features, {"en": stimuli}, {"en": choice}).value)
        leaks.append(keyword_spotting.spot(features, {"en": stimuli}, {"en": leak}).value)
    assert np.mean(leaks) > np.mean(ours) + 0.02


def test_every_language_counts_alike_in_spotting(said, planted, rng):
    stimuli = said(10, languages=("de", "it"))
    some = stimuli + [replace(s, id=f"{s.id}-2") for s in stimuli if s.language == "it"]
    score = keyword_spotting.run(planted(some, word, noise=1.0), some, rng)
    assert set(score.parts) == {"de", "it"}
    assert score.value == pytest.approx(np.mean(list(score.parts.values())))
    assert score.chance == pytest.approx(1 / 9)


def test_words_of_one_voice_are_counted_and_left_out(said, planted, rng):
    stimuli = said(12)
    some = [s for s in stimuli if s.speaker == "short" or s.transcript != stimuli[0].transcript]
    score = word_identification.run(planted(some, word), some, rng)
    assert score.left_out == {"said by no other speaker": 2} and score.n == len(some) - 2
    sought = query_by_example.run(planted(some, word), some, rng)
    assert sought.left_out["said by no other speaker"] == 2


def test_one_speaker_is_split_by_realisation(said, planted, rng):
    stimuli = said(12, speakers=("medium",), names=("plain", "slow", "fast"))
    for run in RUNS:
        assert run(planted(stimuli, word), stimuli, rng).split.startswith("realisation")


def test_warped_distances_are_those_of_rsa():
    rng = np.random.default_rng(0)
    frames = [rng.normal(size=(n, 3)) for n in (4, 9, 1, 7)]
    padded = np.full((4, 9, 3), 50.0)
    for into, one in zip(padded, frames, strict=True):
        into[: len(one)] = one
    lengths = np.array([len(one) for one in frames])
    found = [query_by_example.warped(one, padded, lengths) for one in frames]
    expected = dtw_rdm(frames, ("a", "b", "c", "d")).values
    np.testing.assert_allclose(np.array(found)[np.triu_indices(4, 1)], expected, atol=1e-6)


def test_average_precision_is_that_of_sklearn_and_its_chance_that_of_shuffles():
    rng = np.random.default_rng(0)
    hits = rng.random(30) < 0.3
    expected = average_precision_score(hits, -np.arange(30))
    assert query_by_example.average_precision(hits) == pytest.approx(expected)
    shuffled = [query_by_example.average_precision(rng.permutation(hits)) for _ in range(4000)]
    chance = query_by_example.chance_precision(int(hits.sum()), 30)
    assert chance == pytest.approx(np.mean(shuffled), abs=0.006)


def test_features_that_are_all_alike_find_nothing(said, planted, rng):
    stimuli = said(24)
    score = query_by_example.run(planted(stimuli, lambda s: 0, noise=0.0), stimuli, rng)
    assert abs(score.value - score.chance) < 0.1


def test_what_cannot_be_asked_is_refused(said, planted, rng):
    one = said(6, speakers=("medium",), names=("plain",))
    for run in RUNS:
        with pytest.raises(UserError, match="have the realisation 'plain'; needed two speakers"):
            run(planted(one), one, rng)
    apart = [s for k, s in enumerate(said(6, names=("plain",))) if k % 4 in (0, 3)]
    for run in (word_identification.run, query_by_example.run):
        with pytest.raises(UserError, match="no word is said by more than one speaker"):
            run(planted(apart), apart, rng)
    with pytest.raises(UserError, match="'en' has 6 words, 0 of them by more than one speaker"):
        keyword_spotting.run(planted(apart), apart, rng)
