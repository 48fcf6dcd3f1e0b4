"""What the vocal tract did, over time, and its file.

An articulation is a set of streams on one clock. Its file is a compressed `.npz` without
pickle: `rate` (a number, Hz), and for each stream `S` the arrays `S` (float32, time by channel),
`S.channels` and `S.units` (text, one a channel).
"""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown
from grounding.tables import lookup

__all__ = [
    "Articulation",
    "Stream",
    "parse_articulation",
    "read_articulation",
    "write_articulation",
]

NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
# `rate` is an array of its own in the file; numpy's savez takes the others as its own arguments.
RESERVED = frozenset({"rate", "file", "allow_pickle"})


@dataclass(frozen=True, eq=False)
class Stream:
    """One group of channels that were measured or computed together.

    name: lower case, such as "flesh".
    values: finite, time by channel; kept as read-only float32.
    channels: one name a channel, all different, such as "TT.x".
    units: one unit a channel, such as "mm"; "1" where there is none.
    """

    name: str
    values: Float[np.ndarray, "time channel"]
    channels: tuple[str, ...]
    units: tuple[str, ...]

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name) or self.name in RESERVED:
            raise ManifestError(
                f"stream {self.name!r}: needed a name of a-z, 0-9 and '_' other than "
                f"{', '.join(sorted(RESERVED))}. Rename it."
            )
        given = np.asarray(self.values)
        if given.ndim != 2 or given.size == 0 or given.dtype.kind not in "fiu":
            raise ManifestError(
                f"stream {self.name!r} holds {given.dtype} of shape {given.shape}; "
                "needed numbers, at least one frame by at least one channel."
            )
        with np.errstate(over="ignore"):
            values = np.array(given, dtype=np.float32, order="C")
        if not np.isfinite(values).all():
            frame, channel = np.argwhere(~np.isfinite(values))[0]
            raise ManifestError(
                f"stream {self.name!r} is {values[frame, channel]} at frame {frame}, "
                f"channel {channel}; needed finite numbers. Leave the stimulus out, or carry a "
                "mask as a stream of its own."
            )
        values.setflags(write=False)
        object.__setattr__(self, "values", values)
        for what in ("channels", "units"):
            texts = tuple(str(text) for text in getattr(self, what))
            object.__setattr__(self, what, texts)
            if len(texts) != values.shape[1] or not all(t and t == t.strip() for t in texts):
                raise ManifestError(
                    f"stream {self.name!r} has {values.shape[1]} channels and {what} "
                    f"{list(texts)}; needed one text a channel without space at its ends "
                    "(unit '1' where there is none)."
                )
        if len(set(self.channels)) != len(self.channels):
            raise ManifestError(
                f"stream {self.name!r} names a channel twice: {list(self.channels)}. "
                "Give each channel a name of its own."
            )


@dataclass(frozen=True, eq=False)
class Articulation:
    """The streams of one stimulus.

    rate: frames a second, Hz.
    streams: by name; all have the same number of frames.
    """

    rate: float
    streams: Mapping[str, Stream]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ManifestError(f"articulation rate is {self.rate}; needed Hz above 0.")
        if not self.streams:
            raise ManifestError("articulation has no stream; needed at least one.")
        for name, stream in self.streams.items():
            if name != stream.name:
                raise ManifestError(
                    f"stream {stream.name!r} is filed as {name!r}; needed one name."
                )
        frames = {name: len(stream.values) for name, stream in self.streams.items()}
        if len(set(frames.values())) > 1:
            raise ManifestError(
                f"articulation streams differ in frames: {frames}; needed one clock for all."
            )
        object.__setattr__(self, "rate", float(self.rate))
        object.__setattr__(self, "streams", MappingProxyType(dict(self.streams)))

    def __reduce__(self):  # a mapping proxy does not pickle; worker processes need to
        return Articulation, (self.rate, dict(self.streams))

    def __getitem__(self, name: str) -> Stream:
        """Return the stream called `name`; `UnknownName` names those that there are."""
        return lookup("articulation stream", name, self.streams)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(next(iter(self.streams.values())).values)

    @property
    def duration(self) -> float:
        """Frames over rate, in seconds."""
        return self.frames / self.rate


def write_articulation(path: str | Path, articulation: Articulation) -> None:
    """Write `articulation` to the `.npz` file `path`; equal articulations give equal bytes."""
    arrays: dict[str, Any] = {"rate": np.float64(articulation.rate)}
    for stream in articulation.streams.values():
        arrays[stream.name] = stream.values
        arrays[f"{stream.name}.channels"] = np.array(stream.channels, dtype=np.str_)
        arrays[f"{stream.name}.units"] = np.array(stream.units, dtype=np.str_)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    Path(path).write_bytes(buffer.getvalue())


def read_articulation(path: str | Path) -> Articulation:
    """Read and check an articulation file.

    Raises `ManifestError` that names the file when it is not as this module describes.
    """
    try:
        return parse_articulation(Path(path).read_bytes())
    except ManifestError as error:
        raise ManifestError(f"{shown(path)}: {error}") from error
    except OSError as error:
        raise ManifestError(
            f"{shown(path)}: cannot be read ({error.strerror}). Make it readable."
        ) from error


def parse_articulation(data: bytes) -> Articulation:
    """Return the articulation that the bytes of an `.npz` file hold; see `read_articulation`."""
    arrays = _arrays(data)
    rate = arrays.pop("rate")
    if rate.shape != () or rate.dtype.kind not in "fiu":
        raise ManifestError(f"has 'rate' {rate.dtype} of shape {rate.shape}; needed one number.")
    names = [key for key in arrays if "." not in key]
    wanted = {key for name in names for key in (name, f"{name}.channels", f"{name}.units")}
    if stray := sorted(set(arrays) ^ wanted):
        raise ManifestError(
            f"lacks, or has alone, {', '.join(stray)}; needed the three arrays S, S.channels and "
            "S.units for each stream S."
        )
    for key in sorted(set(arrays) - set(names)):
        if arrays[key].dtype.kind != "U" or arrays[key].ndim != 1:
            raise ManifestError(f"has {key!r} of {arrays[key].dtype}; needed a row of text.")
    streams = {
        name: Stream(
            name,
            arrays[name],
            tuple(arrays[f"{name}.channels"].tolist()),
            tuple(arrays[f"{name}.units"].tolist()),
        )
        for name in names
    }
    return Articulation(float(rate), streams)


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    if not data.startswith(b"PK"):
        raise ManifestError("is no .npz file; needed one written by numpy.savez_compressed.")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (
        ValueError,
        KeyError,
        OSError,
        EOFError,
        MemoryError,
        RuntimeError,
        NotImplementedError,
        SyntaxError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ManifestError(
            f"cannot be read as an .npz file without pickle ({error}). Write it again with "
            "numpy.savez_compressed from arrays of numbers and text."
        ) from error
    if "rate" not in arrays:
        raise ManifestError("has no array 'rate'; needed the frames a second, in Hz.")
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise ManifestError("holds something else than arrays; needed numbers and text.")
    return arrays
