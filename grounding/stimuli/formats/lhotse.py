"""A lhotse manifest: recordings and supervisions, or cuts, as JSON lines, plain or gzipped.

A supervision becomes a stimulus, or a cut with one supervision does; where it is a part of its
recording, that part is copied out. Text, speaker and language are taken over; a supervision's
alignments of words and phones become the attributes `words` and `segments` (those of a cut are
left out: some are counted from the cut's start and some from the recording's). Paths are relative
to the folder that is added, or absolute and inside it. Nothing is run: a recording that lhotse
would get from a command or from the network is refused, and so is one that it would change while
reading.

Source: lhotse's `audio`, `supervision` and `cut` manifests, https://lhotse.readthedocs.io.
"""

from __future__ import annotations

import gzip
import json
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grounding.errors import ManifestError, UserError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import seen
from grounding.stimuli.files import inside
from grounding.stimuli.formats.reading import (
    SILENCE,
    Item,
    Options,
    Reading,
    Sound,
    inside_path,
    listed,
)
from grounding.stimuli.languages import LANGUAGES

__all__ = ["is_lhotse", "read_lhotse"]

ENDINGS = (".jsonl", ".jsonl.gz")
MOST_BYTES = 1_000_000  # a line
WORDS = ("word", "words")
PHONES = ("phone", "phones", "phoneme")
SAME = 1e-3  # seconds; manifests round


@dataclass(frozen=True)
class Spoken:
    """A supervision with the `start` and `duration` of its part of a recording.

    place: file and line. said: the supervision. recording: None where it is not there.
    """

    place: str
    said: Mapping[str, Any]
    recording: Mapping[str, Any] | None


def is_lhotse(folder: Path) -> bool:
    """Whether `folder` holds recordings with supervisions, or cuts."""
    kinds = {kind for kind in ("recordings", "supervisions", "cuts") if _files(folder, kind)}
    return {"recordings", "supervisions"} <= kinds or "cuts" in kinds


def read_lhotse(folder: Path, options: Options) -> Reading:
    """Read every supervision, or every cut."""
    cuts, said = _files(folder, "cuts"), _files(folder, "supervisions")
    if cuts and said:
        raise ManifestError(
            f"{shown(folder)} has cuts ({shown(cuts[0])}) and supervisions ({shown(said[0])}); "
            "needed one of the two. Move the other away."
        )
    items: list[Item] = []
    faults: list[str] = []
    silent: dict[str, str] = {}
    for spoken in _cuts(folder) if cuts else _supervisions(folder):
        if isinstance(spoken, str):
            faults.append(spoken)
            continue
        try:
            sound, seconds = _sound(folder, spoken)
            fields = _fields(spoken, options)
        except UserError as error:
            faults.append(f"{spoken.place}: {error}")
            continue
        if fields.get("transcript"):
            items.append(Item(spoken.place, sound, fields, seconds))
        else:
            silent[f"{shown(str(fields['id']))} ({spoken.place})"] = "no text"
    return Reading(items, silent, (), faults)


def _supervisions(folder: Path) -> Iterator[Spoken | str]:
    recordings: dict[str, Mapping[str, Any]] = {}
    for place, entry in _entries(folder, "recordings"):
        if isinstance(entry, str):
            yield entry
        elif recordings.setdefault(str(entry.get("id")), entry) is not entry:
            yield f"{place}: recording {seen(entry.get('id'))} comes twice. Delete one of them."
    for place, entry in _entries(folder, "supervisions"):
        if isinstance(entry, str):
            yield entry
        else:
            yield Spoken(place, entry, recordings.get(str(entry.get("recording_id"))))


def _cuts(folder: Path) -> Iterator[Spoken | str]:
    for place, cut in _entries(folder, "cuts"):
        if isinstance(cut, str):
            yield cut
            continue
        said, recording = cut.get("supervisions"), cut.get("recording")
        if (
            cut.get("type", "MonoCut") != "MonoCut"
            or not isinstance(recording, Mapping)
            or not isinstance(said, list)
            or len(said) != 1
            or not isinstance(said[0], Mapping)
        ):
            yield (
                f"{place}: needed a MonoCut of one recording with one supervision. Write the cuts "
                "with trim_to_supervisions(), or give recordings and supervisions."
            )
            continue
        part = {name: cut.get(name) for name in ("id", "start", "duration", "channel")}
        yield Spoken(place, {**said[0], **part, "alignment": None}, recording)


def _entries(folder: Path, kind: str) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """Give each line of one manifest with its place: what it holds, or what is wrong with it."""
    names = _files(folder, kind)
    if len(names) != 1:
        found = ", ".join(map(shown, names)) or "none"
        raise ManifestError(f"{shown(folder)} has these {kind}: {found}; needed one file of them.")
    opened: Any = gzip.open if names[0].endswith(".gz") else open
    number = 0
    try:
        with opened(inside(folder, names[0]), "rb") as file:
            while raw := file.readline(MOST_BYTES + 1):
                number += 1
                place = f"{shown(names[0])}:{number}"
                yield place, _entry(place, raw)
                if len(raw) > MOST_BYTES:
                    return
    except (OSError, EOFError, zlib.error) as error:
        raise ManifestError(
            f"{shown(names[0])}: cannot be read after line {number} ({error}). Copy it again."
        ) from error


def _entry(place: str, raw: bytes) -> Mapping[str, Any] | str:
    if len(raw) > MOST_BYTES:
        return f"{place}: is longer than {MOST_BYTES} bytes; needed a JSON object a line."
    try:
        entry = json.loads(raw)
    except (ValueError, RecursionError):
        return f"{place}: no JSON; needed a JSON object a line. Write it again."
    return entry if isinstance(entry, dict) else f"{place}: needed a JSON object. Write it again."


def _files(folder: Path, kind: str) -> list[str]:
    """Return the files such as `recordings.jsonl.gz` or `libri_recordings_dev.jsonl`."""
    return [
        name
        for name in listed(folder)
        if name.endswith(ENDINGS) and kind in Path(name).name.split(".")[0].split("_")
    ]


def _sound(folder: Path, spoken: Spoken) -> tuple[Sound, float | None]:
    """Return the part of a recording that is said to be spoken, and the recording's length."""
    recording = spoken.recording
    if recording is None:
        raise ManifestError(
            f"recording {seen(spoken.said.get('recording_id'))} is not among the recordings. Add "
            "it."
        )
    sources = recording.get("sources")
    if not isinstance(sources, list) or len(sources) != 1 or not isinstance(sources[0], Mapping):
        raise ManifestError("its recording has no source, or several; needed one file.")
    kind, path = sources[0].get("type"), sources[0].get("source")
    if kind != "file" or not isinstance(path, str):
        raise ManifestError(
            f"its recording is of type {seen(kind)}; needed a file. Nothing is run or fetched "
            "here: save it as a file."
        )
    if recording.get("transforms"):
        raise ManifestError("its recording is transformed while it is read. Save it as a file.")
    start, duration = _seconds(spoken.said, "start"), _seconds(spoken.said, "duration")
    seconds = _number(recording.get("duration"))
    whole = seconds is not None and start == 0 and abs(seconds - duration) < SAME
    channels, channel = sources[0].get("channels"), spoken.said.get("channel")
    of_several = isinstance(channels, list) and len(channels) > 1 and channel in channels
    return (
        Sound(
            inside_path(folder, path),
            start=start,
            end=None if whole else start + duration,
            channel=list(channels or ()).index(channel) if of_several else None,
        ),
        seconds,
    )


def _number(value: Any) -> float | None:
    """Return a number of seconds from 0, or None."""
    if isinstance(value, (int, float)) and type(value) is not bool and 0 <= value < 1e9:
        return float(value)
    return None


def _seconds(said: Mapping[str, Any], name: str) -> float:
    value = _number(said.get(name))
    if value is None:
        raise ManifestError(
            f"{name!r} is {seen(said.get(name))}; needed seconds from 0. Correct it."
        )
    return value


def _fields(spoken: Spoken, options: Options) -> dict[str, Any]:
    said = spoken.said
    text, language = said.get("text"), said.get("language")
    fields: dict[str, Any] = {
        "id": said.get("id"),
        "transcript": unicodedata.normalize("NFC", text.strip()) if isinstance(text, str) else text,
        "speaker": said.get("speaker"),
        "language": language if isinstance(language, str) and language in LANGUAGES else None,
    }
    attributes: dict[str, Any] = {}
    start = _seconds(said, "start")
    for name, kinds in (("words", WORDS), ("segments", PHONES)):
        if found := _aligned(said.get("alignment"), kinds, start):
            attributes[name] = found
    if "segments" in attributes:
        fields["phones"] = list(options.phones([label for label, *_ in attributes["segments"]]))
        attributes["segments"] = [
            [phone, *times]
            for phone, (_, *times) in zip(fields["phones"], attributes["segments"], strict=True)
        ]
    fields["attributes"] = attributes or None
    return {name: value for name, value in fields.items() if value is not None or name == "id"}


def _aligned(alignment: Any, kinds: Sequence[str], start: float) -> list[list[Any]]:
    """Return label, start and end of an alignment, in seconds of the part that is spoken."""
    if not isinstance(alignment, Mapping):
        return []
    found = []
    for kind in kinds:
        for label in alignment.get(kind) or ():
            try:
                text, begin, lasts = label[:3]
                times = [round(begin - start, 6), round(begin - start + lasts, 6)]
            except (TypeError, ValueError, KeyError) as error:
                raise ManifestError(
                    f"its alignment of {kind} holds {seen(label)}; needed a label, its start and "
                    "its duration. Write it again."
                ) from error
            if isinstance(text, str) and text.strip() not in SILENCE:
                found.append([text.strip(), *times])
    return found
