"""When does training bring the vocal tract into a twin, and when phones and relations?

Scores checkpoints, and draws the scores along training. Every layer is scored; the one that counts
is chosen on other stimuli. The floor is the weights that training began from. Checkpoints that are
in the table with the same weights are not scored again, so it may be stopped and goes on.

    python analyses/twin_time_course.py course.csv runs/audio-0/update-* runs/characters-0/update-*
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from grounding.claims.ask import ask
from grounding.claims.assays import ASSAYS, Assay
from grounding.claims.evidence import Evidence
from grounding.claims.numbers import NUMBERS, numbers
from grounding.claims.settings import Settings
from grounding.claims.subjects import load_subjects
from grounding.claims.twins import told_by
from grounding.figures.courses import courses_of, draw_courses
from grounding.figures.dots import save_png
from grounding.files import write_whole
from grounding.progress import Report, shown
from grounding.stimuli import read_stimuli

WHOSE = ["made", "sha256", "input", "seed"]
KEY = [*WHOSE, "assay", "model", "weights", "quantity", "layer"]


@dataclass(frozen=True)
class Config:
    """Every choice of a number. No p value is kept, so one permutation is enough."""

    stimuli: str = "vocal-tract-words"
    assays: tuple[Assay, ...] = (
        *(ASSAYS["physics"], ASSAYS["tract-between"]),
        Assay("phone-string", "Are phones followed?", "phones", (), "between", bands=True),
        ASSAYS["relations"],
    )
    resamples: int = 200
    band_resamples: int = 200
    seed: int = 0
    store: str = "results/activations"


def run(config: Config, out: Path, folders: Sequence[str], report: Report) -> pd.DataFrame:
    """Return the table of all checkpoints, one number a row; it is written after each of them."""
    stimuli, table = read_stimuli(config.stimuli), read(out)
    draws = {name: getattr(config, name) for name in ("seed", "resamples", "band_resamples")}
    settings = Settings(**draws, permutations=1)
    choices = json.dumps([stimuli.digest, asdict(config) | {"store": ""}], sort_keys=True)
    made = hashlib.sha256(choices.encode()).hexdigest()
    for folder in sorted(folders, key=lambda one: told_by(one, "update")["update"]):
        subjects = load_subjects([folder], settings, None)[:2]  # without the controls
        hashes = {s.asked.weights: s.encoder.provenance["weights_sha256"] for s in subjects}
        own = {"made": made, "modality": subjects[0].asked.modality}
        own |= told_by(folder, "input", "seed", "update")
        whose = [made, own["input"], hashes["trained"]]
        if whose in table[["made", "input", "sha256"]].to_numpy().tolist():
            continue
        found, evidence = [], Evidence(stimuli, subjects, settings, Path(config.store), report)
        for assay in config.assays:
            if (answer := ask(assay, evidence)).missing:
                print(f"{assay.name}: {answer.missing}", file=sys.stderr)
            for row in numbers(assay, answer):
                found.append(own | row | {"sha256": hashes.get(row["weights"], "")})
        # Random weights and references are the same for every checkpoint: they are kept once.
        table = pd.concat([table, pd.DataFrame(found)]).drop_duplicates(KEY, ignore_index=True)
        write_whole(out, table.to_csv(index=False).encode())
    return table[table.made == made]


def read(path: Path) -> pd.DataFrame:
    """Return the table that was written before; an empty one where there is none."""
    if not path.is_file():
        return pd.DataFrame(columns=[*WHOSE, "modality", "update", *NUMBERS]).astype(object)
    texts, ends = dict.fromkeys(WHOSE[:2], str), {"low": [""], "high": [""]}
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=ends)


def main(argv: Sequence[str]) -> None:
    """Write the table, and the picture beside it."""
    if len(argv) < 2:
        raise SystemExit("usage: python analyses/twin_time_course.py OUT.csv FOLDER...")
    with shown() as report:
        table = run(Config(), out := Path(argv[0]), argv[1:], report)
    save_png(draw_courses([*courses_of(table, "update")], "updates"), out.with_suffix(".png"))
    print(table[table.quantity.str.contains("held|minus")].round(3).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])
