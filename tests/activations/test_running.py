"""Stimuli go through an encoder in pieces, decoded ahead, with a sensible number of threads."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from grounding.activations import extract, running
from grounding.activations.running import (
    ahead,
    available_processors,
    decoded,
    encoded,
    model_threads,
    pieces,
)
from grounding.encoders import load_encoder
from grounding.errors import AudioError
from grounding.stimuli.audio import decode


def test_pieces_hold_everything_once_and_no_more_than_allowed():
    lengths = np.random.default_rng(0).integers(1, 50, 200).tolist()
    cut = pieces(lengths, most=120)
    assert sorted(place for piece in cut for place in piece) == list(range(200))
    assert all(len(piece) == 1 or sum(lengths[p] for p in piece) <= 120 for piece in cut)
    order = [lengths[place] for piece in cut for place in piece]
    assert order == sorted(lengths) and pieces([], most=9) == []
    assert pieces([500], most=120) == [[0]]


def test_the_encoder_is_given_pieces_that_fit(toys, counting, monkeypatch):
    encoder = counting()
    steps = [encoder.steps(stimulus) for stimulus in toys]
    monkeypatch.setattr(running, "MOST", 3 * 60)
    places = [place for place, _ in encoded(encoder, list(toys), encoder.layers, steps)]
    assert sorted(places) == list(range(20)) and len(encoder.layers_asked) > 5
    monkeypatch.undo()
    whole = dict(encoded(encoder, list(toys), encoder.layers, steps))
    for place, array in whole.items():
        np.testing.assert_array_equal(array, encoder.inner.encode([toys[place]])[0])


def test_sound_is_decoded_once_for_an_encoder_that_hears(toys, counting, monkeypatch):
    reads = []

    def counted(data):
        reads.append(threading.current_thread().name)
        return decode(data)

    monkeypatch.setattr("grounding.stimuli.stimulus.decode", counted)
    extract(counting("toy"), toys, "mean")
    assert len(reads) == 20 and threading.main_thread().name not in reads
    reads.clear()
    extract(counting("toy-text"), toys, "mean")
    assert not reads


def test_a_decoded_stimulus_is_the_same_but_for_its_sound_in_memory(toys):
    (heard,) = decoded(load_encoder("toy"), toys[:1])
    assert (heard.id, heard.audio_digest) == (toys[0].id, toys[0].audio_digest)
    np.testing.assert_array_equal(heard.audio, toys[0].audio)
    heard.audio[:] = 0  # its own copy
    np.testing.assert_array_equal(heard.audio, toys[0].audio)
    assert decoded(load_encoder("toy"), [heard]) == [heard]


def test_a_sound_that_is_gone_is_named_in_its_turn(toys, tmp_path):
    record = {k: v for k, v in toys[0].record().items() if k != "articulation"}
    gone = type(toys[0]).from_record(record, tmp_path)
    gone.__dict__["audio_digest"] = "known"
    with pytest.raises(AudioError, match=r"audio/cat-0.flac"):
        extract(load_encoder("toy"), [gone], "mean")


def test_what_is_made_ahead_is_one_item_at_most():
    made, taken = [], []
    for item, square in ahead(list(range(9)), lambda item: made.append(item) or item**2):
        taken.append(item)
        assert square == item**2 and len(made) <= len(taken) + 1
    assert taken == list(range(9)) and list(ahead([], str)) == []


def test_an_error_ahead_is_raised_when_its_item_comes():
    def fail(item):
        if item == 2:
            raise ValueError("second")
        return item

    seen = []
    with pytest.raises(ValueError, match="second"):
        seen += [item for item, _ in ahead([1, 2, 3], fail)]


def test_torch_gets_no_more_threads_than_there_are_and_gets_its_own_back(counting, monkeypatch):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        monkeypatch.setattr(running, "available_processors", lambda: 1)
        with model_threads(counting(versions={"torch": "2"})):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        monkeypatch.setattr(running, "available_processors", lambda: 64)
        with model_threads(counting()):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("quota", "most"), [("max 100000", None), ("150000 100000", 2), ("5000 100000", 1), ("", None)]
)
def test_a_containers_quota_counts(quota, most, tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(running, "QUOTA", tmp_path / "cpu.max")
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert available_processors() == min(own, most or own)
