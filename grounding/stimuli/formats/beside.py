"""A transcript in a `.txt` beside each recording: `x.wav` and `x.txt`.

The text is one line of UTF-8, taken in Unicode form NFC without space at its ends.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import FIELDS
from grounding.stimuli.files import read_bytes
from grounding.stimuli.formats.reading import Item, Options, Reading, Sound, listed, recordings

__all__ = ["companions", "is_beside", "read_beside"]


def is_beside(folder: Path) -> bool:
    """Whether a recording of `folder` has a `.txt` beside it."""
    return bool(companions(listed(folder), (".txt",))[0])


def read_beside(folder: Path, options: Options) -> Reading:
    """Read every recording that has a `.txt` beside it."""
    pairs, alone, unused = companions(listed(folder), (".txt",))
    items, faults = [], []
    for sound, text in pairs.items():
        try:
            fields = {"transcript": _transcript(folder, text)}
        except ManifestError as error:
            faults.append(f"{shown(sound)}: {error}")
            continue
        items.append(Item(shown(sound), Sound(sound), fields))
    missing = {
        sound: f"no transcript {shown(PurePosixPath(sound).with_suffix('.txt').name)!r} beside it"
        for sound in alone
    }
    return Reading(items, missing, unused, faults)


def companions(
    files: Sequence[str], suffixes: Sequence[str]
) -> tuple[dict[str, str], list[str], list[str]]:
    """Match recordings with files of the same name and another ending.

    Returns recordings with their companions, recordings that have none, and files of these
    `suffixes` that are no companion.
    """
    others = {name for name in files if name.endswith(tuple(suffixes))}
    pairs, alone = {}, []
    for sound in recordings(files):
        named = [str(PurePosixPath(sound).with_suffix(suffix)) for suffix in suffixes]
        found = [name for name in named if name in others]
        if found:
            pairs[sound] = found[0]
        else:
            alone.append(sound)
    return pairs, alone, sorted(others - set(pairs.values()))


def _transcript(folder: Path, text: str) -> str:
    try:
        content = read_bytes(folder, text).decode("utf-8")
    except ManifestError as error:
        raise ManifestError(f"transcript {shown(text)!r}: {error}") from error
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"transcript {shown(text)!r} is not UTF-8. Save it as UTF-8."
        ) from error
    transcript = unicodedata.normalize("NFC", content.strip())
    if not FIELDS["transcript"].accepts(transcript):
        what = "is empty" if not transcript else f"holds {transcript[:60]!r}"
        raise ManifestError(
            f"transcript {shown(text)!r} {what}; needed one line of printable text. Correct it."
        )
    return transcript
