"""Where stimulus sets are: shipped ones by name, others by their folder's path."""

from __future__ import annotations

import os
from pathlib import Path

from grounding.errors import ManifestError, UnknownName
from grounding.stimuli.fault import shown
from grounding.stimuli.stimulus import MANIFEST
from grounding.tables import lookup

__all__ = ["locate", "shipped_sets"]

PACKAGE = Path(__file__).resolve().parent
# An installed wheel carries the sets inside the package; a checkout has them beside it.
PLACES = (PACKAGE / "shipped", PACKAGE.parent.parent / "stimuli")


def shipped_sets() -> dict[str, Path]:
    """Return the folders of the shipped sets by name, in alphabetical order."""
    found = {
        manifest.parent.name: manifest.parent
        for place in PLACES
        for manifest in place.glob(f"*/{MANIFEST}")
    }
    return dict(sorted(found.items()))


def locate(name_or_folder: str | os.PathLike[str]) -> tuple[str, Path]:
    """Return the name and the folder of a set.

    A text that is a shipped set's name means that set (write "./name" for a folder of that
    name); anything else is a folder's path. Raises `UnknownName` or `ManifestError`.
    """
    shipped = shipped_sets()
    if isinstance(name_or_folder, str) and name_or_folder in shipped:
        return name_or_folder, shipped[name_or_folder]
    folder = Path(name_or_folder)
    try:
        # An empty text, as an unset shell variable gives, would be the current folder.
        if os.fspath(name_or_folder) and folder.is_dir():
            return folder.resolve().name or "stimuli", folder
        is_file = folder.is_file()
    except (OSError, ValueError) as error:
        raise ManifestError(
            f"{os.fspath(name_or_folder)!a} cannot be a folder's path ({error}). Give a "
            "shipped set's name or the path of a folder."
        ) from error
    if is_file:
        raise ManifestError(
            f"{shown(folder)} is a file; needed the folder that holds {MANIFEST}. Give the folder."
        )
    if not isinstance(name_or_folder, str) or os.sep in name_or_folder:
        raise ManifestError(
            f"the folder {shown(folder)} does not exist. Give a shipped set's name "
            f"({', '.join(shipped) or 'none is installed'}) or the path of a folder."
        )
    if not shipped:
        raise ManifestError(
            f"{name_or_folder!r} is no folder, and no stimulus set is shipped with this "
            "installation. Give the path of a folder."
        )
    try:
        return name_or_folder, lookup("stimulus set", name_or_folder, shipped)
    except UnknownName as error:
        raise UnknownName(f"{error} There is no folder of that name either.") from error
