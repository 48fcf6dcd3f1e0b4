"""Write a set whole or not at all: copies wait in a hidden folder until nothing is in the way."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown
from grounding.stimuli.manifest import write_manifest

__all__ = ["settled", "stage_in"]


@contextmanager
def stage_in(target: Path) -> Iterator[Path]:
    """Give a folder beside the set, on the same disk, for what is not finished."""
    made_here = not target.exists()
    try:
        target.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(dir=target, prefix=".adding-"))
    except OSError as error:
        raise ManifestError(
            f"{shown(target)} cannot be written to ({error.strerror}). Give another folder with "
            "--out."
        ) from error
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if made_here and not any(target.iterdir()):
            target.rmdir()


def settled(target: Path, stage: Path, records: list[dict[str, Any]]) -> Path:
    """Move the copies to where they belong and write the manifest; all of it, or nothing."""
    moved: list[Path] = []
    try:
        for part in sorted(stage.iterdir()):
            place = target / part.name
            if place.exists() or place.is_symlink():
                raise ManifestError(
                    f"{shown(place)} exists and is not overwritten. Move it away first, or give "
                    "another folder with --out."
                )
            moved.append(part.rename(place))
        return write_manifest(target, records)
    except BaseException:
        for place in moved:
            shutil.rmtree(place)
        raise
