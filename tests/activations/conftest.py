"""A toy set, and an encoder that counts how often it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from grounding.encoders import Encoder, load_encoder
from grounding.encoders.steps import Steps
from grounding.stimuli import Stimulus, StimulusSet
from grounding.stimuli.toy import write_toy_set


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> StimulusSet:
    folder = tmp_path_factory.mktemp("stimuli") / "toys"
    return write_toy_set(folder, words=10, realisations=2, rng=np.random.default_rng(0))


@dataclass
class Counting:
    """An encoder that passes everything on, counts stimuli, and can die after some."""

    inner: Encoder
    settings: Mapping[str, Any] = field(default_factory=dict)
    dies_after: int | None = None
    asked: list[str] = field(default_factory=list)
    layers_asked: list[Sequence[str] | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name, self.modality = self.inner.name, self.inner.modality
        self.sees = self.inner.sees
        self.revision, self.layers = self.inner.revision, self.inner.layers
        self.provenance = {**self.inner.provenance, **self.settings}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[np.ndarray]:
        if self.dies_after is not None and len(self.asked) + len(stimuli) > self.dies_after:
            raise KeyboardInterrupt
        self.asked += [stimulus.id for stimulus in stimuli]
        self.layers_asked.append(layers)
        return self.inner.encode(stimuli, layers)

    def steps(self, stimulus: Stimulus) -> Steps:
        return self.inner.steps(stimulus)


@pytest.fixture
def counting():
    """A function that wraps an encoder by name."""

    def wrap(name: str = "toy", *, dies_after: int | None = None, **settings: Any) -> Counting:
        return Counting(load_encoder(name), settings, dies_after)

    return wrap
