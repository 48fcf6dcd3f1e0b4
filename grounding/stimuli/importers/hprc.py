"""The Haskins production rate comparison database: 720 IEEE sentences, normal and fast.

Layout: `<speaker>/data/<speaker>_B01_S01_R01_N.mat` in MVIEW's layout (block, sentence,
repetition, and N for the normal or F for the fast rate); sound, sentence and phones are inside,
at 44.1 kHz, NDI Wave at 100 Hz. Other Matlab files, such as palate traces, have other names.

Axes: mm, x to the front, z upwards (y here), the origin at the upper incisors. Sensors: TR is the
tongue's back (TD), TB, TT, UL, LL, JAW; ML (corner of the mouth) and JAWL (a canine) lie to the
side and are not taken, nor are positions to the side and rotations.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np

from grounding.errors import ManifestError
from grounding.stimuli.importers.folder import Folder, about, transcript
from grounding.stimuli.importers.mview import parse_mview
from grounding.stimuli.importers.phones import from_arpabet
from grounding.stimuli.importers.record import Importer, Item, Utterance, plane

__all__ = ["HPRC"]

NAME = re.compile(r"([FM]0[1-4])_B\d\d_S\d\d_R(\d\d)_([NF])\.mat")
SENSORS = {"UL": "UL", "LL": "LL", "JAW": "JAW", "TT": "TT", "TB": "TB", "TD": "TR"}
SPEAKERS = ("F01", "F02", "F03", "F04", "M01", "M02", "M03", "M04")


def find(folder: Folder) -> list[Item]:
    """List the files of movement: they are told by their names."""
    matches = [(n, NAME.fullmatch(PurePosixPath(n).name)) for n in folder.names]
    return [Item(PurePosixPath(n).stem, m[1], n) for n, m in matches if m]


def read(folder: Folder, item: Item) -> list[Utterance]:
    """Read one sentence; raises `ManifestError` that names the file."""
    try:
        movement = parse_mview(folder.read(item.path), tuple(SENSORS.values()))
    except ManifestError as error:
        raise about(item.path, error) from error
    match = NAME.fullmatch(PurePosixPath(item.path).name)
    text = transcript(item.path, movement.sentence) if movement.sentence else None
    return [
        Utterance(
            id=item.name,
            speaker=item.speaker,
            files=(item.path,),
            channels=tuple(f"{point}.{axis}" for point in SENSORS for axis in "xy"),
            values=np.concatenate(
                [movement.sensors[name][:, [0, 2]] for name in SENSORS.values()], axis=1
            ),
            rate=movement.rate,
            sound=movement.sound,
            transcript=text,
            without="no SENTENCE in the file",
            labels=movement.phones or None,
            realisation={
                "name": "fast" if match and match[3] == "F" else "normal",
                "repetition": int(match[2]) if match else 1,
            },
        )
    ]


HPRC = Importer(
    name="hprc",
    corpus="Haskins production rate comparison database",
    speakers=SPEAKERS,
    channels=plane(*SENSORS),
    rate=100.0,
    smoothing_hz=20.0,
    known_bad={},
    known_bad_items={},
    language="en",
    axes="x as it is, y is the corpus's z, both in mm; what is to the side and rotations (degrees) "
    "are not taken",
    head="head-corrected and turned to the occlusal plane as released, the origin at the upper "
    "incisors; nothing more is subtracted or turned here",
    phones="ARPAbet with stress (forced alignment)",
    phone=from_arpabet,
    pauses=frozenset({"", "sil", "sp"}),
    licence="no licence text is known to us; ask its author before passing it on",
    source="https://yale.app.box.com/s/cfn8hj2puveo65fq54rp1ml2mk7moj3h",
    reference="Tiede, Espy-Wilson, Goldenberg, Mitra, Nam and Sivaraman, J. Acoust. Soc. Am. 141, "
    "2017, 3580. No channel found unusable: Parrot, Millet and Dunbar 2019, "
    "https://github.com/bootphon/articulatory_inversion",
    find=find,
    read=read,
)
