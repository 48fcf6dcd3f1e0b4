"""Label files of corpora, as (label, start, end) in seconds."""

from __future__ import annotations

import math

from grounding.errors import ManifestError
from grounding.stimuli.importers.folder import Folder, about
from grounding.stimuli.importers.record import Label
from grounding.stimuli.textgrid import TextGrid, parse_textgrid

__all__ = ["read_ends", "read_spans", "read_textgrid", "tier"]

ROUNDING = 1e-3  # seconds that neighbouring labels may overlap


def read_spans(folder: Folder, path: str) -> tuple[Label, ...]:
    """Read "start end label" lines (MOCHA-TIMIT's `.lab`)."""
    labels = []
    for number, line in enumerate(folder.text(path).splitlines(), start=1):
        parts = line.split()
        if parts:
            if len(parts) != 3:
                raise _bad_line(path, number, line, "a start, an end and a label")
            labels.append((parts[2], _time(path, number, parts[0]), _time(path, number, parts[1])))
    return _ordered(path, labels)


def read_ends(folder: Folder, path: str) -> tuple[Label, ...]:
    """Read "end colour label" lines behind a line "#" (ESPS xlabel, MNGU0's `.lab`).

    A label begins where the one before it ends.
    """
    lines = folder.text(path).splitlines()
    try:
        first = [line.strip() for line in lines].index("#") + 1
    except ValueError as error:
        raise about(path, "has no line '#' that ends its header. Copy it again.") from error
    labels, start = [], 0.0
    for number, line in enumerate(lines[first:], start=first + 1):
        parts = line.split()
        if parts:
            if len(parts) != 3:
                raise _bad_line(path, number, line, "an end, a colour and a label")
            end = _time(path, number, parts[0])
            labels.append((parts[2], start, end))
            start = end
    return _ordered(path, labels)


def read_textgrid(folder: Folder, path: str) -> TextGrid:
    """Read a Praat TextGrid; raises `ManifestError` that names the file."""
    try:
        return parse_textgrid(folder.read(path))
    except ManifestError as error:
        raise about(path, error) from error


def tier(path: str, grid: TextGrid, names: tuple[str, ...]) -> tuple[Label, ...]:
    """Return the labels of the tier that has one of these names, in any case of letters."""
    found = [tier for tier in grid.tiers if tier.name.strip().lower() in names]
    if len(found) != 1:
        raise about(
            path,
            f"has the tiers {', '.join(repr(tier.name) for tier in grid.tiers) or '(none)'}; "
            f"needed one called {' or '.join(map(repr, names))}. Rename one.",
        )
    return tuple((text.strip(), start, end) for start, end, text in found[0].labels)


def _ordered(path: str, labels: list[Label]) -> tuple[Label, ...]:
    last = 0.0
    for label, start, end in labels:
        if start < last - ROUNDING or end < start:
            raise about(
                path,
                f"has {label!r} from {start:g} to {end:g} s after {last:g} s; needed labels in "
                "order of time. Copy it again.",
            )
        last = end
    return tuple(labels)


def _time(path: str, number: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise _bad_line(path, number, text, "a time in seconds")
    return value


def _bad_line(path: str, number: int, line: str, needed: str) -> ManifestError:
    return about(path, f"line {number} is {line.strip()[:60]!r}; needed {needed}. Copy it again.")
