"""Shards hold near lengths, and are the same whatever was done before and in whatever order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from grounding.activations import extract, plan_of, working
from grounding.activations.cutting import SECONDS, Sized, cut, sized
from grounding.activations.trials import contents
from grounding.encoders import load_encoder


def some(lengths):
    return [Sized(length, length, f"{place:03}") for place, length in enumerate(lengths)]


@pytest.fixture(params=["words", "talks"])
def keys(request):
    longest = {"words": 2.0, "talks": 300.0}[request.param]
    return some(np.random.default_rng(0).uniform(0.2, longest, 50).tolist())


def test_cuts_hold_everything_once_shortest_first_and_within_bounds(keys):
    cuts = cut(keys, 8)
    assert [one for part in cuts for one in part] == sorted(keys)
    for part in cuts:
        assert len(part) <= 8 and sum(one.seconds for one in part) <= SECONDS
    for part, after in pairwise(cuts):
        seconds = sum(one.seconds for one in (*part, after[0]))
        assert len(part) == 8 or seconds > SECONDS
    assert cut([], 8) == [] and cut(some([1e4, 1e4]), 8) == [(one,) for one in some([1e4, 1e4])]


def test_cuts_that_are_done_move_none_of_the_others(keys):
    rng = np.random.default_rng(1)
    cuts = cut(keys, 8)
    for _ in range(20):
        rest = [part for part in cuts if rng.uniform() < 0.5]
        assert cut([one for part in rest[::-1] for one in part], 8) == rest


def test_a_size_is_of_what_the_encoder_reads(toys):
    seconds = toys[0].header.samples / toys[0].rate
    assert sized(load_encoder("toy"), toys[0], "k") == Sized(seconds, seconds, "k")
    assert sized(load_encoder("toy-text"), toys[0], "k") == (len(toys[0].transcript), 0.0, "k")


def test_the_order_of_stimuli_moves_no_byte_and_the_longest_are_done_first(
    toys, tmp_path, monkeypatch
):
    monkeypatch.setattr(working, "SHARD", 6)
    encoder = load_encoder("toy")
    works = plan_of(encoder, toys, ["mean"], tmp_path / "plan").works
    longest = [max(one.header.samples for one in work.stimuli) for work in works]
    assert longest == sorted(longest, reverse=True) and longest[0] > longest[-1]
    extract(encoder, toys, "mean", tmp_path / "one")
    extract(encoder, list(toys)[::-1], "mean", tmp_path / "other")
    assert contents(tmp_path / "one") == contents(tmp_path / "other")
