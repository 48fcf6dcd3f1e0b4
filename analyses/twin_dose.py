"""How does what a twin holds of the vocal tract grow with the hours that it was trained on?

Scores trained twins against the hours in their `training.json`, seeds together, beside their random
weights; and how much a doubling of hours adds (least squares over doses). Every layer is scored;
the layer that counts is chosen on other stimuli. With a name that ends in .png, draws it.

    python analyses/twin_dose.py [PICTURE.png] runs/audio-1h/update-003000 runs/audio-4h/...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from grounding.claims.answer import Contrast
from grounding.claims.ask import ask
from grounding.claims.assays import ASSAYS
from grounding.claims.evidence import Evidence
from grounding.claims.numbers import numbers
from grounding.claims.rule import LEVEL, Estimate
from grounding.claims.settings import Settings
from grounding.claims.subjects import load_subjects
from grounding.claims.twins import mean_over_seeds, told_by
from grounding.errors import UserError
from grounding.figures.courses import courses_of, draw_courses
from grounding.figures.dots import save_png
from grounding.progress import Report, shown
from grounding.stimuli import read_stimuli

Doses = dict[float, dict[int, Contrast]]  # by hours and seed
Found = tuple[pd.DataFrame, list[Estimate]]


@dataclass(frozen=True)
class Config:
    """Every choice of a number. No p value is kept, so one permutation is enough."""

    stimuli: str = "vocal-tract-words"
    assays: tuple[str, ...] = ("physics", "tract-between")
    resamples: int = 1000
    band_resamples: int = 200
    seed: int = 0
    store: str = "results/activations"


def run(config: Config, folders: Sequence[str], report: Report) -> Found:
    """Return the table of all twins, and what their seeds say together."""
    stimuli, table = read_stimuli(config.stimuli), []
    doses: dict[tuple[str, str], Doses] = {}
    draws = {name: getattr(config, name) for name in ("seed", "resamples", "band_resamples")}
    settings = Settings(**draws, permutations=1)
    for folder in folders:
        own = told_by(folder, "input", "seed", "hours")
        asked = load_subjects([folder], settings, None)[:2]  # without the controls
        evidence = Evidence(stimuli, asked, settings, Path(config.store), report)
        own["modality"] = asked[0].asked.modality
        for name in config.assays:
            if (answer := ask(ASSAYS[name], evidence)).missing:
                raise UserError(f"{stimuli.name} cannot answer {name}: {answer.missing}")
            table += [own | row for row in numbers(ASSAYS[name], answer)]
            its = doses.setdefault((own["input"], name), {}).setdefault(own["hours"], {})
            if own["seed"] in its:
                raise UserError(f"{folder} is a second twin of its input, hours and seed")
            its[own["seed"]] = answer.mean(answer.keys(weights="trained"))
    found = [(*key, *one) for key, its in doses.items() for one in summary(its)]
    rows = [one.estimate(f"{fed}, {name}, {what}", LEVEL) for fed, name, what, one in found]
    return pd.DataFrame(table), rows


def summary(doses: Doses) -> list[tuple[str, Contrast]]:
    """Return the mean over the seeds of each dose, and the slope over doses."""
    means = {hours: mean_over_seeds([*doses[hours].values()]) for hours in sorted(doses)}
    rows = [(f"{hours:g} h, {len(doses[hours])} seeds", one) for hours, one in means.items()]
    if len(means) < 2:
        return rows
    doublings = np.log2(list(means)) - np.log2(list(means)).mean()
    weights = doublings / (doublings @ doublings)
    value = sum(w * one.value for w, one in zip(weights, means.values(), strict=True))
    samples = sum(w * one.samples for w, one in zip(weights, means.values(), strict=True))
    return [*rows, ("a doubling adds", Contrast(value, samples))]


def main(argv: Sequence[str]) -> None:
    """Print one row a number, and draw the picture where one is named."""
    pictures = [path for path in argv if path.endswith(".png")]
    with shown() as report:
        table, found = run(Config(), [path for path in argv if path not in pictures], report)
    for one in found:
        print(f"{one.name:45} {one.value:6.3f} [{one.low:6.3f}, {one.high:6.3f}]")
    for path in pictures:
        save_png(draw_courses([*courses_of(table, "hours")], "hours of speech"), path)


if __name__ == "__main__":
    main(sys.argv[1:])
