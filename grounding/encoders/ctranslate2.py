"""Read a CTranslate2 model file into named arrays.

The file is a little-endian stream: version u32; specification name (u16 length, bytes ending in
NUL); revision u32; number of variables u32; for each variable a name (as above), rank u8,
dimensions u32 each, element type u8, byte count u32 and the data; then the number of aliases u32
and for each its name and the variable that it stands for. Nothing in it is code.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grounding.errors import WeightsError

__all__ = ["CTranslate2File", "read_ctranslate2"]

ELEMENT_TYPES = ("<f4", "<i1", "<i2", "<i4", "<f2")
"""Element types by their number in the file."""

VERSION = 6
"""The only file version that is known here."""


@dataclass(frozen=True, eq=False)
class CTranslate2File:
    """What a CTranslate2 model file holds.

    `variables` maps a name such as `encoder/conv1/weight` to its array in the type it was stored
    in; an alias is a second name of the same array.
    """

    specification: str
    revision: int
    variables: Mapping[str, np.ndarray]


class _Stream:
    """The bytes of one file and how far they are read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = path.read_bytes()
        self.at = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.bytes):
            raise WeightsError(
                f"{self.path} ends early: {len(self.bytes)} bytes, {end} needed. "
                "The file is truncated; fetch it again."
            )
        taken = self.bytes[self.at : end]
        self.at = end
        return taken

    def number(self, code: str) -> int:
        return int(struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0])

    def text(self) -> str:
        return self.take(self.number("H")).rstrip(b"\0").decode("utf-8")


def read_ctranslate2(path: str | Path) -> CTranslate2File:
    """Return the specification and the variables of a CTranslate2 model file.

    Raises `WeightsError` for another version, an unknown element type, a size that does not fit
    its shape, a truncated file, or bytes left over.
    """
    stream = _Stream(Path(path))
    version = stream.number("I")
    if version != VERSION:
        raise WeightsError(
            f"{path} is not a CTranslate2 file of version {VERSION}: it starts with {version}."
        )
    specification, revision = stream.text(), stream.number("I")
    variables = dict(_variable(stream) for _ in range(stream.number("I")))
    for _ in range(stream.number("I")):
        alias, target = stream.text(), stream.text()
        if target not in variables:
            raise WeightsError(f"{path}: alias {alias!r} names {target!r}, which is not there.")
        variables[alias] = variables[target]
    if stream.at != len(stream.bytes):
        raise WeightsError(f"{path}: {len(stream.bytes) - stream.at} bytes follow the last entry.")
    return CTranslate2File(specification, revision, variables)


def _variable(stream: _Stream) -> tuple[str, np.ndarray]:
    """Return the next name and array of `stream`."""
    name = stream.text()
    shape = tuple(stream.number("I") for _ in range(stream.number("B")))
    kind, size = stream.number("B"), stream.number("I")
    if kind >= len(ELEMENT_TYPES):
        raise WeightsError(f"{stream.path}: {name!r} has the unknown element type {kind}.")
    values = np.frombuffer(stream.take(size), dtype=np.uint8)
    element = np.dtype(ELEMENT_TYPES[kind])
    if size != element.itemsize * int(np.prod(shape, dtype=np.int64)):
        raise WeightsError(
            f"{stream.path}: {name!r} has {size} bytes, which do not fill {shape} of {element}."
        )
    return name, values.view(element).reshape(shape)
