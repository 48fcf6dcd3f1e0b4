"""Matlab files in the layout of Haskins Laboratories' MVIEW: HPRC and USC-TIMIT.

One variable, a row of structs with the fields NAME, SRATE (Hz) and SIGNAL: first AUDIO, then a
sensor each, whose SIGNAL is time by position (x, y, z in mm) and, in some corpora, rotation.
AUDIO may have SENTENCE, and PHONES as structs of LABEL and OFFS (start and end, s).
Sensors are told by NAME, never by their place. Read by `scipy.io.loadmat`, which runs nothing.

Source: M. Tiede, "MVIEW: software for visualization and analysis of concurrently recorded
movement data", Haskins Laboratories, 2005; the README of the Haskins Production Rate Comparison
database.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.io
from jaxtyping import Float

from grounding.errors import ManifestError
from grounding.stimuli.importers.record import Label, Sound

__all__ = ["Movement", "parse_mview"]


@dataclass(frozen=True, eq=False)
class Movement:
    """What an MVIEW file holds.

    sensors: position by name, mm, NaN where not measured; all of one length and `rate`, Hz.
    sentence: what was said, "" where the file does not say. phones: their labels, likewise ().
    """

    variable: str
    sound: Sound
    sensors: Mapping[str, Float[np.ndarray, "time axis"]]
    rate: float
    sentence: str
    phones: tuple[Label, ...]


def parse_mview(data: bytes, needed: tuple[str, ...]) -> Movement:
    """Return what the bytes of a file hold; `needed` are the sensors without which it will not do.

    Raises `ManifestError` for a file that is no Matlab file of version 7 or before, has another
    layout, or lacks a sensor.
    """
    variable, records = _records(data)
    fields = {_text(record["NAME"]): record for record in records}
    missing = [name for name in ("AUDIO", *needed) if name not in fields]
    if missing or len(fields) < len(records):
        raise ManifestError(
            f"lacks {', '.join(missing) or 'names of its own for its signals'}; it has "
            f"{', '.join(_text(r['NAME']) or 'an unnamed one' for r in records)}. Take the file "
            "as the corpus has it."
        )
    sensors = {name: _signal(name, fields[name]) for name in needed}
    shapes = {len(values) for values in sensors.values()}
    rates = {_number(name, fields[name]) for name in needed}
    if len(shapes) > 1 or len(rates) > 1:
        raise ManifestError(
            f"has sensors of {sorted(shapes)} frames at {sorted(rates)} Hz; needed one clock. Take "
            "the file as the corpus has it."
        )
    audio = fields["AUDIO"]
    names = audio.dtype.names or ()
    return Movement(
        variable,
        _sound(audio),
        sensors,
        rates.pop(),
        _text(audio["SENTENCE"]) if "SENTENCE" in names else "",
        _labels(audio["PHONES"]) if "PHONES" in names else (),
    )


def _records(data: bytes) -> tuple[str, list[Any]]:
    if data[:10] == b"MATLAB 7.3" or data[:4] == b"\x89HDF":
        raise ManifestError(
            "is a Matlab file of version 7.3, which is HDF5 and not read here. Save it in Matlab "
            "with save(..., '-v7')."
        )
    try:
        content = scipy.io.loadmat(io.BytesIO(data), struct_as_record=True)
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        OSError,
        EOFError,
        MemoryError,
        NotImplementedError,
        UnicodeDecodeError,
        struct.error,
        zlib.error,
        scipy.io.matlab.MatReadError,
    ) as error:
        raise ManifestError(
            f"cannot be read as a Matlab file ({error}); it is cut off or of another kind. Copy it "
            "again."
        ) from error
    variables = [name for name in content if not name.startswith("__")]
    if len(variables) == 1:
        value = content[variables[0]]
        names = getattr(value.dtype, "names", None) or ()
        if {"NAME", "SRATE", "SIGNAL"} <= set(names) and value.size:
            return variables[0], list(value.ravel())
    raise ManifestError(
        f"holds {', '.join(variables) or 'nothing'}; needed one row of structs with NAME, SRATE "
        "and SIGNAL. Take the file as the corpus has it."
    )


def _text(value: Any) -> str:
    array = np.asarray(value)
    if array.dtype.kind != "U":
        return ""
    return " ".join(str(text) for text in array.ravel()).strip()


def _number(name: str, record: Any) -> float:
    value = np.asarray(record["SRATE"])
    if value.size != 1 or value.dtype.kind not in "fiu" or not 0 < float(value.ravel()[0]) < 1e6:
        raise ManifestError(f"has SRATE {value.tolist()} for {name}; needed one rate in Hz.")
    return float(value.ravel()[0])


def _signal(name: str, record: Any) -> Float[np.ndarray, "time axis"]:
    values = np.asarray(record["SIGNAL"])
    if values.ndim != 2 or values.dtype.kind not in "fiu" or len(values) < 2 or values.shape[1] < 3:
        raise ManifestError(
            f"has {name} of shape {values.shape}; needed frames by x, y and z, two at the least."
        )
    values = values.astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _sound(record: Any) -> Sound:
    values, rate = np.asarray(record["SIGNAL"]), _number("AUDIO", record)
    if values.size < 2 or max(values.shape) != values.size or values.dtype.kind not in "fi":
        raise ManifestError(f"has AUDIO of shape {values.shape}; needed one row of samples.")
    values = values.ravel()
    if values.dtype.kind == "f":
        values = values.astype(np.float32)
    if values.dtype not in (np.float32, np.int16) or rate != round(rate):
        raise ManifestError(
            f"has AUDIO as {values.dtype} at {rate} Hz; needed 16 bits or floating point, and a "
            "whole number of Hz."
        )
    if values.dtype == np.float32 and not (np.abs(values) <= 1.0).all():
        raise ManifestError("has AUDIO beyond full scale 1; needed floating point within -1 to 1.")
    return Sound(round(rate), values)


def _labels(value: Any) -> tuple[Label, ...]:
    array = np.asarray(value)
    if array.size == 0:
        return ()
    if not {"LABEL", "OFFS"} <= set(array.dtype.names or ()):
        raise ManifestError(
            "has PHONES without LABEL and OFFS. Take the file as the corpus has it."
        )
    labels = []
    for record in array.ravel():
        times = np.asarray(record["OFFS"], dtype=np.float64).ravel()
        if times.size != 2 or not times[0] <= times[1]:
            raise ManifestError(f"has a phone at {times.tolist()} s; needed a start and an end.")
        labels.append((_text(record["LABEL"]), float(times[0]), float(times[1])))
    return tuple(labels)
