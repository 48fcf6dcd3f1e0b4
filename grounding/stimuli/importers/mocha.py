"""MOCHA-TIMIT: British English speakers who read 460 sentences each, Carstens AG100.

Layout: a folder a speaker with `<speaker>_<sentence>.ema` (EST_Track, 500 Hz), `.wav` (NIST
SPHERE, 16 kHz) and, for some speakers, `.lab` ("start end phone"); `mocha-timit.txt` lists the
sentences of all ("001. This was easy for us.").

Axes: hundredths of a millimetre, x to the back, y upwards, the origin at the upper incisors; here
x is turned round. `li` is the lower incisors, JAW. Two reference coils (`ui` upper incisors, `bn`
bridge of the nose) and two channels without a name are not taken.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np

from grounding.errors import ManifestError
from grounding.stimuli.importers.est_track import parse_track
from grounding.stimuli.importers.folder import Folder, about
from grounding.stimuli.importers.labels import read_spans
from grounding.stimuli.importers.record import Importer, Item, Utterance, plane
from grounding.stimuli.importers.sounds import SUFFIXES, read_sound

__all__ = ["LIST", "MOCHA"]

LIST = "mocha-timit.txt"
SPEAKERS = ("fsew0", "msak0", "maps0", "faet0", "falh0", "ffes0", "fjmw0", "mjjn0", "mkxr0")
NAME = re.compile(r"([a-z]{4}\d)_(\d{3})\.ema")
SENSORS = {"UL": "ul", "LL": "ll", "JAW": "li", "TT": "tt", "TB": "tb", "TD": "td"}
VELUM = {"V": "v"}
LIPS = ("TB.y", "JAW.x", "UL.x", "UL.y")


def find(folder: Folder) -> list[Item]:
    """List the files of movement: they are told by their names."""
    matches = [(n, NAME.fullmatch(PurePosixPath(n).name)) for n in folder.names]
    return [Item(PurePosixPath(n).stem, m[1], n) for n, m in matches if m and m[1] in SPEAKERS]


def read(folder: Folder, item: Item) -> list[Utterance]:
    """Read one sentence; raises `ManifestError` that names the file."""
    try:
        track = parse_track(folder.read(item.path))
    except ManifestError as error:
        raise about(item.path, error) from error
    names = [name.replace(" ", "") for name in track.names]
    points = SENSORS | {p: n for p, n in VELUM.items() if f"{n}_x" in names and f"{n}_y" in names}
    wanted = [f"{name}_{axis}" for name in points.values() for axis in "xy"]
    if missing := [name for name in wanted if names.count(name) != 1]:
        raise about(
            item.path,
            f"lacks the channel{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(names)}. Take the file as the corpus has it.",
        )
    values = track.values[:, [names.index(name) for name in wanted]]
    sound = folder.companion(item.path, SUFFIXES)
    if sound is None:
        raise about(item.path, "has no recording of its name (.wav). Add the corpus's recordings.")
    number = int(item.name[-3:])
    sentences = folder.sentences(LIST)
    beside = folder.beside(item.path)
    source, text = beside or (sentences.path, sentences.table.get(number))
    labels = folder.companion(item.path, (".lab",))
    files = [item.path, sound, *(n for n in (source if text else None, labels) if n is not None)]
    return [
        Utterance(
            id=item.name,
            speaker=item.speaker,
            files=tuple(files),
            channels=tuple(f"{point}.{axis}" for point in points for axis in "xy"),
            values=values * np.tile([-0.01, 0.01], len(points)),
            rate=track.rate,
            start=track.start,
            sound=read_sound(folder, sound),
            transcript=text,
            without=f"no sentence {number} in {LIST} and no {item.name}.txt",
            labels=None if labels is None else read_spans(folder, labels),
        )
    ]


MOCHA = Importer(
    name="mocha",
    corpus="MOCHA-TIMIT, EMA",
    speakers=SPEAKERS,
    channels=plane(*SENSORS, *VELUM),
    rate=500.0,
    smoothing_hz=10.0,
    known_bad={
        "fsew0": LIPS,
        "msak0": LIPS,
        "ffes0": LIPS,
        "maps0": (*LIPS, "V.x", "V.y"),
        "mjjn0": (*LIPS, "V.x", "V.y"),
        "faet0": ("TB.x", *LIPS),
        "falh0": ("TD.x", "TD.y", "TB.y", "V.x", "V.y"),
    },
    known_bad_items={
        **{f"falh0_{k}": "the recording has a fault (Parrot et al. 2019)" for k in range(466, 471)},
        "msak0_268": "the sound is corrupt (the corpus's README)",
        "maps0_118": "the tongue tip is corrupt (the corpus's README)",
    },
    language="en",
    axes="x is turned to the front and both are divided by 100 (the corpus is in hundredths of a "
    "millimetre and its x grows to the back)",
    head="head-corrected as released, the origin at the upper incisors; nothing more is subtracted "
    "or turned here, and the reference coils ui and bn are not taken",
    phones="none: the corpus has labels, but no table of their IPA that we could read; they are "
    "kept as they are in the attribute 'segments'",
    phone=None,
    pauses=frozenset({"sil", "breath", "#"}),
    licence="research, educational and individual use; no commercial use without permission "
    "(LICENCE.txt of the corpus)",
    source="http://data.cstr.ed.ac.uk/mocha/",
    reference="Wrench, Phonus 5, 2000, 1-13; README_v1.2.txt of the corpus. Channels found "
    "unusable: Parrot, Millet and Dunbar 2019, https://github.com/bootphon/articulatory_inversion",
    find=find,
    read=read,
)
