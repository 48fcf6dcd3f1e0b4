"""How much of the vocal tract can a text model recover, of what any reader could? (claim C4)

Prints the agreement of each model with the vocal tract between transcripts, as a share of the
transcript ceiling, and within a transcript, where no function of the transcript can score.

    python analyses/c4_platos_cave.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grounding.activations import extract
from grounding.encoders import load_encoder
from grounding.rsa import rdm, score_models, transcript_ceiling
from grounding.spaces import space
from grounding.stimuli import read_stimuli


@dataclass(frozen=True)
class Config:
    """Every choice that could change a number in the paper."""

    stimuli: str = "vocal-tract-words"
    speech: tuple[str, ...] = ("whisper-tiny.en",)
    text: tuple[str, ...] = ("all-MiniLM-L6-v2", "SmolLM2-135M")
    space: str = "articulation"
    speech_pooling: str = "trajectory"
    text_pooling: str = "mean"
    metric: str = "correlation"
    measure: str = "rho-a"
    resamples: int = 1000
    seed: int = 0
    store: str = "results/activations"


def run(config: Config) -> list[tuple[str, float, float, float]]:
    """Return (what, value, low, high) rows; intervals are over transcripts, at 95 %."""
    stimuli = read_stimuli(config.stimuli)
    layers = {}
    for names, pooling in (
        (config.speech, config.speech_pooling),
        (config.text, config.text_pooling),
    ):
        for name in names:
            acts = extract(load_encoder(name), stimuli, pooling=pooling, store=config.store)
            layers[name] = [rdm(acts.layer(k), acts.ids, metric=config.metric) for k in acts.layers]
    tract = space(config.space, stimuli).rdm()
    layers["phone string"] = [space("phones", stimuli).rdm()]
    ceiling = transcript_ceiling(
        tract,
        stimuli.transcripts,
        measure=config.measure,
        n=config.resamples,
        rng=np.random.default_rng(config.seed),
    )
    rows = [("ceiling, between", ceiling.between.estimate, *ceiling.between.interval(0.95))]
    for pairs in ("between", "within"):
        scores = score_models(
            layers,
            tract,
            measure=config.measure,
            groups=stimuli.transcripts,
            pairs=pairs,
            n=config.resamples,
            rng=np.random.default_rng(config.seed),
        )
        for name in layers:
            found = scores.of(name)
            rows.append((f"{name}, {pairs}", found.estimate, *found.interval(0.95)))
    return rows


def main(argv: Sequence[str]) -> None:
    """Print one row a number."""
    for what, value, low, high in run(Config()):
        print(f"{what:35} {value:6.3f} [{low:6.3f}, {high:6.3f}]")


if __name__ == "__main__":
    main(sys.argv[1:])
