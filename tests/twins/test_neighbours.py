"""The best guess from unmasked neighbours: exact where it can be worked out by hand."""

from __future__ import annotations

import numpy as np

from grounding.twins.batches import Batch, spans
from grounding.twins.neighbours import fit_neighbours, score_neighbours


def batches_of(sequences, rng, span=4, density=0.1):
    made = []
    for one in sequences:
        real = np.ones((1, len(one)), dtype=bool)
        masked = spans(len(one), span, density, rng)[None]
        made.append(Batch(np.zeros((1, len(one), 1), np.float32), real, masked, one[None]))
    return made


def lasting(rng, length=200, classes=5, stay=0.9):
    """A chain that keeps its state with probability `stay`."""
    out = [int(rng.integers(classes))]
    for _ in range(length - 1):
        out.append(out[-1] if rng.random() < stay else int(rng.integers(classes)))
    return np.array(out)


def test_independent_targets_cost_their_entropy():
    rng = np.random.default_rng(0)
    chance = np.array([0.5, 0.25, 0.15, 0.1])
    sequences = [rng.choice(4, 300, p=chance) for _ in range(60)]
    fitted = fit_neighbours(sequences[:40], 4, 8, batches_of(sequences[:40], rng))
    score = score_neighbours(fitted, batches_of(sequences[40:], rng))
    entropy = -(chance * np.log(chance)).sum()
    assert abs(score.loss - entropy) < 0.03
    assert abs(score.right - 0.5) < 0.03


def test_targets_that_last_are_told_nearly_as_well_as_by_exact_inference():
    rng = np.random.default_rng(1)
    sequences = [lasting(rng) for _ in range(150)]
    fitted = fit_neighbours(sequences[:100], 5, 8, batches_of(sequences[:100], rng))
    asked = batches_of(sequences[100:], rng)
    score = score_neighbours(fitted, asked)
    step = np.full((5, 5), 0.02) + 0.9 * np.eye(5)
    assert abs(score.loss - exact(step, asked)) < 0.02
    assert score.loss < 0.75 * np.log(5)


def test_order_in_time_counts():
    rng = np.random.default_rng(2)
    turning = [np.arange(60) % 3 for _ in range(20)]
    fitted = fit_neighbours(turning, 3, 8, batches_of(turning, rng))
    asked = batches_of(turning, rng)
    assert score_neighbours(fitted, asked).right == 1.0
    backwards = [np.ascontiguousarray(one[::-1]) for one in turning]
    assert score_neighbours(fitted, batches_of(backwards, rng)).right < 0.7


def test_unknown_targets_are_neither_counted_nor_asked_for():
    rng = np.random.default_rng(3)
    sequences = [np.where(rng.random(100) < 0.2, -1, lasting(rng, 100)) for _ in range(40)]
    asked = batches_of(sequences, rng)
    score = score_neighbours(fit_neighbours(sequences, 5, 8, asked), asked)
    assert score.steps == sum(int((b.masked & (b.targets >= 0)).sum()) for b in asked)
    assert np.isfinite(score.loss)


def exact(step, batches):
    """The loss of the true posterior of a chain, given all unmasked targets."""
    losses = []
    for batch in batches:
        targets, masked = batch.targets[0], batch.masked[0]
        seen = np.flatnonzero(~masked)
        for place in np.flatnonzero(masked):
            left, right = seen[seen < place], seen[seen > place]
            chance = np.ones(len(step))
            if len(left):
                chance *= np.linalg.matrix_power(step, place - left[-1])[targets[left[-1]]]
            if len(right):
                chance *= np.linalg.matrix_power(step, right[0] - place)[:, targets[right[0]]]
            losses.append(-np.log(chance[targets[place]] / chance.sum()))
    return float(np.mean(losses))
