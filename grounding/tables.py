"""Find a record in a table of named choices."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from grounding.errors import UnknownName

__all__ = ["lookup"]

Record = TypeVar("Record")


def lookup(kind: str, name: str, table: Mapping[str, Record]) -> Record:
    """Return `table[name]`.

    Raises `UnknownName` with the nearest and with all valid names.

    >>> lookup("measure", "spearmann", {"spearman": 1, "pearson": 2})
    Traceback (most recent call last):
    ...
    grounding.errors.UnknownName: unknown measure 'spearmann'. Did you mean 'spearman'? \
Known: pearson, spearman.
    """
    if name in table:
        return table[name]
    near = get_close_matches(str(name), table, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownName(f"unknown {kind} {name!r}.{hint} Known: {', '.join(sorted(table))}.")
