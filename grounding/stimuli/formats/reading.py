"""What a format says of a folder: its recordings one by one, and what is in the way.

A format reads; it measures no sound and writes nothing. What its files do not say is not in the
fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import seen
from grounding.stimuli.files import read_bytes

__all__ = [
    "SILENCE",
    "SUFFIXES",
    "Item",
    "Options",
    "Reading",
    "Sound",
    "inside_path",
    "listed",
    "recordings",
]

SUFFIXES = (".flac", ".wav", ".ogg")

SILENCE = frozenset({"", "sil", "sp", "<eps>", "<sil>", "<p:>", "#"})
"""What aligners write where nobody speaks."""


@dataclass(frozen=True)
class Sound:
    """A recording, or a part of one.

    name: its path in the folder, or what its container calls it.
    load: returns its bytes, where it is no file of its own; raises `ManifestError`.
    start, end: of the part, seconds; `end` None is the end of the recording.
    channel: the one that is meant, counted from 0; None is all of them.
    """

    name: str
    load: Callable[[], bytes] | None = None
    start: float = 0.0
    end: float | None = None
    channel: int | None = None

    def bytes(self, folder: Path) -> bytes:
        """Return the bytes of the whole recording; raises `ManifestError`."""
        return read_bytes(folder, self.name) if self.load is None else self.load()


@dataclass(frozen=True)
class Item:
    """One stimulus to be.

    place: where it is written down, for messages: a file, or a file and line.
    fields: of the manifest, as far as they are known before the sound is measured.
    seconds: how long the recording is said to be; None where it is not said.
    """

    place: str
    sound: Sound
    fields: Mapping[str, Any]
    seconds: float | None = None


@dataclass(frozen=True)
class Reading:
    """What a format found, in order.

    untranscribed: recordings without transcript, each with what is missing.
    unused: what else was left aside, such as transcripts without recording.
    faults: everything else that is wrong, each a sentence with its place.
    """

    items: Sequence[Item]
    untranscribed: Mapping[str, str] = field(default_factory=dict)
    unused: Sequence[str] = ()
    faults: Sequence[str] = ()


@dataclass(frozen=True)
class Options:
    """What the user says of the data.

    columns: of a table, by the manifest field that they hold.
    words_tier, phones_tier: names of tiers; None looks for the usual names.
    phones: reads the labels of phones and returns them in IPA; raises `UserError`.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    words_tier: str | None = None
    phones_tier: str | None = None
    phones: Callable[[Sequence[str]], Sequence[str]] = tuple


def listed(folder: Path) -> list[str]:
    """Return the files below `folder` as relative paths in order, hidden ones left aside."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    ]


def recordings(files: Sequence[str]) -> list[str]:
    """Return those of `files` that are recordings by their ending."""
    return [name for name in files if name.lower().endswith(SUFFIXES)]


def inside_path(folder: Path, path: str) -> str:
    """Return a path that data give as a path in the folder: it is relative to it, or inside it."""
    if not Path(path).is_absolute():
        return path
    root = folder.resolve()
    if not Path(path).is_relative_to(root):
        raise ManifestError(
            f"its recording {seen(path)} is not inside {shown(root)}; needed a file inside. Give "
            "the folder that holds both, or copy it."
        )
    return Path(path).relative_to(root).as_posix()
