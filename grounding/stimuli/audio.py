"""Recordings: read exactly, or refused.

Files are FLAC, WAV or Ogg: containers in which a cut-off file can be told from a whole one. A
recording is mono, finite and at the rate that its manifest line declares. Nothing is resampled
or mixed down unless the caller says so with `resample` or `mix_down`.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from jaxtyping import Float

from grounding.errors import AudioError

__all__ = [
    "EMPTY",
    "Header",
    "decode",
    "mix_down",
    "parse_header",
    "read_header",
    "resample",
]

FORMATS = ("FLAC", "WAV", "WAVEX", "OGG")
BLOCK = 1 << 18  # samples decoded at a time, so that a lying header cannot claim the memory
TAIL = 1 << 16  # longer than any Ogg page
EMPTY = "is empty (0 bytes); needed a recording. Export it again."


@dataclass(frozen=True)
class Header:
    """What a file says of itself: `rate` in Hz, number of `channels`, `samples` a channel."""

    rate: int
    channels: int
    samples: int


def read_header(path: str | Path) -> Header:
    """Return what the file at `path` says of itself, without decoding it.

    Raises `AudioError` when the file is missing, empty, no FLAC, WAV or Ogg, or cut off as far
    as its container tells.
    """
    try:
        with Path(path).open("rb") as file:
            return parse_header(file)
    except OSError as error:
        raise AudioError(f"cannot be read: {error.strerror}. Make the file readable.") from error


def parse_header(file: BinaryIO) -> Header:
    """Return what an open file says of itself; see `read_header`."""
    if not file.read(1):
        raise AudioError(EMPTY)
    with _opened(file) as sound:
        header = Header(sound.samplerate, sound.channels, sound.frames)
        kind = sound.format
    if kind.startswith("WAV"):
        _check_riff(file)
    if kind == "OGG":
        _check_ogg(file)
    if header.samples <= 0 or header.samples >= 2**53:
        raise AudioError(
            "holds no samples, or does not say how many; needed at least one. Export it again."
        )
    return header


def decode(data: bytes) -> tuple[Header, Float[np.ndarray, "sample channel"]]:
    """Return the header and all samples of a FLAC, WAV or Ogg file, as float32.

    data: the file's bytes. Full scale is 1; files of floating-point samples may go beyond.
    Raises `AudioError` when the file does not hold what its header says, or holds a number that
    is not finite.
    """
    header = parse_header(io.BytesIO(data))
    blocks = []
    found = 0
    with _opened(io.BytesIO(data)) as sound:
        while found < header.samples:
            try:
                block = sound.read(
                    min(BLOCK, header.samples - found), dtype="float32", always_2d=True
                )
            except (soundfile.SoundFileError, ValueError) as error:
                raise _cut_off(found, header.samples) from error
            if not len(block):
                raise _cut_off(found, header.samples)
            if not np.isfinite(block).all():
                first = int(np.argwhere(~np.isfinite(block).all(axis=1))[0, 0])
                raise AudioError(
                    f"is {block[first].tolist()} at sample {found + first}; needed finite numbers. "
                    "Export it again."
                )
            blocks.append(block)
            found += len(block)
    return header, np.concatenate(blocks)


def mix_down(values: Float[np.ndarray, "sample channel"]) -> Float[np.ndarray, " sample"]:
    """Return the mean of the channels.

    >>> mix_down(np.array([[1.0, 0.0], [0.5, 0.5]], dtype=np.float32)).tolist()
    [0.5, 0.5]
    """
    if values.ndim != 2 or values.shape[1] == 0:
        raise AudioError(f"shape {values.shape} has no channels to mix; needed sample by channel.")
    return values.mean(axis=1, dtype=np.float64).astype(np.float32)


def resample(
    values: Float[np.ndarray, " sample"], have: int, want: int
) -> Float[np.ndarray, " sample"]:
    """Return a recording of `have` Hz at `want` Hz.

    Band-limited, linear phase (soxr, very high quality). Equal rates give the values unchanged.
    """
    import soxr

    if have <= 0 or want <= 0:
        raise AudioError(f"cannot resample from {have} Hz to {want} Hz; needed rates above 0.")
    if have == want:
        return values
    return soxr.resample(values, have, want, quality="VHQ").astype(np.float32)


def _opened(file: BinaryIO) -> soundfile.SoundFile:
    file.seek(0)
    try:
        sound = soundfile.SoundFile(file)
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        raise AudioError(
            f"cannot be opened as FLAC, WAV or Ogg ({str(error).rpartition(': ')[2]}). Export it "
            "again."
        ) from error
    if sound.format not in FORMATS:
        found = sound.format
        sound.close()
        raise AudioError(f"is {found}; needed FLAC, WAV or Ogg. Convert it.")
    return sound


def _cut_off(found: int, needed: int) -> AudioError:
    return AudioError(
        f"is cut off or damaged: {found} of the {needed} samples that its header declares can be "
        "decoded. Copy or export it again."
    )


def _check_riff(file: BinaryIO) -> None:
    """Refuse a WAV file whose chunks do not fill it.

    libsndfile trusts neither a data size that is too large (it shortens it) nor looks behind one
    that is too small, so both would pass unseen.
    """
    size = file.seek(0, io.SEEK_END)
    position, block_align, tag, has_data = 12, 0, 0, False
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(8))
        body = position + 8
        if not all(32 <= byte < 127 for byte in name) or body + length > size:
            what = name.decode("latin-1") if name.isalnum() else "unnamed"
            raise AudioError(
                f"has a WAV header that lies: chunk {what!r} declares {length} bytes and "
                f"{size - body} are there. Copy or export it again."
            )
        if name == b"fmt " and length >= 16:
            tag, _, _, _, block_align = struct.unpack("<HHIIH", file.read(14))
        if name == b"data":
            has_data = True
            if tag in (1, 3, 0xFFFE) and block_align and length % block_align:
                raise AudioError(
                    f"is cut off within a sample: {length} bytes of {block_align} a sample. Copy "
                    "or export it again."
                )
        position = body + length + length % 2
    if not has_data:
        raise AudioError("is a WAV file without samples. Export it again.")


def _check_ogg(file: BinaryIO) -> None:
    """Refuse an Ogg file whose last page does not say that it is the last (RFC 3533)."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - TAIL))
    tail = file.read()
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 6 or not tail[last + 5] & 4:
        raise AudioError(
            "is cut off: its last Ogg page is not marked as the last. Copy or export it again."
        )
