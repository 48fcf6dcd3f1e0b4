"""The folder of a corpus: files found by name, read inside it, transcripts among them."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from pathlib import Path, PurePosixPath

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import FIELDS
from grounding.stimuli.files import read_bytes

__all__ = ["Folder", "Sentences", "about", "transcript"]

NUMBERED = re.compile(r"(\d{1,4})[.:]\s*(\S.*)")


class Folder:
    """The files below a folder as they were when it was first looked at, hidden ones left aside.

    names: relative paths, in order.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        files = (file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
        self.names = tuple(
            sorted(n for n in files if not any(part.startswith(".") for part in n.split("/")))
        )
        self._sentences: dict[str, Sentences] = {}

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.names:
            found.setdefault(PurePosixPath(name).stem.lower(), []).append(name)
        return found

    def companion(self, path: str, suffixes: tuple[str, ...], below: str = "") -> str | None:
        """Return the file with the stem of `path` and one of these endings, or None.

        Corpora keep sound and movement in one folder or in two, so that the stem decides; a file
        in the folder of `path` comes first. With `below`, only files in a folder of that name
        count, for corpora whose stems come again with every speaker. Case does not count.

        Raises `ManifestError` when there are two.
        """
        parent = PurePosixPath(path).parent
        found = [
            name
            for name in self._by_stem.get(PurePosixPath(path).stem.lower(), [])
            if name.lower().endswith(suffixes)
            and (not below or below.lower() in name.lower().split("/")[:-1])
        ]
        found = [name for name in found if PurePosixPath(name).parent == parent] or found
        if len(found) > 1:
            raise about(
                path,
                f"belongs to {' and to '.join(map(shown, found))}; needed one file. Keep one "
                "release of the corpus in the folder.",
            )
        return found[0] if found else None

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; raises `ManifestError` that names it."""
        try:
            return read_bytes(self.path, path)
        except ManifestError as error:
            raise about(path, error) from error

    def text(self, path: str) -> str:
        """Return the text of a UTF-8 file; raises `ManifestError` that names it."""
        try:
            return self.read(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise about(path, f"byte {error.start + 1} is not UTF-8. Save it as UTF-8.") from error

    def beside(self, path: str, below: str = "") -> tuple[str, str] | None:
        """Return the path and the transcript of the `.txt` with the stem of `path`, or None.

        No corpus here comes with such files; a user may add them where it gives no transcript.
        """
        name = self.companion(path, (".txt",), below)
        return None if name is None else (name, transcript(name, self.text(name)))

    def sentences(self, name: str) -> Sentences:
        """Return the numbered sentences of the file called `name`, wherever it is."""
        if name not in self._sentences:
            self._sentences[name] = Sentences(self, name)
        return self._sentences[name]


class Sentences:
    """The sentences of a list by number, such as "017. Nothing is as offensive as innocence."

    path: of the list, relative to the folder; None where there is none, and then `table` is empty.
    """

    def __init__(self, folder: Folder, name: str) -> None:
        found = [path for path in folder.names if PurePosixPath(path).name == name]
        if len(found) > 1:
            raise ManifestError(
                f"{' and '.join(map(shown, found))}: needed one file {name}. Keep one of them."
            )
        self.path = found[0] if found else None
        self.table: dict[int, str] = {}
        if self.path is None:
            return
        for number, line in enumerate(folder.text(self.path).splitlines(), start=1):
            match = NUMBERED.fullmatch(line.strip())
            if not line.strip():
                continue
            if match is None or int(match[1]) in self.table:
                what = f"gives {match[1]} again" if match else f"is {line.strip()[:60]!r}"
                raise about(
                    self.path,
                    f"line {number} {what}; needed a number, a point and a sentence, each number "
                    "once. Correct the line.",
                )
            self.table[int(match[1])] = transcript(self.path, match[2])


def about(path: str, error: Exception | str) -> ManifestError:
    """Return an error that says of which file it is."""
    return ManifestError(f"{shown(path)}: {error}")


def transcript(path: str, text: str) -> str:
    """Return a transcript as a manifest holds it: Unicode form NFC, single spaces.

    Raises `ManifestError` that names the file `path` when it is not one line of printable text.
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if not FIELDS["transcript"].accepts(text):
        raise about(path, f"has the transcript {text[:60]!r}; needed printable text. Correct it.")
    return text
