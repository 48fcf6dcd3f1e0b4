"""Versions of the manifest, and what leads from one to the next.

A line may say its version: `"version": 1`. One that says nothing is of version 1. A line of
another version than the newest is refused; `grounding stimuli migrate` brings an older one up.
There has been one version so far, and `MIGRATIONS` is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grounding.errors import ManifestError
from grounding.stimuli.fields import seen

__all__ = ["FIELD", "FIRST", "MIGRATIONS", "Migration", "newest", "of_today", "stamped", "version"]

FIRST = 1
FIELD = "version"


@dataclass(frozen=True)
class Migration:
    """One step from a version to the next.

    says: what changes, in a sentence.
    line: returns the fields of a line, without its version, as the next version has them.
    """

    says: str
    line: Callable[[Mapping[str, Any]], dict[str, Any]]


MIGRATIONS: tuple[Migration, ...] = ()
"""The first leads from version 1 to 2, the next from 2 to 3, and so on."""


def newest() -> int:
    """Return the version that is read and written here."""
    return FIRST + len(MIGRATIONS)


def version(record: Mapping[str, Any]) -> int:
    """Return the version of a manifest line.

    Raises `ManifestError`, without the place, for what is no version or a newer one than is known.
    """
    found = record.get(FIELD, FIRST)
    if type(found) is not int or found < FIRST:
        raise ManifestError(
            f"field {FIELD!r} is {seen(found)}; needed a whole number from {FIRST} to {newest()}. "
            "Correct it."
        )
    if found > newest():
        raise ManifestError(
            f"the line is of version {seen(found)} of the manifest, and version {newest()} is the "
            "newest that is known here. Install a newer speech-grounding."
        )
    return found


def of_today(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a manifest line without its version.

    Raises `ManifestError`, without the place, unless the line is of the newest version.
    """
    found = version(record)
    if found < newest():
        raise ManifestError(
            f"the line is of version {found} of the manifest; needed version {newest()}. Bring the "
            "manifest up with 'grounding stimuli migrate'."
        )
    if FIELD not in record:
        return record
    return {name: value for name, value in record.items() if name != FIELD}


def stamped(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as a line of the newest version is written; version 1 need not say so."""
    return dict(record) if newest() == FIRST else {FIELD: newest(), **record}
