"""The store gives back what was put in, computes only what is missing, and mistrusts its files."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from grounding.activations import extract, extract_many, extract_stored, plan_of, working
from grounding.activations.shards import read_shard
from grounding.activations.store import Collection
from grounding.activations.trials import contents
from grounding.encoders import load_encoder
from grounding.errors import UserError


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(working, "SHARD", 6)


@pytest.mark.parametrize("name", ["toy", "toy-text"])
def test_what_is_read_is_what_was_computed(name, toys, counting, tmp_path):
    encoder = counting(name)
    fresh = extract(encoder, toys, "trajectory", tmp_path)
    asked = len(encoder.asked)
    again = extract(encoder, toys, "trajectory", tmp_path)
    assert len(encoder.asked) == asked
    np.testing.assert_array_equal(fresh.values, again.values)
    np.testing.assert_array_equal(fresh.values, extract(encoder, toys, "trajectory").values)


def test_only_what_is_missing_is_computed(toys, counting, tmp_path):
    encoder = counting()
    extract(encoder, toys[:7], "mean", tmp_path)
    encoder.asked.clear()
    extract(encoder, toys, "mean", tmp_path)
    assert sorted(encoder.asked) == sorted(toys.ids[7:])
    encoder.asked.clear()
    extract_many(encoder, toys, ("mean", "max"), tmp_path)
    assert sorted(encoder.asked) == sorted(toys.ids)  # for max
    encoder.asked.clear()
    extract_many(encoder, list(toys)[::-1], ("max", "mean"), tmp_path)
    assert not encoder.asked


@pytest.mark.parametrize("whole_shards", [1, 2, 3])
def test_a_killed_run_is_resumed_and_ends_in_the_same_bytes(whole_shards, toys, counting, tmp_path):
    works = plan_of(counting(), toys, ["mean"], tmp_path / "unharmed").works
    extract(counting(), toys, "mean", tmp_path / "unharmed")
    finished = [s.id for work in works[:whole_shards] for s in work.stimuli]
    with pytest.raises(KeyboardInterrupt):
        dying = counting(dies_after=len(finished))
        extract(dying, toys, "mean", tmp_path / "killed")
    resumed = counting()
    extract(resumed, toys, "mean", tmp_path / "killed")
    assert sorted(resumed.asked) == sorted(set(toys.ids) - set(finished))
    assert contents(tmp_path / "killed") == contents(tmp_path / "unharmed")


def test_death_in_the_middle_of_a_write_leaves_no_shard(toys, counting, tmp_path, monkeypatch):
    def die(descriptor):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("os.fsync", die)
        extract(counting(), toys, "mean", tmp_path)
    assert not list(tmp_path.rglob("*.safetensors"))
    resumed = counting()
    extract(resumed, toys, "mean", tmp_path)
    assert sorted(resumed.asked) == sorted(toys.ids)


@pytest.mark.parametrize(
    "other",
    [
        {"window": 5.0},
        {"feature_extractor": {"do_normalize": False}},
        {"weights_sha256": "0" * 64},
        {"versions": {"transformers": "6.0"}},
    ],
)
def test_changed_preprocessing_never_meets_old_entries(other, toys, counting, tmp_path):
    extract(counting(window=None), toys, "mean", tmp_path)
    changed = counting(**{"window": None, **other})
    extract(changed, toys, "mean", tmp_path)
    assert sorted(changed.asked) == sorted(toys.ids)


def test_other_weights_and_other_stimuli_never_meet_old_entries(toys, counting, tmp_path):
    extract(load_encoder("toy"), toys, "mean", tmp_path)
    random = extract(load_encoder("toy", weights="random", seed=0), toys, "mean", tmp_path)
    np.testing.assert_array_equal(
        random.values, extract(load_encoder("toy", weights="random", seed=0), toys, "mean").values
    )
    quieter = tmp_path / "quieter.wav"
    soundfile.write(quieter, 0.9 * toys[0].audio, toys[0].rate, subtype="FLOAT")
    record = {k: v for k, v in toys[0].record().items() if k not in ("sha256", "articulation")}
    other = type(toys[0]).from_record({**record, "audio": quieter.name}, tmp_path)
    encoder = counting()
    extract(encoder, [other], "mean", tmp_path)
    assert encoder.asked == [other.id]


@pytest.mark.parametrize("damage", ["a flipped bit", "a lost end", "no header", "another file"])
def test_a_damaged_shard_is_named_and_not_used(damage, toys, tmp_path):
    from safetensors.numpy import save

    extract(load_encoder("toy"), toys, "mean", tmp_path)
    shard = sorted(tmp_path.rglob("*.safetensors"))[1]
    bytes_ = bytearray(shard.read_bytes())
    if damage == "a flipped bit":
        bytes_[-5] ^= 1
    shard.write_bytes(
        {
            "a flipped bit": bytes_,
            "a lost end": bytes_[:-9],
            "no header": b"",
            "another file": save({"values": np.zeros(3, dtype=np.float32)}),
        }[damage]
    )
    with pytest.raises(UserError, match=f"{shard.name} are damaged.*Remove it and run again"):
        extract(load_encoder("toy"), toys, "mean", tmp_path)
    shard.unlink()
    extract(load_encoder("toy"), toys, "mean", tmp_path)


def test_a_shard_without_values_is_damaged_too(toys, tmp_path):
    from safetensors import safe_open
    from safetensors.numpy import save

    extract(load_encoder("toy"), toys, "mean", tmp_path)
    shard = sorted(tmp_path.rglob("*.safetensors"))[0]
    with safe_open(shard, framework="numpy") as file:
        about = file.metadata()
    shard.write_bytes(save({"other": np.zeros((6, 3), dtype=np.float32)}, metadata=about))
    with pytest.raises(UserError, match=f"{shard.name} are damaged"):
        extract(load_encoder("toy"), toys, "mean", tmp_path)


def test_any_flipped_byte_is_found(toys, tmp_path):
    encoder = load_encoder("toy")
    expected = extract(encoder, toys[:3], "mean", tmp_path)
    (path,) = tmp_path.rglob("*.safetensors")
    whole = path.read_bytes()
    for at in [*range(0, 900, 7), *range(900, len(whole), 61)]:
        flipped = bytearray(whole)
        flipped[at] ^= 4
        path.write_bytes(flipped)
        with pytest.raises(UserError, match=f"{path.name} are damaged"):
            extract(encoder, toys[:3], "mean", tmp_path)
    path.write_bytes(whole)
    np.testing.assert_array_equal(
        extract(encoder, toys[:3], "mean", tmp_path).values, expected.values
    )


def test_what_another_process_removes_meanwhile_is_said_to_be_lost(toys, tmp_path):
    acts = extract_stored(load_encoder("toy"), toys, "mean", tmp_path, layers=["layer-1"])
    empty = Collection(tmp_path / "nothing", {}).index()
    for index, layer in ((empty, "layer-1"), (acts.index, "layer-2")):
        with pytest.raises(UserError, match=f"has lost {layer} of a stimulus while it was read"):
            list(index.by_shard(acts.keys, layer))
    next(tmp_path.rglob("*.safetensors")).unlink()
    with pytest.raises(UserError, match="are damaged"):
        acts.layer(0)


def test_the_layers_of_a_shard_are_read_by_others_too(toys, tmp_path):
    from safetensors.numpy import load_file

    acts = extract(load_encoder("toy"), toys[:6], "mean", tmp_path)
    (path,) = tmp_path.rglob("*.safetensors")
    tensors = load_file(path)
    assert set(tensors) == set(acts.layers)
    places = {stimulus.audio_digest: place for place, stimulus in enumerate(toys[:6])}
    order = [places[key] for key in read_shard(path).keys]
    for layer, values in tensors.items():
        np.testing.assert_array_equal(values, acts.layer(layer)[order])
    assert path.read_bytes()[8:].find(b"{") == 0 and read_shard(path).base % 8 == 0


def test_layers_that_are_missing_are_added_without_the_others(toys, counting, tmp_path):
    extract(counting(), toys, "mean", tmp_path, layers=["layer-1"])
    encoder = counting()
    acts = extract(encoder, toys, "mean", tmp_path)
    assert {tuple(layers) for layers in encoder.layers_asked} == {("embedding", "layer-2")}
    np.testing.assert_array_equal(acts.values, extract(load_encoder("toy"), toys, "mean").values)
    encoder = counting()
    extract(encoder, toys, "mean", tmp_path, layers=["layer-2", "layer-1"])
    assert not encoder.asked


def test_a_layer_is_read_without_the_others(toys, tmp_path):
    extract(load_encoder("toy"), toys, "mean", tmp_path)
    for path in tmp_path.rglob("*.safetensors"):
        bytes_ = bytearray(path.read_bytes())
        bytes_[-3] ^= 1  # the last layer
        path.write_bytes(bytes_)
    extract(load_encoder("toy"), toys, "mean", tmp_path, layers=["layer-1"])
    with pytest.raises(UserError, match="are damaged"):
        extract(load_encoder("toy"), toys, "mean", tmp_path, layers=["layer-2"])


def test_the_order_of_layers_and_poolings_moves_no_byte(toys, tmp_path):
    extract_many(load_encoder("toy"), toys, ("mean", "max"), tmp_path / "a", layers=[0, 2])
    extract_many(load_encoder("toy"), toys, ("max", "mean"), tmp_path / "b", layers=[2, 0])
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_known_headers_are_not_read_again(toys, tmp_path, monkeypatch):
    extract(load_encoder("toy"), toys[:6], "mean", tmp_path)
    (path,) = tmp_path.rglob("*.safetensors")
    place = Collection(path.parent, {})
    known = place.index()
    extract(load_encoder("toy"), toys, "mean", tmp_path)
    read = []
    monkeypatch.setattr(
        "grounding.activations.store.read_shard", lambda p: read.append(p) or read_shard(p)
    )
    assert place.index(known).places.keys() == place.index().places.keys()
    assert read.count(path) == 1 and len(read) == 3 + 4


def test_a_store_that_is_a_file_is_refused(toys, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file is a file; needed: a folder"):
        extract(load_encoder("toy"), toys, "mean", tmp_path / "file")


def test_a_store_that_cannot_be_written_to_is_refused(toys, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/below cannot be written to \(Not a directory\)"):
        extract(load_encoder("toy"), toys, "mean", tmp_path / "file" / "below")

    def full(file, start, size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(UserError, match=r"cannot be written to \(No space left on device\)"):
        extract(load_encoder("toy"), toys, "mean", tmp_path)
    monkeypatch.delattr(os, "posix_fallocate")
    extract(load_encoder("toy"), toys, "mean", tmp_path)


def test_a_whole_store_is_read_where_nothing_can_be_written(toys, tmp_path, monkeypatch):
    acts = extract(load_encoder("toy"), toys, "mean", tmp_path)
    monkeypatch.setattr(Path, "mkdir", None)
    again = extract(load_encoder("toy"), toys, "mean", tmp_path)
    np.testing.assert_array_equal(acts.values, again.values)


def test_reading_the_store_needs_no_model_library(toys, tmp_path):
    extract(load_encoder("toy"), toys, "mean", tmp_path)
    program = (
        "import sys; from grounding.activations import extract; "
        "from grounding.encoders import load_encoder; "
        "from grounding.stimuli import read_stimuli; "
        f"extract(load_encoder('toy'), read_stimuli({str(toys.folder)!r}), 'mean', "
        f"{str(tmp_path)!r}); "
        "print([m for m in ('torch', 'transformers', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
