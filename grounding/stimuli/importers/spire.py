"""SPIRE-EMA: 38 speakers of Indian English, the 460 sentences of MOCHA-TIMIT each, AG501.

Layout, once `audios.zip` and `processed.zip` are unpacked: `audios/spk1/<name>0001.wav` (16 kHz)
and `processed/spk1/<name>0001.pt`, whose last four digits are the sentence's number. The `.pt`
files are what `torch.save` made of plain values; they are read without running them. Taken are
`ema_trimmed` (also called `ema_clipped`: frames by 18, 100 Hz), `begin_end` (the frames of the
recording that it is), `phonemes` and `durations` (frames).

Columns: x and y of UL, LL, two others, JAW, one other, TT, TB, TD. The dataset's card does not
say so; the laboratory's own scripts take these six, and every file is held against its own
`ema_trimmed_and_normalised_with_6_articulators`, which must move as they do. Nor does the card
name a unit: the device writes mm, and the survey of every import checks that tongue and lips lie
and move as they do in mm, with x to the front and y upwards.

The release has no sentences: put MOCHA-TIMIT's `mocha-timit.txt` into the folder.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.errors import ManifestError
from grounding.stimuli.importers.folder import Folder, about
from grounding.stimuli.importers.mocha import LIST
from grounding.stimuli.importers.record import Importer, Item, Label, Utterance, plane
from grounding.stimuli.importers.sounds import SUFFIXES, read_sound
from grounding.stimuli.importers.torch_file import parse_torch_file

__all__ = ["SPIRE"]

NAME = re.compile(r"(?:.*/)?processed/(spk(\d{1,2}))/[^/]*?(\d{4})\.pt")
COLUMNS = {"UL": 0, "LL": 2, "JAW": 8, "TT": 12, "TB": 14, "TD": 16}
RATE = 100.0
TRIMMED = ("ema_trimmed", "ema_clipped")
SIX = "ema_trimmed_and_normalised_with_6_articulators"
ALIKE = 0.99  # correlation of a column with the same one of the six
STILL = 1e-6


def find(folder: Folder) -> list[Item]:
    """List the files of movement: they are told by their names."""
    matches = [(n, NAME.fullmatch(n)) for n in folder.names]
    items = [Item(f"{m[1]}_{m[3]}", m[1], n) for n, m in matches if m]
    return sorted(items, key=lambda item: (int(item.speaker[3:]), item.name))


def read(folder: Folder, item: Item) -> list[Utterance]:
    """Read one sentence; raises `ManifestError` that names the file."""
    try:
        values, begin, labels = _content(parse_torch_file(folder.read(item.path)))
    except ManifestError as error:
        raise about(item.path, error) from error
    sound = folder.companion(item.path, SUFFIXES, below=item.speaker)
    if sound is None:
        raise about(
            item.path,
            f"has no recording of its name in a folder {item.speaker}. Unpack audios.zip beside "
            "processed.",
        )
    number = int(item.name[-4:])
    sentences = folder.sentences(LIST)
    beside = folder.beside(item.path, below=item.speaker)
    source, text = beside or (sentences.path, sentences.table.get(number))
    return [
        Utterance(
            id=item.name,
            speaker=item.speaker,
            files=(item.path, sound, *([source] if text and source else [])),
            channels=tuple(f"{point}.{axis}" for point in COLUMNS for axis in "xy"),
            values=values,
            rate=RATE,
            start=begin / RATE,
            sound=read_sound(folder, sound),
            transcript=text,
            without=f"no sentence {number} in {LIST}; put MOCHA-TIMIT's list into the folder",
            labels=labels,
        )
    ]


def _content(content: Any) -> tuple[Float[np.ndarray, "time 12"], int, tuple[Label, ...] | None]:
    """Return the six sensors, the frame of the recording that is their first, and the labels."""
    if not isinstance(content, dict):
        raise ManifestError("holds no dict of values. Take the file as the corpus has it.")
    names = [name for name in TRIMMED if isinstance(content.get(name), np.ndarray)]
    limits = _whole_numbers(content.get("begin_end"))
    if not names or limits is None or len(limits) != 2:
        raise ManifestError(
            f"holds {', '.join(map(str, content))}; needed {TRIMMED[0]} and begin_end. Take the "
            "file as the corpus has it."
        )
    ema = content[names[0]]
    begin, end = limits
    if ema.ndim != 2 or ema.shape[1] != 18 or len(ema) < 2 or not 0 <= begin == end - len(ema):
        raise ManifestError(
            f"holds {names[0]} of shape {ema.shape} and begin_end {begin}, {end}; needed frames by "
            "18, as many as lie between the two."
        )
    columns = [column + k for column in COLUMNS.values() for k in (0, 1)]
    values = ema[:, columns].astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    _check_columns(values, content.get(SIX))
    return values, begin, _labels(content, begin, len(ema))


def _check_columns(values: Float[np.ndarray, "time 12"], six: Any) -> None:
    if not isinstance(six, np.ndarray) or six.shape != values.shape:
        raise ManifestError(f"lacks {SIX} of shape {values.shape}, which tells the columns apart.")
    for k, (one, other) in enumerate(zip(values.T, six.astype(np.float64).T, strict=True)):
        if np.isnan(one).any() or one.std() < STILL or other.std() < STILL:
            continue
        alike = float(np.corrcoef(one, other)[0, 1])
        if not alike > ALIKE:
            channel = f"{list(COLUMNS)[k // 2]}.{'xy'[k % 2]}"
            raise ManifestError(
                f"has {channel} where {SIX} moves otherwise (correlation {alike:.3f}); the columns "
                "are in another order. Take the file as the corpus has it."
            )


def _labels(content: dict, begin: int, frames: int) -> tuple[Label, ...] | None:
    phones = content.get("phonemes")
    if phones is None and content.get("durations") is None:
        return None
    durations = _whole_numbers(content.get("durations"))
    if (
        not isinstance(phones, (list, tuple))
        or not all(isinstance(phone, str) for phone in phones)
        or durations is None
        or (len(durations), sum(durations)) != (len(phones), frames)
    ):
        raise ManifestError(
            f"holds phonemes and durations that do not fill its {frames} frames. Take the file as "
            "the corpus has it."
        )
    ends = begin + np.cumsum([0, *durations])
    return tuple(
        (phone, float(first) / RATE, float(last) / RATE)
        for phone, first, last in zip(phones, ends[:-1], ends[1:], strict=True)
    )


def _whole_numbers(value: Any) -> list[int] | None:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return None
    return list(value) if all(type(one) is int and one >= 0 for one in value) else None


SPIRE = Importer(
    name="spire-ema",
    corpus="SPIRE EMA corpus",
    speakers=tuple(f"spk{k}" for k in range(1, 39)),
    channels=plane(*COLUMNS),
    rate=RATE,
    smoothing_hz=10.0,
    known_bad={},
    known_bad_items={},
    language="en",
    axes="x and y as they are, taken for mm (the dataset's card names no unit; the device writes "
    "mm); only the trimmed part of a recording is a stimulus",
    head="as released: no reference sensors come with it, and nothing is subtracted or turned here",
    phones="none: the labels are ARPAbet without stress, so that AH may be the vowel of 'cut' or a "
    "schwa; they are kept as they are in the attribute 'segments'",
    phone=None,
    pauses=frozenset({"", "sil", "sp", "pau", "h#"}),
    licence="CC BY 4.0",
    source="https://huggingface.co/datasets/SpireLab/SPIRE_EMA_CORPUS",
    reference="Bandekar, Udupa and Ghosh, Interspeech 2024, 427-431, "
    "doi:10.21437/Interspeech.2024-1756; the dataset's card",
    find=find,
    read=read,
)
