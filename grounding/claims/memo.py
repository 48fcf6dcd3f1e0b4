"""Keep finished computations on disk, found again by everything that could change them.

Conventions
-----------
A key is the hash of plain data: the settings, the digests of stimuli and weights, and the
hash of this package's own source. Entries are JSON, written whole (temporary file, then
rename), so that a killed run leaves finished entries and nothing half-written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from grounding.files import write_whole

__all__ = ["Memo", "source_digest"]


@cache
def source_digest() -> str:
    """Return the hash of every Python file of the package: an edited package finds no old entry."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        # Shipped stimulus sets bring their own scripts; they change no computation here.
        if "shipped" in path.relative_to(root).parts:
            continue
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class Memo:
    """A folder of finished computations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def recall(self, name: str, key: Any, compute: Callable[[], Any]) -> Any:
        """Return the JSON value kept for `name` and `key`; compute and keep it otherwise.

        The value that is returned has always been through JSON, so that a first run and a
        run from the cache see the same numbers.
        """
        text = json.dumps([name, key, source_digest()], sort_keys=True, ensure_ascii=True)
        path = self.folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
        if path.exists():
            entry = json.loads(path.read_bytes())
            if _digest(entry["value"]) == entry["sha256"]:
                return entry["value"]
            path.unlink()  # A damaged entry is computed again, never read.
        value = json.loads(json.dumps(compute(), allow_nan=False))
        entry = {"sha256": _digest(value), "value": value}
        write_whole(path, json.dumps(entry).encode())
        return value


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
