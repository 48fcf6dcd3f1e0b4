"""What an update reads: a function of seed and update, the same on both sides of a pair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grounding.twins.batches import SHAPES, batch_at, held_out_batches, spans


def test_both_sides_read_the_same_utterances_and_masks(corpus, arm):
    audio, text = corpus("audio"), corpus("characters")
    for update in range(5):
        one = batch_at(audio, arm("audio"), update)
        other = batch_at(text, arm("characters"), update)
        assert np.array_equal(one.real, other.real)
        assert np.array_equal(one.masked, other.masked)
        assert one.inputs.shape == other.inputs.shape


def test_a_batch_follows_from_seed_and_update(corpus, arm):
    audio, config = corpus(), arm()
    one, again = batch_at(audio, config, 3), batch_at(audio, config, 3)
    assert np.array_equal(one.inputs, again.inputs)
    assert np.array_equal(one.masked, again.masked)
    for other in (batch_at(audio, config, 4), batch_at(audio, replace(config, seed=1), 3)):
        assert other.masked.shape != one.masked.shape or (other.masked != one.masked).any()


def test_a_batch_holds_utterances_of_one_shape_and_nothing_beyond_their_ends(corpus, arm):
    audio = corpus()
    batch = batch_at(audio, arm(), 0)
    assert batch.real.shape[1] in SHAPES
    assert batch.real.size <= 512 + SHAPES[-1]
    assert (batch.inputs[~batch.real] == 0).all()
    assert (batch.targets[~batch.real] == -1).all()
    assert not (batch.masked & ~batch.real).any()


def test_what_is_held_out_is_never_trained_on(corpus, arm):
    audio = corpus()
    marked = replace(audio, targets=np.where(np.repeat(audio.held_out, audio.lengths), 99, 0))
    for update in range(40):
        assert 99 not in batch_at(marked, arm(), update).targets
    measured = np.concatenate([b.targets[b.real] for b in held_out_batches(marked, arm())])
    assert set(measured) == {99}
    assert len(measured) == audio.lengths[audio.held_out].sum()


def test_measured_masks_do_not_depend_on_the_seed(corpus, arm):
    pairs = zip(
        held_out_batches(corpus(), arm(seed=0)),
        held_out_batches(corpus(), arm(seed=5)),
        strict=True,
    )
    assert all(np.array_equal(one.masked, other.masked) for one, other in pairs)


def test_a_long_utterance_is_cut_to_the_last_shape(corpus, arm):
    audio = corpus()
    longest = int(audio.starts[-1])
    whole = replace(
        audio,
        ids=("a", "b"),
        starts=np.array([0, longest, longest]),
        held_out=np.array([False, True]),
    )
    if longest <= SHAPES[-1]:
        pytest.fail("the toy words are too few for this test")
    batch = batch_at(whole, arm(), 0)
    assert batch.real.shape == (1, SHAPES[-1])
    assert batch.real.all()


@pytest.mark.parametrize("length", [2, 3, 10, 20, 50, 400])
def test_spans_hide_some_and_leave_some(length):
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(200):
        masked = spans(length, 10, 0.08, rng)
        assert 0 < masked.sum() < length
        shares.append(masked.mean())
    if length >= 50:
        assert 0.4 < np.mean(shares) < 0.6  # 1 - exp(-.8) is .55
