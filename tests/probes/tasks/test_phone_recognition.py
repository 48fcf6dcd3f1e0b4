"""Phones are recognised in words that were never heard, and remembered words are no help."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.probes.tasks import Features, phone_recognition


def spoken(stimuli, *, each=3, width=12, seed=0):
    """Every phone has a vector, held for some steps."""
    rng = np.random.default_rng(seed)
    vectors = {phone: rng.normal(size=width) for phone in "ptkaiu"}
    frames = {}
    for s in stimuli:
        held = np.stack([vectors[phone] for phone in s.phones for _ in range(each)])
        frames[s.id] = held + 0.1 * rng.normal(size=held.shape)
    return Features(frames, "made-up", "layer-1")


@pytest.fixture
def distinct(said):
    """Words in which no phone follows itself, since held vectors have no gap between."""

    def make(words):
        return [s for s in said(words) if all(a != b for a, b in pairwise(s.phones))]

    return make


def test_planted_phones_are_recognised_and_noise_is_not(distinct, planted, rng):
    stimuli = distinct(40)
    score = phone_recognition.run(spoken(stimuli), stimuli, rng)
    assert score.value > 0.85 and score.n == len(stimuli)
    null = phone_recognition.run(planted(stimuli, steps=12), stimuli, rng)
    assert null.value < null.chance + 0.1
    assert 0.0 < null.chance < 0.6


def test_remembered_words_score_in_a_leak_and_not_by_us(said, rng):
    stimuli = said(15)
    made = np.random.default_rng(0)
    tracks = {s.transcript: made.normal(size=(10, 150)) for s in stimuli}
    frames = {s.id: tracks[s.transcript] + 0.05 * made.normal(size=(10, 150)) for s in stimuli}
    features = Features(frames, "made-up", "layer-1")
    ours = phone_recognition.run(features, stimuli, rng)
    ids = [stimulus.id for stimulus in stimuli]
    leak = phone_recognition.recognise(features, stimuli, ids, rng)
    assert ours.value < ours.chance + 0.1
    assert leak.value > ours.value + 0.3


def test_errors_are_counted_as_in_a_slow_loop():
    rng = np.random.default_rng(0)

    def slow(a, b):
        if not a or not b:
            return len(a) + len(b)
        one = slow(a[1:], b[1:]) + (a[0] != b[0])
        return min(one, slow(a[1:], b) + 1, slow(a, b[1:]) + 1)

    for _ in range(20):
        a, b = ("".join(rng.choice(list("pta"), size=n)) for n in rng.integers(0, 5, size=2))
        assert phone_recognition.phone_errors(a, b) == slow(a, b)


def test_equal_generators_give_equal_answers(distinct):
    stimuli = distinct(20)
    features = spoken(stimuli)
    one, other = (
        phone_recognition.run(features, stimuli, np.random.default_rng(3)).marks for _ in "ab"
    )
    np.testing.assert_array_equal(one, other)


def test_missing_phones_and_too_few_steps_are_refused(said, planted, rng):
    stimuli = said(6)
    with pytest.raises(UserError, match="makes fewer steps than phones need in"):
        phone_recognition.run(planted(stimuli, steps=3), stimuli, rng)
    silent = [replace(stimuli[0], phones=None), *stimuli[1:]]
    with pytest.raises(UserError, match=r"has no phones \(1 of 24\)"):
        phone_recognition.run(planted(stimuli), silent, rng)
