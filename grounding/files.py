"""Where files are kept between runs, and how one is written: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from grounding.errors import UserError

__all__ = ["cache_folder", "write_whole"]


def cache_folder() -> Path:
    """Return the folder of what is fetched or made once, which need not exist yet.

    It is the one that the environment variable `GROUNDING_CACHE` names, or the platform's cache
    folder for `grounding`.
    """
    import platformdirs

    named = os.environ.get("GROUNDING_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("grounding"))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or what was there before.

    Raises `UserError` where the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror})") from error
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
