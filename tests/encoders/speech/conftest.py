"""A tiny random model of every kind of speech model that a family lists.

Tests that take `kind` run once for each. Every parameter is shaken, so that biases are no zeros
and normalisations no identities, which would hide what padding leaks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
WAVE = SIZES | {
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
GROUP = WAVE | {"feat_extract_norm": "group"}
LAYER = WAVE | {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
CONFORMER = WAVE | {"conv_depthwise_kernel_size": 5, "feat_extract_norm": "layer"}
SEW = SIZES | {
    "conv_dim": (8,) * 13,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "squeeze_factor": 2,
}
PARAKEET = SIZES | {
    "subsampling_conv_channels": 8,
    "conv_kernel_size": 5,
    "scale_input": True,
}
CODEC = {"num_filters": 4, "codebook_size": 16, "hidden_size": 16}
HALVES = {
    "encoder_layers": 3,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
}

# kind: class of the model, class of its configuration, settings, extractor, its settings
KINDS: dict[str, tuple[str, str, dict[str, Any], str, dict[str, Any]]] = {
    "wav2vec2-group": ("Wav2Vec2Model", "Wav2Vec2Config", GROUP, "Wav2Vec2", {}),
    "wav2vec2-layer": (
        *("Wav2Vec2Model", "Wav2Vec2Config", LAYER),
        *("Wav2Vec2", {"return_attention_mask": True}),
    ),
    "wav2vec2-adapter": (
        *("Wav2Vec2Model", "Wav2Vec2Config"),
        *(LAYER | {"add_adapter": True, "output_hidden_size": 16}, "Wav2Vec2", {}),
    ),
    "hubert-group": ("HubertModel", "HubertConfig", GROUP, "Wav2Vec2", {}),
    "hubert-layer": ("HubertModel", "HubertConfig", LAYER, "Wav2Vec2", {}),
    "wavlm-group": ("WavLMModel", "WavLMConfig", GROUP, "Wav2Vec2", {}),
    "wavlm-layer": ("WavLMModel", "WavLMConfig", LAYER, "Wav2Vec2", {}),
    "data2vec-audio": (
        *("Data2VecAudioModel", "Data2VecAudioConfig"),
        *(WAVE | {"num_conv_pos_embeddings": 2, "conv_pos_kernel_size": 5}, "Wav2Vec2", {}),
    ),
    "unispeech": ("UniSpeechModel", "UniSpeechConfig", GROUP, "Wav2Vec2", {}),
    "unispeech-sat": ("UniSpeechSatModel", "UniSpeechSatConfig", LAYER, "Wav2Vec2", {}),
    "wav2vec2-conformer-relative": (
        *("Wav2Vec2ConformerModel", "Wav2Vec2ConformerConfig"),
        *(CONFORMER | {"position_embeddings_type": "relative"}, "Wav2Vec2", {}),
    ),
    "wav2vec2-conformer-rotary": (
        *("Wav2Vec2ConformerModel", "Wav2Vec2ConformerConfig"),
        *(CONFORMER | {"position_embeddings_type": "rotary"}, "Wav2Vec2", {}),
    ),
    "sew": ("SEWModel", "SEWConfig", SEW, "Wav2Vec2", {}),
    "sew-d": ("SEWDModel", "SEWDConfig", SEW, "Wav2Vec2", {}),
    "wav2vec2-bert": ("Wav2Vec2BertModel", "Wav2Vec2BertConfig", SIZES, "SeamlessM4T", {}),
    "whisper": (
        *("WhisperForConditionalGeneration", "WhisperConfig"),
        HALVES
        | {"d_model": 16, "vocab_size": 64, "pad_token_id": 1, "bos_token_id": 1}
        | {"eos_token_id": 1, "decoder_start_token_id": 2},
        *("Whisper", {"feature_size": 80}),
    ),
    "moonshine": (
        *("MoonshineForConditionalGeneration", "MoonshineConfig"),
        {"hidden_size": 16, "intermediate_size": 32, "vocab_size": 64}
        | {"encoder_num_hidden_layers": 3, "decoder_num_hidden_layers": 1}
        | {"encoder_num_attention_heads": 2, "decoder_num_attention_heads": 2},
        *("Wav2Vec2", {"do_normalize": False, "return_attention_mask": True}),
    ),
    "speecht5": (
        *("SpeechT5ForSpeechToText", "SpeechT5Config"),
        GROUP | HALVES | {"vocab_size": 64, "encoder_max_relative_position": 8},
        *("SpeechT5", {}),
    ),
    "parakeet-encoder": ("ParakeetEncoder", "ParakeetEncoderConfig", PARAKEET, "Parakeet", {}),
    "parakeet-ctc": (
        *("ParakeetForCTC", "ParakeetCTCConfig"),
        {"vocab_size": 32, "encoder_config": PARAKEET, "pad_token_id": 31},
        *("Parakeet", {}),
    ),
    "encodec": (
        *("EncodecModel", "EncodecConfig"),
        CODEC | {"target_bandwidths": [1.5, 3.0], "num_lstm_layers": 1},
        *("Encodec", {"sampling_rate": 24_000}),
    ),
    "mimi": (
        *("MimiModel", "MimiConfig"),
        SIZES
        | CODEC
        | {"num_quantizers": 3, "vector_quantization_hidden_dimension": 8, "codebook_dim": 8}
        | {"num_key_value_heads": 2, "head_dim": 8, "upsample_groups": 4},
        *("Encodec", {"sampling_rate": 24_000}),
    ),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marked = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "kind" in metafunc.fixturenames and "kind" not in marked:
        metafunc.parametrize("kind", KINDS)


@pytest.fixture
def kinds() -> tuple[str, ...]:
    """All kinds."""
    return tuple(KINDS)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that gives the folder of a tiny random model of a kind, made once."""
    root = tmp_path_factory.mktemp("speech-models")

    def folder(kind: str) -> Path:
        if not (root / kind).is_dir():
            _write(kind, root / kind)
        return root / kind

    return folder


def _write(kind: str, folder: Path) -> None:
    import torch
    import transformers

    model_class, config_class, settings, extractor, its_settings = KINDS[kind]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1234)
        model = getattr(transformers, model_class)(getattr(transformers, config_class)(**settings))
        with torch.no_grad():
            for name, values in [*model.named_parameters(), *model.named_buffers()]:
                if "running_var" in name:
                    values.copy_(0.5 + torch.rand(values.shape))
                elif values.is_floating_point() and "position" not in name:
                    values.add_(0.05 * torch.randn(values.shape))
    model.save_pretrained(folder)
    getattr(transformers, f"{extractor}FeatureExtractor")(**its_settings).save_pretrained(folder)
