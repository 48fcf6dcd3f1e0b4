"""Which utterances an update reads and which of their steps are masked.

Both follow from seed and update alone, so that training can be taken up at any update, and are the
same for every input. A batch holds utterances of about one length, padded to one of `SHAPES`: few
shapes, because a processor prepares each anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.twins.config import TwinConfig
from grounding.twins.corpus import Corpus

__all__ = ["SHAPES", "Batch", "batch_at", "held_out_batches", "spans"]

SHAPES = (32, 48, 64, 96, 128, 192, 256, 384, 512)
"""Steps of a padded utterance; a longer one is cut to the last, at a random place."""

MEASURED = 256  # utterances that are held out and measured, at most
HELD_OUT = 2**31 + 1  # in the place of a seed, which is smaller


@dataclass(frozen=True, eq=False)
class Batch:
    """Utterances that go through at once.

    inputs: what the trunk is fed. real: which steps are an utterance's own.
    masked: which of these are hidden from the trunk. targets: what it must tell of each step.
    """

    inputs: Float[np.ndarray, "utterance step feature"]
    real: Bool[np.ndarray, "utterance step"]
    masked: Bool[np.ndarray, "utterance step"]
    targets: Int[np.ndarray, "utterance step"]


def batch_at(corpus: Corpus, config: TwinConfig, update: int) -> Batch:
    """Return the batch of an update: a shape by its share of all steps, then utterances of it."""
    rng = np.random.default_rng([config.seed, update])
    shapes = _by_shape(corpus.lengths, ~corpus.held_out)
    share = np.array(
        [np.minimum(corpus.lengths[own], shape).sum() for shape, own in shapes.items()]
    )
    shape = list(shapes)[rng.choice(len(share), p=share / share.sum())]
    count = max(1, config.batch // shape)
    own = shapes[shape]
    return _filled(corpus, config, rng.choice(own, count, replace=count > len(own)), shape, rng)


def held_out_batches(corpus: Corpus, config: TwinConfig) -> Iterator[Batch]:
    """Return the batches that are measured; the same utterances and masks at every update."""
    rng = np.random.default_rng([HELD_OUT, config.span])
    allowed = corpus.held_out.copy()
    allowed[np.flatnonzero(allowed)[MEASURED:]] = False
    for shape, own in _by_shape(corpus.lengths, allowed).items():
        count = max(1, config.batch // shape)
        for at in range(0, len(own), count):
            yield _filled(corpus, config, own[at : at + count], shape, rng)


def spans(
    length: int, span: int, density: float, rng: np.random.Generator
) -> Bool[np.ndarray, " step"]:
    """Return which steps of an utterance are masked: stretches of `span` that may overlap.

    At least one stretch; none is longer than half the utterance, so that some steps are heard.

    >>> int(spans(100, 10, 0.01, np.random.default_rng(0)).sum())
    10
    """
    masked = np.zeros(length, dtype=bool)
    long = max(1, min(span, length // 2))
    for start in rng.integers(0, length - long + 1, max(1, round(density * length))):
        masked[start : start + long] = True
    if masked.all():
        masked[rng.integers(length)] = False
    return masked


def _by_shape(
    lengths: Int[np.ndarray, " utterance"], allowed: Bool[np.ndarray, " utterance"]
) -> dict[int, Int[np.ndarray, " some"]]:
    shapes = np.array(SHAPES)[np.minimum(np.searchsorted(SHAPES, lengths), len(SHAPES) - 1)]
    return {
        shape: own
        for shape in SHAPES
        if len(own := np.flatnonzero(allowed & (shapes == shape) & (lengths > 1)))
    }


def _filled(
    corpus: Corpus,
    config: TwinConfig,
    places: Int[np.ndarray, " some"],
    shape: int,
    rng: np.random.Generator,
) -> Batch:
    size = (len(places), shape)
    inputs = np.zeros((*size, corpus.inputs(0, 1).shape[1]), dtype=np.float32)
    real, masked = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    targets = np.full(size, -1, dtype=np.int64)
    for row, place in enumerate(places):
        whole = int(corpus.lengths[place])
        length = min(whole, shape)
        start = int(corpus.starts[place] + rng.integers(0, whole - length + 1))
        inputs[row, :length] = corpus.inputs(start, start + length)
        targets[row, :length] = corpus.targets[start : start + length]
        real[row, :length] = True
        masked[row, :length] = spans(length, config.span, config.density, rng)
    return Batch(inputs, real, masked, targets)
