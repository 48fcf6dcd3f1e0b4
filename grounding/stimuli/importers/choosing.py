"""What an import is asked for, held against what there is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grounding.errors import ManifestError, UserError
from grounding.stimuli.fault import shown
from grounding.stimuli.fields import FIELDS
from grounding.stimuli.importers.folder import Folder
from grounding.stimuli.importers.record import Importer, Item
from grounding.stimuli.importers.table import IMPORTERS
from grounding.tables import lookup

__all__ = ["check_arguments", "choose"]


def check_arguments(
    importer: Importer, folder: Path, out: Path, language: str | None, hz: float, gaps: str
) -> None:
    """Raise `ManifestError` or `UserError` for what no import can be made of."""
    if not folder.is_dir():
        raise ManifestError(f"{shown(folder)} is no folder. Give the folder of the corpus.")
    if out.is_symlink() or out.exists():
        raise ManifestError(f"{shown(out)} exists and is not overwritten. Give a new folder.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise ManifestError(
            f"{shown(out)} lies in the folder of the corpus, which is left as it is. Give a folder "
            "elsewhere."
        )
    if not FIELDS["language"].accepts(language):
        raise ManifestError(f"language {language!r}: needed {FIELDS['language'].needed}.")
    if not 0 <= hz < importer.rate / 2:
        raise UserError(
            f"a smoothing cut-off of {hz:g} Hz for movement at {importer.rate:.1f} Hz; needed one "
            "above 0 and below half the rate, or 0 for none"
        )
    if gaps not in ("leave-out", "mask"):
        raise UserError(f"gaps {gaps!r}; needed 'leave-out' or 'mask'")


def choose(importer: Importer, files: Folder, speakers: Sequence[str] | None) -> list[Item]:
    """Return the items of the speakers; raises when the folder holds none, or another corpus."""
    items = importer.find(files)
    if not items:
        others = {other.name: len(other.find(files)) for other in IMPORTERS.values()}
        likely = max(others, key=lambda name: others[name])
        hint = (
            f"It looks like {likely!r} ({IMPORTERS[likely].corpus}): give that format."
            if others[likely]
            else "Unpack its archives, and give the folder that holds them all."
        )
        raise ManifestError(
            f"{shown(files.path)} holds no file of movement that is named as {importer.corpus} "
            f"names them, among {len(files.names)} files. {hint}"
        )
    if speakers is None:
        return items
    there = {item.speaker: item.speaker for item in items}
    wanted = {lookup("speaker", speaker, there) for speaker in speakers}
    return [item for item in items if item.speaker in wanted]
