"""Read what `torch.save` wrote of plain values and numpy arrays, and run nothing of it.

Such a file is a zip archive whose `data.pkl` is a program for a stack machine, a pickle. Opening
it the usual way calls what the program names. Here its instructions are only looked at: those
that build dicts, lists, texts, numbers and numpy arrays of numbers are followed, and anything
else is refused. Tensors, which would have storages of their own, are refused too.

Source: Python's `pickletools` (the instructions), numpy's `ndarray.__reduce__` (the arrays).
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from grounding.errors import ManifestError

__all__ = ["parse_torch_file"]

LARGEST = 1 << 28  # bytes of one file, unpacked
TOKENS = {
    "numpy.core.multiarray _reconstruct": "array",
    "numpy._core.multiarray _reconstruct": "array",
    "numpy.core.multiarray scalar": "scalar",
    "numpy._core.multiarray scalar": "scalar",
    "numpy ndarray": "ndarray",
    "numpy dtype": "dtype",
    "_codecs encode": "bytes",
}
DTYPES = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
VALUES = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
        *("BINUNICODE", "SHORT_BINUNICODE", "SHORT_BINBYTES", "BINBYTES"),
    }
)
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK = object()


@dataclass
class _Made:
    """Something that the program makes in two steps: `kind` of `TOKENS`, then its state."""

    kind: str
    value: Any = None


def parse_torch_file(data: bytes) -> Any:
    """Return the value that the bytes of a file hold.

    Raises `ManifestError` for another kind of file, and for one that would make anything but
    plain values and arrays of numbers.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            programs = [i for i in archive.infolist() if i.filename.endswith("/data.pkl")]
            if len(programs) != 1 or programs[0].file_size > LARGEST:
                raise ManifestError("is no torch file of plain values: it has no one data.pkl.")
            program = archive.read(programs[0])
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise ManifestError(f"cannot be read as a torch file ({error}). Copy it again.") from error
    try:
        return _plain(_follow(program))
    except ManifestError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError) as error:
        raise ManifestError(f"is damaged inside ({error}). Copy it again.") from error


def _follow(program: bytes) -> Any:
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    argument: Any
    for code, argument, _ in pickletools.genops(program):
        name = code.name
        if name in ("PROTO", "FRAME"):
            continue
        if name == "STOP":
            break
        if name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in VALUES:
            stack.append(argument)
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "TUPLE":
            stack.append(tuple(_since_mark(stack)))
        elif name in TUPLES:
            items = [stack.pop() for _ in range(TUPLES[name])]
            stack.append(tuple(reversed(items)))
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name in ("APPEND", "APPENDS"):
            items = [stack.pop()] if name == "APPEND" else _since_mark(stack)
            _kind(stack[-1], list).extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = [stack.pop(), stack.pop()][::-1] if name == "SETITEM" else _since_mark(stack)
            _kind(stack[-1], dict).update(zip(items[::2], items[1::2], strict=True))
        elif name == "GLOBAL":
            stack.append(_token(argument))
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_called(stack.pop(), arguments))
        elif name == "BUILD":
            state = stack.pop()
            _build(stack[-1], state)
        else:
            raise ManifestError(f"holds the instruction {name}, which plain values do not need.")
    return stack.pop()


def _since_mark(stack: list[Any]) -> list[Any]:
    at = len(stack) - 1
    while stack[at] is not _MARK:
        at -= 1
        if at < 0:
            raise ValueError("a mark is missing")
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _kind(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"a {kind.__name__} was to be filled")
    return value


def _token(name: str) -> _Made:
    if name not in TOKENS:
        raise ManifestError(
            f"would call {name.replace(' ', '.')!r} when opened; only plain values and arrays of "
            "numbers are read. Take the file from the corpus's own release."
        )
    return _Made("name", TOKENS[name])


def _called(what: Any, arguments: Any) -> Any:
    kind = what.value if isinstance(what, _Made) and what.kind == "name" else None
    if kind == "bytes":
        text, coding = arguments
        if coding != "latin1":
            raise ValueError(f"bytes are coded as {coding!r}")
        return text.encode("latin-1")
    if kind == "dtype":
        if str(arguments[0]) not in DTYPES:
            raise ManifestError(f"holds values of type {arguments[0]!r}; needed plain numbers.")
        return _Made("dtype", np.dtype(arguments[0]))
    if kind == "scalar":
        dtype, raw = arguments
        return np.frombuffer(raw, dtype.value, count=1)[0].item()
    if kind == "array":
        return _Made("array")
    raise ManifestError("calls what is no array and no number; only plain values are read.")


def _build(made: Any, state: Any) -> None:
    if not isinstance(made, _Made) or made.kind not in ("dtype", "array"):
        raise TypeError("a state was given to what takes none")
    if made.kind == "dtype":
        if state[1] in ("<", ">"):
            made.value = made.value.newbyteorder(state[1])
        return
    _, shape, dtype, by_column, raw = state
    if math.prod(shape) * dtype.value.itemsize != len(raw):
        raise ValueError(f"an array of shape {shape} has {len(raw)} bytes")
    flat = np.frombuffer(raw, dtype.value)
    made.value = flat.reshape(shape, order="F" if by_column else "C").copy()


def _plain(value: Any) -> Any:
    if isinstance(value, _Made):
        if value.kind != "array" or value.value is None:
            raise TypeError("an array is not finished")
        return value.value
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    return value
