"""A store is verified to the byte, and freed of what is named and of nothing else."""

from __future__ import annotations

import os

import numpy as np
import pytest

from grounding.activations import (
    extract,
    extract_frames,
    gram,
    keep_unless,
    prune,
    upkeep,
    verify,
    working,
)
from grounding.activations.trials import contents
from grounding.activations.upkeep import held_in
from grounding.encoders import load_encoder
from grounding.errors import UserError


@pytest.fixture
def store(toys, tmp_path, monkeypatch):
    """Two encoders' activations in one store."""
    monkeypatch.setattr(working, "SHARD", 6)
    for name in ("toy", "toy-text"):
        for pooling in ("mean", "max"):
            extract(load_encoder(name), toys, pooling, tmp_path / "store")
    extract_frames(load_encoder("toy"), toys, [0], tmp_path / "store")
    gram(load_encoder("toy"), toys, store=tmp_path / "store")
    return tmp_path / "store"


def test_a_whole_store_is_found_whole(store):
    seen = []
    found = verify(store, lambda *at: seen.append(at))
    shards = list(store.rglob("*.safetensors"))
    assert (found.shards, found.damaged, found.unknown) == (len(shards), (), ())
    assert found.bytes == sum(path.stat().st_size for path in shards)
    assert seen[-1] == (len(shards), len(shards))


def test_flipped_bytes_are_named_and_only_their_shards_rebuilt(store, toys, counting):
    from safetensors.numpy import load_file

    before = contents(store)
    shards = sorted(p for p in store.rglob("mean/*.safetensors") if "text" not in str(p))
    rng = np.random.default_rng(0)
    for path in (shards[0], shards[2]):
        bytes_ = bytearray(path.read_bytes())
        bytes_[rng.integers(len(bytes_) - 500, len(bytes_))] ^= 1
        path.write_bytes(bytes_)
    assert verify(store).damaged == (shards[0], shards[2])
    with pytest.raises(UserError, match=f"{shards[0].name} are damaged"):
        extract(load_encoder("toy"), toys, "mean", store)
    lost = sum(len(load_file(path)["embedding"]) for path in verify(store).damaged)
    for path in verify(store).damaged:
        path.unlink()
    encoder = counting()
    extract(encoder, toys, "mean", store)
    assert len(encoder.asked) == lost < len(toys)
    assert contents(store) == before
    assert not verify(store).damaged


def test_a_dry_run_says_what_a_run_frees(store, toys):
    before = contents(store)
    keep = keep_unless(encoders=("toy-text",))
    would = prune(store, keep, dry_run=True)
    assert contents(store) == before
    assert prune(store, keep) == would
    assert {held.encoder for held in would} == {"toy-text"}
    assert {held.pooling for held in would} == {"mean", "max"}
    after = contents(store)
    assert all(before[path] == content for path, content in after.items())
    gone = [path for path in before if path not in after]
    assert all(path.startswith("toy-text-") for path in gone)
    sizes = sum(len(before[path]) for path in gone if path.endswith(".safetensors"))
    assert sum(held.bytes for held in would) == sizes
    assert not list(store.glob("toy-text-*"))
    assert prune(store, keep) == []


def test_what_is_freed_is_computed_again(store, toys, counting):
    acts = extract(load_encoder("toy"), toys, "mean", store)
    prune(store, lambda held: held.pooling != "mean")
    encoder = counting()
    np.testing.assert_array_equal(extract(encoder, toys, "mean", store).values, acts.values)
    assert len(encoder.asked) == len(toys)


def test_age_counts_from_the_last_shard_written(store):
    old = [held for held in held_in(store) if held.pooling == "max"]
    for held in old:
        for path in held.folder.iterdir():
            os.utime(path, (0, 0))
    newest = max(held.changed for held in held_in(store))
    freed = prune(store, keep_unless(older_than_days=1.0, now=newest + 60))
    assert {held.folder for held in freed} == {held.folder for held in old}
    one = held_in(store)[0]
    assert not keep_unless(older_than_days=1.0, now=one.changed + 90_000)(one)
    assert keep_unless(("other",), older_than_days=1.0, now=one.changed + 90_000)(one)


def test_formats_of_other_versions_are_freed_on_request(store):
    older = store / ("whisper-" + "a" * 24) / "mean"
    older.mkdir(parents=True)
    (older / "x.safetensors").write_bytes(b"of another version")
    assert verify(store).unknown == (older,)
    (freed,) = prune(store, keep_unless(unknown_schema=True))
    assert (freed.encoder, freed.schema, freed.bytes) == ("whisper", None, 18)
    assert not older.parent.exists() and len(held_in(store)) == 6


def test_files_that_are_not_the_stores_stay(store, tmp_path):
    (held, *_) = held_in(store)
    (held.folder / "notes.txt").write_text("mine")
    (store / "mine").mkdir()
    (store / "mine" / "x.safetensors").write_bytes(b"mine")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "y.safetensors").write_bytes(b"mine")
    (store / ("link-" + "b" * 24)).symlink_to(outside)
    prune(store, lambda held: False)
    left = {path for path in contents(store) if not path.endswith("lock")}
    own = f"{held.folder.parent.name}/{held.pooling}/notes.txt"
    assert {own, "mine/x.safetensors"} <= left
    assert (outside / "y.safetensors").is_file()
    assert held_in(store) == []


def test_remains_of_killed_runs_are_counted_and_freed(store):
    (held, *_) = held_in(store)
    (held.folder / "abc.123.unfinished").write_bytes(b"12345")
    assert held_in(store)[0].bytes == held.bytes + 5
    assert not verify(store).damaged
    prune(store, lambda other: other.folder != held.folder)
    assert not held.folder.exists()


def test_bad_wishes_are_refused(tmp_path):
    for work in (verify, lambda path: prune(path, lambda held: True)):
        with pytest.raises(UserError, match=r"there is no store at .*; needed: a folder"):
            work(tmp_path / "nothing")
    with pytest.raises(UserError, match="say what to free"):
        keep_unless()
    assert upkeep.held_in(tmp_path) == []
