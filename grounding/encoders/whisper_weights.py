"""Whisper's weights from CTranslate2's names to those of transformers.

CTranslate2 stacks projections that transformers keeps apart: `linear_0` of a self-attention is
query, key and value; `linear_1` of a cross-attention is key and value. Whisper's key projection
has no bias, so that slice of a stacked bias must be zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grounding.encoders.ctranslate2 import CTranslate2File
from grounding.errors import WeightsError

__all__ = ["whisper_config", "whisper_generation", "whisper_state"]

Variables = Mapping[str, np.ndarray]


def whisper_state(file: CTranslate2File) -> dict[str, np.ndarray]:
    """Return the state of a `WhisperForConditionalGeneration`, each array as it was stored.

    Raises `WeightsError` for a file that holds no Whisper, or a key bias that is not zero.
    """
    _check(file)
    variables = file.variables
    state = {
        "model.encoder.embed_positions.weight": variables["encoder/position_encodings/encodings"],
        "model.decoder.embed_positions.weight": variables["decoder/position_encodings/encodings"],
        "model.decoder.embed_tokens.weight": variables["decoder/embeddings/weight"],
    }
    for conv in ("conv1", "conv2"):
        for part in ("weight", "bias"):
            state[f"model.encoder.{conv}.{part}"] = variables[f"encoder/{conv}/{part}"]
    for side in ("encoder", "decoder"):
        state |= _norm(variables, f"{side}/layer_norm", f"model.{side}.layer_norm")
        for index in range(_layers(variables, side)):
            state |= _layer(variables, f"{side}/layer_{index}", f"model.{side}.layers.{index}")
    return {name: np.ascontiguousarray(values) for name, values in state.items()}


def whisper_config(file: CTranslate2File, tokens: Mapping[str, int]) -> dict[str, Any]:
    """Return the keyword arguments of the `WhisperConfig` that these variables have.

    `tokens` gives the ids of the tokenizer's special tokens.
    """
    _check(file)
    variables = file.variables
    vocabulary, width = variables["decoder/embeddings/weight"].shape
    end = tokens["<|endoftext|>"]
    return {
        "vocab_size": vocabulary,
        "d_model": width,
        "num_mel_bins": variables["encoder/conv1/weight"].shape[1],
        "max_source_positions": variables["encoder/position_encodings/encodings"].shape[0],
        "max_target_positions": variables["decoder/position_encodings/encodings"].shape[0],
        "encoder_layers": _layers(variables, "encoder"),
        "decoder_layers": _layers(variables, "decoder"),
        "encoder_attention_heads": int(variables["encoder/num_heads"]),
        "decoder_attention_heads": int(variables["decoder/num_heads"]),
        "encoder_ffn_dim": variables["encoder/layer_0/ffn/linear_0/bias"].shape[0],
        "decoder_ffn_dim": variables["decoder/layer_0/ffn/linear_0/bias"].shape[0],
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "decoder_start_token_id": tokens["<|startoftranscript|>"],
    }


def whisper_generation(
    described: Mapping[str, Any], tokens: Mapping[str, int], multilingual: bool
) -> dict[str, Any]:
    """Return the keyword arguments of the `GenerationConfig` that transcribing needs.

    `described` is the CTranslate2 folder's `config.json`; `tokens` gives special tokens' ids.
    """
    end = tokens["<|endoftext|>"]
    settings: dict[str, Any] = {
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "decoder_start_token_id": tokens["<|startoftranscript|>"],
        "no_timestamps_token_id": tokens["<|notimestamps|>"],
        "prev_sot_token_id": tokens["<|startofprev|>"],
        "suppress_tokens": described["suppress_ids"],
        "begin_suppress_tokens": described["suppress_ids_begin"],
        "alignment_heads": described["alignment_heads"],
        "is_multilingual": multilingual,
        "max_length": 448,
        "return_timestamps": False,
    }
    if multilingual:
        first, last = tokens["<|startoftranscript|>"] + 1, tokens["<|translate|>"]
        settings["lang_to_id"] = {t: i for t, i in tokens.items() if first <= i < last}
        settings["task_to_id"] = {
            "transcribe": tokens["<|transcribe|>"],
            "translate": tokens["<|translate|>"],
        }
        settings["task"] = "transcribe"
    return settings


def _check(file: CTranslate2File) -> None:
    if file.specification != "WhisperSpec":
        raise WeightsError(f"expected a Whisper in CTranslate2 form, found {file.specification!r}.")


def _layers(variables: Variables, side: str) -> int:
    """Return how many layers the encoder or decoder has."""
    count = 0
    while f"{side}/layer_{count}/ffn/linear_0/weight" in variables:
        count += 1
    return count


def _layer(variables: Variables, old: str, new: str) -> dict[str, np.ndarray]:
    """Return one transformer block under its new names."""
    own, cross = f"{old}/self_attention", f"{old}/attention"
    state = _norm(variables, f"{own}/layer_norm", f"{new}.self_attn_layer_norm")
    state |= _norm(variables, f"{old}/ffn/layer_norm", f"{new}.final_layer_norm")
    state |= _linear(variables, f"{old}/ffn/linear_0", [f"{new}.fc1"])
    state |= _linear(variables, f"{old}/ffn/linear_1", [f"{new}.fc2"])
    parts = [f"{new}.self_attn.{part}_proj" for part in "qkv"]
    state |= _linear(variables, f"{own}/linear_0", parts)
    state |= _linear(variables, f"{own}/linear_1", [f"{new}.self_attn.out_proj"])
    if f"{cross}/linear_0/weight" in variables:
        state |= _norm(variables, f"{cross}/layer_norm", f"{new}.encoder_attn_layer_norm")
        query, key, value, out = (f"{new}.encoder_attn.{p}_proj" for p in ("q", "k", "v", "out"))
        state |= _linear(variables, f"{cross}/linear_0", [query])
        state |= _linear(variables, f"{cross}/linear_1", [key, value])
        state |= _linear(variables, f"{cross}/linear_2", [out])
    return state


def _norm(variables: Variables, old: str, new: str) -> dict[str, np.ndarray]:
    return {f"{new}.weight": variables[f"{old}/gamma"], f"{new}.bias": variables[f"{old}/beta"]}


def _linear(variables: Variables, old: str, parts: list[str]) -> dict[str, np.ndarray]:
    """Return a projection, taken apart along its output where several are stacked."""
    weights = np.split(variables[f"{old}/weight"], len(parts))
    biases = np.split(variables[f"{old}/bias"], len(parts))
    state = {}
    for part, weight, bias in zip(parts, weights, biases, strict=True):
        state[f"{part}.weight"] = weight
        if not part.endswith("k_proj"):
            state[f"{part}.bias"] = bias
        elif np.any(bias):
            raise WeightsError(f"{old}/bias: the key's part is not zero; Whisper has no key bias.")
    return state
