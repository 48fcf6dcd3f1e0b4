"""Recordings of corpora: FLAC, WAV and Ogg as everywhere, and NIST SPHERE.

MOCHA-TIMIT's `.wav` files are NIST SPHERE: 1024 bytes of text, then 16-bit samples. A set cannot
hold that container, so that its samples are copied, unchanged, into a WAV file.

Source: NIST Speech Header Resources (SPHERE) 2.6, "SPHERE header format".
"""

from __future__ import annotations

import io
import re

import numpy as np
import soundfile

from grounding.errors import AudioError, ManifestError
from grounding.stimuli.audio import decode
from grounding.stimuli.importers.folder import Folder, about
from grounding.stimuli.importers.record import Sound

__all__ = ["SUFFIXES", "read_sound"]

SUFFIXES = (".wav", ".flac", ".ogg")


def read_sound(folder: Folder, path: str) -> Sound:
    """Return a recording of one channel; raises `ManifestError` that names the file."""
    data = folder.read(path)
    try:
        if data.startswith(b"NIST_1A"):
            return _sphere(data)
        header, values = decode(data)
    except ManifestError as error:
        raise about(path, error) from error
    if header.channels != 1:
        raise about(path, f"has {header.channels} channels; needed one. Export one channel.")
    return Sound(header.rate, values[:, 0], folder.path / path)


def _sphere(data: bytes) -> Sound:
    text = data[:1024].decode("latin-1")
    fields = dict(re.findall(r"^(\w+) -(?:i|s\d+|r) (\S+)$", text, flags=re.MULTILINE))
    coding = fields.get("sample_coding", "pcm")
    if coding != "pcm":
        raise AudioError(
            f"is NIST SPHERE with samples coded as {coding!r}; needed plain 'pcm'. Expand it with "
            "NIST's w_decode -o pcm."
        )
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            rate, channels = sound.samplerate, sound.channels
            values = sound.read(dtype="int16", always_2d=True)
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        raise AudioError(
            f"is NIST SPHERE that cannot be read ({str(error).rpartition(': ')[2] or 'damaged'}). "
            "Copy it again."
        ) from error
    declared = fields.get("sample_count", "")
    if channels != 1 or declared != str(len(values)) or fields.get("sample_n_bytes") != "2":
        raise AudioError(
            f"declares {declared or 'no'} samples of {fields.get('sample_n_bytes', '?')} bytes and "
            f"holds {len(values)} in {channels} channel{'s' * (channels > 1)}; needed one channel "
            "of 2 bytes, whole. It is cut off or damaged: copy it again."
        )
    return Sound(rate, np.ascontiguousarray(values[:, 0]))
