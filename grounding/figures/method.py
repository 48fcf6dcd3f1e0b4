"""Say in words how the numbers of a figure were made; every caption ends with this."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grounding.figures.numbers import level_text, listed
from grounding.figures.records import Result
from grounding.figures.scores import Score

__all__ = ["method_words", "scored_words", "window_words"]

WHISPER = 30.0
"""Seconds that Whisper was trained on."""


def method_words(result: Result, stimuli: str, rows: Sequence[Score]) -> str:
    """Return n, level, measure, metric, pooling, selection, controls and window of some rows."""
    levels = _values(level_text(row.level) for row in rows if row.level is not None)
    parts = [
        f"{_numbered(rows)} of {stimuli}{scored_words(result, stimuli)}",
        f"Intervals: {listed(levels)}, groups resampled" if levels else "No intervals",
        *_asked(rows),
        f"Measure: {listed(_values(row.measure for row in rows))}",
        f"Metric of the models' RDMs: {listed(_values(row.metric for row in rows))}",
        f"Pooling: {listed(_values(_pooling(row) for row in rows))}",
        f"Layer: {listed(_values(row.selection for row in rows if row.selection != 'one layer'))}",
        window_words(result, stimuli, rows),
    ]
    return " ".join(f"{part}." for part in parts if part and not part.endswith(": "))


def window_words(result: Result, stimuli: str, rows: Iterable[Score]) -> str:
    """Say which models were given a window of fixed length, and whether it is a shortened one."""
    windows: dict[str, list[str]] = {}
    for row in rows:
        if row.window and row.role == "model":
            windows.setdefault(row.window, []).append(row.model)
    words = []
    for window, models in windows.items():
        given = f"{listed(_values(models))} heard a window of {_seconds(window)} s"
        if result.scored(stimuli).window is not None:
            given += f", shorter than the one they were trained on (Whisper: {WHISPER:g} s)"
        words.append(given)
    return "; ".join(words)


def scored_words(result: Result, stimuli: str) -> str:
    """Say which part of a set was scored; empty where it was all of it."""
    scored = result.scored(stimuli)
    if scored.n == scored.of:
        return ""
    return f" ({scored.n} of {scored.of} scored: {scored.scored})"


def _numbered(rows: Sequence[Score]) -> str:
    return listed(_values(f"n = {r.n_stimuli} stimuli in {r.n_groups} groups" for r in rows))


def _asked(rows: Sequence[Score]) -> list[str]:
    asked = []
    for assay in _values(row.assay for row in rows):
        row = next(r for r in rows if r.assay == assay)
        controls = listed(row.controls.split("|")) if row.controls else "nothing"
        asked.append(
            f"Assay {assay}: space {row.space}, {row.pairs} pairs, {controls} partialled out"
        )
    return asked


def _pooling(row: Score) -> str:
    return f"{row.modality} {row.pooling}" if row.pooling and row.role == "model" else ""


def _seconds(window: str) -> str:
    return f"{float(window):g}"


def _values(found: Iterable[str]) -> list[str]:
    return [value for value in dict.fromkeys(found) if value]
