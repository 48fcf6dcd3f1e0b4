"""One file of the store: a tensor a layer with its labels, there whole or not at all.

A shard is a safetensors file. Each of its tensors is a layer: rows of features, stimulus after
stimulus, one row each for pooled activations and any number for spans and frames. Its header holds
the key of each stimulus, how many rows it has, and the sha256 of each tensor; its name is the hash
of keys and layers. So a changed byte anywhere is found, and one layer is read by memory map without
the others.

The bytes are laid out here and not by the safetensors package: they are a function of the content
alone, and a shard larger than memory can be filled piece by piece.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError

__all__ = ["SUFFIX", "UNFINISHED", "Draft", "Shard", "read_shard", "shard_name"]

SUFFIX = ".safetensors"
UNFINISHED = ".unfinished"

CODES = {"float16": "F16", "float32": "F32", "float64": "F64"}
NO_SUM = "0" * 64
START = b'{"__metadata__":'


def shard_name(keys: Sequence[str], layers: Sequence[str]) -> str:
    """Return the file name of the shard of these keys and layers."""
    content = "\n".join((*layers, "", *keys))
    return hashlib.sha256(content.encode()).hexdigest()[:32] + SUFFIX


@dataclass(frozen=True, eq=False)
class Shard:
    """What the header of a shard says.

    rows: how many rows each key has. sums: the sha256 of each layer. base: where in the file the
    tensors begin.
    """

    path: Path
    keys: tuple[str, ...]
    rows: tuple[int, ...]
    sums: Mapping[str, str]
    features: int
    dtype: str
    base: int

    @cached_property
    def layers(self) -> frozenset[str]:
        """The layers that it holds."""
        return frozenset(self.sums)

    @cached_property
    def starts(self) -> Int[np.ndarray, " key"]:
        """The first row of each key, and the end of the last."""
        return np.concatenate([[0], np.cumsum(self.rows, dtype=np.int64)])

    def read(self, layer: str, check: bool = True) -> Float[np.ndarray, "row feature"]:
        """Return a layer as a memory map; `check` that header and layer are what was written.

        Raises `UserError` naming the file if it is damaged.
        """
        dtype = np.dtype(self.dtype).newbyteorder("<")
        shape = (int(self.starts[-1]), self.features)
        size = shape[0] * shape[1] * dtype.itemsize
        at = self.base + list(self.sums).index(layer) * size
        values: np.ndarray = np.empty(shape, dtype)
        try:
            if size:
                values = np.memmap(self.path, dtype, "r", at, shape)
        except (OSError, ValueError) as error:
            raise damaged(self.path) from error
        if check and not (self._header_is_whole and _sum(values) == self.sums[layer]):
            raise damaged(self.path)
        return values

    @cached_property
    def _header_is_whole(self) -> bool:
        """Whether the header is, to the byte, the one of these labels."""
        expected = header(self.keys, self.rows, self.sums, self.features, self.dtype)
        with self.path.open("rb") as file:
            return file.read(self.base) == expected


def header(
    keys: Sequence[str],
    rows: Sequence[int],
    sums: Mapping[str, str],
    features: int,
    dtype: str,
) -> bytes:
    """Return the bytes before the tensors, in the safetensors format."""
    each = sum(rows) * features * np.dtype(dtype).itemsize
    about = {
        "keys": " ".join(keys),
        "rows": " ".join(map(str, rows)),
        "layers": "\n".join(sums),
        "sha256": " ".join(sums.values()),
        "features": str(features),
        "dtype": dtype,
    }
    entries: dict[str, Any] = {"__metadata__": about}
    for place, layer in enumerate(sums):
        entries[layer] = {
            "dtype": CODES[dtype],
            "shape": [sum(rows), features],
            "data_offsets": [place * each, (place + 1) * each],
        }
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def read_shard(path: Path) -> Shard:
    """Read the labels of a shard; no tensor is touched.

    Raises `UserError` naming the file if its labels or its length are not what was written.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            text = file.read(min(length, size))
        if not text.startswith(START):
            raise ValueError("another header")
        about, _ = json.JSONDecoder().raw_decode(text[len(START) :].decode())
        layers, sums = about["layers"].split("\n"), about["sha256"].split(" ")
        shard = Shard(
            path,
            tuple(about["keys"].split(" ")),
            tuple(map(int, about["rows"].split(" "))),
            dict(zip(layers, sums, strict=True)),
            int(about["features"]),
            about["dtype"],
            8 + length,
        )
        each = sum(shard.rows) * shard.features * np.dtype(shard.dtype).itemsize
        fits = len(shard.rows) == len(shard.keys) and shard.dtype in CODES
        if not fits or shard.base + each * len(layers) != size:
            raise ValueError("the length does not fit")
        if shard_name(shard.keys, layers) != path.name:
            raise ValueError("the name does not fit")
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise damaged(path) from error
    return shard


class Draft:
    """A shard that is being filled; nothing is at its path before `finish`."""

    def __init__(
        self,
        path: Path,
        keys: Sequence[str],
        rows: Sequence[int],
        layers: Sequence[str],
        dtype: str,
    ) -> None:
        self.path = path
        self.keys, self.rows, self.layers = tuple(keys), tuple(rows), tuple(layers)
        self.dtype = dtype
        self.starts = np.concatenate([[0], np.cumsum(self.rows, dtype=np.int64)])
        self.unfinished = path.with_suffix(f".{os.getpid()}{UNFINISHED}")
        self._bytes: np.memmap | None = None
        self._values: dict[str, np.ndarray] = {}

    def put(self, position: int, values: Float[np.ndarray, "layer row feature"]) -> None:
        """Put in the rows of the key at `position`."""
        if self._bytes is None:
            self._open(values.shape[2])
        with np.errstate(over="ignore"):  # it is found below
            cast = np.asarray(values, dtype=np.dtype(self.dtype).newbyteorder("<"))
        if not np.isfinite(cast).all():
            raise UserError(
                f"{self.dtype} cannot hold these activations: the largest is "
                f"{np.abs(values).max():.3g}. Use float32."
            )
        rows = slice(self.starts[position], self.starts[position + 1])
        for layer, one in zip(self.layers, cast, strict=True):
            self._values[layer][rows] = one

    def finish(self) -> Path:
        """Write the header, bring all to the disk and give the file its name."""
        assert self._bytes is not None
        sums = {layer: _sum(values) for layer, values in self._values.items()}
        features = self._values[self.layers[0]].shape[1]
        whole = header(self.keys, self.rows, sums, features, self.dtype)
        self._bytes[: len(whole)] = np.frombuffer(whole, dtype=np.uint8)
        self._bytes.flush()
        self._values, self._bytes = {}, None
        with self.unfinished.open("rb") as file:
            os.fsync(file.fileno())
        self.unfinished.replace(self.path)
        return self.path

    def _open(self, features: int) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in self.path.parent.glob(f"{self.path.stem}.*{UNFINISHED}"):
            abandoned.unlink(missing_ok=True)  # by a run that was killed: the shard's lock is ours
        no_sums = dict.fromkeys(self.layers, NO_SUM)
        base = len(header(self.keys, self.rows, no_sums, features, self.dtype))
        dtype = np.dtype(self.dtype).newbyteorder("<")
        rows = int(self.starts[-1])
        each = rows * features * dtype.itemsize
        with self.unfinished.open("wb") as file:
            _reserve(file.fileno(), base + each * len(self.layers), self.path.parent)
        self._bytes = np.memmap(self.unfinished, np.uint8, "r+")
        for place, layer in enumerate(self.layers):
            at = base + place * each
            flat = self._bytes[at : at + each].view(dtype)
            self._values[layer] = flat.reshape(rows, features)


def _reserve(file: int, size: int, folder: Path) -> None:
    """Give a file its size, with room on the disk: a memory map cannot say that there is none."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, size)
        else:
            os.ftruncate(file, size)
    except OSError as error:
        raise unwritable(folder, error) from error


def _sum(values: np.ndarray) -> str:
    return hashlib.sha256(values.data).hexdigest()


def unwritable(folder: str | Path, error: OSError) -> UserError:
    """Return the error that names a folder which cannot be written to."""
    return UserError(
        f"the store {folder} cannot be written to ({error.strerror}). Make room there, or choose "
        "another folder."
    )


def damaged(path: Path) -> UserError:
    """Return the error that names a file whose bytes are not what was written."""
    return UserError(
        f"the stored activations {path} are damaged: the file is not what was written. Remove it "
        "and run again; only its stimuli are computed anew."
    )
