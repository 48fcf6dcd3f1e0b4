"""Files of a set: they are inside its folder, or they are refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown

__all__ = ["inside", "read_bytes", "sizer"]


def inside(folder: Path, relative: str) -> Path:
    """Return the path of the regular file `relative` of `folder`.

    Raises `ManifestError` when it is missing, is no regular file, or when a symbolic link or
    '..' leads out of the folder. The message begins with the verb: callers say of which file.
    """
    path = folder / relative
    try:
        root, real = folder.resolve(), path.resolve()
        is_file, is_something = path.is_file(), path.is_symlink() or path.exists()
    except (OSError, RuntimeError) as error:  # a name too long, a link that leads to itself
        raise ManifestError(
            f"is no path that can be followed ({shown(str(error))}). Correct it."
        ) from error
    if not real.is_relative_to(root):
        raise ManifestError(
            f"leads out of {shown(folder)} (to {shown(real)}); needed a file inside. Copy it into "
            "the folder."
        )
    if not is_file:
        what = "is no regular file" if is_something else "does not exist"
        raise ManifestError(f"{what} in {shown(folder)}. Add the file, or correct the path.")
    return path


def read_bytes(folder: Path, relative: str) -> bytes:
    """Return the content of the file `relative` of `folder`; see `inside` for what is refused."""
    try:
        return inside(folder, relative).read_bytes()
    except OSError as error:
        raise ManifestError(f"cannot be read: {error.strerror}. Make it readable.") from error


def sizer(folder: Path) -> Callable[[str], int]:
    """Return a function that gives the size of files of `folder` in bytes; one look a file.

    It refuses what `inside` refuses. Folders are looked at once and remembered, so that it is for
    many files of a set that lies still.
    """
    start = os.fspath(folder)
    plain: dict[str, bool] = {"": True}

    def size(relative: str) -> int:
        parent = relative.rpartition("/")[0]
        if parent not in plain:
            plain[parent] = _without_links(folder, parent)
        if plain[parent]:
            try:
                found = os.lstat(f"{start}/{relative}")
            except (OSError, ValueError):
                pass  # `inside` says what is wrong
            else:
                if stat.S_ISREG(found.st_mode):
                    return found.st_size
        try:
            return inside(folder, relative).stat().st_size
        except OSError as error:
            raise ManifestError(f"cannot be read: {error.strerror}. Make it readable.") from error

    return size


def _without_links(folder: Path, parent: str) -> bool:
    """Whether the folder `parent` of `folder` is reached without links and '..'."""
    try:
        return (folder / parent).resolve() == folder.resolve() / parent
    except (OSError, RuntimeError, ValueError):
        return False
