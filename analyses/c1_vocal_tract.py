"""Do speech encoders hold the vocal tract beyond what is in the sound? (claim C1)

Prints, per encoder, the partial agreement of its geometry with flesh-point trajectories, the same
with random weights, and the difference with its interval. Change `Config`, commit, run:

    python analyses/c1_vocal_tract.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grounding.activations import extract
from grounding.encoders import load_encoder
from grounding.rsa import curved, rdm, score_models
from grounding.spaces import space
from grounding.stimuli import read_stimuli


@dataclass(frozen=True)
class Config:
    """Every choice that could change a number in the paper."""

    stimuli: str = "vocal-tract-words"
    encoders: tuple[str, ...] = ("whisper-tiny.en", "whisper-base")
    random_seeds: tuple[int, ...] = (0, 1, 2)
    space: str = "articulation"
    controls: tuple[str, ...] = (
        *("log-mel", "log-mel-mean", "mfcc", "duration", "f0", "intensity", "phones"),
    )
    degree: int = 1  # of the controls' curves: ranks keep a share of a control that 3 takes off
    pooling: str = "trajectory"
    metric: str = "correlation"
    measure: str = "rho-a"
    resamples: int = 1000
    seed: int = 0
    store: str = "results/activations"


def run(config: Config) -> list[tuple[str, float, float, float]]:
    """Return (what, value, low, high) rows; intervals are over transcripts, at 95 %."""
    stimuli = read_stimuli(config.stimuli)
    models = {}
    for name in config.encoders:
        models[name] = load_encoder(name)
        for seed in config.random_seeds:
            models[f"{name} random-{seed}"] = load_encoder(name, weights="random", seed=seed)
    layers = {}
    for key, encoder in models.items():
        acts = extract(encoder, stimuli, pooling=config.pooling, store=config.store)
        layers[key] = [rdm(acts.layer(k), acts.ids, metric=config.metric) for k in acts.layers]
    scores = score_models(
        layers,
        space(config.space, stimuli).rdm(),
        controls=curved(
            [space(name, stimuli).rdm() for name in config.controls], degree=config.degree
        ),
        measure=config.measure,
        groups=stimuli.transcripts,
        n=config.resamples,
        rng=np.random.default_rng(config.seed),
    )
    rows = []
    for name in config.encoders:
        share = 1 / len(config.random_seeds)
        floor = {f"{name} random-{seed}": share for seed in config.random_seeds}
        gain = scores.contrast({name: 1.0, **{key: -value for key, value in floor.items()}})
        for what, found in (
            (f"{name}, trained", scores.of(name)),
            (f"{name}, random weights", scores.contrast(floor)),
            (f"{name}, trained minus random", gain),
        ):
            rows.append((what, found.estimate, *found.interval(0.95)))
    return rows


def main(argv: Sequence[str]) -> None:
    """Print one row a number."""
    for what, value, low, high in run(Config()):
        print(f"{what:45} {value:6.3f} [{low:6.3f}, {high:6.3f}]")


if __name__ == "__main__":
    main(sys.argv[1:])
