"""RDMs to test with: random, related, and functions of the transcript."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from grounding.rsa import RDM


def name_stimuli(n: int) -> tuple[str, ...]:
    return tuple(f"s{i:03d}" for i in range(n))


@pytest.fixture
def random_rdm() -> Callable[..., RDM]:
    """Make an RDM of random points, with ties when values are rounded to `decimals`."""

    def make(
        seed: int, n: int = 12, *, decimals: int | None = None, name: str = "", width: int = 4
    ) -> RDM:
        points = np.random.default_rng(seed).normal(size=(n, width))
        first, second = np.triu_indices(n, 1)
        values = np.linalg.norm(points[first] - points[second], axis=1)
        if decimals is not None:
            values = values.round(decimals)
        return RDM(values, name_stimuli(n), "euclidean", name)

    return make


@pytest.fixture
def mixed_rdm() -> Callable[..., RDM]:
    """Mix an RDM with independent noise on every pair."""

    def make(source: RDM, seed: int, noise: float, name: str = "") -> RDM:
        rng = np.random.default_rng(seed)
        values = source.values + noise * source.values.std() * rng.normal(size=len(source.values))
        return RDM(values, source.ids, "mixed", name)

    return make


@pytest.fixture
def transcript_rdm() -> Callable[..., RDM]:
    """Make an RDM that is a function of the transcript: zero inside, random between."""

    def make(groups: list[int], seed: int, name: str = "") -> RDM:
        points = np.random.default_rng(seed).normal(size=(max(groups) + 1, 4))[groups]
        first, second = np.triu_indices(len(groups), 1)
        values = np.linalg.norm(points[first] - points[second], axis=1)
        return RDM(values, name_stimuli(len(groups)), "euclidean", name)

    return make
