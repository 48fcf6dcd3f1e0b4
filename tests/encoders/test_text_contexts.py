"""Words in frames: the frames' data, what is kept, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.contexts import ALL, Template, contexts
from grounding.errors import UnknownName, UserError

LANGUAGES = {"de", "en", "es", "fr", "it", "ru"}


def says(transcript: str, language: str = "en"):
    return SimpleNamespace(id="x", transcript=transcript, language=language)


def test_every_name_has_one_frame_a_language_and_all_are_asked_for_together():
    named = contexts()
    assert {template.language for template in named[ALL]} == LANGUAGES
    assert len(named) > 3 and len(named[ALL]) == sum(len(named[k]) for k in named if k != ALL)
    assert len({template.id for template in named[ALL]}) == len(named[ALL])
    for name in named.keys() - {ALL}:
        assert sorted(template.language for template in named[name]) == sorted(LANGUAGES)
    for template in named[ALL]:
        assert template.source and template.why and template.id.endswith(template.language)
        assert template.text[0].isupper() and template.text.endswith(".")


def test_a_slot_stands_between_spaces():
    with pytest.raises(UserError, match=r"the frame 'x' reads 'Say {}.'; needed: one {} between"):
        Template("x", "x", "en", "Say {}.", "", "")
    with pytest.raises(UserError, match="needed: one"):
        Template("x", "x", "en", "Say {} or {} again.", "", "")


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5"])
def test_a_framed_word_keeps_its_own_tokens_only(name, tiny_model):
    import torch

    encoder = load_encoder(tiny_model(name), context="say")
    plain = load_encoder(tiny_model(name))
    word = says("horse")
    framed = encoder.encode([word])[0]
    assert framed.shape == plain.encode([word])[0].shape
    assert np.abs(framed[-1] - plain.encode([word])[0][-1]).max() > 1e-3
    np.testing.assert_array_equal(encoder.steps(word).start, plain.steps(word).start)
    whole = encoder._start + "Please say horse once more."
    ids = encoder._tokenizer(whole, return_offsets_mapping=True)
    first = whole.index("horse")
    kept = [k for k, (low, high) in enumerate(ids["offset_mapping"]) if first <= low < first + 5]
    with torch.inference_mode():
        states = encoder._model(torch.tensor([ids["input_ids"]]), output_hidden_states=True)
    expected = torch.stack(states.hidden_states)[:, 0, kept].numpy()
    np.testing.assert_allclose(framed, expected, atol=1e-5)


def test_frames_of_one_name_are_averaged_step_by_step(tiny_model):
    word = says("horse", "de")
    named = [name for name in contexts() if name != ALL]
    single = [load_encoder(tiny_model("bert"), context=name).encode([word])[0] for name in named]
    averaged = load_encoder(tiny_model("bert"), context=ALL).encode([word])[0]
    np.testing.assert_allclose(averaged, np.mean(single, axis=0), atol=1e-5)
    assert np.abs(single[0][-1] - single[1][-1]).max() > 1e-3


def test_the_frame_is_of_the_language_of_each_transcript(tiny_model):
    encoder = load_encoder(tiny_model("bert"), context="written")
    english, german = encoder.encode([says("hand", "en"), says("hand", "de")])
    assert np.abs(english[-1] - german[-1]).max() > 1e-3
    plain = load_encoder(tiny_model("bert")).encode([says("hand", "en"), says("hand", "de")])
    np.testing.assert_array_equal(*plain)


def test_the_frames_and_their_sum_are_in_the_provenance(tiny_model):
    said = load_encoder(tiny_model("bert"), context="say").provenance["context"]
    assert said["name"] == "say" and said["templates"]["say-en"] == "Please say {} once more."
    other = load_encoder(tiny_model("bert"), context=ALL).provenance["context"]
    assert len(said["sha256"]) == 64 and said["sha256"] != other["sha256"]
    assert "context" not in load_encoder(tiny_model("bert")).provenance


def test_what_has_no_frame_is_refused(tiny_model):
    with pytest.raises(UnknownName, match=r"unknown context 'sey'. Did you mean 'say'"):
        load_encoder(tiny_model("bert"), context="sey")
    encoder = load_encoder(tiny_model("bert"), context="say")
    with pytest.raises(UserError, match=r"no context 'say' in the language 'pl' .* in de, en, es"):
        encoder.encode([says("koń", "pl")])
    with pytest.raises(UserError, match=r"'The cat sat.' is a sentence and needs no context 'say'"):
        encoder.encode([says("The cat sat.")])


def test_frames_that_cut_a_word_differently_are_not_averaged(tiny_model, monkeypatch):
    from grounding.encoders.families.text_reading import Framed

    encoder = load_encoder(tiny_model("bert"), context=ALL)
    uneven = (Framed("horse", "a ", " b"), Framed("horses", "a ", " b"))
    monkeypatch.setattr(type(encoder), "_framed", lambda self, stimulus: uneven)
    for ask in (encoder.steps, lambda stimulus: encoder.encode([stimulus])):
        with pytest.raises(UserError, match=r"reads 'horse' as 5, 6 tokens in the frames of the"):
            ask(says("horse"))
