"""Take typed values out of plain data that a file held; say where one is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grounding.errors import UserError

__all__ = ["read_object", "take"]

NEEDED = {str: "text", bool: "true or false", float: "a number", int: "a whole number"}
NEEDED_IN_JSON = {**NEEDED, list: "a list", dict: "an object"}


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; raises `UserError` where there is none."""
    if not path.is_file():
        raise UserError(
            f"{path.parent} holds no {path.name}; give a folder that grounding run wrote"
        )
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path} is not JSON ({error}); run again") from error
    if not isinstance(found, dict):
        raise UserError(f"{path} holds {type(found).__name__}, needed an object; run again")
    return found


def take(where: str, found: Any, key: str, kind: type) -> Any:
    """Return `found[key]`, which must be of `kind`; a whole number also serves as a float.

    where: file and place, for the message.
    Raises `UserError` for an absent key or a value of another kind.
    """
    if not isinstance(found, Mapping) or key not in found:
        raise UserError(f"{where}: no {key!r}; the result is of another version, run again")
    value = found[key]
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise UserError(
            f"{where}: {key!r} is {value!r:.60}, needed {NEEDED_IN_JSON[kind]}; run again"
        )
    return float(value) if kind is float else value
