"""What is wrong with a set of stimuli, and where.

A fault is one sentence with its place. `validate` lists all of them; `read_stimuli` raises the
first.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Fault", "shown"]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    file: the manifest, or the folder where a manifest should be.
    line: the line in `file`, counted from 1; None where the fault is about the whole file.
    message: what was found, what was needed, what to do.
    of_audio: whether the recording is at fault, so that the error raised is an `AudioError`.
    """

    file: Path
    line: int | None
    message: str
    of_audio: bool = False

    def __str__(self) -> str:
        place = shown(self.file) if self.line is None else f"{shown(self.file)}:{self.line}"
        return f"{place}: {self.message}"


def shown(path: str | os.PathLike[str]) -> str:
    """Return `path` as text that every terminal and log can print.

    File names are bytes; those that are not UTF-8 would break the printing of the message.

    >>> shown("a\\udce9.wav")
    'a\\\\xe9.wav'
    """
    text = os.fsencode(path).decode("utf-8", errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
