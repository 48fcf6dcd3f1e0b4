"""Does a twin that hears hold more of the vocal tract than what it is fed, and than no training?

Its input is scored as if it were a layer: log-mel bands, standardised and stacked as the twin gets
them, and pooled as it is. Seeds of one twin are averaged; differences are paired, with intervals
over stimuli and seeds. Every layer is scored; the one that counts is chosen on other stimuli.

    python analyses/twin_against_input.py [PICTURE.png] twin-audio twin-audio-1 twin-audio-2
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grounding.claims.ask import ask
from grounding.claims.assays import ASSAYS
from grounding.claims.evidence import Evidence
from grounding.claims.matched import Terms, contrast
from grounding.claims.rule import LEVEL
from grounding.claims.settings import Settings
from grounding.claims.subjects import input_subject, load_subjects
from grounding.errors import UserError
from grounding.figures.dots import draw_dots, save_png
from grounding.progress import Report, shown
from grounding.stimuli import read_stimuli

TWIN, UNTRAINED, FED = ("audio", "trained"), ("audio", "random"), ("input", "trained")
CONTRASTS: Mapping[str, Terms] = {
    "twin": {TWIN: 1.0},
    "its random weights": {UNTRAINED: 1.0},
    "its input": {FED: 1.0},
    "twin minus its input": {TWIN: 1.0, FED: -1.0},
    "twin minus its random weights": {TWIN: 1.0, UNTRAINED: -1.0},
    "its random weights minus its input": {UNTRAINED: 1.0, FED: -1.0},
}

Row = tuple[str, str, float, float, float]
"""Assay, what, value, low, high."""


@dataclass(frozen=True)
class Config:
    """Every choice of a number. No p value is kept, so one permutation is enough."""

    stimuli: str = "vocal-tract-words"
    assays: tuple[str, ...] = (
        *("physics", "physics-curved", "tract-between"),
        *("tract-within", "tract-within-beyond-sound"),
    )
    resamples: int = 1000
    band_resamples: int = 200
    seed: int = 0
    store: str = "results/activations"


def run(config: Config, twins: Sequence[str], report: Report) -> tuple[list[Row], list[Row]]:
    """Return the rows of all contrasts; and of every layer, without interval where it has none."""
    draws = {name: getattr(config, name) for name in ("seed", "resamples", "band_resamples")}
    settings = Settings(**draws, permutations=1)
    asked = [one for one in load_subjects(twins, settings, None) if one.asked.role == "model"]
    asked += [input_subject(one) for one in asked if one.asked.weights == "trained"]
    stimuli, rows, layers = read_stimuli(config.stimuli), [], []
    evidence = Evidence(stimuli, tuple(asked), settings, Path(config.store), report)
    for name in config.assays:
        answer = ask(ASSAYS[name], evidence)
        if answer.missing:
            raise UserError(f"{stimuli.name} cannot answer {name}: {answer.missing}")
        for what, terms in CONTRASTS.items():
            if (found := contrast(answer, terms)) is None:
                raise UserError("needed: twins fed audio that say their pair, one of each seed")
            one = found.contrast.estimate(what, LEVEL)
            rows.append((name, what, one.value, one.low, one.high))
        for key, curve in answer.curves.items():
            columns = next(item.layers for item in answer.asked if item.key == key)
            bands = answer.bands.get(key, [(float("nan"),) * 2] * len(curve))
            for layer, value, ends in zip(columns, curve, bands, strict=True):
                layers.append((name, f"{key}, {layer}", value, *ends))
    return rows, layers


def main(argv: Sequence[str]) -> None:
    """Print one row a number, and draw the contrasts where a picture is named."""
    pictures = [path for path in argv if path.endswith(".png")]
    with shown() as report:
        rows, layers = run(Config(), [path for path in argv if path not in pictures], report)
    for assay, what, value, low, high in (*rows, *layers):
        print(f"{assay:26} {what:55} {value:6.3f} [{low:6.3f}, {high:6.3f}]")
    for path in pictures:
        save_png(draw_dots(rows, "agreement or difference of agreements, 95 % interval"), path)


if __name__ == "__main__":
    main(sys.argv[1:])
