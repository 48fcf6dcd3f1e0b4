"""The X-ray microbeam speech production database: American English, gold pellets, 145.6 Hz.

Layout: a folder a speaker (`JW11`) with `<task>.txy` and `<task>.wav`, and with the labels of the
Berkeley release `<task>.TextGrid`. A `.txy` line is a time in microseconds, 6,866 apart, and x
and y of UL, LL, T1, T2, T3, T4, MNI and MNM, with tabs between; positions are micrometres, and
1000000 says that a pellet was not tracked.

Axes: x to the front along the plane of the upper teeth, y upwards, the origin at the upper
incisors. MNI (lower incisors) is JAW; T1, T2 and T4, which lie as far behind the incisors as tip,
blade and back of the other corpora, are TT, TB and TD; T3 and MNM (a lower molar) keep their
names. The transcript is the tier of words. The pellets are lost for some frames in most
recordings, as a rule at their ends: a stimulus begins and ends where something was measured.
"""

from __future__ import annotations

import re

import numpy as np
from jaxtyping import Float

from grounding.errors import ManifestError
from grounding.stimuli.importers.folder import Folder, about, transcript
from grounding.stimuli.importers.labels import read_textgrid, tier
from grounding.stimuli.importers.phones import from_arpabet
from grounding.stimuli.importers.record import Importer, Item, Utterance, plane
from grounding.stimuli.importers.sounds import SUFFIXES, read_sound

__all__ = ["XRMB"]

NAME = re.compile(r"(?:.*/)?(jw\d+)/([^/]+)\.txy", re.IGNORECASE)
POINTS = ("UL", "LL", "TT", "TB", "T3", "TD", "JAW", "MNM")
"""Points in the order of a line: UL, LL, T1, T2, T3, T4, MNI, MNM."""

STEP = 6866  # microseconds
UNEVEN = 0.1  # of a step
LOST = 1_000_000
PAUSES = frozenset({"", "sil", "sp", "{sl}", "{ns}", "{br}"})


def find(folder: Folder) -> list[Item]:
    """List the files of movement: they are told by their names."""
    matches = [(n, NAME.fullmatch(n)) for n in folder.names]
    return [Item(f"{m[1].upper()}_{m[2]}", m[1].upper(), n) for n, m in matches if m]


def read(folder: Folder, item: Item) -> list[Utterance]:
    """Read one task; raises `ManifestError` that names the file."""
    try:
        start, values = _positions(folder.read(item.path))
    except ManifestError as error:
        raise about(item.path, error) from error
    sound = folder.companion(item.path, SUFFIXES, below=item.speaker)
    if sound is None:
        raise about(item.path, "has no recording of its name (.wav). Add the corpus's recordings.")
    files = [item.path, sound]
    text = labels = None
    grid = folder.companion(item.path, (".textgrid",), below=item.speaker)
    if grid is not None:
        files.append(grid)
        content = read_textgrid(folder, grid)
        labels = tier(grid, content, ("phone", "phones"))
        words = [w for w, _, _ in tier(grid, content, ("word", "words")) if w.lower() not in PAUSES]
        text = transcript(grid, " ".join(words).lower()) if words else None
    if beside := folder.beside(item.path, below=item.speaker):
        text = beside[1]
        files.append(beside[0])
    return [
        Utterance(
            id=item.name,
            speaker=item.speaker,
            files=tuple(files),
            channels=tuple(f"{point}.{axis}" for point in POINTS for axis in "xy"),
            values=values,
            rate=1e6 / STEP,
            start=start,
            sound=read_sound(folder, sound),
            transcript=text,
            without="no words in a TextGrid of its name, and no .txt",
            labels=labels,
        )
    ]


def _positions(data: bytes) -> tuple[float, Float[np.ndarray, "time 16"]]:
    """Return the time of the first frame in seconds, and the positions in mm."""
    rows = []
    for number, line in enumerate(data.splitlines(), start=1):
        parts = line.split(b"\t")
        if not line.strip():
            continue
        try:
            rows.append([float(part) for part in parts])
        except ValueError as error:
            raise ManifestError(
                f"line {number} is {line[:60]!r}; needed numbers with tabs between. Take the text "
                "file (.txy) of the corpus."
            ) from error
        if len(parts) != 17:
            raise ManifestError(
                f"line {number} has {len(parts)} numbers; needed a time and 8 positions, 17. It is "
                "cut off or of another kind: copy it again."
            )
    if len(rows) < 2:
        raise ManifestError(f"has {len(rows)} frames; needed two at the least. Copy it again.")
    table = np.array(rows)
    times = table[:, 0]
    away = np.abs(times - times[0] - STEP * np.arange(len(times))).max()
    if not (np.isfinite(table).all() and times[0] >= 0 and away <= UNEVEN * STEP):
        raise ManifestError(
            f"has times that are not {STEP} microseconds apart; needed the corpus's 145.6 Hz. Copy "
            "it again."
        )
    values = table[:, 1:]
    lost = (values[:, 0::2] == LOST) | (values[:, 1::2] == LOST)
    values[np.repeat(lost, 2, axis=1)] = np.nan
    return float(times[0]) * 1e-6, values / 1000


XRMB = Importer(
    name="xrmb",
    corpus="X-ray microbeam speech production database",
    speakers=(),
    channels=plane(*POINTS),
    rate=1e6 / STEP,
    smoothing_hz=10.0,
    known_bad={},
    known_bad_items={},
    language="en",
    axes="x and y as they are, divided by 1000 (the corpus is in micrometres)",
    head="head-corrected and turned to the plane of the upper teeth as released; nothing more is "
    "subtracted or turned here",
    phones="ARPAbet with stress (forced alignment, Berkeley release)",
    phone=from_arpabet,
    pauses=PAUSES,
    licence="no licence text is known to us; ask before passing it on",
    source="https://ubeam.engr.wisc.edu and https://berkeley.box.com/v/xray-microbeam-database-data",
    reference="Westbury, X-ray microbeam speech production database user's handbook, version 1.0, "
    "University of Wisconsin, 1994; https://github.com/rsprouse/xray_microbeam_database",
    find=find,
    read=read,
)
