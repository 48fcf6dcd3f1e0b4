"""What an importer is, and what it reads of a corpus.

Coordinates are the suite's: x to the front, y up, in mm; channels are named as in the shipped
sets, `TT.x`. Times are in seconds on the clock of the recording. A sample that was not measured
is NaN until the stimulus is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Num

from grounding.stimuli.importers.folder import Folder

__all__ = ["FLESH", "POINTS", "Importer", "Item", "Label", "Sound", "Utterance", "plane"]

POINTS = ("UL", "LL", "JAW", "TT", "TB", "TD")
FLESH = tuple(f"{point}.{axis}" for point in POINTS for axis in "xy")
"""Channels of the stream `flesh`: lips, jaw, tongue tip, blade and back, x and y."""

Label = tuple[str, float, float]
"""A label as the corpus writes it, its start and its end in seconds."""


@dataclass(frozen=True, eq=False)
class Sound:
    """A recording with one channel.

    rate: Hz. samples: int16, or float32 with full scale 1.
    file: the file that holds nothing else and that a set may hold as it is; None otherwise.
    """

    rate: int
    samples: Num[np.ndarray, " sample"]
    file: Path | None = None


@dataclass(frozen=True)
class Item:
    """One file of movement as it was found, before it is read.

    name: that no other item of the folder has. path: relative to the folder.
    """

    name: str
    speaker: str
    path: str


@dataclass(frozen=True, eq=False)
class Utterance:
    """One stimulus to be, as the corpus has it.

    id: of the stimulus. files: it was read from these, relative to the folder.
    values: mm, NaN where nothing was measured. rate: frames a second, Hz.
    start: when frame 0 was taken, s. window: what of the recording is the utterance, s; None: all.
    transcript: None where the corpus gives none, and then `without` says what was looked for.
    labels: phones as the corpus writes them, pauses among them; None where there are none.
    realisation: what the corpus says was varied.
    """

    id: str
    speaker: str
    files: tuple[str, ...]
    channels: tuple[str, ...]
    values: Float[np.ndarray, "time channel"]
    rate: float
    sound: Sound
    transcript: str | None
    without: str = ""
    labels: tuple[Label, ...] | None = None
    start: float = 0.0
    window: tuple[float, float] | None = None
    realisation: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Importer:
    """How one corpus is read. Nothing here is a choice of the user's but `smoothing_hz`.

    name: what a user types. corpus: what it is called.
    speakers: that its documentation names; () where folders name them.
    channels: those that can come, with their units.
    rate: of the movement, Hz; a file that is more than half a percent off is refused.
    smoothing_hz: default cut-off of the low-pass filter, Hz.
    known_bad: channels of a speaker that others found unusable, by name.
    known_bad_items: recordings likewise, by id, each with the reason.
    language: ISO 639-1, where the corpus is of one.
    axes, head: what was done to the corpus's coordinates here, and what before its release.
    phones: how labels become IPA, or why they do not.
    phone: the IPA of a label, None where it is not certain; the function is None where none is.
    pauses: labels of no speech, in lower case.
    licence, source, reference: terms, where to get it, and where its formats are described.
    find: lists the files of movement in a folder, by their names alone.
    read: returns what one of them holds; raises `ManifestError` that names the file.
    """

    name: str
    corpus: str
    speakers: tuple[str, ...]
    channels: Mapping[str, str]
    rate: float
    smoothing_hz: float
    known_bad: Mapping[str, tuple[str, ...]]
    known_bad_items: Mapping[str, str]
    language: str | None
    axes: str
    head: str
    phones: str
    phone: Callable[[str], str | None] | None
    pauses: frozenset[str]
    licence: str
    source: str
    reference: str
    find: Callable[[Folder], list[Item]]
    read: Callable[[Folder, Item], list[Utterance]]

    def __post_init__(self) -> None:
        for name in ("channels", "known_bad", "known_bad_items"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def plane(*points: str) -> dict[str, str]:
    """Return the channels of these points in the midsagittal plane, with their unit.

    >>> plane("TT")
    {'TT.x': 'mm', 'TT.y': 'mm'}
    """
    return {f"{point}.{axis}": "mm" for point in points for axis in "xy"}
