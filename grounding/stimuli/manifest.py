"""`manifest.jsonl`: one JSON object a line, one stimulus an object.

UTF-8, lines end in a line feed. What each field may hold is in `fields.FIELDS`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from grounding.errors import ManifestError
from grounding.files import write_whole
from grounding.stimuli.fault import Fault, shown
from grounding.stimuli.fields import problems
from grounding.stimuli.files import inside
from grounding.stimuli.stimulus import MANIFEST, Stimulus
from grounding.stimuli.versions import of_today, stamped

__all__ = ["Line", "json_lines", "manifest_lines", "write_manifest"]

LONGEST_LINE = 1_000_000  # bytes; a binary file without line feeds must not fill the memory
DEEPEST = 32  # brackets inside brackets


class Line(NamedTuple):
    """One line of a manifest.

    number: counted from 1; None where something is wrong with the manifest as a whole.
    record: its fields, or None where something is wrong with it.
    faults: what is wrong with it.
    """

    number: int | None
    record: Mapping[str, Any] | None
    faults: list[Fault]


def manifest_lines(folder: str | Path) -> Iterator[Line]:
    """Read the manifest of `folder` line by line, and check its fields and that ids differ.

    Looks at the manifest alone; the files that it names are not opened. What is kept in memory
    is the ids.
    """
    path = Path(folder) / MANIFEST
    first_line: dict[str, int] = {}
    for number, record, faults in json_lines(folder):
        if record is None or number is None:
            yield Line(number, None, faults)
            continue
        try:
            record = of_today(record)
        except ManifestError as error:
            yield Line(number, None, [Fault(path, number, str(error))])
            continue
        found = problems(record)
        name = record.get("id")
        if isinstance(name, str) and first_line.setdefault(name, number) != number:
            found.append(
                f"id {name!r} is also on line {first_line[name]}; needed every id once. Rename "
                "one of them."
            )
        faults = [Fault(path, number, problem) for problem in found]
        yield Line(number, None if found else record, faults)


def json_lines(folder: str | Path) -> Iterator[Line]:
    """Read the JSON objects of the manifest of `folder`, whatever their fields."""
    folder = Path(folder)
    path = folder / MANIFEST
    try:
        if fault := _absent(folder):
            yield Line(None, None, [fault])
            return
        number = 0
        with path.open("rb") as file:
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                try:
                    yield Line(number, _loads(raw), [])
                except ManifestError as error:
                    yield Line(number, None, [Fault(path, number, str(error))])
                if len(raw) > LONGEST_LINE:
                    return
        if number == 0:
            message = "the manifest is empty; needed a JSON object a line."
            yield Line(None, None, [Fault(path, None, message)])
    except OSError as error:
        message = f"cannot be read: {error.strerror}. Make it readable."
        yield Line(None, None, [Fault(path, None, message)])


def _absent(folder: Path) -> Fault | None:
    """Say what is in the way of reading the manifest of `folder`."""
    path = folder / MANIFEST
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        return Fault(folder, None, f"{what}; needed a folder with {MANIFEST}. Correct the path.")
    if not path.is_file():
        return Fault(
            folder,
            None,
            f"has no {MANIFEST}. 'grounding stimuli add' makes one from recordings with "
            "transcripts.",
        )
    try:
        inside(folder, MANIFEST)
    except ManifestError as error:
        return Fault(path, None, str(error))
    return None


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
        record = DECODER.decode(text)
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
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _depth(record) > DEEPEST:
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


DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse_constant)


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
    lines = [json.dumps(stamped(s.record()), ensure_ascii=False) + "\n" for s in stimuli.values()]
    write_whole(path, "".join(lines).encode("utf-8"))
    return path
