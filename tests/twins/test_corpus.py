"""What the arms of a pair read: the same utterances, the same steps, the same held out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.twins.corpus import chosen, held_out
from grounding.twins.kept import sound_of
from grounding.twins.units import CEPSTRA, nearest


def silent(what, done, total):
    """Report nothing."""


def test_arms_have_the_same_steps_and_hold_out_the_same_utterances(corpus):
    audio, characters = corpus("audio"), corpus("characters")
    assert audio.ids == characters.ids
    assert np.array_equal(audio.starts, characters.starts)
    assert np.array_equal(audio.held_out, characters.held_out)
    assert audio.hours == characters.hours > 0
    assert audio.inputs(0, 5).shape == characters.inputs(0, 5).shape == (5, 160)


def test_a_transcript_is_held_out_with_all_its_realisations(corpus, words):
    out = corpus().held_out
    for stimulus, held in zip(words, out, strict=True):
        assert held == held_out(stimulus.transcript)
    assert 0 < out.sum() < len(out)


def test_bands_are_standardised_by_what_is_trained_on_alone(corpus):
    audio = corpus()
    trained = np.repeat(~audio.held_out, audio.lengths)
    frames = audio.inputs(0, int(audio.starts[-1]))[trained].reshape(-1, 80)
    assert np.allclose(frames.mean(0), 0, atol=1e-3)
    assert np.allclose(frames.std(0), 1, atol=1e-3)


def test_symbols_fill_the_steps_of_the_audio_in_order(corpus, words):
    text = corpus("characters")
    alphabet = text.front.symbols
    for place in (0, 7):
        own = text.targets[text.starts[place] : text.starts[place + 1]]
        heard = [alphabet[k] for k in own if k >= 0]
        said = [c for c in words[place].transcript if c in alphabet]
        runs = [c for k, c in enumerate(heard) if k == 0 or heard[k - 1] != c]
        assert runs == [c for k, c in enumerate(said) if k == 0 or said[k - 1] != c]


def test_the_ratio_of_text_is_that_of_what_is_trained_on(corpus, words):
    text = corpus("characters")
    own = [k for k in range(len(words)) if not text.held_out[k]]
    steps = sum(int(text.lengths[k]) for k in own)
    assert text.front.steps_per_symbol == pytest.approx(
        steps / sum(len(words[k].transcript) for k in own)
    )


def test_sound_is_computed_once(words, cache, monkeypatch):
    first = sound_of(words, silent)
    monkeypatch.setattr("grounding.twins.kept._compute", None)
    again = sound_of(words, silent)
    assert np.array_equal(first.filter_banks, again.filter_banks)


def test_units_are_the_nearest_centres(corpus):
    audio = corpus()
    assert audio.classes == len(audio.centres) == 8
    rng = np.random.default_rng(0)
    features = rng.standard_normal((50, 39)).astype(np.float32)
    slow = [
        min(range(8), key=lambda u: np.square(one - audio.centres[u]).sum()) for one in features
    ]
    assert nearest(features, audio.centres).tolist() == slow


def test_targets_may_be_those_of_the_other_side(corpus):
    cross, text = corpus("audio", targets="characters"), corpus("characters")
    assert np.array_equal(cross.targets, text.targets)
    assert cross.front.input == "audio"


def test_a_dose_is_part_of_every_larger_one(arm, words):
    total = sum(one.duration for one in words if not held_out(one.transcript)) / 3600
    doses = [chosen(words, arm(hours=share * total)) for share in (0.2, 0.5, 0.8)]
    for small, large in pairwise(doses):
        assert set(small.ids) < set(large.ids)
    outside = {one.id for one in words if held_out(one.transcript)}
    assert outside <= set(doses[0].ids)


def test_refusals(arm, words, corpus):
    with pytest.raises(UserError, match=r"9 hours were asked for; .* of them are missing"):
        chosen(words, arm(hours=9))
    with pytest.raises(UserError, match="has no xx; it has eo"):
        chosen(words, arm(languages=("xx",)))


def test_nothing_to_hold_out_is_refused(arm, words, cache):
    from grounding.twins.corpus import build_corpus

    few = words.where(lambda one: not held_out(one.transcript))
    with pytest.raises(UserError, match="with 0 held out; needed some of both"):
        build_corpus(arm(), few, silent)


def test_another_rate_is_refused(words):
    from dataclasses import replace

    from grounding.stimuli import StimulusSet

    one = StimulusSet((replace(words[0], rate=8000),), "own", words.folder)
    with pytest.raises(UserError, match="is at 8000 Hz; twins hear 16000 Hz"):
        sound_of(one, silent)


def test_centred_units_do_not_hear_the_channel_of_an_utterance(words, corpus, cache):
    sound = sound_of(words, silent)
    lengths = np.diff(sound.starts)
    channel = np.random.default_rng(0).standard_normal((len(lengths), 39)).astype(np.float32)
    other = replace(sound, cepstra=sound.cepstra + 20 * np.repeat(channel, lengths, axis=0))
    plain, centred = CEPSTRA["mfcc"], CEPSTRA["mfcc-centred"]
    np.testing.assert_allclose(centred(other), centred(sound), atol=1e-3)
    assert np.abs(plain(other) - plain(sound)).max() > 1
    # In time nothing is lost: within an utterance all differences stay.
    own = slice(*sound.starts[3:5])
    np.testing.assert_allclose(
        np.diff(centred(sound)[own], axis=0), np.diff(plain(sound)[own], axis=0), atol=1e-3
    )
    assert corpus(units_of="mfcc-centred").digest != corpus().digest
