"""Does an encoder's geometry hold the vowel quadrilateral, height and backness?

python analyses/vowel_quadrilateral.py [PICTURE.png]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grounding.activations import extract
from grounding.encoders import load_encoder
from grounding.figures.dots import save_png
from grounding.figures.vowels import Vowel, draw_vowels, moved
from grounding.rsa import RDM, rdm
from grounding.rsa.alignment import held_out_axes, principal_points
from grounding.rsa.grouping import average, difference
from grounding.spaces import space
from grounding.stimuli import StimulusSet, read_stimuli


@dataclass(frozen=True)
class Config:
    """Every choice of a number. axes: of the geometry, by variance. seeds: of random weights."""

    stimuli: str = "vowel-grid"
    encoder: str = "whisper-tiny.en"
    window: float | None = 2.0
    seeds: tuple[int, ...] = (0, 1, 2)
    spaces: tuple[str, ...] = ("log-mel-mean", "articulation-mean")
    pooling: str = "mean"
    metric: str = "correlation"
    axes: int = 2
    splits: int = 10
    resamples: int = 1000
    seed: int = 0
    store: str = "results/activations"


def geometries(config: Config, stimuli: StimulusSet) -> dict[str, list[RDM]]:
    """Return the RDMs of the encoder's layers, trained and random, and of the spaces."""
    found = {}
    for seed in (None, *config.seeds):
        name, kind = ("trained", "trained") if seed is None else (f"random {seed}", "random")
        encoder = load_encoder(config.encoder, weights=kind, seed=seed, window=config.window)
        acts = extract(encoder, stimuli, pooling=config.pooling, store=config.store)
        found[name] = [rdm(acts.layer(k), acts.ids, metric=config.metric) for k in acts.layers]
    return found | {name: [space(name, stimuli).rdm()] for name in config.spaces}


def run(config: Config) -> tuple[list[tuple[str, float, float, float]], dict[str, list[Vowel]]]:
    """Return (what, correlation, low, high) rows with 95 % intervals over vowels, and panels."""
    grid = read_stimuli(config.stimuli).where(lambda s: s.attributes["kind"] == "grid")
    ids = [[s.id for s in grid if s.speaker == name] for name in sorted({s.speaker for s in grid})]
    truth = [
        Vowel(s.transcript, a["rounding"] == "rounded", (a["row"], a["column"]), *a["bark"])
        for s, a in ((s, s.attributes) for s in grid if s.id in ids[0])
    ]
    places, found = np.array([[vowel.height, vowel.backness] for vowel in truth]), {}
    for name, layers in geometries(config, grid).items():
        points = [principal_points(one, config.axes, ids) for one in layers]
        draws = {"n": config.resamples, "rng": np.random.default_rng(config.seed)}
        found[name] = held_out_axes(points, places, splits=config.splits, **draws)
    panels = {"formants of the tract": truth}
    for name in ("trained", f"random {config.seeds[0]}", *config.spaces):
        panels[name] = moved(truth, found[name].placed)
    rows = []
    for k, axis in enumerate(("F1, height", "F2, backness")):
        scores = {name: one.coordinates[k] for name, one in found.items()}
        floor = average([scores[f"random {seed}"] for seed in config.seeds])
        scores["trained minus random"] = difference(scores["trained"], floor)
        rows += [(f"{axis}: {n}", s.estimate, *s.interval(0.95)) for n, s in scores.items()]
    return rows, panels


def main(argv: Sequence[str]) -> None:
    """Print one row a number, and draw the quadrilaterals where a picture is named."""
    rows, panels = run(Config())
    for what, *numbers in rows:
        print(f"{what:36}", *(f"{number:7.3f}" for number in numbers))
    for path in argv:
        save_png(draw_vowels(panels), path)


if __name__ == "__main__":
    main(sys.argv[1:])
