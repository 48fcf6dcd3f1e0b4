"""Does an encoder keep together what shares a vocal tract, or what shares a sound?

python analyses/dissociation_sets.py SET [PICTURE.png]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grounding.activations import extract
from grounding.encoders import load_encoder
from grounding.errors import UserError
from grounding.figures.dots import draw_dots, save_png
from grounding.rsa import RDM, Sampled, rdm, score_models
from grounding.rsa.grouping import apart, difference, held_out_share, together
from grounding.spaces import space
from grounding.stimuli import StimulusSet, read_stimuli

PLAIN = {"sound": "modal", "factor": "none", "pair": None}  # by attribute: what others are set by


@dataclass(frozen=True)
class Config:
    """Every choice of a number. encoders: name, seed of random weights, pooling, window in s."""

    stimuli: str = "same-tract-other-sound"
    encoders: tuple[tuple[str, int | None, str, float | None], ...] = (
        ("whisper-tiny.en", None, "trajectory", 2.0),
        ("whisper-tiny.en", 0, "trajectory", 2.0),
        ("all-MiniLM-L6-v2", None, "mean", None),
    )
    spaces: tuple[str, ...] = ("log-mel", "phones", "articulation")
    minus: tuple[str, ...] = ("whisper-tiny.en, random 0", "log-mel")  # from the first encoder
    metric: str = "correlation"
    measure: str = "rho-a"
    resamples: int = 1000
    seed: int = 0
    store: str = "results/activations"


def geometries(config: Config, stimuli: StimulusSet) -> dict[str, list[RDM]]:
    """Return the RDMs of every encoder's layers, and of every space."""
    found = {}
    for name, seed, pooling, window in config.encoders:
        weights = "trained" if seed is None else "random"
        encoder = load_encoder(name, weights=weights, seed=seed, window=window)
        if encoder.modality == "text" and "pair" in stimuli[0].attributes:
            continue  # what stands for the transcript of a pair is a label of its sound, no word
        acts = extract(encoder, stimuli, pooling=pooling, store=config.store)
        key = name if seed is None else f"{name}, random {seed}"
        found[key] = [rdm(acts.layer(k), acts.ids, metric=config.metric) for k in acts.layers]
    return found | {name: [space(name, stimuli).rdm()] for name in config.spaces}


def score(config: Config, layers: dict[str, list[RDM]], stimuli: StimulusSet) -> dict[str, Sampled]:
    """Return the score of every encoder and space; layers are chosen on other groups."""
    told, choice = [s.attributes for s in stimuli], {"n": config.resamples}
    rngs = {name: np.random.default_rng(config.seed) for name in layers}
    if "factor" in told[0]:
        choice |= {"groups": stimuli.transcripts, "pairs": "within", "measure": config.measure}
        agreed = score_models(layers, layers["articulation"][0], **choice, rng=rngs["articulation"])
        return {name: agreed.of(name) for name in layers}
    ask, keys = (apart, ["pair"]) if "pair" in told[0] else (together, ["articulation", "sound"])
    labels = [[attributes[key] for attributes in told] for key in keys]
    tallies = {name: [ask(one, *labels) for one in rdms] for name, rdms in layers.items()}
    return {k: held_out_share(tallies[k], **choice, rng=rngs[k]) for k in tallies}


def run(config: Config) -> list[tuple[str, str, float, float, float]]:
    """Return (part of the set, what, value, low, high); intervals are over groups, at 95 %."""
    stimuli = read_stimuli(config.stimuli)
    kind = next((kind for kind in PLAIN if kind in stimuli[0].attributes), None)
    if kind is None:
        raise UserError(f"{stimuli.name!r} needs an attribute {', '.join(PLAIN)}; it has none")
    found, plain, rows = geometries(config, stimuli), PLAIN[kind], []
    levels = dict.fromkeys(s.attributes[kind] for s in stimuli) if plain else ()
    for part in ("all", *(level for level in levels if level != plain)):
        here = stimuli.where(lambda s, p=part: p == "all" or s.attributes[kind] in (plain, p))
        layers = {name: [one.select(here.ids) for one in rdms] for name, rdms in found.items()}
        scores, first = score(config, layers, here), next(iter(layers))
        for name in config.minus:
            scores[f"{first} minus {name}"] = difference(scores[first], scores[name])
        rows += [(part, name, s.estimate, *s.interval(0.95)) for name, s in scores.items()]
    return rows


def main(argv: Sequence[str]) -> None:
    """Print one row a number, and draw them where a picture is named."""
    for part, what, value, low, high in (rows := run(Config(*argv[:1]))):
        print(f"{part:16} {what:50} {value:6.3f} [{low:6.3f}, {high:6.3f}]")
    for p in argv[1:]:
        save_png(draw_dots([r for r in rows if " minus " not in r[1]], "score, 95 % interval"), p)


if __name__ == "__main__":
    main(sys.argv[1:])
