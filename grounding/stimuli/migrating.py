"""Bring an older manifest up to the newest version, and keep the older one beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grounding.errors import ManifestError
from grounding.files import write_whole
from grounding.stimuli import versions
from grounding.stimuli.fault import Fault, shown
from grounding.stimuli.fields import problems
from grounding.stimuli.files import read_bytes
from grounding.stimuli.manifest import json_lines
from grounding.stimuli.stimulus import MANIFEST

__all__ = ["Migrated", "migrate"]


@dataclass(frozen=True)
class Migrated:
    """What `migrate` did.

    lines: of the manifest. changed: how many of them were of an older version.
    kept: the file that holds the manifest as it was; None where nothing changed.
    """

    lines: int
    changed: int
    kept: Path | None


def migrate(folder: str | Path) -> Migrated:
    """Bring every line of the manifest of `folder` up to the newest version.

    The manifest as it was is kept as `manifest.vN.jsonl`, N its oldest version. Nothing is
    written where every line is of the newest version.

    Raises `ManifestError` that lists every line that cannot be brought up; then nothing is
    written.
    """
    folder = Path(folder)
    records: list[Mapping[str, Any]] = []
    faults: list[Fault] = []
    found: list[int] = []
    for number, record, wrong in json_lines(folder):
        faults.extend(wrong)
        if record is None:
            continue
        try:
            found.append(versions.version(record))
            records.append(_brought_up(record, found[-1]))
        except ManifestError as error:
            faults.append(Fault(folder / MANIFEST, number, str(error)))
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise ManifestError(f"{shown(folder)}: nothing was written, because\n{listed}")
    changed = sum(version < versions.newest() for version in found)
    if not changed:
        return Migrated(len(found), 0, None)
    kept = folder / f"manifest.v{min(found)}.jsonl"
    if kept.exists() or kept.is_symlink():
        raise ManifestError(f"{shown(kept)} exists and is not overwritten. Move it away first.")
    write_whole(kept, read_bytes(folder, MANIFEST))
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    write_whole(folder / MANIFEST, text.encode("utf-8"))
    return Migrated(len(found), changed, kept)


def _brought_up(record: Mapping[str, Any], version: int) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = {k: v for k, v in record.items() if k != versions.FIELD}
    for number, step in enumerate(versions.MIGRATIONS[version - versions.FIRST :], start=version):
        try:
            fields = step.line(fields)
        except (LookupError, TypeError, ValueError) as error:
            raise ManifestError(
                f"cannot be brought up from version {number} ({step.says}): {error}. Correct the "
                "line."
            ) from error
    if wrong := problems(fields):
        raise ManifestError(" ".join(wrong))
    return record if version == versions.newest() else versions.stamped(fields)
