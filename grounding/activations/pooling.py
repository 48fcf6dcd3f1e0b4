"""Bring activations of any length to one vector a layer: a table of named ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = ["BINS", "POOLINGS", "Pooling"]

BINS = 8
"""Time slices of the trajectory."""


@dataclass(frozen=True)
class Pooling:
    """A way to pool steps.

    `pool` takes float32 "layer step feature" and gives "layer pooled"; every step counts, so the
    steps given must be those that saw the stimulus.
    """

    name: str
    description: str
    pool: Callable[[Float[np.ndarray, "layer step feature"]], Float[np.ndarray, "layer pooled"]]


def mean(steps: Float[np.ndarray, "layer step feature"]) -> Float[np.ndarray, "layer feature"]:
    """Average over steps."""
    return steps.mean(axis=1, dtype=np.float64)


def trajectory(steps: Float[np.ndarray, "layer step feature"]) -> Float[np.ndarray, "layer pooled"]:
    """Average over each of eight equal slices of time and put them one after another."""
    from grounding.rsa.trajectory import time_normalise

    layers, count, features = steps.shape
    flat = np.moveaxis(steps, 1, 0).reshape(count, layers * features)
    slices = time_normalise(flat, BINS).reshape(BINS, layers, features)
    return np.moveaxis(slices, 1, 0).reshape(layers, BINS * features)


def last(steps: Float[np.ndarray, "layer step feature"]) -> Float[np.ndarray, "layer feature"]:
    """Take the last step."""
    return steps[:, -1]


def maximum(steps: Float[np.ndarray, "layer step feature"]) -> Float[np.ndarray, "layer feature"]:
    """Take each feature's largest value."""
    return steps.max(axis=1)


def moments(steps: Float[np.ndarray, "layer step feature"]) -> Float[np.ndarray, "layer pooled"]:
    """Give each feature's mean over steps, then each one's standard deviation (of one step, 0)."""
    by_layer = (layer.astype(np.float64) for layer in steps)
    return np.stack([np.concatenate([one.mean(axis=0), one.std(axis=0)]) for one in by_layer])


POOLINGS: dict[str, Pooling] = {
    pooling.name: pooling
    for pooling in (
        Pooling("mean", "mean over steps", mean),
        Pooling("trajectory", f"means of {BINS} equal time slices, concatenated", trajectory),
        Pooling("last", "the last step", last),
        Pooling("max", "each feature's largest value over steps", maximum),
        Pooling("moments", "mean and standard deviation over steps, concatenated", moments),
    )
}
