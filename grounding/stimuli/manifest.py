"""`manifest.jsonl`: one JSON object a line, one stimulus an object.

UTF-8, lines end in a line feed. What each field may hold is in `fields.FIELDS`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grounding.errors import ManifestError
from grounding.stimuli.fault import Fault, shown
from grounding.stimuli.fields import problems
from grounding.stimuli.stimulus import MANIFEST, Stimulus

__all__ = ["parse_manifest", "write_manifest"]

LONGEST_LINE = 1_000_000  # bytes; a binary file without line feeds must not fill the memory
DEEPEST = 32  # brackets inside brackets


def parse_manifest(folder: str | Path) -> tuple[list[Stimulus], list[Fault]]:
    """Return the stimuli of the lines that are as they should be, and the faults of the others.

    Looks at the manifest alone; the files that it names are not opened.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    try:
        if not folder.is_dir():
            what = "is a file" if folder.exists() else "does not exist"
            message = f"{what}; needed a folder with {MANIFEST}. Correct the path."
            return [], [Fault(folder, None, message)]
        if not path.is_file():
            message = (
                f"has no {MANIFEST}. 'grounding stimuli add' makes one from recordings with "
                "transcripts beside them."
            )
            return [], [Fault(folder, None, message)]
        return _parse(folder, path)
    except OSError as error:
        return [], [Fault(path, None, f"cannot be read: {error.strerror}. Make it readable.")]


def _parse(folder: Path, path: Path) -> tuple[list[Stimulus], list[Fault]]:
    stimuli: list[Stimulus] = []
    faults: list[Fault] = []
    first_line: dict[str, int] = {}
    number = 0
    for number, raw in _lines(path):
        try:
            record = _loads(raw)
        except ManifestError as error:
            faults.append(Fault(path, number, str(error)))
            continue
        found = problems(record)
        faults.extend(Fault(path, number, problem) for problem in found)
        name = record.get("id")
        if isinstance(name, str) and first_line.setdefault(name, number) != number:
            faults.append(
                Fault(
                    path,
                    number,
                    f"id {name!r} is also on line {first_line[name]}; needed every id once. "
                    "Rename one of them.",
                )
            )
        elif not found:
            stimuli.append(Stimulus.from_record(record, folder, number))
    if number == 0:
        faults.append(Fault(path, None, "the manifest is empty; needed a JSON object a line."))
    return stimuli, faults


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            yield number, raw
            if len(raw) > LONGEST_LINE:
                return


def _loads(raw: bytes) -> Mapping[str, Any]:
    """Return the JSON object of one line; raises `ManifestError` without its place."""
    if len(raw) > LONGEST_LINE:
        raise ManifestError(
            f"the line is longer than {LONGEST_LINE} bytes; needed one JSON object a line. Lines "
            "after it were not read."
        )
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ManifestError("the file begins with a byte-order mark. Save it as plain UTF-8.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not UTF-8. Save the "
            "file as UTF-8."
        ) from error
    if not text.strip():
        raise ManifestError("the line is blank; needed a JSON object. Delete the line.")
    try:
        record = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ManifestError("the line nests too deeply; needed a flat JSON object.") from error
    except json.JSONDecodeError as error:
        raise ManifestError(
            f"no JSON ({error.msg}, column {error.colno}); needed one JSON object a line. "
            "Correct the line."
        ) from error
    except ManifestError:
        raise
    except ValueError as error:  # a number of more digits than Python reads
        raise ManifestError(f"a number cannot be read ({error}). Shorten it.") from error
    if not isinstance(record, dict):
        raise ManifestError(
            f"the line holds {_kind(record)}; needed a JSON object, {{...}}. Correct the line."
        )
    if _depth(record) > DEEPEST:
        raise ManifestError("the line nests too deeply; needed a flat JSON object.")
    return record


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ManifestError(f"field {twice!a} is given twice. Delete one of them.")
    return record


def _refuse_constant(text: str) -> None:
    raise ManifestError(f"{text} is no JSON; needed a finite number or null. Correct it.")


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(
        type(value), "a number"
    )


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return depth


def write_manifest(
    folder: str | Path,
    records: Iterable[Stimulus | Mapping[str, Any]],
    *,
    overwrite: bool = False,
) -> Path:
    """Write `manifest.jsonl` into `folder`, whole or not at all, and return its path.

    records: stimuli, or the fields of manifest lines, in order.

    Raises `ManifestError` when a record is not as it should be, an id comes twice, there are no
    records, or the file exists and `overwrite` is not set.
    """
    path = Path(folder) / MANIFEST
    stimuli: dict[str, Stimulus] = {}
    for line, record in enumerate(records, start=1):
        fields = record.record() if isinstance(record, Stimulus) else record
        stimulus = Stimulus.from_record(fields, folder, line)
        if stimulus.id in stimuli:
            raise ManifestError(f"{shown(path)}:{line}: id {stimulus.id!r} comes twice. Rename it.")
        stimuli[stimulus.id] = stimulus
    if not stimuli:
        raise ManifestError(f"{shown(path)}: there are no stimuli to write; needed at least one.")
    if not overwrite and (path.is_symlink() or path.exists()):
        raise ManifestError(f"{shown(path)} exists. Move it away first.")
    lines = [json.dumps(s.record(), ensure_ascii=False) + "\n" for s in stimuli.values()]
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".manifest-", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write("".join(lines).encode("utf-8"))
            file.flush()
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink()
            raise
    return path
