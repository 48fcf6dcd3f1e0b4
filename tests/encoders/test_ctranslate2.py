"""CTranslate2 files: read back what was written, refuse broken ones, and make a Whisper of one."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from grounding.encoders.assembling import from_ctranslate2
from grounding.encoders.ctranslate2 import CTranslate2File, read_ctranslate2
from grounding.encoders.whisper_weights import whisper_generation, whisper_state
from grounding.errors import WeightsError

TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|startofprev|>", "<|notimestamps|>"]


def text(string: str) -> bytes:
    return struct.pack("<H", len(string) + 1) + string.encode() + b"\0"


def packed(variables: dict[str, np.ndarray], aliases: dict[str, str], spec="WhisperSpec") -> bytes:
    """Write a CTranslate2 file as its documentation says, apart from the code under test."""
    out = struct.pack("<I", 6) + text(spec) + struct.pack("<II", 3, len(variables))
    for name, values in variables.items():
        out += text(name) + struct.pack("<B", values.ndim)
        out += struct.pack(f"<{values.ndim}I", *values.shape)
        out += struct.pack("<BI", TYPES[values.dtype.name], values.nbytes) + values.tobytes()
    out += struct.pack("<I", len(aliases))
    return out + b"".join(text(alias) + text(name) for alias, name in aliases.items())


VARIABLES = {
    "a/weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a/half": np.array([1.5, -2.0], dtype=np.float16),
    "count": np.array(7, dtype=np.int16),
    "bytes": np.array([-1, 1], dtype=np.int8),
    "more": np.array([70000], dtype=np.int32),
}


def test_reads_back_every_type_and_alias(tmp_path):
    (tmp_path / "model.bin").write_bytes(packed(VARIABLES, {"tied": "a/weight"}))
    file = read_ctranslate2(tmp_path / "model.bin")
    assert (file.specification, file.revision) == ("WhisperSpec", 3)
    assert set(file.variables) == {*VARIABLES, "tied"}
    for name, values in VARIABLES.items():
        assert file.variables[name].dtype == values.dtype
        np.testing.assert_array_equal(file.variables[name], values)
    assert file.variables["tied"] is file.variables["a/weight"]


GOOD = packed(VARIABLES, {"tied": "a/weight"})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GOOD[:100], "ends early: 100 bytes, .* needed"),
        (b"\x05" + GOOD[1:], "not a CTranslate2 file of version 6: it starts with 5"),
        (GOOD + b"x", "1 bytes follow the last entry"),
        (packed(VARIABLES, {"tied": "b"}), "alias 'tied' names 'b', which is not there"),
        (GOOD.replace(b"\0\0\0\x00\x18", b"\0\0\0\x09\x18", 1), "the unknown element type 9"),
        (
            GOOD.replace(b"\x02\x00\x00\x00\x03\x00\x00\x00", b"\x02\x00\x00\x00\x04\x00\x00\x00"),
            r"'a/weight' has 24 bytes, which do not fill \(2, 4\) of float32",
        ),
    ],
)
def test_broken_files_are_refused(data, message, tmp_path):
    (tmp_path / "model.bin").write_bytes(data)
    with pytest.raises(WeightsError, match=message):
        read_ctranslate2(tmp_path / "model.bin")


def converted(model) -> dict[str, np.ndarray]:
    """Return the variables of a Whisper under CTranslate2's names."""
    state = {key: values.numpy() for key, values in model.model.state_dict().items()}
    variables = {
        "encoder/num_heads": np.array(model.config.encoder_attention_heads, dtype=np.int16),
        "decoder/num_heads": np.array(model.config.decoder_attention_heads, dtype=np.int16),
        "encoder/position_encodings/encodings": state["encoder.embed_positions.weight"],
        "decoder/position_encodings/encodings": state["decoder.embed_positions.weight"],
        "decoder/embeddings/weight": state["decoder.embed_tokens.weight"],
    }
    for conv in ("conv1", "conv2"):
        for part in ("weight", "bias"):
            variables[f"encoder/{conv}/{part}"] = state[f"encoder.{conv}.{part}"]

    def norm(old, new):
        variables[f"{new}/gamma"] = state[f"{old}.weight"]
        variables[f"{new}/beta"] = state[f"{old}.bias"]

    def linear(olds, new):
        width = len(state[f"{olds[0]}.weight"])
        bias = [state.get(f"{old}.bias", np.zeros(width, dtype=np.float32)) for old in olds]
        variables[f"{new}/weight"] = np.concatenate([state[f"{old}.weight"] for old in olds])
        variables[f"{new}/bias"] = np.concatenate(bias)

    for side, depth in (
        ("encoder", model.config.encoder_layers),
        ("decoder", model.config.decoder_layers),
    ):
        norm(f"{side}.layer_norm", f"{side}/layer_norm")
        for i in range(depth):
            old, new = f"{side}.layers.{i}", f"{side}/layer_{i}"
            norm(f"{old}.self_attn_layer_norm", f"{new}/self_attention/layer_norm")
            norm(f"{old}.final_layer_norm", f"{new}/ffn/layer_norm")
            linear([f"{old}.fc1"], f"{new}/ffn/linear_0")
            linear([f"{old}.fc2"], f"{new}/ffn/linear_1")
            stacked = [f"{old}.self_attn.{part}_proj" for part in "qkv"]
            linear(stacked, f"{new}/self_attention/linear_0")
            linear([f"{old}.self_attn.out_proj"], f"{new}/self_attention/linear_1")
            if side == "decoder":
                cross = f"{old}.encoder_attn"
                norm(f"{old}.encoder_attn_layer_norm", f"{new}/attention/layer_norm")
                linear([f"{cross}.q_proj"], f"{new}/attention/linear_0")
                linear([f"{cross}.k_proj", f"{cross}.v_proj"], f"{new}/attention/linear_1")
                linear([f"{cross}.out_proj"], f"{new}/attention/linear_2")
    return {name: np.asarray(values, order="C") for name, values in variables.items()}


def whisper_files(model, folder: Path, parts: int = 1) -> None:
    """Write the files of a CTranslate2 folder, `model.bin` in as many parts as asked."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    data = packed(converted(model), {"decoder/projection/weight": "decoder/embeddings/weight"})
    size = -(-len(data) // parts)
    for index in range(parts):
        name = "model.bin" if parts == 1 else f"model.bin.part{index + 1}"
        (folder / name).write_bytes(data[index * size : (index + 1) * size])
    coder = Tokenizer(models.BPE(vocab={"a": 0, "b": 1}, merges=[]))
    coder.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    coder.add_special_tokens(SPECIAL)
    coder.save(str(folder / "tokenizer.json"))
    described = {"suppress_ids": [1], "suppress_ids_begin": [0], "alignment_heads": [[0, 0]]}
    (folder / "config.json").write_text(json.dumps(described))


@pytest.fixture
def whisper(tiny_model):
    from transformers import WhisperForConditionalGeneration

    return WhisperForConditionalGeneration.from_pretrained(tiny_model("whisper")).eval()


@pytest.mark.parametrize("parts", [1, 3])
def test_a_converted_whisper_is_the_one_that_was_written(parts, whisper, tmp_path):
    import torch
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    with torch.no_grad():  # biases start at zero, where a wrong place would not show
        for values in whisper.parameters():
            values.add_(0.02 * torch.randn(values.shape, generator=torch.manual_seed(1)))
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    whisper_files(whisper, tmp_path / "in", parts)
    from_ctranslate2(tmp_path / "in", tmp_path / "out")
    again = WhisperForConditionalGeneration.from_pretrained(
        tmp_path / "out", use_safetensors=True
    ).eval()
    mel = torch.randn((1, 80, 3000), generator=torch.manual_seed(2))
    tokens = torch.tensor([[3, 5, 1]])
    with torch.inference_mode():
        expected = whisper(input_features=mel, decoder_input_ids=tokens)
        found = again(input_features=mel, decoder_input_ids=tokens)
    torch.testing.assert_close(found.logits, expected.logits)
    torch.testing.assert_close(found.encoder_last_hidden_state, expected.encoder_last_hidden_state)
    assert again.generation_config.decoder_start_token_id == 3
    assert again.generation_config.suppress_tokens == [1]
    processor = WhisperProcessor.from_pretrained(tmp_path / "out")
    assert processor.batch_decode([[3, 0, 1, 2]], skip_special_tokens=True) == ["ab"]


def test_a_key_bias_and_another_specification_are_refused(whisper):
    variables = converted(whisper)
    bias = variables["encoder/layer_0/self_attention/linear_0/bias"]
    bias[len(bias) // 2] = 1.0
    with pytest.raises(WeightsError, match="the key's part is not zero"):
        whisper_state(CTranslate2File("WhisperSpec", 3, variables))
    with pytest.raises(WeightsError, match="found 'TransformerSpec'"):
        whisper_state(CTranslate2File("TransformerSpec", 3, variables))


def test_a_multilingual_whisper_knows_its_languages_and_tasks():
    tokens = {
        name: index
        for index, name in enumerate(
            [
                *SPECIAL[:2],
                "<|en|>",
                "<|fr|>",
                "<|translate|>",
                "<|transcribe|>",
                *SPECIAL[2:],
            ]
        )
    }
    described = {"suppress_ids": [], "suppress_ids_begin": [], "alignment_heads": []}
    settings = whisper_generation(described, tokens, multilingual=True)
    assert settings["lang_to_id"] == {"<|en|>": 2, "<|fr|>": 3}
    assert settings["task_to_id"] == {"transcribe": 5, "translate": 4}
    assert "lang_to_id" not in whisper_generation(described, tokens, multilingual=False)
