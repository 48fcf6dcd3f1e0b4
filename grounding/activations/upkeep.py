"""Look after a store: compare every byte with its sum, and free what is no longer wanted."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grounding.activations.shards import SUFFIX, UNFINISHED, read_shard
from grounding.activations.store import ABOUT, SCHEMA
from grounding.activations.working import Progress
from grounding.errors import UserError

__all__ = ["Held", "Verified", "held_in", "keep_unless", "prune", "verify"]

FOLDER = re.compile(r".+-[0-9a-f]{24}")
DAY = 86_400.0


@dataclass(frozen=True)
class Held:
    """What a store holds of one encoder and one pooling.

    schema: the format's version; None where nothing says it. bytes: of all its files. changed: when
    the newest of them was written, seconds since 1970.
    """

    folder: Path
    encoder: str
    revision: str
    pooling: str
    schema: int | None
    shards: int
    bytes: int
    changed: float


@dataclass(frozen=True)
class Verified:
    """What `verify` found.

    damaged: shards that are not what was written. unknown: folders of another format, which were
    not looked into.
    """

    shards: int
    bytes: int
    damaged: tuple[Path, ...]
    unknown: tuple[Path, ...]


def held_in(store: str | Path) -> list[Held]:
    """Return what a store holds; folders that are not a store's own are left out.

    Raises `UserError` if there is no such folder.
    """
    if not Path(store).is_dir():
        raise UserError(f"there is no store at {store}; needed: a folder that extract has filled.")
    return [_held(folder) for folder in _collections(Path(store))]


def verify(store: str | Path, progress: Progress | None = None) -> Verified:
    """Read every shard of a store and compare each tensor with its sum.

    progress: called with the number of shards done and in all.

    Raises `UserError` if there is no such folder.
    """
    held = held_in(store)
    known = [one for one in held if one.schema == SCHEMA]
    shards = [path for one in known for path in sorted(one.folder.glob(f"*{SUFFIX}"))]
    report = progress or (lambda done, total: None)
    damaged = []
    for done, path in enumerate(shards):
        report(done, len(shards))
        try:
            shard = read_shard(path)
            for layer in shard.sums:
                shard.read(layer)
        except UserError:
            damaged.append(path)
    report(len(shards), len(shards))
    unknown = tuple(one.folder for one in held if one.schema != SCHEMA)
    return Verified(len(shards), sum(one.bytes for one in known), tuple(damaged), unknown)


def keep_unless(
    encoders: tuple[str, ...] = (),
    older_than_days: float | None = None,
    unknown_schema: bool = False,
    now: float | None = None,
) -> Callable[[Held], bool]:
    """Return what `prune` keeps: all but what meets every criterion that is given.

    encoders: those to free. older_than_days: written last before so many days. unknown_schema: of
    another format than this version's, which it never reads. now: seconds since 1970.

    Raises `UserError` for no criterion.
    """
    if not encoders and older_than_days is None and not unknown_schema:
        raise UserError("say what to free: encoders, an age in days, or unknown formats.")
    limit = (time.time() if now is None else now) - DAY * (older_than_days or 0.0)

    def keep(held: Held) -> bool:
        named = not encoders or held.encoder in encoders
        old = older_than_days is None or held.changed < limit
        strange = not unknown_schema or held.schema != SCHEMA
        return not (named and old and strange)

    return keep


def prune(store: str | Path, keep: Callable[[Held], bool], dry_run: bool = False) -> list[Held]:
    """Remove what is not to be kept and return it; in a dry run, only return it.

    Only files that a store writes are removed. Not for a store that a run is writing to.

    Raises `UserError` if there is no such folder.
    """
    freed = [held for held in held_in(store) if not keep(held)]
    for held in freed if not dry_run else ():
        for file in _own_files(held.folder):
            file.unlink()
        _remove_if_empty(held.folder)
        if not any(path.is_dir() for path in held.folder.parent.iterdir()):
            (held.folder.parent / ABOUT).unlink(missing_ok=True)
            _remove_if_empty(held.folder.parent)
    return freed


def _collections(store: Path) -> Iterator[Path]:
    for encoder in sorted(store.iterdir()):
        if FOLDER.fullmatch(encoder.name) and encoder.is_dir() and not encoder.is_symlink():
            for folder in sorted(encoder.iterdir()):
                if folder.is_dir() and not folder.is_symlink() and _own_files(folder):
                    yield folder


def _own_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix in (SUFFIX, UNFINISHED) and p.is_file())


def _held(folder: Path) -> Held:
    files = [(path, path.stat()) for path in _own_files(folder)]
    about = {}
    with suppress(OSError, ValueError):  # of an older format, which wrote none
        about = json.loads((folder.parent / ABOUT).read_text("utf-8"))
    return Held(
        folder,
        str(about.get("name", folder.parent.name[:-25])),
        str(about.get("revision", "")),
        folder.name,
        about.get("schema"),
        sum(path.suffix == SUFFIX for path, _ in files),
        sum(state.st_size for _, state in files),
        max(state.st_mtime for _, state in files),
    )


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
