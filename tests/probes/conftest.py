"""Made-up stimuli whose phones and times are known, and an encoder whose features are planted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import soundfile

from grounding.encoders.protocol import layer_places
from grounding.encoders.steps import even_steps
from grounding.stimuli import Stimulus

RATE = 1000
PHONE = 0.1  # seconds each, after as much silence


def spoken(folder, words, realisations=1, language="en", speaker="one", **fields):
    """Write silent recordings of words, given as lists of phones, and return the stimuli."""
    made = []
    for word in words:
        for at in range(realisations):
            name = f"{language}-{speaker}-{'-'.join(map(str, map(ord, ''.join(word))))}-{at}"
            samples = round(RATE * PHONE * (len(word) + 2))
            soundfile.write(folder / f"{name}.wav", np.zeros(samples), RATE)
            spans = [
                [p, round(PHONE * (k + 1), 6), round(PHONE * (k + 2), 6)]
                for k, p in enumerate(word)
            ]
            made.append(
                Stimulus(
                    name,
                    "".join(word),
                    language,
                    folder,
                    f"{name}.wav",
                    RATE,
                    speaker=speaker,
                    phones=tuple(word),
                    attributes={"segments": spans},
                    **fields,
                )
            )
    return made


@dataclass
class Planted:
    """An encoder of 10 ms steps: features are what `make(stimulus, times, rng)` says."""

    make: Any
    seed: int = 0
    name: str = "planted"
    modality: str = "speech"
    sees: str = "stimulus"
    layers: tuple[str, ...] = ("embedding",)
    revision: str = "1"
    provenance: dict[str, Any] = field(default_factory=dict)

    def encode(self, stimuli, layers=None):
        places = layer_places(self.layers, layers)
        return [self._encode(s)[None][places] for s in stimuli]

    def steps(self, stimulus):
        return even_steps(stimulus.header.samples // 10, hop=10, field=10, rate=RATE)

    def _encode(self, stimulus):
        rng = np.random.default_rng([self.seed, *stimulus.id.encode()])
        times = self.steps(stimulus).centre / RATE
        return np.asarray(self.make(stimulus, times, rng), dtype=np.float32)


@pytest.fixture
def say(tmp_path):
    """Return a function that says words; see `spoken`."""
    return lambda words, **how: spoken(tmp_path, words, **how)


@pytest.fixture
def planted():
    """Return the kind of encoder whose features are planted."""
    return Planted
