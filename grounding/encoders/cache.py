"""Where fetched and converted weights live, and how a folder there comes into being whole.

A folder in the cache is written under another name and renamed when it is
complete, under a lock, so that a run that is killed, or two runs at once, leave no half of one.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from grounding.files import cache_folder

__all__ = ["cache_folder", "file_sha256", "made_once"]


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return `folder`, made by `make(empty folder)` if it is not there yet.

    `make` runs in one process at a time; what it leaves appears at `folder` in one step, or not
    at all if it raises.
    """
    from filelock import FileLock

    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(folder) + ".lock"):
        if folder.is_dir():
            return folder
        for abandoned in folder.parent.glob(f".{folder.name}-*"):
            shutil.rmtree(
                abandoned, ignore_errors=True
            )  # by a run that was killed: the lock is ours
        unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            make(unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal.

    A file is read again only if its size or its time of change differs from the last time.
    """
    state = path.stat()
    return _sha256(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _sha256(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
