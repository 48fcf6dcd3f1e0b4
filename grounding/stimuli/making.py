"""Turn one recording into what a manifest line says of it, with a copy where one is needed.

Recordings stay as they are. A copy of the same bytes, for what is no file of the set's folder,
goes to `audio/`; a copy in which something changed (a part, a channel, a mix, a rate) goes to
`converted/` as floating-point WAV, and the attributes say what changed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.io import wavfile

from grounding.errors import AudioError, ManifestError
from grounding.stimuli.articulation import parse_articulation
from grounding.stimuli.audio import Header, decode, mix_down, resample
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import seen
from grounding.stimuli.files import read_bytes
from grounding.stimuli.formats.reading import Item, Sound

__all__ = ["ARTICULATION", "CONVERTED", "COPIED", "Wishes", "made"]

COPIED, CONVERTED, ARTICULATION = "audio", "converted", "articulation"
SUFFIX_OF = {b"fLaC": ".flac", b"RIFF": ".wav", b"OggS": ".ogg"}
LARGEST_GAP = 0.1  # seconds between a recording and what is said of it


@dataclass(frozen=True)
class Wishes:
    """What shall be changed: the `rate` in Hz, None for none, and whether channels are mixed.

    elsewhere: the set's folder is another than that of the recordings, so that all are copied.
    """

    rate: int | None
    mix: bool
    elsewhere: bool


def made(
    item: Item, name: str, folder: Path, stage: Path, wishes: Wishes, decoded: dict[str, Any]
) -> dict[str, Any]:
    """Return the fields audio, rate, samples, sha256 and attributes of one recording.

    name: of the copy, without its ending. stage: where copies are written, below the names of
    their folders. decoded: keeps the last recording, for the next part of it.

    Raises `ManifestError` (for the sound, `AudioError`) without the place.
    """
    data, header, values = _decoded(item.sound, folder, decoded)
    _check_said(item, header, data)
    values, changes = _part(item.sound, header, values)
    if values.shape[1] > 1:
        if not wishes.mix:
            raise AudioError(
                f"has {values.shape[1]} channels; needed one. Export one channel, or add "
                "--mix-down."
            )
        changes["mixed_down_from_channels"] = values.shape[1]
        values = mix_down(values)[:, None]
    rate = wishes.rate or header.rate
    if rate != header.rate:
        changes["resampled_from_hz"] = header.rate
        values = resample(values[:, 0], header.rate, rate)[:, None]
    attributes = dict(item.fields.get("attributes", {}))
    if changes:
        path = f"{CONVERTED}/{name}.wav"
        copy = _room(stage / path)
        # Floating point: resampling may go beyond full scale, and clipping would be a change
        # more. By scipy, since libsndfile writes the time of day into such a file.
        wavfile.write(copy, rate, values[:, 0])
        data = copy.read_bytes()
        attributes |= {"converted_from": item.sound.name, **changes}
    elif wishes.elsewhere or item.sound.load is not None:
        path = f"{COPIED}/{name}{SUFFIX_OF[data[:4]]}"
        _room(stage / path).write_bytes(data)
    else:
        path = item.sound.name
    return {
        "audio": path,
        "rate": rate,
        "samples": len(values),
        "sha256": hashlib.sha256(data).hexdigest(),
        **_articulation(item, name, folder, stage, wishes.elsewhere),
        **({"attributes": attributes} if attributes else {}),
    }


def _articulation(
    item: Item, name: str, folder: Path, stage: Path, elsewhere: bool
) -> dict[str, Any]:
    if "articulation" not in item.fields:
        return {}
    given = item.fields["articulation"]
    try:
        data = read_bytes(folder, given)
        parse_articulation(data)
    except ManifestError as error:
        raise ManifestError(f"articulation {shown(given)!r}: {error}") from error
    if not elsewhere:
        return {"articulation": given}
    path = f"{ARTICULATION}/{name}.npz"
    _room(stage / path).write_bytes(data)
    return {"articulation": path}


def _decoded(
    sound: Sound, folder: Path, kept: dict[str, Any]
) -> tuple[bytes, Header, Float[np.ndarray, "sample channel"]]:
    if sound.load is None and kept.get("name") == sound.name:
        return kept["found"]
    data = sound.bytes(folder)
    found = (data, *decode(data))
    if sound.load is None and (sound.start or sound.end is not None):
        kept.update(name=sound.name, found=found)
    return found


def _check_said(item: Item, header: Header, data: bytes) -> None:
    """Refuse a recording that is not what its format says of it."""
    for name, found in (
        ("rate", header.rate),
        ("samples", header.samples),
        ("sha256", hashlib.sha256(data).hexdigest() if "sha256" in item.fields else None),
    ):
        said = item.fields.get(name)
        if said not in (None, found):
            raise AudioError(f"has {name} {found}; {seen(said)} is said of it. Correct one.")
    seconds = header.samples / header.rate
    if item.seconds is not None and abs(item.seconds - seconds) > LARGEST_GAP:
        raise AudioError(
            f"lasts {seconds:.3f} s; {item.seconds:.3f} s are said of it, needed the same to "
            f"{LARGEST_GAP} s. Give the two that belong together."
        )


def _part(
    sound: Sound, header: Header, values: Float[np.ndarray, "sample channel"]
) -> tuple[Float[np.ndarray, "sample channel"], dict[str, Any]]:
    """Return the part and the channel that are meant, and what that changes."""
    changes: dict[str, Any] = {}
    first = round(sound.start * header.rate)
    last = header.samples if sound.end is None else round(sound.end * header.rate)
    if not 0 <= first < last <= header.samples:
        raise AudioError(
            f"lasts {header.samples / header.rate:.3f} s; its part from {sound.start:.3f} to "
            f"{last / header.rate:.3f} s is not in it. Correct the times."
        )
    if (first, last) != (0, header.samples):
        changes["part_s"] = [first / header.rate, last / header.rate]
        values = values[first:last]
    if sound.channel is not None and header.channels > 1:
        if sound.channel >= header.channels:
            raise AudioError(
                f"has {header.channels} channels; number {sound.channel}, counted from 0, is not "
                "one of them. Correct the channel."
            )
        changes["channel"] = sound.channel
        values = values[:, [sound.channel]]
    return values, changes


def _room(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
