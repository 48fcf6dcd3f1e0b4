"""A dataset that Hugging Face `datasets` saved with `save_to_disk`, one split or several.

Read with pyarrow alone: no code of the dataset is run and nothing is unpickled. The column of
audio holds the files' bytes, or paths inside the folder. Columns that are called like a manifest
field are that field; a transcript may also be called `text`, `sentence` or `transcription`.
Whatever else a row says goes to its attributes; a value that is missing says nothing.

Source: the `datasets` documentation on `save_to_disk`, and Apache Arrow's streaming format.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from grounding.errors import ManifestError, UserError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import FIELDS, seen
from grounding.stimuli.files import inside, read_bytes
from grounding.stimuli.formats.reading import Item, Options, Reading, Sound, inside_path

__all__ = ["is_huggingface", "read_huggingface"]

ONE, SEVERAL = "state.json", "dataset_dict.json"
TRANSCRIPTS = ("transcript", "text", "sentence", "transcription")
# From 14.0.1 on, Arrow files can no longer ask for something to be unpickled (CVE-2023-47248).
OLDEST = (14, 0, 1)


def is_huggingface(folder: Path) -> bool:
    """Whether `folder` is a saved dataset, or several splits of one."""
    return (folder / SEVERAL).is_file() or (
        (folder / ONE).is_file() and (folder / "dataset_info.json").is_file()
    )


def read_huggingface(folder: Path, options: Options) -> Reading:
    """Read every row of every split."""
    items: list[Item] = []
    faults: list[str] = []
    silent: dict[str, str] = {}
    for split in _splits(folder):
        at = f"{split}/" if split else ""
        features = _json(folder, f"{at}dataset_info.json").get("features") or {}
        number = 0
        for file in _files(folder, at):
            for columns, count in _batches(folder, file):
                roles = _roles(file, list(columns), features, options.columns)
                for row in range(count):
                    number += 1
                    place = f"{shown(at)}row {number}"
                    try:
                        item = _item(folder, place, columns, row, roles, features, options)
                        item = _of_split(item, split)
                    except UserError as error:
                        faults.append(f"{place}: {error}")
                        continue
                    if "transcript" in item.fields:
                        items.append(item)
                    else:
                        silent[place] = "no transcript"
    return Reading(items, silent, (), faults)


def _splits(folder: Path) -> list[str]:
    if not (folder / SEVERAL).is_file():
        return [""]
    names = _json(folder, SEVERAL).get("splits")
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise ManifestError(f"{SEVERAL} names no splits. Save the dataset again.")
    return names


def _json(folder: Path, name: str) -> Mapping[str, Any]:
    try:
        found = json.loads(read_bytes(folder, name))
    except ManifestError as error:
        raise ManifestError(f"{shown(name)}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{shown(name)}: is no JSON. Save the dataset again.") from error
    if not isinstance(found, dict):
        raise ManifestError(f"{shown(name)}: holds no JSON object. Save the dataset again.")
    return found


def _files(folder: Path, at: str) -> list[str]:
    state = _json(folder, f"{at}{ONE}")
    if state.get("_indices_data_files"):
        raise ManifestError(
            f"{shown(at)}{ONE}: its rows are chosen by an index. Save it after flatten_indices()."
        )
    entries = state.get("_data_files")
    names = [e.get("filename") for e in entries if isinstance(e, dict)] if entries else []
    if not isinstance(entries, list) or not names or not all(isinstance(n, str) for n in names):
        raise ManifestError(f"{shown(at)}{ONE}: names no data files. Save the dataset again.")
    return [f"{at}{name}" for name in names]


def _batches(folder: Path, file: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Give the columns of each batch of rows of one Arrow file, by name, and how many rows."""
    arrow = _pyarrow()
    try:
        path = inside(folder, file)
    except ManifestError as error:
        raise ManifestError(f"{shown(file)}: {error}") from error
    try:
        with arrow.memory_map(str(path)) as source, arrow.ipc.open_stream(source) as stream:
            for batch in stream:
                batch.validate(full=True)  # offsets that lead out of the file
                yield dict(zip(batch.schema.names, batch.columns, strict=True)), batch.num_rows
    except (arrow.ArrowException, OSError, ValueError) as error:
        reason = shown(str(error).splitlines()[0][:200] if str(error) else "")
        raise ManifestError(
            f"{shown(file)}: cannot be read as an Arrow stream ({reason}). Save the dataset again."
        ) from error


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise ManifestError(
            "a saved Hugging Face dataset is read with pyarrow, which is not installed. Install "
            "it with: pip install 'speech-grounding[datasets]'"
        ) from error
    version = tuple(int(part) for part in pyarrow.__version__.split(".")[:3] if part.isdigit())
    if version < OLDEST:
        raise ManifestError(
            f"pyarrow {pyarrow.__version__} is too old to read files of others safely; needed "
            f"{'.'.join(map(str, OLDEST))} or newer. Upgrade it."
        )
    return pyarrow


def _roles(
    file: str, names: list[str], features: Mapping[str, Any], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the field that a column holds, by column; what is not here is an attribute."""
    for field, column in given.items():
        if column not in names:
            raise ManifestError(
                f"{shown(file)}: there is no column {seen(column)} to be {field!r}; the columns "
                f"are {', '.join(map(seen, names))}. Correct --column."
            )
    roles = {column: field for field, column in given.items()}
    sounds = [n for n in names if (features.get(n) or {}).get("_type") == "Audio"]
    said = [n for n in names if n in TRANSCRIPTS]
    for field, found in (("audio", sounds), ("transcript", said)):
        if field in given:
            continue
        if len(found) != 1:
            raise ManifestError(
                f"{shown(file)}: {len(found)} columns can be the {field}; the columns are "
                f"{', '.join(map(seen, names))}. Say which with --column {field}=COLUMN."
            )
        roles[found[0]] = field
    taken = set(roles.values())
    return roles | {n: n for n in names if n in FIELDS and n not in roles and n not in taken}


def _item(
    folder: Path,
    place: str,
    columns: Mapping[str, Any],
    row: int,
    roles: Mapping[str, str],
    features: Mapping[str, Any],
    options: Options,
) -> Item:
    fields: dict[str, Any] = {}
    others: dict[str, Any] = {}
    sound = Sound("")
    for name, values in columns.items():
        if roles.get(name) == "audio":
            sound = _sound(folder, place, values, row)
            continue
        value = _value(values[row].as_py(), features.get(name) or {})
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        if name not in roles:
            others[name] = _plain(name, value)
        elif roles[name] in ("id", "speaker", "concept") and type(value) is int:
            fields[roles[name]] = str(value)
        elif roles[name] == "transcript" and isinstance(value, str):
            if value.strip():
                fields["transcript"] = unicodedata.normalize("NFC", value.strip())
        elif roles[name] == "phones":
            fields["phones"] = list(
                options.phones(value.split() if isinstance(value, str) else value)
            )
        else:
            fields[roles[name]] = value
    if others:
        fields["attributes"] = {**others, **fields.get("attributes", {})}
    return Item(place, sound, fields)


def _of_split(item: Item, split: str) -> Item:
    """Say which of several splits an item is of; files of two splits may have one name."""
    if not split:
        return item
    name = item.fields.get("id") or PurePosixPath(item.sound.name).with_suffix("")
    attributes = {"split": split, **item.fields.get("attributes", {})}
    return replace(item, fields={**item.fields, "id": f"{split}-{name}", "attributes": attributes})


def _sound(folder: Path, place: str, values: Any, row: int) -> Sound:
    try:
        held, path = values.field("bytes"), values.field("path")[row].as_py()
    except (AttributeError, KeyError, TypeError) as error:
        raise ManifestError(
            "its audio is no file; needed a column of type Audio. Cast the column, and save again."
        ) from error
    name = path if isinstance(path, str) and path else place
    if values[row].is_valid and held[row].is_valid:
        return Sound(name, load=lambda: held[row].as_py())
    if name is place:
        raise ManifestError("it has no audio. Leave the row out.")
    return Sound(inside_path(folder, name))


def _value(value: Any, feature: Mapping[str, Any]) -> Any:
    """Return a value with the number of a class as its name."""
    names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
    if isinstance(names, list) and type(value) is int and 0 <= value < len(names):
        return names[value]
    return value


def _plain(name: str, value: Any) -> Any:
    if not FIELDS["attributes"].accepts({name: value}):
        raise ManifestError(
            f"its column {seen(name)} holds {type(value).__name__}; needed text, numbers or lists. "
            "Remove the column, and save again."
        )
    return value
