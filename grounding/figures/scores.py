"""Read `scores.csv`: one number a row."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, fields
from pathlib import Path

from grounding.errors import UserError

__all__ = ["EVERY_LAYER", "HELD_OUT", "SEED", "Score", "read_scores"]

HELD_OUT = "agreement, layer held out"
EVERY_LAYER = "agreement, every layer"
SEED = "seed"
"""The role of a row that another row, of all seeds of a twin, stands for."""


@dataclass(frozen=True)
class Score:
    """One row of `scores.csv`; an empty cell is None for a number and "" for text."""

    assay: str
    quantity: str
    value: float
    low: float | None
    high: float | None
    level: float | None
    """Coverage of the interval from `low` to `high`."""
    p: float | None
    model: str
    modality: str
    weights: str
    """"trained", or "random-<seed>"."""
    layer: str
    selection: str
    stimuli: str
    n_stimuli: int
    n_groups: int
    space: str
    controls: str
    pairs: str
    measure: str
    metric: str
    pooling: str
    window: str
    """Seconds of input that a fixed-window model was given, or empty."""
    note: str
    """"control" or "reference" for what is no model under test, "seed" for a part of one."""

    @property
    def role(self) -> str:
        """ "model", "control", "reference" or "seed"."""
        return self.note or "model"

    @property
    def trained(self) -> bool:
        """Whether it is of a model under test with its own weights."""
        return self.role == "model" and self.weights == "trained"

    @property
    def random(self) -> bool:
        """Whether it is of a model under test with random weights."""
        return self.role == "model" and self.weights.startswith("random")


def read_scores(path: Path) -> tuple[Score, ...]:
    """Return the rows of a file, in order; columns that are not in `Score` are left unread.

    Raises `UserError` for a missing file or column, a short row, or a cell that is no number
    where one is needed.
    """
    if not path.is_file():
        raise UserError(
            f"{path.parent} holds no {path.name}; give a folder that grounding run wrote"
        )
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        absent = [f.name for f in fields(Score) if f.name not in (reader.fieldnames or ())]
        if absent:
            raise UserError(f"{path}:1: no column {', '.join(absent)}; run again")
        return tuple(_score(f"{path}:{reader.line_num}", row) for row in reader)


def _score(where: str, row: dict[str, str | None]) -> Score:
    cells: dict = {}
    for field in fields(Score):
        text = row[field.name]
        if text is None:
            raise UserError(f"{where}: the row ends before column {field.name!r}; run again")
        if field.type == "str":
            cells[field.name] = text
            if field.name == "window" and text:
                _number(where, field.name, text)
        elif field.type == "int":
            cells[field.name] = int(_number(where, field.name, text))
        elif text == "" and field.type == "float | None":
            cells[field.name] = None
        else:
            cells[field.name] = _number(where, field.name, text)
    return Score(**cells)


def _number(where: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{where}: {name} is {text!r:.40}, needed a finite number; run again")
    return value
