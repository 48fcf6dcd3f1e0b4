"""Finished computations are found again, and only by what made them."""

from __future__ import annotations

import json

import pytest

from grounding.claims import memo as module
from grounding.claims.memo import Memo
from grounding.files import write_whole


class Counted:
    def __init__(self, value):
        self.value, self.calls = value, 0

    def __call__(self):
        self.calls += 1
        return self.value


def test_a_second_recall_computes_nothing(tmp_path):
    memo, compute = Memo(tmp_path), Counted({"x": [1.5, 2.25]})
    first = memo.recall("answer", {"seed": 0}, compute)
    assert memo.recall("answer", {"seed": 0}, compute) == first == {"x": [1.5, 2.25]}
    assert compute.calls == 1


@pytest.mark.parametrize("other", [("answer", {"seed": 1}), ("reply", {"seed": 0})])
def test_another_key_or_name_computes_anew(tmp_path, other):
    memo, compute = Memo(tmp_path), Counted(1)
    memo.recall("answer", {"seed": 0}, compute)
    memo.recall(*other, compute)
    assert compute.calls == 2


def test_edited_source_computes_anew(tmp_path, monkeypatch):
    memo, compute = Memo(tmp_path), Counted(1)
    memo.recall("answer", {}, compute)
    monkeypatch.setattr(module, "source_digest", lambda: "edited")
    memo.recall("answer", {}, compute)
    assert compute.calls == 2


def test_a_damaged_entry_is_never_read(tmp_path):
    memo, compute = Memo(tmp_path), Counted([1, 2])
    memo.recall("answer", {}, compute)
    (path,) = tmp_path.iterdir()
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({**entry, "value": [1, 3]}))
    assert memo.recall("answer", {}, compute) == [1, 2]
    assert compute.calls == 2


def test_a_failed_computation_leaves_nothing(tmp_path):
    def fail():
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        Memo(tmp_path).recall("answer", {}, fail)
    assert not list(tmp_path.iterdir())


def test_first_and_second_value_are_the_same_type(tmp_path):
    memo = Memo(tmp_path)
    assert memo.recall("a", {}, lambda: (1, 2)) == memo.recall("a", {}, lambda: (1, 2)) == [1, 2]


def test_a_killed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    write_whole(path, b"old")

    def killed(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
