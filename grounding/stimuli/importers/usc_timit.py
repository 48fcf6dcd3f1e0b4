"""USC-TIMIT, EMA part: four American English speakers, 460 sentences each, NDI Wave at 100 Hz.

Layout: `<speaker>/mat/usctimit_ema_f1_001_005.mat` in MVIEW's layout, five sentences to a file,
with the sound inside; `<speaker>/trans/<same name>.trans` has a line a phone: start, end, phone,
word, sentence, and the sentence's number where the phone belongs to one. A stimulus is one
sentence, from its first phone to its last and up to 0.1 s of the pause on either side.

Axes: mm, x to the front, y upwards. A sentence that two files hold a part of is left out. Others
report that this corpus's movement comes 20 to 35 ms before its sound, that movement of F1 and F5
ends up to 0.1 s early, and that F5's sensors moved by 12 mm, mostly sideways, between sentences 65
and 66: none of it is corrected here.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np

from grounding.errors import ManifestError
from grounding.stimuli.importers.folder import Folder, about, transcript
from grounding.stimuli.importers.mview import Movement, parse_mview
from grounding.stimuli.importers.record import Importer, Item, Label, Utterance, plane

__all__ = ["USC_TIMIT"]

NAME = re.compile(r"usctimit_ema_([fm]\d)_(\d{3})_(\d{3})\.mat", re.IGNORECASE)
SENSORS = {"UL": "UL", "LL": "LL", "JAW": "JAW", "TT": "TT", "TB": "TB", "TD": "TD"}
PAUSE = 0.1  # seconds of the pause around a sentence that are kept
PAUSES = frozenset({"", "sil", "sp"})


def find(folder: Folder) -> list[Item]:
    """List the files of movement: they are told by their names."""
    matches = [(n, NAME.fullmatch(PurePosixPath(n).name)) for n in folder.names]
    return [Item(PurePosixPath(n).stem, m[1].upper(), n) for n, m in matches if m]


def read(folder: Folder, item: Item) -> list[Utterance]:
    """Read the sentences of one file; raises `ManifestError` that names the file."""
    try:
        movement = parse_mview(folder.read(item.path), tuple(SENSORS.values()))
    except ManifestError as error:
        raise about(item.path, error) from error
    trans = folder.companion(item.path, (".trans",))
    if trans is None:
        return [_utterance(item, movement, (item.path,), item.name, None, None, None)]
    rows = _rows(folder, trans)
    labels = tuple((phone, start, end) for start, end, phone, _, _ in rows)
    length = len(movement.sound.samples) / movement.sound.rate
    return [
        _utterance(
            item,
            movement,
            (item.path, trans),
            f"usctimit_{item.speaker.lower()}_{number:03d}",
            transcript(trans, text),
            labels,
            window,
        )
        for number, (text, window) in _sentences(trans, rows, length).items()
    ]


def _utterance(
    item: Item,
    movement: Movement,
    files: tuple[str, ...],
    name: str,
    text: str | None,
    labels: tuple[Label, ...] | None,
    window: tuple[float, float] | None,
) -> Utterance:
    values = [movement.sensors[sensor][:, :2] for sensor in SENSORS.values()]
    return Utterance(
        id=name,
        speaker=item.speaker,
        files=files,
        channels=tuple(f"{point}.{axis}" for point in SENSORS for axis in "xy"),
        values=np.concatenate(values, axis=1),
        rate=movement.rate,
        sound=movement.sound,
        transcript=text,
        without=f"no {item.name}.trans",
        labels=labels,
        window=window,
    )


Row = tuple[float, float, str, str, int | None]
"""Start and end in seconds, phone, sentence, and the sentence's number."""


def _rows(folder: Folder, path: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(folder.text(path).splitlines(), start=1):
        if not line.strip():
            continue
        # A sentence may have commas; there are three fields before the word and one behind it.
        parts = [part.strip() for part in line.split(",", 4)]
        rest, _, index = parts[-1].rpartition(",") if len(parts) == 5 else ("", "", "x")
        try:
            start, end = float(parts[0]), float(parts[1])
            sentence = int(index) if index.strip() else None
        except (ValueError, IndexError) as error:
            raise about(
                path,
                f"line {number} is {line[:60]!r}; needed start, end, phone, word, sentence and "
                "its number with commas between. Copy it again.",
            ) from error
        if not 0 <= (rows[-1][1] - 1e-3 if rows else 0) <= start <= end:
            raise about(path, f"line {number} is out of order: {line[:60]!r}. Copy it again.")
        rows.append((start, end, parts[2], rest.strip(), sentence))
    return rows


def _sentences(
    path: str, rows: list[Row], length: float
) -> dict[int, tuple[str, tuple[float, float]]]:
    """Return the sentences by number, each with its text and its part of the recording."""
    spans: dict[int, list[float]] = {}
    texts: dict[int, str] = {}
    for start, end, phone, text, number in rows:
        if number is not None and phone.lower() not in PAUSES:
            spans.setdefault(number, [start, end])[1] = end
            if texts.setdefault(number, text) != text or not text:
                raise about(path, f"gives sentence {number} as {texts[number]!r} and {text!r}.")
    order = sorted(spans, key=lambda number: spans[number][0])
    found = {}
    for k, number in enumerate(order):
        start, end = spans[number]
        before = (spans[order[k - 1]][1] + start) / 2 if k else 0.0
        after = (end + spans[order[k + 1]][0]) / 2 if k + 1 < len(order) else length
        found[number] = texts[number], (max(start - PAUSE, before), min(end + PAUSE, after))
    return found


USC_TIMIT = Importer(
    name="usc-timit",
    corpus="USC-TIMIT, EMA part",
    speakers=("F1", "F5", "M1", "M3"),
    channels=plane(*SENSORS),
    rate=100.0,
    smoothing_hz=10.0,
    known_bad={},
    known_bad_items={},
    language="en",
    axes="x and y as they are, in mm; what is to the side and rotations are not taken",
    head="as released: no reference sensors come with it, and nothing is subtracted or turned here",
    phones="none: the labels are ARPAbet without stress, so that AH may be the vowel of 'cut' or a "
    "schwa; they are kept as they are in the attribute 'segments'",
    phone=None,
    pauses=PAUSES,
    licence="research use, on request",
    source="https://sail.usc.edu/span/usc-timit/",
    reference="Narayanan et al., J. Acoust. Soc. Am. 136, 2014, 1307-1311. No channel found "
    "unusable: Parrot, Millet and Dunbar 2019, https://github.com/bootphon/articulatory_inversion",
    find=find,
    read=read,
)
