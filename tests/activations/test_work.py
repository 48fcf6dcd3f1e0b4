"""Work is cut by the request alone: killed, resumed and shared runs end in the same bytes."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

from grounding.activations import (
    compute_shard,
    extract,
    extract_frames,
    extract_spans,
    extract_stored,
    plan_of,
    spans_of,
    working,
)
from grounding.activations.by_span import SpanMeans
from grounding.activations.frames import KeptFrames
from grounding.activations.store import locked
from grounding.activations.trials import contents, extract_slowly, kill_and_resume, peak_memory
from grounding.encoders import load_encoder
from grounding.encoders.request import Request
from grounding.encoders.steps import even_steps
from grounding.errors import UserError


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(working, "SHARD", 6)


def test_a_run_that_is_killed_and_resumed_ends_in_the_same_bytes(toys, tmp_path):
    found = kill_and_resume(toys, tmp_path, (2.5, 8.9, 16.2))
    for killed in found:
        assert killed.equal
        assert killed.stored % 4 == 0 and killed.again == len(toys) - killed.stored
    assert [killed.stored for killed in found][::2] == [0, 12]


def test_pieces_of_work_done_one_by_one_in_any_order_make_the_same_store(toys, tmp_path):
    request = Request("toy", weights="random", seed=3)
    encoder = load_encoder("toy", weights="random", seed=3)
    plan = plan_of(encoder, toys, ("mean", "max"), tmp_path / "pieces")
    assert [len(work.keys) for work in plan.works] == [2, 6, 6, 6]
    for work in reversed(plan.works):
        work = pickle.loads(pickle.dumps(work))
        paths = compute_shard(request, work, tmp_path / "pieces")
        assert len(paths) == 2 and all(path.is_file() for path in paths)
    for pooling in ("mean", "max"):
        extract(encoder, toys, pooling, tmp_path / "whole")
    assert contents(tmp_path / "pieces") == contents(tmp_path / "whole")
    assert not plan_of(encoder, toys, ("mean", "max"), tmp_path / "pieces").works


def test_spans_and_frames_are_pieces_of_work_too(toys, counting, tmp_path):
    spans = spans_of(toys, "utterance")
    for reduction, extracted in (
        (SpanMeans.of("utterance", spans), lambda e: extract_spans(e, toys, "utterance", tmp_path)),
        (KeptFrames("float16"), lambda e: extract_frames(e, toys, e.layers, tmp_path, "float16")),
    ):
        for work in plan_of(load_encoder("toy"), toys, (reduction,), tmp_path).works:
            compute_shard(Request("toy"), pickle.loads(pickle.dumps(work)), tmp_path)
        encoder = counting()
        extracted(encoder)
        assert not encoder.asked


def test_work_that_is_done_is_not_done_again(toys, counting, tmp_path):
    encoder = counting()
    (work, *_) = plan_of(encoder, toys, ("mean",), tmp_path).works
    for _ in range(2):
        compute_shard(encoder, work, tmp_path)
        assert len(encoder.asked) == len(work.keys)


def test_the_plan_leaves_out_what_is_stored(toys, tmp_path):
    encoder = load_encoder("toy")
    extract(encoder, toys[:6], "mean", tmp_path)
    extract(encoder, toys[8:9], "mean", tmp_path, layers=["layer-1"])
    plan = plan_of(encoder, toys, ("mean",), tmp_path)
    assert plan.done == 6
    assert sorted((len(work.keys), work.layers) for work in plan.works) == [
        (1, encoder.layers),
        (1, ("embedding", "layer-2")),
        (6, encoder.layers),
        (6, encoder.layers),
    ]


def test_a_shard_that_another_process_is_at_is_left_to_it(toys, counting, tmp_path):
    encoder, theirs = counting(), load_encoder("toy")
    first, *_ = plan_of(encoder, toys, ("mean",), tmp_path).works
    released = threading.Event()
    reports: list[int] = []

    def other():
        with locked(tmp_path, first.name, wait=True):
            taken.set()
            released.wait(10)
            # What `compute_shard` does under the lock, which is ours already.
            working._compute(
                theirs, first, list(first.stimuli), working._Place(tmp_path / "not", places), True
            )

    from grounding.activations.store import collection

    places = {"mean": collection(tmp_path, theirs, "mean")}
    taken = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    taken.wait(10)

    def progress(done, total):
        reports.append(done)
        if done == 20 - len(first.keys):  # all of the others
            released.set()

    acts = extract(encoder, toys, "mean", tmp_path, progress)
    thread.join()
    assert sorted(encoder.asked) == sorted(set(toys.ids) - {one.id for one in first.stimuli})
    assert reports[-1] == 20
    np.testing.assert_array_equal(acts.values, extract(theirs, toys, "mean").values)


def test_two_processes_share_the_work_and_compute_nothing_twice(toys, tmp_path):
    call = (
        "from grounding.activations.trials import extract_in_child; "
        f"extract_in_child({str(toys.folder)!r}, {str(tmp_path / 'shared')!r}, 4, 0.03)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", call], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[0].split()[1:] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(said[0] + said[1]) == sorted(toys.ids)
    extract_slowly(toys, tmp_path / "alone", 4, 0.0)
    assert contents(tmp_path / "shared") == contents(tmp_path / "alone")


@pytest.mark.parametrize(("kept_in", "grows"), [("store", False), ("memory", True)])
def test_memory_grows_with_the_stimuli_only_where_they_are_kept_in_it(
    kept_in, grows, toys, tmp_path
):
    width = 20_000

    class Wide(type(load_encoder("toy"))):
        def encode(self, stimuli, layers=None):
            return [np.zeros((3, 1, width), np.float32) for stimulus in stimuli]

        def steps(self, stimulus):
            return even_steps(1, hop=320, field=400, rate=16_000)

    def peak(count):
        tracemalloc.start()
        try:
            if kept_in == "store":
                extract_stored(Wide(), toys[:count], "mean", tmp_path / f"{count}")
            else:
                extract(Wide(), toys[:count], "mean", tmp_path / f"{count}")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    values = 3 * width * 4  # bytes a stimulus
    peak(8)
    assert (peak(20) - peak(7) > 10 * values) == grows


def test_an_extraction_reports_its_own_peak(tmp_path):
    found = peak_memory(70, 80, tmp_path)
    assert 0 < found.before <= found.hashed <= found.whole < found.before + 200e6


def test_a_stimulus_that_cannot_be_taken_leaves_no_unfinished_file(toys, tmp_path):
    class Refusing(type(load_encoder("toy"))):
        def encode(self, stimuli, layers=None):
            raise UserError("not this one")

    with pytest.raises(UserError, match="not this one"):
        extract_stored(Refusing(), toys, "mean", tmp_path)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".lock"] == [
        "encoder.json"
    ]
