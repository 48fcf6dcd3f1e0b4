"""MNGU0: one British English speaker, 1,263 utterances of newspaper text, Carstens AG500.

Layout: `<id>.ema` (EST_Track, 200 Hz), `<id>.wav` (16 kHz), `<id>.lab` (phones, ESPS xlabel) and
`<id>.utt` (Festival, with the sentence as the feature `iform`), in one folder or in one each;
the id is `mngu0_s1_0001`, and `a` to `f` behind it for parts. Of the releases of the movement the
basic one is read (87 channels, `T3_px` to `taxdist`, in cm); the normalised one is in no unit and
is refused.

Axes: `py` grows to the back and `pz` upwards, so that x is -10 `py` and y is 10 `pz`, in mm.
Sensors: T1, T2 and T3 are tongue tip, blade and back, then jaw, upperlip and lowerlip. Some public
readers take the numbers for another unit; with cm the tongue lies where a tongue lies, and the
survey of every import checks that.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np

from grounding.errors import ManifestError
from grounding.stimuli.importers.est_track import parse_track
from grounding.stimuli.importers.folder import Folder, about, transcript
from grounding.stimuli.importers.labels import read_ends
from grounding.stimuli.importers.phones import from_mngu0
from grounding.stimuli.importers.record import Importer, Item, Utterance, plane
from grounding.stimuli.importers.sounds import SUFFIXES, read_sound

__all__ = ["MNGU0"]

NAME = re.compile(r"mngu0_s1_\d{4}[a-z]?\.ema")
SENSORS = {
    "UL": "upperlip", "LL": "lowerlip", "JAW": "jaw", "TT": "T1", "TB": "T2", "TD": "T3",
}  # fmt: skip
SENTENCE = re.compile(r'\biform\s+"((?:[^"\\]|\\.)*)"')
SPEAKER = "mngu0_s1"


def find(folder: Folder) -> list[Item]:
    """List the files of movement: they are told by their names."""
    names = [n for n in folder.names if NAME.fullmatch(PurePosixPath(n).name)]
    return [Item(PurePosixPath(n).stem, SPEAKER, n) for n in names]


def read(folder: Folder, item: Item) -> list[Utterance]:
    """Read one utterance; raises `ManifestError` that names the file."""
    try:
        track = parse_track(folder.read(item.path))
    except ManifestError as error:
        raise about(item.path, error) from error
    wanted = [f"{name}_{axis}" for name in SENSORS.values() for axis in ("py", "pz")]
    if missing := [name for name in wanted if name not in track.names]:
        normalised = (
            " It is the normalised release: needed the basic one."
            if ("T1_x" in track.names)
            else ""
        )
        raise about(
            item.path,
            f"lacks the channel{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(track.names[:12])} and so on.{normalised} Take the file as the corpus "
            "has it.",
        )
    values = track.values[:, [track.names.index(name) for name in wanted]]
    sound = folder.companion(item.path, SUFFIXES)
    if sound is None:
        raise about(item.path, "has no recording of its name (.wav). Add the corpus's recordings.")
    files = [item.path, sound]
    text, source = _sentence(folder, item.path)
    labels = folder.companion(item.path, (".lab",))
    files += [name for name in (source, labels) if name is not None]
    return [
        Utterance(
            id=item.name,
            speaker=item.speaker,
            files=tuple(files),
            channels=tuple(f"{point}.{axis}" for point in SENSORS for axis in "xy"),
            values=values * np.tile([-10.0, 10.0], len(SENSORS)),
            rate=track.rate,
            start=track.start,
            sound=read_sound(folder, sound),
            transcript=text,
            without=f"no {item.name}.utt and no {item.name}.txt",
            labels=None if labels is None else read_ends(folder, labels),
        )
    ]


def _sentence(folder: Folder, path: str) -> tuple[str | None, str | None]:
    """Return the sentence and the file that says it."""
    if beside := folder.beside(path):
        return beside[1], beside[0]
    name = folder.companion(path, (".utt",))
    if name is None:
        return None, None
    match = SENTENCE.search(folder.text(name))
    if match is None:
        raise about(name, "has no feature iform, which is the sentence. Copy it again.")
    return transcript(name, re.sub(r"\\(.)", r"\1", match[1]).strip().strip('"')), name


MNGU0 = Importer(
    name="mngu0",
    corpus="MNGU0, day 1: basic EMA",
    speakers=(SPEAKER,),
    channels=plane(*SENSORS),
    rate=200.0,
    smoothing_hz=10.0,
    known_bad={SPEAKER: ("TD.x", "TB.x", "UL.x")},
    known_bad_items={},
    language="en",
    axes="x is -10 py, y is 10 pz (the corpus is in cm and its py grows to the back); px, which is "
    "to the side, and rotations are not taken",
    head="head-corrected as released (the corpus's normalised release is made of these numbers); "
    "nothing more is subtracted or turned here, and the reference coils are not taken",
    phones="the corpus's symbol table, all of it",
    phone=from_mngu0,
    pauses=frozenset({"#"}),
    licence="research use only, by the licence that a user accepts at registration",
    source="http://www.mngu0.org (registration)",
    reference="Richmond, Hoole and King, Interspeech 2011, 1505-1508. Channels found unusable: "
    "Parrot, Millet and Dunbar 2019, https://github.com/bootphon/articulatory_inversion",
    find=find,
    read=read,
)
