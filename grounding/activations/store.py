"""Keep activations on disk under what decides them, so that nothing stale is ever read.

A store is a folder. Below it `<encoder>-<hash>/` is what one encoder gave; the hash covers the
encoder's name, modality, revision, layers and whole provenance (the weights' hash, preprocessing,
dtype), the versions of torch and transformers, and this format's own; `encoder.json` there says all
of it. In it one folder a pooling (or spans, frames, products) holds shards (see `shards`), found by
the stimuli's keys. The shards' headers are the only index, so none can be stale.

A shard is written under another name, by one process at a time, and renamed when it is on disk. A
killed run leaves whole shards only, and its lock goes with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from grounding.activations.shards import SUFFIX, Shard, read_shard, shard_name, unwritable
from grounding.encoders import Encoder
from grounding.errors import UserError
from grounding.files import write_whole

__all__ = ["ABOUT", "SCHEMA", "Collection", "Index", "collection", "locked"]

SCHEMA = 2
"""Raised when pooling or this format changes, so that older shards are left alone."""

ABOUT = "encoder.json"
LOCKS = ".locks"

MOST_KEYS = 1 << 32
"""More than a shard has."""


@dataclass(frozen=True, eq=False)
class Index:
    """Where the shards of a collection hold what.

    places: where a key is found first, which of `shards` times MOST_KEYS plus which of its keys.
    more: where else, as other layers of it were added later.
    """

    shards: tuple[Shard, ...]
    places: Mapping[str, int]
    more: Mapping[str, Sequence[int]]

    def held(self, key: str) -> frozenset[str]:
        """Return the layers that are stored of a key."""
        if key not in self.places:
            return frozenset()
        first = self.shards[self.places[key] // MOST_KEYS].layers
        if key not in self.more:
            return first
        return first.union(*(self.shards[place // MOST_KEYS].layers for place in self.more[key]))

    def by_shard(
        self, keys: Sequence[str], layer: str
    ) -> Iterator[tuple[Shard, list[tuple[int, int]]]]:
        """Yield shards and, for each, (which of `keys`, which of the shard's keys) it answers.

        Raises `UserError` for a key that is not there.
        """
        wanted: dict[int, list[tuple[int, int]]] = {}
        for position, key in enumerate(keys):
            shard, place = self._place(key, layer)
            wanted.setdefault(shard, []).append((position, place))
        for shard, pairs in sorted(wanted.items()):
            yield self.shards[shard], pairs

    def _place(self, key: str, layer: str) -> tuple[int, int]:
        # Of two shards that both have it, which is possible, every reader takes the first.
        if key in self.places:
            for code in (self.places[key], *self.more.get(key, ())):
                shard, place = divmod(code, MOST_KEYS)
                if layer in self.shards[shard].layers:
                    return shard, place
        raise UserError(
            f"the store has lost {layer} of a stimulus while it was read. Run again; what is lost "
            "is computed anew."
        )


@dataclass(frozen=True, eq=False)
class Collection:
    """The shards of one encoder and one pooling, in `folder`; `about` is what decides them."""

    folder: Path
    about: Mapping[str, Any]

    def index(self, known: Index | None = None) -> Index:
        """Read the headers of all shards; those of `known` are not read again.

        Raises `UserError` naming a shard that is damaged.
        """
        read = {shard.path.name: shard for shard in known.shards} if known else {}
        names = sorted(path.name for path in self.folder.glob(f"*{SUFFIX}"))
        shards = tuple(read.get(name) or read_shard(self.folder / name) for name in names)
        places: dict[str, int] = {}
        more: dict[str, list[int]] = {}
        for which, shard in enumerate(shards):
            for code, key in enumerate(shard.keys, which * MOST_KEYS):
                if places.setdefault(key, code) != code:
                    more.setdefault(key, []).append(code)
        return Index(shards, places, more)

    def path(self, keys: Sequence[str], layers: Sequence[str]) -> Path:
        """Return where the shard of these keys and layers is or will be."""
        return self.folder / shard_name(keys, layers)

    def describe(self) -> None:
        """Write down what decides the numbers, beside them."""
        file = self.folder.parent / ABOUT
        if not file.is_file():
            write_whole(file, (json.dumps(self.about, indent=1, sort_keys=True) + "\n").encode())


def collection(store: str | Path, encoder: Encoder, pooling: str) -> Collection:
    """Return where `store` keeps what `encoder` gives with `pooling`.

    Raises `UserError` if the store's path is a file.
    """
    if Path(store).exists() and not Path(store).is_dir():
        raise UserError(f"the store {store} is a file; needed: a folder, which may not exist yet.")
    about = {
        "schema": SCHEMA,
        "name": encoder.name,
        "modality": encoder.modality,
        "revision": encoder.revision,
        "layers": list(encoder.layers),
        "provenance": dict(encoder.provenance),
        "versions": {name: _version(name) for name in ("torch", "transformers")},
    }
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]
    readable = re.sub(r"[^\w.-]+", "_", encoder.name)[:60]
    return Collection(Path(store) / f"{readable}-{digest}" / pooling, about)


@contextmanager
def locked(store: str | Path, name: str, wait: bool) -> Iterator[bool]:
    """Hold the lock of a piece of work; gives False if another process has it and `wait` is not.

    The system lets go of the lock of a process that dies. A few hundred locks are shared by all
    pieces of work, so that their files do not pile up.

    Raises `UserError` if the store cannot be written to.
    """
    from filelock import FileLock, Timeout

    folder = Path(store) / LOCKS
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(store, error) from error
    bucket = hashlib.sha256(name.encode()).hexdigest()[:2]
    lock = FileLock(folder / f"{bucket}.lock")
    with suppress(Timeout):
        lock.acquire(timeout=-1 if wait else 0)
    try:
        yield lock.is_locked
    finally:
        lock.release()


@lru_cache
def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)
