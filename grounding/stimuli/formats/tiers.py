"""A Praat TextGrid beside each recording: `x.wav` and `x.TextGrid`.

A tier of words becomes the transcript, its labels joined by spaces, and the attribute `words`:
label, start and end in seconds. A tier of phones, where there is one, becomes the phones and the
attribute `segments`. Labels of silence are left out of all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from grounding.errors import ManifestError, UserError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import FIELDS, seen
from grounding.stimuli.files import read_bytes
from grounding.stimuli.formats.beside import companions
from grounding.stimuli.formats.reading import SILENCE, Item, Options, Reading, Sound, listed
from grounding.stimuli.textgrid import TextGrid, Tier, parse_textgrid

__all__ = ["PHONES", "WORDS", "is_tiers", "read_tiers"]

SUFFIXES = (".TextGrid", ".textgrid")
WORDS = ("words", "word", "transcript", "utterance", "sentence")
PHONES = ("phones", "phone", "segments", "segment")
"""Names of tiers, in any case of letters, that are taken without being told."""


def is_tiers(folder: Path) -> bool:
    """Whether a recording of `folder` has a TextGrid beside it."""
    return bool(companions(listed(folder), SUFFIXES)[0])


def read_tiers(folder: Path, options: Options) -> Reading:
    """Read every recording that has a TextGrid beside it."""
    pairs, alone, unused = companions(listed(folder), SUFFIXES)
    items, faults = [], []
    for sound, name in pairs.items():
        try:
            grid = parse_textgrid(read_bytes(folder, name))
            fields = _fields(grid, options)
        except UserError as error:
            faults.append(f"{shown(name)}: {error}")
            continue
        items.append(Item(shown(name), Sound(sound), fields, grid.end - grid.start))
    missing = {
        sound: f"no {shown(PurePosixPath(sound).with_suffix('.TextGrid').name)!r} beside it"
        for sound in alone
    }
    return Reading(items, missing, unused, faults)


def _fields(grid: TextGrid, options: Options) -> dict[str, Any]:
    words = _labels(_one(grid, options.words_tier, WORDS, "--words-tier"), grid.start)
    transcript = unicodedata.normalize("NFC", " ".join(label for label, *_ in words))
    if not FIELDS["transcript"].accepts(transcript):
        what = f"holds {seen(transcript)}" if transcript else "has no label"
        raise ManifestError(f"its tier of words {what}; needed printable text. Correct it.")
    fields: dict[str, Any] = {"transcript": transcript}
    attributes: dict[str, Any] = {"words": words}
    if options.phones_tier is not None or _named(grid, None, PHONES):
        tier = _one(grid, options.phones_tier, PHONES, "--phones-tier")
        segments = _labels(tier, grid.start)
        phones = list(options.phones([label for label, *_ in segments]))
        if not FIELDS["phones"].accepts(phones):
            raise ManifestError(
                f"its tier of phones holds {seen(phones)}; needed {FIELDS['phones'].needed}. "
                "Correct it."
            )
        fields["phones"] = phones
        attributes["segments"] = [
            [phone, start, end] for phone, (_, start, end) in zip(phones, segments, strict=True)
        ]
    return {**fields, "attributes": attributes}


def _named(grid: TextGrid, name: str | None, usual: Sequence[str]) -> list[Tier]:
    """Return the tiers of this name; None stands for the usual names, in any case of letters."""
    if name is not None:
        return [tier for tier in grid.tiers if tier.name == name]
    return [tier for tier in grid.tiers if tier.name.strip().lower() in usual]


def _one(grid: TextGrid, name: str | None, usual: Sequence[str], option: str) -> Tier:
    found = _named(grid, name, usual)
    if len(found) != 1:
        known = ", ".join(seen(tier.name) for tier in grid.tiers) or "none"
        wanted = " or ".join(map(seen, usual if name is None else [name]))
        raise ManifestError(
            f"its tiers are {known}; needed one that is called {wanted}. Say which with {option}."
        )
    if found[0].kind != "IntervalTier":
        raise ManifestError(f"its tier {seen(found[0].name)} has points; needed intervals.")
    return found[0]


def _labels(tier: Tier, start: float) -> list[list[Any]]:
    """Return label, start and end of what is no silence, in seconds of the recording."""
    return [
        [label.strip(), round(begin - start, 6), round(end - start, 6)]
        for begin, end, label in tier.labels
        if label.strip() not in SILENCE
    ]
