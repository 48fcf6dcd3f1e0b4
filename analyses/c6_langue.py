"""Do text models hold the relations between words, and speech encoders not? (claim C6)

Prints the partial agreement of each model with WordNet, phones, spelling and length removed, and
the lead of text over speech with its interval.

    python analyses/c6_langue.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grounding.activations import extract
from grounding.encoders import load_encoder
from grounding.rsa import rdm, score_models
from grounding.spaces import space
from grounding.stimuli import read_stimuli


@dataclass(frozen=True)
class Config:
    """Every choice that could change a number in the paper."""

    stimuli: str = "vocal-tract-words"
    speech: tuple[str, ...] = ("whisper-tiny.en",)
    text: tuple[str, ...] = ("all-MiniLM-L6-v2", "SmolLM2-135M")
    space: str = "wordnet"
    controls: tuple[str, ...] = ("phones", "spelling", "length")
    speech_pooling: str = "trajectory"
    text_pooling: str = "mean"
    metric: str = "correlation"
    measure: str = "rho-a"
    resamples: int = 1000
    seed: int = 0
    store: str = "results/activations"


def run(config: Config) -> list[tuple[str, float, float, float]]:
    """Return (what, value, low, high) rows; intervals are over words, at 95 %."""
    stimuli = read_stimuli(config.stimuli)
    layers = {}
    for names, pooling in (
        (config.speech, config.speech_pooling),
        (config.text, config.text_pooling),
    ):
        for name in names:
            acts = extract(load_encoder(name), stimuli, pooling=pooling, store=config.store)
            layers[name] = [rdm(acts.layer(k), acts.ids, metric=config.metric) for k in acts.layers]
    scores = score_models(
        layers,
        space(config.space, stimuli).rdm(),
        controls=[space(name, stimuli).rdm() for name in config.controls],
        measure=config.measure,
        groups=stimuli.transcripts,
        pairs="between",
        n=config.resamples,
        rng=np.random.default_rng(config.seed),
    )
    lead = {name: 1 / len(config.text) for name in config.text}
    lead |= {name: -1 / len(config.speech) for name in config.speech}
    found = {name: scores.of(name) for name in layers}
    found["text minus speech"] = scores.contrast(lead)
    return [(what, one.estimate, *one.interval(0.95)) for what, one in found.items()]


def main(argv: Sequence[str]) -> None:
    """Print one row a number."""
    for what, value, low, high in run(Config()):
        print(f"{what:30} {value:6.3f} [{low:6.3f}, {high:6.3f}]")


if __name__ == "__main__":
    main(sys.argv[1:])
