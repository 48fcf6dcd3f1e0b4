"""What share of the variance between models does modality explain? (claim C7)

Reads a result that `grounding run` wrote and shares out the variance of any of its scores over
modality, architecture and training. Shares that properties have in common belong to neither.

    python analyses/c7_modality.py results/2026-11-24-120000
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from grounding.errors import UserError


@dataclass(frozen=True)
class Config:
    """Every choice that could change a number in the paper."""

    assay: str = "physics"
    quantity: str = "agreement, layer held out"
    factors: tuple[str, ...] = ("modality", "model", "training")


def run(config: Config, folder: Path) -> pd.DataFrame:
    """Return the share of variance that each factor explains alone, and beyond the others."""
    if not (folder / "scores.csv").is_file():
        raise UserError(f"{folder} holds no scores.csv; give a folder that grounding run wrote")
    scores = pd.read_csv(folder / "scores.csv", keep_default_na=False)
    chosen = (scores.assay == config.assay) & (scores.quantity == config.quantity)
    models = scores[chosen & (scores.note == "")].copy()
    if models.modality.nunique() < 2:
        raise UserError(f"{folder} has no {config.assay} scores of models of both modalities")
    models["training"] = models.weights.str.split("-").str[0]
    score = models.value.astype(float).to_numpy()
    full = explained(models, config.factors, score)
    rows = []
    for factor in config.factors:
        others = tuple(other for other in config.factors if other != factor)
        alone = explained(models, (factor,), score)
        rows.append((factor, alone, full - explained(models, others, score), len(models)))
    return pd.DataFrame(rows, columns=["factor", "alone", "unique", "n models"])


def explained(models: pd.DataFrame, factors: Sequence[str], score: np.ndarray) -> float:
    """Return R squared of a linear model with these factors as categories."""
    columns = [np.ones((len(models), 1))]
    columns += [pd.get_dummies(models[factor]).to_numpy(float) for factor in factors]
    design = np.hstack(columns)
    left = score - design @ np.linalg.lstsq(design, score, rcond=None)[0]
    return 1.0 - float(left @ left) / float(((score - score.mean()) ** 2).sum())


def main(argv: Sequence[str]) -> None:
    """Print the table for a result folder."""
    if len(argv) != 1:
        raise SystemExit("usage: python analyses/c7_modality.py RESULT_FOLDER")
    print(run(Config(), Path(argv[0])).round(3).to_string(index=False))


if __name__ == "__main__":
    main(sys.argv[1:])
