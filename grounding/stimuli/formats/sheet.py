"""A table beside the recordings: one `.csv` or `.tsv` file, a header line, a recording a row.

Columns are manifest fields by name; `audio` is the path of the recording. UTF-8, with or without
a byte-order mark; commas in `.csv`, tabs in `.tsv`. An empty cell says nothing. Transcripts are
taken in Unicode form NFC, phones are written with spaces between them, lists and objects as JSON.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grounding.errors import ManifestError, UserError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import FIELDS, nearest, seen
from grounding.stimuli.files import inside, read_bytes
from grounding.stimuli.formats.reading import Item, Options, Reading, Sound, listed, recordings

__all__ = ["is_sheet", "read_sheet"]

DELIMITERS = {".csv": ",", ".tsv": "\t"}
WHOLE_NUMBERS = ("rate", "samples")
JSON = ("realisation", "intelligibility", "marks", "attributes")


def is_sheet(folder: Path) -> bool:
    """Whether `folder` holds a table with a column `audio`."""
    return any("audio" in _head(folder, name) for name in _sheets(folder))


def read_sheet(folder: Path, options: Options) -> Reading:
    """Read the rows of the one table in `folder`."""
    name = _only(folder)
    items, faults, silent, named = [], [], {}, set()
    columns = None
    for line, cells in _rows(name, _text(folder, name)):
        place = f"{shown(name)}:{line}"
        try:
            if columns is None:
                columns = _columns(cells, options.columns)
                continue
            fields = _fields(columns, cells, options)
        except UserError as error:
            faults.append(f"{place}: {error}")
            if columns is None:
                return Reading([], faults=faults)
            continue
        sound = Sound(fields.pop("audio"))
        named.add(sound.name)
        if "transcript" not in fields:
            silent[f"{sound.name} ({place})"] = "its row has no transcript"
            continue
        items.append(Item(place, sound, fields))
    if columns is None:
        faults.append(f"{shown(name)}: is empty; needed a line that names the columns")
    left = [sound for sound in recordings(listed(folder)) if sound not in named]
    return Reading(items, silent, left, faults)


def _sheets(folder: Path) -> list[str]:
    return [n for n in listed(folder) if "/" not in n and Path(n).suffix.lower() in DELIMITERS]


def _head(folder: Path, name: str) -> list[str]:
    """Return the columns of a table, as far as its first line tells; quick."""
    try:
        with inside(folder, name).open("rb") as file:
            line = file.readline(1 << 16).decode("utf-8-sig", errors="replace")
    except (OSError, ManifestError):
        return []
    return [cell.strip().strip('"') for cell in line.split(_delimiter(name))]


def _only(folder: Path) -> str:
    names = _sheets(folder)
    if len(names) != 1:
        found = ", ".join(map(shown, names)) or "none"
        raise ManifestError(
            f"{shown(folder)} has these .csv and .tsv files: {found}; needed one. Move the others "
            "away."
        )
    return names[0]


def _delimiter(name: str) -> str:
    return DELIMITERS[Path(name).suffix.lower()]


def _text(folder: Path, name: str) -> str:
    try:
        return read_bytes(folder, name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{shown(name)}: is not UTF-8. Save it as UTF-8.") from error


def _rows(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that are not blank, each with the line that it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(name), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cells):
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise ManifestError(f"{shown(name)}:{line}: no table ({error}). Correct it.") from error


def _columns(cells: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """Return the manifest field that each column holds."""
    for field, column in given.items():
        if column not in cells:
            raise ManifestError(
                f"there is no column {seen(column)} to be {field!r}; the columns are "
                f"{', '.join(map(seen, cells))}. Correct --column."
            )
    fields = {column: field for field, column in given.items()}
    found = [fields.get(cell, cell) for cell in cells]
    for cell, name in zip(cells, found, strict=True):
        if name not in FIELDS:
            raise ManifestError(
                f"unknown column {seen(cell)}.{nearest(cell)} Known: {', '.join(FIELDS)}. Rename "
                "it, or say with --column FIELD=COLUMN which field it holds."
            )
        if found.count(name) > 1:
            raise ManifestError(f"two columns hold {name!r}; needed one. Delete the other.")
    for name in ("audio", "transcript"):
        if name not in found:
            raise ManifestError(
                f"no column {name!r}; the columns are {', '.join(map(seen, cells))}. Add it, or "
                f"say with --column {name}=COLUMN which one it is."
            )
    return found


def _fields(columns: Sequence[str], cells: Sequence[str], options: Options) -> dict[str, Any]:
    if len(cells) != len(columns):
        raise ManifestError(
            f"has {len(cells)} cells and the header {len(columns)}; needed as many. Correct it."
        )
    fields = {
        name: _value(name, cell, options) for name, cell in zip(columns, cells, strict=True) if cell
    }
    if "audio" not in fields:
        raise ManifestError("names no recording; needed a path under 'audio'. Add it.")
    return fields


def _value(name: str, cell: str, options: Options) -> Any:
    if name == "transcript":
        return unicodedata.normalize("NFC", cell)
    if name == "phones":
        return list(options.phones(cell.split()))
    if name in WHOLE_NUMBERS:
        return int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 17 else cell
    if name in JSON:
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell
