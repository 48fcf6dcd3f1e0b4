"""What did each way of training a twin that hears do to what it holds of the vocal tract?

Scores trained twins on words of five languages, which are not the words that claims are decided on,
so that a way may be chosen here. One row a twin: what of its config was tried, its held-out loss
beside that of the best guess from unmasked neighbours, its partial physical agreement (layers held
out) and what training added to its random weights. `grounding/twins/tries.toml` has the configs.

    python analyses/twin_tries.py tries.csv runs/span-5/update-000600 runs/base/update-000600
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from grounding.claims.ask import ask
from grounding.claims.assays import ASSAYS
from grounding.claims.evidence import Evidence
from grounding.claims.rule import LEVEL
from grounding.claims.settings import Settings
from grounding.claims.subjects import load_subjects
from grounding.claims.twins import told_by
from grounding.files import write_whole
from grounding.progress import Report, shown
from grounding.stimuli import read_stimuli

TRIED = ("units_of", "units_layer", "dropout", "span", "density", "batch", "updates")


@dataclass(frozen=True)
class Config:
    """Every choice of a number. No p value is kept, so one permutation is enough."""

    stimuli: str = "vocal-tract-languages"
    assay: str = "physics"
    resamples: int = 200
    seed: int = 0
    store: str = "results/activations"


def run(config: Config, folders: Sequence[str], report: Report) -> pd.DataFrame:
    """Return one row a folder, in their order."""
    stimuli = read_stimuli(config.stimuli)
    draws = {"seed": config.seed, "resamples": config.resamples}
    settings = Settings(**draws, band_resamples=config.resamples, permutations=1)
    subjects = [one for one in load_subjects(folders, settings, None) if one.asked.role == "model"]
    evidence = Evidence(stimuli, tuple(subjects), settings, Path(config.store), report)
    answer = ask(replace(ASSAYS[config.assay], bands=False), evidence)
    rows = []
    # A twin is followed by its random weights.
    for folder, trained, random in zip(folders, subjects[::2], subjects[1::2], strict=True):
        after, before = (answer.mean([one.asked.key]) for one in (trained, random))
        added = (after - before).estimate("", LEVEL)
        row = tried(Path(folder)) | {"trained": after.value, "random": before.value}
        row |= {"added": added.value, "low": added.low, "high": added.high}
        rows.append(row | {"n": answer.n_stimuli, "resamples": config.resamples})
    return pd.DataFrame(rows)


def tried(folder: Path) -> dict[str, Any]:
    """Return what of a config may be tried, and how well masked steps are told in the end."""
    said = told_by(folder, "config", "neighbours", "update", "input")
    own = {name: said["config"][name] for name in TRIED}
    own["units_of"] = Path(own["units_of"]).name  # a path holds on one machine only
    log = [json.loads(line) for line in (folder.parent / "log.jsonl").read_text().splitlines()]
    losses = {row["update"]: row["held_out_loss"] for row in log if "held_out_loss" in row}
    loss = losses.get(said["update"], float("nan"))
    told = {"loss": loss, "neighbours_loss": said["neighbours"]["loss"]}
    return {"input": said["input"], **own, "seed": said["config"]["seed"], **told}


def main(argv: Sequence[str]) -> None:
    """Write the table, and print it."""
    if len(argv) < 2:
        raise SystemExit("usage: python analyses/twin_tries.py OUT.csv FOLDER...")
    with shown() as report:
        table = run(Config(), argv[1:], report)
    write_whole(Path(argv[0]), table.round(5).to_csv(index=False).encode())
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])
