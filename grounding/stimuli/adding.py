"""Make a manifest for a folder of recordings with transcripts beside them.

A recording `x.wav` (or .flac, .ogg) has its transcript in `x.txt`: one line of UTF-8, taken in
Unicode form NFC without space at its ends. The id is the path without its ending, with '-' for
each run of other characters than letters a-z, digits, '.', '_' and '-'. Rate, samples and SHA-256
are measured. Nothing is guessed: what a file does not say is not in the manifest.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.io import wavfile

from grounding.errors import AudioError, ManifestError
from grounding.stimuli.audio import Header, decode, mix_down, resample
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import FIELDS
from grounding.stimuli.files import read_bytes
from grounding.stimuli.manifest import write_manifest
from grounding.stimuli.stimulus import MANIFEST

__all__ = ["Added", "add_recordings"]

SUFFIXES = (".flac", ".wav", ".ogg")
CONVERTED = "converted"


@dataclass(frozen=True)
class Added:
    """What `add_recordings` did, with paths relative to the folder.

    without_transcript: recordings left out. without_recording: .txt files left out.
    converted: recordings of which a mixed-down or resampled copy was made.
    """

    manifest: Path
    stimuli: int
    without_transcript: tuple[str, ...]
    without_recording: tuple[str, ...]
    converted: tuple[str, ...]


def add_recordings(
    folder: str | Path,
    *,
    language: str,
    speaker: str | None = None,
    rate: int | None = None,
    mix: bool = False,
    skip_untranscribed: bool = False,
) -> Added:
    """Write `manifest.jsonl` for the recordings in `folder`, in the order of their paths.

    language: ISO 639-1, of all of them. speaker: of all of them, if given.
    rate: resample what is at another rate to this one, Hz; None keeps every rate.
    mix: mix recordings of several channels down to one; without it they are refused.
    skip_untranscribed: leave recordings without transcript out; without it they are refused.

    Recordings stay as they are: copies in `converted/` (WAV, floating point) are what the
    manifest names where `rate` or `mix` changed something, and 'attributes' says so.

    Raises `ManifestError` that lists everything that stands in the way; then nothing is written.
    """
    folder = Path(folder)
    _check_arguments(folder, language, speaker, rate)
    sounds, texts = _listed(folder)
    silent = tuple(p for p in sounds if _text_of(p) not in texts)
    chosen = [p for p in sounds if p not in silent]
    records, faults = _records(folder, chosen, rate, mix)
    if silent and not skip_untranscribed:
        faults = [
            *(
                f"{shown(p)}: no transcript {shown(Path(_text_of(p)).name)!r} beside it"
                for p in silent
            ),
            *faults,
        ]
    if not sounds:
        faults.append(f"no recording; needed files that end in {', '.join(SUFFIXES)}")
    elif not chosen and skip_untranscribed:
        faults.append("no recording has a transcript")
    if faults:
        raise ManifestError(
            f"{shown(folder)}: nothing was written, because\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nCorrect these and run it again"
            + (", or leave them out with --skip-untranscribed." if silent else ".")
        )
    for record in records:
        record["language"] = language
        if speaker is not None:
            record["speaker"] = speaker
    with tempfile.TemporaryDirectory(dir=folder, prefix=".converting-") as temporary:
        converted = _convert(folder, Path(temporary), records, rate)
        if converted:
            shutil.copytree(temporary, folder / CONVERTED)
        try:
            manifest = write_manifest(folder, records)
        except BaseException:
            if converted:
                shutil.rmtree(folder / CONVERTED)
            raise
    used = {_text_of(p) for p in chosen}
    return Added(manifest, len(records), silent, tuple(sorted(texts - used)), tuple(converted))


def _check_arguments(folder: Path, language: str, speaker: str | None, rate: int | None) -> None:
    if not folder.is_dir():
        raise ManifestError(f"{shown(folder)} is no folder. Give the folder of the recordings.")
    for name in (MANIFEST, CONVERTED):
        if (folder / name).exists() or (folder / name).is_symlink():
            raise ManifestError(
                f"{shown(folder / name)} exists and is not overwritten. Move it away first."
            )
    for name, value in (("language", language), ("speaker", speaker), ("rate", rate)):
        if (value is not None or name == "language") and not FIELDS[name].accepts(value):
            raise ManifestError(f"{name} {value!r}: needed {FIELDS[name].needed}. Correct it.")


def _listed(folder: Path) -> tuple[list[str], set[str]]:
    """Return recordings and texts below `folder`, as relative paths, hidden ones left aside."""
    files = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    ]
    sounds = [name for name in files if name.lower().endswith(SUFFIXES)]
    return sounds, {name for name in files if name.endswith(".txt")}


def _text_of(sound: str) -> str:
    return str(Path(sound).with_suffix(".txt").as_posix())


def _records(
    folder: Path, sounds: list[str], rate: int | None, mix: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    records: list[dict[str, Any]] = []
    faults: list[str] = []
    by_id: dict[str, str] = {}
    for sound in sounds:
        try:
            record = {
                "id": _id_of(sound),
                "transcript": _transcript(folder, _text_of(sound)),
                **_measured(folder, sound, rate, mix),
            }
        except ManifestError as error:
            faults.append(f"{shown(sound)}: {error}")
            continue
        other = by_id.setdefault(record["id"], sound)
        if other != sound:
            faults.append(f"{shown(sound)}: would have the id of {shown(other)}. Rename one.")
        if not FIELDS["audio"].accepts(sound):
            faults.append(f"{shown(sound)}: needed {FIELDS['audio'].needed}. Rename it.")
        records.append(record)
    return records, faults


def _id_of(sound: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", str(Path(sound).with_suffix("")))
    name = name.lstrip("._-")
    if not name:
        raise ManifestError("its name has no letter a-z and no digit to make an id of. Rename it.")
    return name


def _transcript(folder: Path, text: str) -> str:
    try:
        content = read_bytes(folder, text).decode("utf-8")
    except ManifestError as error:
        raise ManifestError(f"transcript {shown(text)!r}: {error}") from error
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"transcript {shown(text)!r} is not UTF-8. Save it as UTF-8."
        ) from error
    transcript = unicodedata.normalize("NFC", content.strip())
    if not FIELDS["transcript"].accepts(transcript):
        what = "is empty" if not transcript else f"holds {transcript[:60]!r}"
        raise ManifestError(
            f"transcript {shown(text)!r} {what}; needed one line of printable text. Correct it."
        )
    return transcript


def _measured(folder: Path, sound: str, rate: int | None, mix: bool) -> dict[str, Any]:
    data = read_bytes(folder, sound)
    header, _ = decode(data)
    if header.channels > 1 and not mix:
        raise AudioError(
            f"has {header.channels} channels; needed one. Export one channel, or add --mix-down."
        )
    record: dict[str, Any] = {
        "audio": sound,
        "rate": header.rate,
        "samples": header.samples,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    if header.channels > 1 or rate not in (None, header.rate):
        record["attributes"] = _changes(sound, header, rate)
    return record


def _changes(sound: str, header: Header, rate: int | None) -> dict[str, Any]:
    changes: dict[str, Any] = {"converted_from": sound}
    if header.channels > 1:
        changes["mixed_down_from_channels"] = header.channels
    if rate not in (None, header.rate):
        changes["resampled_from_hz"] = header.rate
    return changes


def _convert(
    folder: Path, target: Path, records: list[dict[str, Any]], rate: int | None
) -> list[str]:
    """Write the converted copies into `target` and let the records name them."""
    converted = []
    for record in records:
        if "attributes" not in record:
            continue
        values = mix_down(decode(read_bytes(folder, record["audio"]))[1])
        want = rate or record["rate"]
        values = resample(values, record["rate"], want)
        copy = target / f"{record['id']}.wav"
        # Floating point: resampling may go beyond full scale, and clipping would be a change more.
        # By scipy, since libsndfile writes the time of day into such a file.
        wavfile.write(copy, want, values)
        converted.append(record["audio"])
        record.update(
            audio=f"{CONVERTED}/{copy.name}",
            rate=want,
            samples=len(values),
            sha256=hashlib.sha256(copy.read_bytes()).hexdigest(),
        )
    return converted
