"""Tiny random models in folders, as a hub would give them, and recordings made of noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from grounding.stimuli import Stimulus, StimulusSet
from grounding.stimuli.toy import write_toy_set

RATE = 16_000
Record = Callable[..., Stimulus]

WAVE = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
TEXT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SPEECH_FOLDERS = (
    "wav2vec2-group",
    "wav2vec2-layer",
    "hubert",
    "wavlm",
    "data2vec-audio",
    "wav2vec2-bert",
    "whisper",
)
TEXT_FOLDERS = ("bert", "gpt2", "llama", "t5", "sentence")


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> StimulusSet:
    """Six words in two realisations, with articulation; lengths differ."""
    folder = tmp_path_factory.mktemp("stimuli") / "toys"
    return write_toy_set(folder, words=6, realisations=2, rng=np.random.default_rng(0))


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A function that makes a stimulus of samples (or of noise) and a transcript."""
    folder = tmp_path_factory.mktemp("recorded")

    def make(name: str, sound: np.ndarray | int = 4000, transcript: str = "cat", rate: int = RATE):
        if isinstance(sound, int):
            sound = 0.1 * np.random.default_rng(sound).standard_normal(sound)
        soundfile.write(folder / f"{name}.wav", sound.astype(np.float32), rate, subtype="FLOAT")
        return Stimulus(name, transcript, "en", folder, f"{name}.wav", rate)

    return make


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that gives the folder of a tiny random model, made once."""
    root = tmp_path_factory.mktemp("models")

    def folder(kind: str) -> Path:
        if not (root / kind).is_dir():
            (speech_model if kind in SPEECH_FOLDERS else text_model)(kind, root / kind)
        return root / kind

    return folder


def speech_model(kind: str, folder: Path) -> None:
    import torch
    import transformers as tf

    grouped = {"feat_extract_norm": "group"}
    layered = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
    makers = {
        "wav2vec2-group": lambda: tf.Wav2Vec2Model(tf.Wav2Vec2Config(**WAVE, **grouped)),
        "wav2vec2-layer": lambda: tf.Wav2Vec2Model(tf.Wav2Vec2Config(**WAVE, **layered)),
        "hubert": lambda: tf.HubertModel(tf.HubertConfig(**WAVE, **grouped)),
        "wavlm": lambda: tf.WavLMModel(tf.WavLMConfig(**WAVE, **grouped)),
        "data2vec-audio": lambda: tf.Data2VecAudioModel(
            tf.Data2VecAudioConfig(**(WAVE | {"num_conv_pos_embeddings": 2}))
        ),
        "wav2vec2-bert": lambda: tf.Wav2Vec2BertModel(
            tf.Wav2Vec2BertConfig(
                hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
            )
        ),
        "whisper": lambda: tf.WhisperForConditionalGeneration(
            tf.WhisperConfig(
                d_model=16,
                encoder_layers=2,
                decoder_layers=1,
                encoder_attention_heads=2,
                decoder_attention_heads=2,
                encoder_ffn_dim=32,
                decoder_ffn_dim=32,
                vocab_size=64,
                pad_token_id=1,
                bos_token_id=1,
                eos_token_id=1,
                decoder_start_token_id=2,
            )
        ),
    }
    torch.manual_seed(1234)
    makers[kind]().save_pretrained(folder)
    if kind == "whisper":
        extractor = tf.WhisperFeatureExtractor(feature_size=80)
    elif kind == "wav2vec2-bert":
        extractor = tf.SeamlessM4TFeatureExtractor()
    else:
        extractor = tf.Wav2Vec2FeatureExtractor(return_attention_mask=kind == "wav2vec2-layer")
    extractor.save_pretrained(folder)


def text_model(kind: str, folder: Path) -> None:
    import torch
    import transformers as tf

    makers = {
        "bert": lambda: tf.BertModel(tf.BertConfig(vocab_size=300, intermediate_size=32, **TEXT)),
        "gpt2": lambda: tf.GPT2LMHeadModel(
            tf.GPT2Config(vocab_size=300, n_embd=16, n_layer=2, n_head=2, n_positions=64)
        ),
        "llama": lambda: tf.LlamaForCausalLM(
            tf.LlamaConfig(vocab_size=300, intermediate_size=32, **TEXT)
        ),
        "t5": lambda: tf.T5ForConditionalGeneration(
            tf.T5Config(vocab_size=300, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)
        ),
    }
    torch.manual_seed(1234)
    if kind == "sentence":
        sentence_model(folder)
        return
    makers[kind]().save_pretrained(folder)
    tokenizer("framed" if kind == "bert" else "bare").save_pretrained(folder)


def sentence_model(folder: Path) -> None:
    """Write a tiny sentence-transformers folder, its transformer in a sub-folder."""
    import json

    text_model("bert", folder / "0_Transformer")
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    modules = [
        {"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    for module in modules:
        module["name"] = str(module["idx"])
    (folder / "modules.json").write_text(json.dumps(modules))
    limit = {"max_seq_length": 32, "do_lower_case": False}
    (folder / "0_Transformer" / "sentence_bert_config.json").write_text(json.dumps(limit))


def tokenizer(kind: str):
    """Return a tokenizer of bytes: "framed" adds [CLS] and [SEP], "bare" adds nothing."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = {letter: index for index, letter in enumerate(letters)}
    coder = Tokenizer(models.BPE(vocab=names, merges=[]))
    coder.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    coder.decoder = decoders.ByteLevel()
    special = ["[CLS]", "[SEP]", "[PAD]", "<|start|>"]
    coder.add_special_tokens(special)
    if kind == "framed":
        frame = [(token, coder.token_to_id(token)) for token in special[:2]]
        coder.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=frame
        )
        return PreTrainedTokenizerFast(
            tokenizer_object=coder, cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]"
        )
    return PreTrainedTokenizerFast(tokenizer_object=coder, bos_token="<|start|>")
