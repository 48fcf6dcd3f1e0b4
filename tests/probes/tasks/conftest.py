"""Made-up words in several voices, and features with something planted in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grounding.probes.tasks import Features
from grounding.stimuli import Stimulus

PHONES = "ptkaiu"


@pytest.fixture
def said():
    """Return a function that makes stimuli without files: every word in every voice."""

    def make(words=12, speakers=("short", "long"), names=("plain", "slow"), languages=("en",)):
        rng = np.random.default_rng(0)
        strings: dict[str, tuple[str, ...]] = {}
        while len(strings) < words * len(languages):
            string = tuple(rng.choice(list(PHONES), size=4).tolist())
            strings["".join(string)] = string
        texts = list(strings)
        return [
            Stimulus(
                f"{language}-{text}-{speaker}-{name}",
                text,
                language,
                Path("nowhere"),
                "none.flac",
                16_000,
                speaker=speaker,
                phones=strings[text],
                concept=f"concept-{k}",
                realisation={"name": name, "anatomy_scale": 0.8 if speaker == "short" else 1.2},
            )
            for at, language in enumerate(languages)
            for k, text in enumerate(texts[at * words : (at + 1) * words])
            for speaker in speakers
            for name in names
        ]

    return make


@pytest.fixture
def planted():
    """Return a function that gives features in which every `key` has a random vector."""

    def make(stimuli, key=None, *, width=24, noise=0.1, steps=6, seed=0):
        rng = np.random.default_rng(seed)
        vectors: dict = {}
        frames = {}
        for stimulus in stimuli:
            frames[stimulus.id] = noise * rng.normal(size=(steps, width))
            if key is not None:
                what = key(stimulus)
                if what not in vectors:
                    vectors[what] = rng.normal(size=width)
                frames[stimulus.id] += vectors[what]
        return Features(frames, "made-up", "layer-1")

    return make


@pytest.fixture
def rng():
    return np.random.default_rng(1)
