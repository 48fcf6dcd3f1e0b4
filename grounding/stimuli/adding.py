"""Make a set of a folder of recordings with transcripts, in any of `formats.table.FORMATS`.

Rate, samples and SHA-256 are measured. An id that the data do not give is the path of the
recording without its ending, with '-' for each run of other characters than letters a-z, digits,
'.', '_' and '-'. Nothing is guessed: what the data and the caller do not say is not in the
manifest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import FIELDS, problems
from grounding.stimuli.formats.reading import SUFFIXES, Item, Options, Reading
from grounding.stimuli.formats.table import FORMATS, Format, recognised
from grounding.stimuli.making import ARTICULATION, CONVERTED, COPIED, Wishes, made
from grounding.stimuli.staging import settled, stage_in
from grounding.stimuli.stimulus import MANIFEST
from grounding.tables import lookup

__all__ = ["Added", "add_recordings"]


@dataclass(frozen=True)
class Added:
    """What `add_recordings` did.

    format: what the folder was read as. stimuli: how many.
    without_transcript: recordings that were left out.
    unused: what else was left out, such as transcripts without recording.
    converted: recordings of which a changed copy was made. copied: how many were copied as is.
    """

    manifest: Path
    format: Format
    stimuli: int
    without_transcript: tuple[str, ...]
    unused: tuple[str, ...]
    converted: tuple[str, ...]
    copied: int


def add_recordings(
    folder: str | Path,
    *,
    format: str | None = None,
    out: str | Path | None = None,
    language: str | None = None,
    speaker: str | None = None,
    rate: int | None = None,
    mix: bool = False,
    skip_untranscribed: bool = False,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Added:
    """Write `manifest.jsonl` for the recordings in `folder`, in the order of their format.

    format: a name in `FORMATS`; None recognises it by what is there.
    out: the folder of the set, to which all recordings are copied; None is `folder` itself.
    language: ISO 639-1, of all of them; None where the data say it.
    speaker: of all of them, if given.
    rate: resample what is at another rate to this one, Hz; None keeps every rate.
    mix: mix recordings of several channels down to one; without it they are refused.
    skip_untranscribed: leave recordings without transcript out; without it they are refused.
    options: what else is known of the data.

    Recordings stay as they are; `making` says what is copied.

    Raises `ManifestError` that lists everything that stands in the way; then nothing is written.
    """
    folder = Path(folder)
    target = folder if out is None else Path(out)
    _check_arguments(folder, target, language, speaker, rate)
    kind = recognised(folder) if format is None else lookup("format", format, FORMATS)
    reading = kind.read(folder, options or Options())
    if (
        language is None
        and reading.items
        and not any("language" in i.fields for i in reading.items)
    ):
        raise ManifestError(
            f"{shown(folder)}: the data name no language; needed {FIELDS['language'].needed}. Add "
            "--language."
        )
    wishes = Wishes(rate, mix, elsewhere=out is not None)
    given = {"language": language, "speaker": speaker}
    with stage_in(target) as stage:
        records, faults = _records(reading, folder, stage, wishes, given, progress)
        _refuse(folder, reading, faults, skip_untranscribed)
        manifest = settled(target, stage, records)
    pairs = list(zip(reading.items, records, strict=True))
    changed = [item for item, record in pairs if _below(CONVERTED, item, record)]
    return Added(
        manifest,
        kind,
        len(records),
        tuple(reading.untranscribed),
        tuple(reading.unused),
        tuple(item.sound.name for item in changed),
        sum(_below(COPIED, item, record) for item, record in pairs),
    )


def _below(part: str, item: Item, record: Mapping[str, Any]) -> bool:
    """Whether a copy was made in this part of the set."""
    path = record["audio"]
    return path != item.sound.name and PurePosixPath(path).parent == PurePosixPath(part)


def _check_arguments(
    folder: Path, target: Path, language: str | None, speaker: str | None, rate: int | None
) -> None:
    if not folder.is_dir():
        raise ManifestError(f"{shown(folder)} is no folder. Give the folder of the recordings.")
    if target.exists() and not target.is_dir():
        raise ManifestError(f"{shown(target)} is no folder. Give another one with --out.")
    names = [MANIFEST, CONVERTED]
    if target != folder:
        names += [COPIED, ARTICULATION]
    for name in names:
        if (target / name).exists() or (target / name).is_symlink():
            raise ManifestError(
                f"{shown(target / name)} exists and is not overwritten. Move it away first."
            )
    for name, value in (("language", language), ("speaker", speaker), ("rate", rate)):
        if value is not None and not FIELDS[name].accepts(value):
            raise ManifestError(f"{name} {value!r}: needed {FIELDS[name].needed}. Correct it.")


def _records(
    reading: Reading,
    folder: Path,
    stage: Path,
    wishes: Wishes,
    given: Mapping[str, Any],
    progress: Callable[[int, int], None] | None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the fields of every stimulus, and what is wrong."""
    records: list[dict[str, Any]] = []
    faults = list(reading.faults)
    place_of: dict[str, str] = {}
    decoded: dict[str, Any] = {}
    for number, item in enumerate(reading.items, start=1):
        try:
            record = _said(item, given)
            other = place_of.setdefault(record["id"], item.place)
            if other != item.place:
                raise ManifestError(f"would have the id of {other}. Rename one.")
            if item.sound.load is None and not FIELDS["audio"].accepts(item.sound.name):
                raise ManifestError(f"needed {FIELDS['audio'].needed}. Rename it.")
            record |= made(item, record["id"], folder, stage, wishes, decoded)
            if found := problems(record):
                raise ManifestError(" ".join(found))
        except ManifestError as error:
            faults.append(f"{_place(item)}: {error}")
            continue
        records.append({name: record[name] for name in FIELDS if name in record})
        if progress is not None:
            progress(number, len(reading.items))
    return records, faults


def _said(item: Item, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the data and the caller give, and the id."""
    record = {name: value for name, value in item.fields.items() if value is not None}
    for name, value in given.items():
        if value is None:
            continue
        if record.setdefault(name, value) != value:
            raise ManifestError(
                f"{name} is {record[name]!r} in the data and {value!r} in what you gave. Leave "
                f"--{name} out, or correct the data."
            )
    if "language" not in record:
        raise ManifestError(
            f"the data name no language; needed {FIELDS['language'].needed}. Add --language."
        )
    record["id"] = _id(str(record.get("id") or PurePosixPath(item.sound.name).with_suffix("")))
    return record


def _id(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip("._-")
    if not name:
        raise ManifestError("its name has no letter a-z and no digit to make an id of. Rename it.")
    return name


def _place(item: Item) -> str:
    """Return where an item is written down, and its recording where that is another file."""
    sound = shown(item.sound.name)
    return item.place if sound in ("", item.place) else f"{item.place}: {sound!r}"


def _refuse(folder: Path, reading: Reading, faults: list[str], skip: bool) -> None:
    """Raise unless a set can be made."""
    silent = reading.untranscribed
    left = bool(silent) and not skip
    if left:
        faults = [*(f"{shown(name)}: {what}" for name, what in silent.items()), *faults]
    if not faults and not reading.items:
        faults = [
            "no recording has a transcript"
            if silent
            else f"no recording; needed files that end in {', '.join(SUFFIXES)}"
        ]
    if faults:
        raise ManifestError(
            f"{shown(folder)}: nothing was written, because\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nCorrect these and run it again"
            + (", or leave out what has no transcript with --skip-untranscribed." if left else ".")
        )
