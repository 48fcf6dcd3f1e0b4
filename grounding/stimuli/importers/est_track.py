"""Tracks of the Edinburgh Speech Tools: the `.ema` files of MNGU0 and MOCHA-TIMIT.

A header of text lines ("NumFrames 966", "Channel_3 ll_x") from `EST_File Track` to
`EST_Header_End`, then a row a frame: its time in seconds, a break flag where the header has
`BreaksPresent` (0: the frame holds no values), and one number a channel. Rows are 4-byte floats
in the declared order of bytes (`ByteOrder 01` little, `10` big), or text (`DataType ascii`).

Source: Edinburgh Speech Tools Library, "EST_Track file format" and the functions
`EST_TrackFile::load_est_ts` and `save_est_binary_ts`, http://www.cstr.ed.ac.uk/projects/speech_tools.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import ManifestError

__all__ = ["Track", "parse_track"]

LONGEST_HEADER = 1 << 16  # bytes
END = b"EST_Header_End"
ORDERS = {"01": "<f4", "10": ">f4"}
UNEVEN = 0.1  # of a frame
ROUNDING = 1e-5  # of a rate


@dataclass(frozen=True, eq=False)
class Track:
    """What a track file holds.

    names: one a channel. values: NaN where the file has NaN, or a break.
    rate: frames a second, Hz. start: time of the first frame, s.
    """

    names: tuple[str, ...]
    values: Float[np.ndarray, "time channel"]
    rate: float
    start: float


def parse_track(data: bytes) -> Track:
    """Return the track that the bytes of a file hold.

    Raises `ManifestError` for another kind of file, a header that is not as described, a file
    that is cut off, and frames that are not evenly spaced in time.
    """
    header, names, body = _header(data)
    frames, channels = _whole(header, "NumFrames"), _whole(header, "NumChannels")
    if len(names) != channels or sorted(names) != list(range(channels)):
        raise ManifestError(
            f"names {len(names)} channels and declares NumChannels {channels}; needed a line "
            "'Channel_0' and so on for each. Copy the file again."
        )
    if _whole(header, "NumAuxChannels", 0):
        raise ManifestError("has auxiliary channels; needed a track without. Export it again.")
    breaks = "BreaksPresent" in header
    width = 1 + breaks + channels
    rows = _rows(header, body, frames, width)
    values = rows[:, 1 + breaks :].copy()
    if breaks:
        values[rows[:, 1] == 0] = np.nan
    values[~np.isfinite(values)] = np.nan
    rate, start = _clock(rows[:, 0], header.get("ByteOrder"))
    return Track(tuple(names[k] for k in range(channels)), values, rate, start)


def _header(data: bytes) -> tuple[dict[str, str], dict[int, str], bytes]:
    if not data.startswith(b"EST_File Track"):
        raise ManifestError(
            f"begins with {data[:20]!r}; needed 'EST_File Track'. Take the file as the corpus "
            "has it, not one converted by another tool."
        )
    end = data.find(END, 0, LONGEST_HEADER)
    body = data.find(b"\n", end) + 1
    if end < 0 or body == 0:
        raise ManifestError("has no end of its header; it is cut off. Copy it again.")
    header: dict[str, str] = {}
    names: dict[int, str] = {}
    for line in data[:end].decode("latin-1").splitlines()[1:]:
        key, _, value = line.strip().partition(" ")
        if key.startswith("Channel_") and key[8:].isdigit():
            names[int(key[8:])] = value.strip()
        elif key:
            header[key] = value.strip()
    return header, names, data[body:]


def _whole(header: dict[str, str], key: str, default: int | None = None) -> int:
    text = header.get(key, "" if default is None else str(default))
    if not text.isdigit() or len(text) > 9:
        raise ManifestError(f"declares {key} {text!r}; needed a whole number. Copy it again.")
    return int(text)


def _rows(
    header: dict[str, str], body: bytes, frames: int, width: int
) -> Float[np.ndarray, "frames width"]:
    kind = header.get("DataType")
    if kind == "ascii":
        try:
            numbers = np.array(body.split(), dtype=np.float64)
        except ValueError as error:
            raise ManifestError(
                f"holds text that is no number ({error}). Copy it again."
            ) from error
        found, needed, unit = len(numbers), frames * width, "numbers"
    elif kind == "binary":
        order = header.get("ByteOrder")
        if order not in ORDERS:
            raise ManifestError(
                f"declares ByteOrder {order!r}; needed 01 (little) or 10 (big). Copy it again."
            )
        found, needed, unit = len(body), 4 * frames * width, "bytes"
        numbers = np.frombuffer(body[: found - found % 4], dtype=ORDERS[order])
    else:
        raise ManifestError(f"declares DataType {kind!r}; needed binary or ascii.")
    if found != needed or frames < 2:
        raise ManifestError(
            f"holds {found} {unit} behind its header; {frames} frames of {width} numbers need "
            f"{needed}, and two frames at the least. It is cut off or damaged: copy it again."
        )
    with np.errstate(invalid="ignore"):  # any bytes may come, among them NaN that signal
        return numbers.astype(np.float64).reshape(frames, width)


def _clock(times: Float[np.ndarray, " frame"], order: str | None) -> tuple[float, float]:
    """Return the rate in Hz and the time of the first frame of an even clock."""
    step = (times[-1] - times[0]) / (len(times) - 1)
    even = times[0] + step * np.arange(len(times))
    with np.errstate(invalid="ignore", over="ignore"):
        away = np.abs(times - even).max()
    if not (np.isfinite(times).all() and 1e-6 < step < 10 and away <= UNEVEN * step):
        hint = f", or its bytes are in another order than ByteOrder {order}" if order else ""
        raise ManifestError(
            f"has times that are no even clock: {times[0]:.6g}, {times[1]:.6g} and so on to "
            f"{times[-1]:.6g} s. It is damaged{hint}. Copy it again."
        )
    # Times are 4-byte floats as a rule, from which a rate comes out a millionth or so off.
    rate = round(1 / step, 2)
    return float(rate if abs(rate * step - 1) < ROUNDING else 1 / step), float(times[0])
