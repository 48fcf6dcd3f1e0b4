"""Phones in place of spelling: panphon's features, and phone strings for text models."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.phones import phones_of, separator
from grounding.encoders.unknown import unknown_rate
from grounding.errors import UserError


def says(*phones: str, transcript: str = "word", name: str = "x"):
    return SimpleNamespace(
        id=name, transcript=transcript, language="en", phones=phones or None, digest=name
    )


def test_a_phone_is_its_features_and_a_diphthong_the_mean_of_two():
    import panphon

    table = panphon.FeatureTable()

    def features(segment):
        return np.array(table.fts(segment).numeric(), dtype=float)[: len(table.weights)]

    encoder = load_encoder("phone-features")
    assert encoder.layers == ("embedding",) and encoder.sees == "stimulus"
    steps = encoder.encode([says("t͡ʃ", "aɪ", "g")])[0]
    assert steps.shape == (1, 3, 22) and steps.dtype == np.float32
    np.testing.assert_array_equal(steps[0, 0], features("t͡ʃ"))
    np.testing.assert_array_equal(steps[0, 1], (features("a") + features("ɪ")) / 2)
    np.testing.assert_array_equal(steps[0, 2], features("ɡ"))
    places = encoder.steps(says("t͡ʃ", "aɪ", "g"))
    assert places.unit == "character" and places.end.tolist() == [1, 2, 3]


def test_what_has_no_features_is_refused():
    encoder = load_encoder("phone-features")
    with pytest.raises(UserError, match=r"phone 'AH1' is not IPA as panphon knows it \(understood"):
        encoder.encode([says("AH1")])
    with pytest.raises(UserError, match="stimulus 'x' has no phones, which phone-features reads"):
        encoder.encode([says()])
    with pytest.raises(UserError, match="'phone-features' has no script"):
        load_encoder("phone-features", script="phones")
    with pytest.raises(UserError, match="has no weights, so there is no random control of it"):
        load_encoder("phone-features", weights="random", seed=0)


def test_a_text_model_reads_phones_in_place_of_spelling(tiny_model):
    encoder = load_encoder(tiny_model("bert"), script="phones")
    spelled = load_encoder(tiny_model("bert"))
    assert encoder.sees == "stimulus" and spelled.sees == "transcript"
    assert encoder.provenance["script"] == "phones" and encoder.provenance["separator"] == ""
    assert "script" not in spelled.provenance
    stimulus = says("t", "aɪ", "ɡ", transcript="tie")
    given = encoder.encode([stimulus])[0]
    np.testing.assert_array_equal(given, spelled.encode([says(transcript="taɪɡ")])[0])
    # In bytes: one of t, one of a and two of ɪ, two of ɡ; in phones they are three.
    assert encoder.steps(stimulus).start.tolist() == [0, 1, 1, 1, 2, 2]
    assert encoder.steps(stimulus).end.tolist() == [1, 2, 2, 2, 3, 3]
    with pytest.raises(UserError, match="stimulus 'x' has no phones, which bert reads"):
        encoder.encode([says()])


def test_there_are_two_scripts(tiny_model):
    with pytest.raises(UserError, match="the script is 'spelling' or 'phones'; found 'runes'"):
        load_encoder(tiny_model("bert"), script="runes")
    assert load_encoder(tiny_model("bert"), script="spelling").sees == "transcript"
    with pytest.raises(UserError, match=r"has no script; found 'phones'\. Text models that tr"):
        load_encoder(tiny_model("hubert"), script="phones")


def test_phones_stand_in_a_frame_too(tiny_model):
    encoder = load_encoder(tiny_model("bert"), script="phones", context="say")
    assert encoder.encode([says("t", "aɪ")])[0].shape[1] == 4


def words(*known: str):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocab = {word: number for number, word in enumerate(("<unk>", *known))}
    coder = Tokenizer(models.WordLevel(vocab=vocab, unk_token="<unk>"))
    coder.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=coder, unk_token="<unk>")


def test_a_tokenizer_of_whole_phones_gets_a_space_between_them(tiny_model):
    encoder = load_encoder(tiny_model("bert"), script="phones")
    encoder.__dict__["_tokenizer"] = words(*"takisu", "aɪ")
    del encoder.__dict__["_separator"]  # of the tokenizer before
    assert separator(encoder._tokenizer) == " " == encoder.provenance["separator"]
    stimulus = says("t", "aɪ", "x")
    assert encoder.encode([stimulus])[0].shape[1] == 3
    assert encoder.steps(stimulus).start.tolist() == [0, 1, 2]
    assert encoder.steps(stimulus).end.tolist() == [1, 2, 3]
    assert unknown_rate(encoder, [stimulus]) == {"en": 1 / 3}
    with pytest.raises(UserError, match="bert knows no token of the transcript 'x'"):
        encoder.encode([says("x")])


@pytest.mark.parametrize("between", ["", " "])
def test_a_token_has_every_phone_that_it_holds_a_letter_of(between):
    phones = ("t͡ʃ", "a", "b")
    joined = between.join(phones)
    whole = phones_of(np.array([[0, len(joined)], [-1, 0], [0, 1], [2, 3]]), phones, between)
    assert whole.tolist() == [[0, 3], [-1, 0], [0, 1], [0, 1]]
    last = joined.index("a")
    assert phones_of(np.array([[last, len(joined)]]), phones, between).tolist() == [[1, 3]]
