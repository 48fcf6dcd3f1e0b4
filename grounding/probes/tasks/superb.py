"""Read a published table of downstream results, such as SUPERB's leaderboard, that a user supplies.

None is shipped: results are their authors'. A table is UTF-8, `.csv` or `.tsv`, with a header line
and the columns `model`, `task`, `metric` and `value`, a number a row; other columns are left alone.
Values are in percent or as the metric has them: they are never rescaled, so one metric has one unit
throughout a table. Of some metrics less is better (error rates); `toward_better` turns them round.

Metrics: Yang and others 2021, "SUPERB: Speech processing Universal PERformance Benchmark",
Interspeech, and Tsai and others 2022, "SUPERB-SG", ACL.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from grounding.errors import UserError
from grounding.tables import lookup

__all__ = ["COLUMNS", "METRICS", "Leaderboard", "Metric", "Published", "read_leaderboard"]

COLUMNS = ("model", "task", "metric", "value")
DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class Metric:
    """more: whether more is better. says: what it is."""

    more: bool
    says: str


METRICS: Mapping[str, Metric] = {
    "acc": Metric(True, "accuracy"),
    "f1": Metric(True, "F1 of slots"),
    "map": Metric(True, "mean average precision"),
    "mtwv": Metric(True, "maximum term-weighted value"),
    "bleu": Metric(True, "BLEU"),
    "pesq": Metric(True, "perceptual quality"),
    "stoi": Metric(True, "intelligibility"),
    "si-sdri": Metric(True, "gain in signal-to-distortion ratio, dB"),
    "score": Metric(True, "a leaderboard's overall score"),
    "per": Metric(False, "phone error rate"),
    "wer": Metric(False, "word error rate"),
    "cer": Metric(False, "character error rate"),
    "eer": Metric(False, "equal error rate"),
    "der": Metric(False, "diarisation error rate"),
    "mcd": Metric(False, "mel-cepstral distortion, dB"),
}
"""By their name in lower case."""


@dataclass(frozen=True)
class Published:
    """One result. metric: as in `METRICS`. value: as the table has it. line: of the file."""

    model: str
    task: str
    metric: str
    value: float
    line: int


@dataclass(frozen=True)
class Leaderboard:
    """Results in the order of their file; `source` is its path."""

    rows: tuple[Published, ...]
    source: str

    @property
    def tasks(self) -> tuple[tuple[str, str], ...]:
        """Every task with its metric, in order."""
        return tuple(dict.fromkeys((row.task, row.metric) for row in self.rows))

    def values(self, task: str, metric: str) -> dict[str, float]:
        """Return the value of every model that has one; `UnknownName` for what is not there."""
        lookup("task", task, {row.task: row for row in self.rows})
        some = {row.metric: row for row in self.rows if row.task == task}
        lookup(f"metric of {task!r}", metric.casefold(), some)
        wanted = (task, metric.casefold())
        return {row.model: row.value for row in self.rows if (row.task, row.metric) == wanted}

    def toward_better(self, task: str, metric: str) -> dict[str, float]:
        """Return the values, with the sign changed where less is better."""
        sign = 1.0 if METRICS[metric.casefold()].more else -1.0
        return {model: sign * value for model, value in self.values(task, metric).items()}


def read_leaderboard(path: str | Path) -> Leaderboard:
    """Read a table of published results.

    Raises `UserError`, naming file and line, for a file that is no such table: another ending or
    encoding, a column that is missing or named twice, a row of another length, an empty cell, a
    value that is no finite number, an unknown metric, or a result that is given twice.
    """
    path = Path(path)
    rows: list[Published] = []
    seen: dict[tuple[str, str, str], int] = {}
    columns: Sequence[str] = ()
    for line, cells in _lines(path):
        place = f"{path}:{line}"
        if not columns:
            columns = _columns(cells, place)
            continue
        row = _row(columns, cells, line, place)
        key = (row.model, row.task, row.metric)
        if key in seen:
            raise UserError(
                f"{place}: {row.metric} of {row.model!r} in {row.task!r} is also on line "
                f"{seen[key]}; needed it once. Delete one of them."
            )
        seen[key] = line
        rows.append(row)
    if not rows:
        raise UserError(
            f"{path} has no results; needed a header line, {', '.join(COLUMNS)}, and rows."
        )
    return Leaderboard(tuple(rows), str(path))


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with the line that it ends on."""
    if path.suffix.lower() not in DELIMITERS:
        raise UserError(f"{path} is neither .csv nor .tsv. Save the table as one of them.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}). Correct the path.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8. Save it as UTF-8.") from error
    delimiter = DELIMITERS[path.suffix.lower()]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [(reader.line_num, [c.strip() for c in cells]) for cells in reader if any(cells)]
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num}: no table ({error}). Correct it.") from error


def _columns(cells: Sequence[str], place: str) -> list[str]:
    names = [cell.casefold() for cell in cells]
    for column in COLUMNS:
        if names.count(column) != 1:
            near = get_close_matches(column, [n for n in names if n not in COLUMNS], n=1)
            hint = f" Is {near[0]!r} meant?" if near and column not in names else ""
            raise UserError(
                f"{place}: {names.count(column)} columns are named {column!r}; needed one."
                f"{hint} The columns are {', '.join(map(repr, cells))}."
            )
    return names


def _row(columns: Sequence[str], cells: Sequence[str], line: int, place: str) -> Published:
    if len(cells) != len(columns):
        raise UserError(
            f"{place}: has {len(cells)} cells and the header {len(columns)}; needed as many."
        )
    found = dict(zip(columns, cells, strict=True))
    if empty := [column for column in COLUMNS if not found[column]]:
        raise UserError(f"{place}: {empty[0]!r} is empty. Fill it in, or delete the row.")
    try:
        value = float(found["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(
            f"{place}: the value is {found['value']!r}; needed a finite number, without a unit "
            "and with a decimal point."
        )
    metric = found["metric"].casefold()
    try:
        lookup("metric", metric, METRICS)
    except UserError as error:
        raise UserError(f"{place}: {error}") from error
    return Published(found["model"], found["task"], metric, value, line)
