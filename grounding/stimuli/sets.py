"""Where stimulus sets are: shipped and made ones by name, others by their folder's path.

A set whose recordings may not be shipped comes as a script, and with `hashes.tsv` in the place of
a manifest: what its files must be. It is found by its name once the script has made it, in the
folder `stimuli` of the cache. All sets are scored, but for those that encoders are trained on.
"""

from __future__ import annotations

import os
from pathlib import Path

from grounding.errors import ManifestError, UnknownName
from grounding.files import cache_folder
from grounding.stimuli.fault import shown
from grounding.stimuli.stimulus import MANIFEST
from grounding.tables import lookup

__all__ = [
    "HASHES",
    "TRAINING",
    "locate",
    "made_folder",
    "scored_sets",
    "scripted_sets",
    "shipped_sets",
    "unmade_sets",
]

HASHES = "hashes.tsv"
TRAINING = frozenset({"spoken-training"})  # sets to train on: no encoder is scored on them

PACKAGE = Path(__file__).resolve().parent
# An installed wheel carries the sets inside the package; a checkout has them beside it.
PLACES = (PACKAGE / "shipped", PACKAGE.parent.parent / "stimuli")


def shipped_sets() -> dict[str, Path]:
    """Return the folders of the shipped sets by name, in alphabetical order."""
    return _folders_with(MANIFEST)


def scripted_sets() -> dict[str, Path]:
    """Return the scripts of the sets that are made on the user's machine, by name."""
    shipped = shipped_sets()
    return {
        name: folder / "make.py"
        for name, folder in _folders_with(HASHES).items()
        if name not in shipped
    }


def unmade_sets() -> dict[str, Path]:
    """Return the scripts of those that are still to be made, by name."""
    return {
        name: script
        for name, script in scripted_sets().items()
        if not (made_folder(name) / MANIFEST).is_file()
    }


def scored_sets() -> list[str]:
    """Return the names of the sets on this machine that encoders are scored on, in order."""
    made = scripted_sets().keys() - unmade_sets().keys()
    return sorted((shipped_sets().keys() | made) - TRAINING)


def made_folder(name: str) -> Path:
    """Return where a set's script writes, and where the set is then found by its name."""
    return cache_folder() / "stimuli" / name


def locate(name_or_folder: str | os.PathLike[str]) -> tuple[str, Path]:
    """Return the name and the folder of a set.

    A text that is a shipped or made set's name means that set (write "./name" for a folder of
    that name); anything else is a folder's path. Raises `UnknownName` or `ManifestError`.
    """
    shipped, scripted = shipped_sets(), scripted_sets()
    if isinstance(name_or_folder, str) and name_or_folder in shipped:
        return name_or_folder, shipped[name_or_folder]
    if isinstance(name_or_folder, str) and name_or_folder in scripted:
        if name_or_folder in unmade_sets():
            raise ManifestError(
                f"stimulus set {name_or_folder!r} is not shipped but made on your machine, and is "
                f"not in {shown(made_folder(name_or_folder))} yet. Make it with 'python "
                f"{shown(scripted[name_or_folder])}'; the README.md beside that says what it needs."
            )
        return name_or_folder, made_folder(name_or_folder)
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
    if not shipped | scripted:
        raise ManifestError(
            f"{name_or_folder!r} is no folder, and no stimulus set is shipped with this "
            "installation. Give the path of a folder."
        )
    try:
        return name_or_folder, lookup("stimulus set", name_or_folder, shipped | scripted)
    except UnknownName as error:
        raise UnknownName(f"{error} There is no folder of that name either.") from error


def _folders_with(file: str) -> dict[str, Path]:
    """Return the folders that come with the package and hold `file`, by name, in order."""
    found = {path.parent.name: path.parent for place in PLACES for path in place.glob(f"*/{file}")}
    return dict(sorted(found.items()))
