"""A stimulus: a recording, its transcript and what is known of it.

A record of the manifest's fields. The sound and the articulation stay on disk and are read and
checked whenever they are asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.errors import AudioError, ManifestError
from grounding.stimuli.articulation import Articulation, parse_articulation
from grounding.stimuli.audio import Header, decode, read_header
from grounding.stimuli.fault import Fault, shown
from grounding.stimuli.fields import FIELDS, problems
from grounding.stimuli.files import inside, read_bytes
from grounding.stimuli.frozen import freeze, thaw

__all__ = ["MANIFEST", "Stimulus"]

MANIFEST = "manifest.jsonl"
# Where the files are, and what is checked of them, moves no number; their bytes are hashed.
NOT_IN_DIGEST = ("audio", "articulation", "samples", "sha256")


@dataclass(frozen=True, eq=False)
class Stimulus:
    """One recording with its transcript.

    id: unique in its set; letters, digits, '.', '_' and '-'.
    transcript: what is said, Unicode form NFC.
    language: ISO 639-1.
    folder: of the set.
    audio_path: relative to `folder` (manifest field "audio").
    rate: samples a second, Hz; the file must agree.
    samples: declared length; the file must agree. None: not declared.
    sha256: of the audio file's bytes; the file must agree. None: not declared.
    speaker, phones (IPA, one text a phone), concept (what is meant, shared across languages):
        None where not known.
    realisation: what was varied between stimuli of one transcript.
    articulation_path: relative to `folder` (manifest field "articulation"), or None.
    intelligibility: what a listener or recogniser heard.
    marks: such as "not-recognised".
    attributes: what else the set says. Mappings are read-only and lists inside are tuples.
    line: of the manifest, for messages; None where there is no manifest.
    """

    id: str
    transcript: str
    language: str
    folder: Path
    audio_path: str
    rate: int
    samples: int | None = None
    sha256: str | None = None
    speaker: str | None = None
    phones: tuple[str, ...] | None = None
    concept: str | None = None
    realisation: Mapping[str, Any] = field(default_factory=dict)
    articulation_path: str | None = None
    intelligibility: Mapping[str, Any] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))
        if found := problems(self.record()):
            raise ManifestError(str(Fault(self.folder / MANIFEST, self.line, found[0])))
        for name in ("phones", "realisation", "intelligibility", "marks", "attributes"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @classmethod
    def from_record(
        cls, record: Mapping[str, Any], folder: str | Path, line: int | None = None
    ) -> Stimulus:
        """Make a stimulus from the fields of a manifest line; raises `ManifestError`."""
        if found := problems(record):
            raise ManifestError(str(Fault(Path(folder) / MANIFEST, line, found[0])))
        values = dict(record)
        values["audio_path"] = values.pop("audio")
        values["articulation_path"] = values.pop("articulation", None)
        return cls(**values, folder=Path(folder), line=line)

    def __reduce__(self):  # read-only mappings do not pickle; worker processes need to
        return type(self).from_record, (self.record(), self.folder, self.line)

    def record(self) -> dict[str, Any]:
        """Return the fields as a manifest line has them; what is not known is left out."""
        values = {
            name: thaw(getattr(self, f"{name}_path" if name in ("audio", "articulation") else name))
            for name in FIELDS
        }
        return {k: v for k, v in values.items() if FIELDS[k].required or v not in (None, {}, [])}

    @cached_property
    def header(self) -> Header:
        """What the audio file says of itself, held against what the manifest says."""
        try:
            header = read_header(inside(self.folder, self.audio_path))
            self._check_declared(header)
        except ManifestError as error:
            raise self._about_audio(error) from error
        return header

    @property
    def audio(self) -> Float[np.ndarray, " sample"]:
        """The recording: float32, mono, `rate` Hz, full scale 1; read and checked every time."""
        data = self._audio_bytes()
        try:
            header, values = decode(data)
            self._check_declared(header)
        except ManifestError as error:
            raise self._about_audio(error) from error
        self.__dict__["header"] = header
        return values[:, 0]

    @property
    def duration(self) -> float:
        """Samples over rate, in seconds."""
        return self.header.samples / self.rate

    @property
    def articulation(self) -> Articulation:
        """What the vocal tract did; read and checked every time."""
        data = self._articulation_bytes()
        try:
            return parse_articulation(data)
        except ManifestError as error:
            raise self._about_articulation(error) from error

    @property
    def articulation_file(self) -> Path:
        """The path of the articulation file, which exists inside the folder."""
        if self.articulation_path is None:
            raise ManifestError(
                f"{self.place}: stimulus {self.id!r} has no articulation; needed the manifest "
                "field 'articulation'. Add it, or choose a space that does without."
            )
        try:
            return inside(self.folder, self.articulation_path)
        except ManifestError as error:
            raise self._about_articulation(error) from error

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that could change a number: record, sound and articulation.

        Where the files are does not count.
        """
        fields = {k: v for k, v in self.record().items() if k not in NOT_IN_DIGEST}
        parts = [json.dumps(fields, sort_keys=True, ensure_ascii=True), self.audio_digest]
        if self.articulation_path is not None:
            parts.append(self.articulation_digest)
        return hashlib.sha256("\n".join(parts).encode("ascii")).hexdigest()

    @cached_property
    def audio_digest(self) -> str:
        """SHA-256 of the audio file's bytes."""
        return hashlib.sha256(self._audio_bytes()).hexdigest()

    @cached_property
    def articulation_digest(self) -> str:
        """SHA-256 of the articulation file's bytes."""
        return hashlib.sha256(self._articulation_bytes()).hexdigest()

    @property
    def place(self) -> str:
        """Where this stimulus is written down, for messages."""
        manifest = shown(self.folder / MANIFEST)
        return f"{manifest}:{self.line}" if self.line else f"{manifest}, stimulus {self.id!r}"

    def _about_audio(self, error: Exception) -> AudioError:
        return AudioError(f"{self.place}: audio {shown(self.audio_path)!r}: {error}")

    def _about_articulation(self, error: Exception) -> ManifestError:
        path = shown(self.articulation_path or "")
        return ManifestError(f"{self.place}: articulation {path!r}: {error}")

    def _audio_bytes(self) -> bytes:
        try:
            data = read_bytes(self.folder, self.audio_path)
            found = hashlib.sha256(data).hexdigest()
            # A digest that was given out must stay true of the sound that is given out after it.
            known = self.__dict__.setdefault("audio_digest", found)
            if self.sha256 not in (None, found):
                raise AudioError(
                    f"has SHA-256 {found}; the manifest declares {self.sha256}. Restore the file, "
                    "or correct 'sha256'."
                )
            if known != found:
                raise AudioError("has changed since it was first read. Start again.")
        except ManifestError as error:
            raise self._about_audio(error) from error
        return data

    def _articulation_bytes(self) -> bytes:
        try:
            data = self.articulation_file.read_bytes()
        except OSError as error:
            raise self._about_articulation(
                ManifestError(f"cannot be read: {error.strerror}. Make it readable.")
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if self.__dict__.setdefault("articulation_digest", found) != found:
            raise self._about_articulation(
                ManifestError("has changed since it was first read. Start again.")
            )
        return data

    def _check_declared(self, header: Header) -> None:
        if header.channels != 1:
            raise AudioError(
                f"has {header.channels} channels; needed one. Mix it down with "
                "'grounding stimuli add --mix-down', or export one channel."
            )
        if header.rate != self.rate:
            raise AudioError(
                f"is at {header.rate} Hz; the manifest declares {self.rate} Hz. Correct 'rate', or "
                "resample the file."
            )
        if self.samples not in (None, header.samples):
            raise AudioError(
                f"has {header.samples} samples; the manifest declares {self.samples}. Restore the "
                "file, or correct 'samples'."
            )
