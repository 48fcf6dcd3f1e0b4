"""A Whisper's scores of many texts at once are those of one text at a time."""

from __future__ import annotations

import doctest
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from grounding.encoders import listener
from grounding.encoders.listener import (
    Listener,
    lone,
    placed,
    recognise,
    recognition,
    similarity,
)
from grounding.encoders.quiet import quiet_transformers
from grounding.errors import UserError

SPECIAL = {"<|endoftext|>": 1, "<|startoftranscript|>": 2, "<|notimestamps|>": 62,
           "<|transcribe|>": 4, "<|de|>": 5}  # fmt: skip
TEXTS = [" Ba", " Bade", " B", " Dab"]
NOISE = 0.1 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)


class Tokenizer:
    """A token a letter."""

    def convert_tokens_to_ids(self, token):
        return SPECIAL[token]

    def encode(self, text, add_special_tokens):
        assert not add_special_tokens
        return [20 + "bade .".index(letter) for letter in text.lower()]


class Processor:
    """A feature extractor and the tokenizer."""

    def __init__(self, folder):
        from transformers import WhisperFeatureExtractor

        self.extract = WhisperFeatureExtractor.from_pretrained(folder)
        self.tokenizer = Tokenizer()

    def __call__(self, audio, **more):
        return self.extract(audio, **more)

    def batch_decode(self, ids, skip_special_tokens):
        assert skip_special_tokens
        return [" ".join(str(int(i)) for i in row if 9 < int(i) < 60) for row in ids]


@pytest.fixture(scope="module")
def whisper(tiny_model):
    from transformers import WhisperForConditionalGeneration

    with quiet_transformers():
        folder = tiny_model("whisper")
        model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
    model.generation_config.no_timestamps_token_id = SPECIAL["<|notimestamps|>"]
    with torch.no_grad():
        for values in model.parameters():
            values += 0.2 * torch.randn(values.shape, generator=torch.Generator().manual_seed(7))
    return model, Processor(folder)


def slowly(model, start, text, stops, encoded):
    """log p(text, then one of stops) by the model's own forward pass."""
    with torch.inference_mode():
        tokens = torch.tensor([[*start, *text]])
        logits = model(encoder_outputs=(encoded,), decoder_input_ids=tokens).logits[0]
    logs = torch.log_softmax(logits, -1)[len(start) - 1 :]
    said = sum(float(logs[k, token]) for k, token in enumerate(text))
    return said + float(torch.logsumexp(logs[-1, stops], 0))


def test_texts_are_scored_together_as_alone_and_another_start_scores_otherwise(whisper):
    model, processor = whisper
    one = Listener(model, processor, TEXTS)
    assert one.start == [2, 62] and one.stops == [25, 1]
    encoded = torch.randn(1, 1500, 16, generator=torch.Generator().manual_seed(3))
    scores = one.score(encoded)
    alone = [slowly(model, [2, 62], text, [25, 1], encoded) for text in one.texts]
    np.testing.assert_allclose(scores, alone, rtol=1e-5)
    other = [slowly(model, [2, 4], text, [25, 1], encoded) for text in one.texts]
    assert np.abs(scores - other).min() > 1e-3


def test_a_word_is_heard_in_few_tokens_after_silence(whisper, monkeypatch):
    model, processor = whisper
    given, extract = [], processor.extract
    monkeypatch.setattr(processor, "extract", lambda a, **m: given.append(a) or extract(a, **m))
    with quiet_transformers():
        text, scores = Listener(model, processor, TEXTS, most=3).hear(NOISE)
    assert 1 <= len(text.split()) <= 4 and scores.shape == (4,)
    assert not given[0][:4000].any() and np.array_equal(given[0][4000:], NOISE)


def test_a_language_is_told_to_a_multilingual_model_alone(whisper, monkeypatch):
    model, processor = whisper
    with pytest.raises(UserError, match=r"told language 'de'; it knows English alone"):
        Listener(model, processor, TEXTS, language="de")
    settings = SimpleNamespace(lang_to_id={"<|de|>": 5})
    monkeypatch.setattr(model, "generation_config", settings)
    assert Listener(model, processor, TEXTS, language="de").start == [2, 5, 4, 62]
    with pytest.raises(UserError, match=r"told language ''; it knows de"):
        Listener(model, processor, TEXTS)


def test_a_rank_counts_rivals_alone():
    scores = np.array([-3.0, -1.0, -2.0, -4.0])
    assert placed(scores, 0, np.array([False, True, True, True])) == (3, -2.0)
    assert placed(scores, 0, np.array([False, False, False, True])) == (1, 1.0)


def test_sequences_are_alike_by_their_edits():
    assert similarity("abcd", "abcd") == 1 and similarity("ab", "cd") == 0
    assert similarity(["t͡s", "a"], ["a"]) == 0.5
    assert lone("Öl") == " Öl" and lone("лёд") == " Лёд"
    assert doctest.testmod(listener).failed == 0


def test_what_was_heard_is_kept_until_the_audio_changes(tmp_path):
    asked = []

    def judge(record):
        asked.append(record["id"])
        return {"correct": True, "phone_similarity": 1.0, "rank": 1, "recognised": True}

    records = [{"id": "a", "sha256": "1"}, {"id": "b", "sha256": "2"}]
    target = tmp_path / "heard.json"
    heard = recognise(records, judge, target)
    assert json.loads(target.read_text(encoding="utf-8")) == heard and asked == ["a", "b"]
    changed = [records[0], {"id": "b", "sha256": "3"}]
    assert recognise(changed, judge, target)["b"]["sha256"] == "3" and asked == ["a", "b", "b"]
    assert set(recognise(changed[:1], judge, target)) == {"a"}
    assert recognition(heard, {"all": ["a", "b"]})[1] == "all 2 1.000 1.000 1.000 1.000 1.000"
