"""Keep activations on disk under what decides them, so that nothing stale is ever read.

A store is a folder. Below it a collection, `<encoder>-<hash>/<pooling>/`, holds what one encoder
gave with one pooling; the hash covers the encoder's name, revision and whole provenance. In a
collection a shard is a safetensors file of about 64 stimuli: `values`, float32 with axes stimulus,
layer, feature, and in its header the key of each stimulus and the sha256 of the values. The
headers are the only index. A shard is written under another name and renamed when it is on disk,
so a killed run leaves whole shards only, and the next run computes the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.encoders import Encoder
from grounding.errors import UserError

__all__ = ["Collection", "collection"]

SCHEMA = 1
"""Raised when pooling or this format changes, so that older shards are left alone."""


@dataclass(frozen=True)
class Collection:
    """The shards of one encoder and one pooling, in `folder`."""

    folder: Path

    def index(self) -> dict[str, tuple[Path, int]]:
        """Return, for each stimulus' key, the shard and the row that holds it."""
        rows: dict[str, tuple[Path, int]] = {}
        for shard in sorted(self.folder.glob("*.safetensors")):
            keys = _about(shard)["keys"]
            rows |= {key: (shard, row) for row, key in enumerate(keys)}
        return rows

    def read(self, shard: Path) -> Float[np.ndarray, "stimulus layer feature"]:
        """Return the values of a shard after comparing them with their sum.

        Raises `UserError` naming the file if it is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            values = load(shard.read_bytes())["values"]
        except (SafetensorError, KeyError) as error:
            raise _damaged(shard) from error
        if hashlib.sha256(values.data).hexdigest() != _about(shard)["sha256"]:
            raise _damaged(shard)
        return values

    def write(
        self, keys: Sequence[str], values: Float[np.ndarray, "stimulus layer feature"]
    ) -> Path:
        """Keep the values of some stimuli as one shard; return its path."""
        from safetensors.numpy import save

        values = np.ascontiguousarray(values, dtype=np.float32)
        about = {"keys": list(keys), "sha256": hashlib.sha256(values.data).hexdigest()}
        name = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]
        shard = self.folder / f"{name}.safetensors"
        unfinished = shard.with_suffix(f".{os.getpid()}.unfinished")
        self.folder.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            # Under one entry, since safetensors writes several in no fixed order.
            file.write(save({"values": values}, metadata={"about": json.dumps(about)}))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(shard)
        return shard


def collection(store: str | Path, encoder: Encoder, pooling: str) -> Collection:
    """Return where `store` keeps what `encoder` gives with `pooling`.

    Raises `UserError` if the store's path is a file.
    """
    if Path(store).exists() and not Path(store).is_dir():
        raise UserError(f"the store {store} is a file; needed: a folder, which may not exist yet.")
    decides = {
        "schema": SCHEMA,
        "name": encoder.name,
        "modality": encoder.modality,
        "revision": encoder.revision,
        "layers": list(encoder.layers),
        "provenance": dict(encoder.provenance),
    }
    digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:24]
    readable = re.sub(r"[^\w.-]+", "_", encoder.name)[:60]
    return Collection(Path(store) / f"{readable}-{digest}" / pooling)


def _about(shard: Path) -> Mapping[str, Any]:
    """Return what a shard's header says: the stimuli's keys and the sha256 of the values."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(shard, framework="numpy") as file:
            about: dict[str, Any] = json.loads((file.metadata() or {})["about"])
    except (SafetensorError, OSError, KeyError) as error:
        raise _damaged(shard) from error
    return about


def _damaged(shard: Path) -> UserError:
    return UserError(
        f"the stored activations {shard} are damaged: the file is not what was written. Remove it "
        "and run again; only its stimuli are computed anew."
    )
