"""Frames are kept whole, read by memory map, and refused where there is no room for them."""

from __future__ import annotations

import shutil
from collections import namedtuple

import numpy as np
import pytest

from grounding.activations import extract_frames, frames_size, working
from grounding.encoders import load_encoder
from grounding.errors import UserError

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(working, "SHARD", 6)


@pytest.mark.parametrize("name", ["toy", "toy-text"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_every_step_is_given_back(name, dtype, toys, tmp_path):
    encoder = load_encoder(name)
    frames = extract_frames(encoder, toys, ["layer-2", "embedding"], tmp_path, dtype)
    assert frames.ids == toys.ids and frames.layers == ("layer-2", "embedding")
    tolerance = 1e-6 if dtype == "float32" else 1e-3
    for stimulus, steps in zip(toys, encoder.encode(list(toys)), strict=True):
        for layer, place in (("layer-2", 2), (1, 0)):
            found = frames.of(stimulus.id, layer)
            assert isinstance(found, np.memmap) and found.dtype == dtype
            np.testing.assert_allclose(found, steps[place], rtol=tolerance, atol=tolerance)
        assert len(frames.steps(stimulus.id)) == steps.shape[1]
    assert frames.count == sum(len(encoder.steps(stimulus)) for stimulus in toys)


def test_frames_are_stored_once_and_dtypes_kept_apart(toys, counting, tmp_path):
    extract_frames(load_encoder("toy"), toys, [0], tmp_path)
    encoder = counting()
    encoder.width = 32
    extract_frames(encoder, toys, [0], tmp_path)
    assert not encoder.asked
    extract_frames(encoder, toys, [0], tmp_path, "float16")
    assert len(encoder.asked) == len(toys)


def test_the_size_is_known_before_the_pass(toys, counting, tmp_path):
    encoder = counting()
    expected = frames_size(encoder, toys, ["layer-1"], "float16")
    assert len(encoder.asked) == 1  # for the number of features
    encoder.width = 32
    assert frames_size(encoder, toys, ["layer-1"], "float16") == expected
    assert len(encoder.asked) == 1
    extract_frames(encoder, toys, ["layer-1"], tmp_path, "float16")
    files = sum(path.stat().st_size for path in tmp_path.rglob("*.safetensors"))
    assert expected < files < expected + 4 * 2000  # four headers


def test_a_disk_without_room_is_refused_before_anything_is_computed(
    toys, counting, tmp_path, monkeypatch
):
    encoder = counting()
    encoder.width = 32
    needed = frames_size(encoder, toys)
    asked = []

    def usage(path):
        asked.append(path)
        return Usage(needed, 0, round(needed * 1.01))

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with pytest.raises(UserError, match=r"frames of toy take .* GB and the disk of .* GB free"):
        extract_frames(encoder, toys, encoder.layers, tmp_path / "not" / "yet")
    assert asked == [tmp_path] and not encoder.asked
    extract_frames(encoder, toys, ["layer-1"], tmp_path)  # a third of it
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 0))
    extract_frames(encoder, toys, ["layer-1"], tmp_path)  # stored: it takes no room


def test_features_that_float16_cannot_hold_are_refused(toys, counting, tmp_path, monkeypatch):
    encoder = counting()
    large = lambda stimuli, layers: [1e5 * a for a in encoder.inner.encode(stimuli, layers)]  # noqa: E731
    monkeypatch.setattr(encoder, "encode", large)
    with pytest.raises(UserError, match="float16 cannot hold these activations: the largest"):
        extract_frames(encoder, toys, [0], tmp_path, "float16")
    extract_frames(encoder, toys, [0], tmp_path)


def test_damage_is_found_at_the_first_look(toys, tmp_path):
    extract_frames(load_encoder("toy"), toys, [0], tmp_path)
    path = sorted(tmp_path.rglob("*.safetensors"))[0]
    bytes_ = bytearray(path.read_bytes())
    bytes_[-1] ^= 1
    path.write_bytes(bytes_)
    frames = extract_frames(load_encoder("toy"), toys, [0], tmp_path)
    with pytest.raises(UserError, match=f"{path.name} are damaged"):
        [frames.of(name, 0) for name in frames.ids]


def test_bad_wishes_are_refused(toys, tmp_path):
    encoder = load_encoder("toy")
    with pytest.raises(UserError, match="'float32' or 'float16'; found 'int8'"):
        extract_frames(encoder, toys, [0], tmp_path, "int8")
    frames = extract_frames(encoder, toys[:2], [0], tmp_path)
    with pytest.raises(UserError, match="no frames of a stimulus 'nobody'"):
        frames.of("nobody", 0)
    with pytest.raises(UserError, match="toy has no layer 1"):
        frames.of(toys[0].id, 1)
