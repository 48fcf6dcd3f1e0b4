"""The formats by name, and which of them a folder is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown
from grounding.stimuli.formats.beside import is_beside, read_beside
from grounding.stimuli.formats.huggingface import is_huggingface, read_huggingface
from grounding.stimuli.formats.lhotse import is_lhotse, read_lhotse
from grounding.stimuli.formats.reading import Options, Reading
from grounding.stimuli.formats.sheet import is_sheet, read_sheet
from grounding.stimuli.formats.tiers import is_tiers, read_tiers

__all__ = ["DEFAULT", "FORMATS", "Format", "recognised"]


@dataclass(frozen=True)
class Format:
    """One way in which recordings with transcripts lie in a folder.

    what: what there is, as a user would say it.
    recognises: whether a folder looks like it; quick.
    read: reads it; raises `ManifestError` where nothing of it can be read.
    """

    name: str
    what: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Options], Reading]


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("txt", "a .txt beside each recording", is_beside, read_beside),
        Format("table", "one .csv or .tsv with a column 'audio'", is_sheet, read_sheet),
        Format("textgrid", "a Praat TextGrid beside each recording", is_tiers, read_tiers),
        Format("huggingface", "a dataset of save_to_disk", is_huggingface, read_huggingface),
        Format("lhotse", "recordings and supervisions, or cuts", is_lhotse, read_lhotse),
    )
}
DEFAULT = "txt"


def recognised(folder: Path) -> Format:
    """Return the one format that `folder` looks like; `DEFAULT` where it looks like none.

    Raises `ManifestError` where it looks like several.
    """
    found = [one for one in FORMATS.values() if one.recognises(folder)]
    if len(found) > 1:
        both = ", ".join(f"{one.name} ({one.what})" for one in found)
        raise ManifestError(
            f"{shown(folder)} can be read as {both}. Say which with --format, as in --format "
            f"{found[0].name}."
        )
    return found[0] if found else FORMATS[DEFAULT]
