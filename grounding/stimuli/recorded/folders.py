"""What a script that makes a recorded set does around the sound: tables, manifest, exit status."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grounding.errors import UserError
from grounding.files import write_whole
from grounding.stimuli.stimulus import MANIFEST

__all__ = [
    "differences",
    "exit_status",
    "read_rows",
    "refuse_others",
    "require",
    "sha256",
    "write_records",
]


def exit_status(command: Callable[[], int]) -> int:
    """Return what `command` returns, or 2 after one message where the user's input is at fault."""
    try:
        return command()
    except UserError as error:
        print(error, file=sys.stderr)
        return 2


def require(modules: Sequence[str], requirements: Path) -> None:
    """Raise `UserError` with what to install when one of the Python `modules` is missing."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"Python package not found: {', '.join(missing)}. Run 'python -m pip install -r "
            f"{requirements}'."
        )


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a table with a header line and tabs between columns."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_records(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write the manifest of `folder`, a record a line, in the order of its fields."""
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    write_whole(folder / MANIFEST, "".join(lines).encode("utf-8"))


def refuse_others(folder: Path, audio: set[str]) -> None:
    """Raise `UserError` when `folder` holds sound that its manifest will not name."""
    others = {path.relative_to(folder).as_posix() for path in folder.glob("audio/**/*.flac")}
    if others := others - audio:
        raise UserError(f"{folder} also holds {min(others)} ({len(others)} such). Delete audio/.")


def differences(one: Path, other: Path) -> list[str]:
    """Return which files of a set (manifest, audio) differ between two folders, or miss in one."""

    def files(folder: Path) -> dict[str, str]:
        paths = [*folder.glob("audio/**/*.flac"), *folder.glob(MANIFEST)]
        return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in paths}

    a, b = files(one), files(other)
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
