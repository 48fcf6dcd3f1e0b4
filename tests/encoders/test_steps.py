"""Which steps are kept: those that saw the stimulus, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.errors import UserError

WAVES = ("wav2vec2-group", "wav2vec2-layer", "hubert", "wavlm", "data2vec-audio")


@pytest.mark.parametrize("name", WAVES)
@pytest.mark.parametrize(
    ("samples", "steps"), [(400, 1), (719, 1), (720, 2), (16_000, 49), (16_079, 49), (16_080, 50)]
)
def test_convolutions_give_a_step_for_each_400_samples_every_320(
    name, samples, steps, tiny_model, record
):
    encoded = load_encoder(tiny_model(name)).encode([record(f"n{samples}", samples)])
    assert encoded[0].shape[1] == steps == (samples - 400) // 320 + 1


@pytest.mark.parametrize(("samples", "steps"), [(400, 2), (640, 2), (641, 3), (16_000, 50)])
def test_whisper_keeps_the_20_ms_steps_that_saw_audio(samples, steps, tiny_model, record):
    encoder = load_encoder(tiny_model("whisper"), window=1.0)
    assert encoder.encode([record(f"w{samples}", samples)])[0].shape[1] == steps


def test_filter_banks_give_a_step_for_each_20_ms(tiny_model, record):
    encoder = load_encoder(tiny_model("wav2vec2-bert"))
    # Frames of 25 ms every 10 ms, stacked by two: 98 frames of one second make 49 steps.
    assert encoder.encode([record("second", 16_000)])[0].shape[1] == 49
    assert encoder.encode([record("odd", 16_000 + 160)])[0].shape[1] in (49, 50)


@pytest.mark.parametrize("name", ["wav2vec2-layer", "whisper"])
def test_the_first_layer_is_the_input_embedding(name, tiny_model, record):
    import torch

    encoder = load_encoder(tiny_model(name), **({"window": 2.0} if name == "whisper" else {}))
    sound = record("embedded", 8000)
    embedded = encoder.encode([sound])[0][0]
    model = encoder._model
    with torch.inference_mode():
        if name == "whisper":
            features = encoder.plan.prepare([sound.audio])["input_features"]
            hidden = torch.nn.functional.gelu(model.conv1(features))
            hidden = torch.nn.functional.gelu(model.conv2(hidden)).transpose(1, 2)
            expected = (hidden + model.embed_positions.weight)[0, : len(embedded)]
        else:
            wave = torch.tensor((sound.audio - sound.audio.mean()) / sound.audio.std())[None]
            hidden, _ = model.feature_projection(model.feature_extractor(wave).transpose(1, 2))
            expected = (hidden + model.encoder.pos_conv_embed(hidden))[0]
    np.testing.assert_allclose(embedded, expected.numpy(), atol=2e-5)


def test_the_faithful_window_is_the_model_as_it_is(tiny_model, record):
    import torch
    from transformers import WhisperFeatureExtractor, WhisperModel

    sound = record("faithful", 8000)
    encoder = load_encoder(tiny_model("whisper"))
    model = WhisperModel.from_pretrained(tiny_model("whisper")).eval()
    extractor = WhisperFeatureExtractor.from_pretrained(tiny_model("whisper"))
    features = extractor(sound.audio, sampling_rate=16_000, return_tensors="pt").input_features
    with torch.inference_mode():
        expected = model.encoder(features).last_hidden_state[0, :25].numpy()
    np.testing.assert_allclose(encoder.encode([sound])[0][-1], expected, atol=1e-5)
    same = load_encoder(tiny_model("whisper"), window=30.0)
    assert same.revision == encoder.revision and encoder.provenance["window"] == 30.0


def test_a_shorter_window_is_named_and_moves_upper_layers_only(tiny_model, record):
    sound = record("windowed", 8000)
    whole = load_encoder(tiny_model("whisper"))
    short = load_encoder(tiny_model("whisper"), window=2.0)
    assert short.revision == whole.revision + "@2s" and short.provenance["window"] == 2.0
    random = load_encoder(tiny_model("whisper"), window=2.0, weights="random", seed=0)
    assert random.revision == "random-0@2s"
    a, b = whole.encode([sound])[0], short.encode([sound])[0]
    assert a.shape == b.shape
    np.testing.assert_allclose(a[0], b[0], atol=1e-5)
    assert np.abs(a[-1] - b[-1]).max() > 1e-4


def test_bert_reads_its_frame_and_leaves_it_out(tiny_model, record):
    import torch

    encoder = load_encoder(tiny_model("bert"))
    steps = encoder.encode([record("framed", 1000, "horse")])[0]
    assert steps.shape[1] == len("horse")
    ids = encoder._tokenizer("horse", return_tensors="pt").input_ids
    assert ids.shape[1] == 7
    with torch.inference_mode():
        hidden = encoder._model(ids, output_hidden_states=True).hidden_states
    np.testing.assert_allclose(steps, torch.stack(hidden)[:, 0, 1:-1].numpy(), atol=1e-6)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_causal_model_reads_its_start_token_first(name, tiny_model, record):
    sound = record("caused", 1000, "horse")
    own, bare = load_encoder(tiny_model(name)), load_encoder(tiny_model(name), start="")
    assert own.provenance["start"] == "<|start|> " and bare.provenance["start"] == ""
    a, b = own.encode([sound])[0], bare.encode([sound])[0]
    assert a.shape[1] == b.shape[1] == len("horse")
    assert np.abs(a[-1] - b[-1]).max() > 1e-3
    assert load_encoder(tiny_model("bert")).provenance["start"] == ""


def test_sentence_models_use_their_transformer_and_its_limit(tiny_model, record):
    encoder = load_encoder(tiny_model("sentence"))
    plain = load_encoder(tiny_model("sentence") / "0_Transformer")
    sound = record("sentence", 1000, "horse")
    np.testing.assert_array_equal(encoder.encode([sound])[0], plain.encode([sound])[0])
    with pytest.raises(UserError, match=r"has 42 tokens and .* reads 32"):
        encoder.encode([record("wordy", 1000, "x" * 40)])


def test_a_sentence_model_is_the_one_that_sentence_transformers_loads(tiny_model, record):
    from sentence_transformers import SentenceTransformer

    encoder = load_encoder(tiny_model("sentence"))
    ids = encoder._tokenizer("horse", return_tensors="pt")
    expected = SentenceTransformer(str(tiny_model("sentence")), device="cpu").encode("horse")
    hidden = encoder._model(**ids).last_hidden_state[0].mean(0).detach().numpy()
    np.testing.assert_allclose(hidden, expected, atol=1e-6)
