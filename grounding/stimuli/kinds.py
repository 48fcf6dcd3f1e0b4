"""Kinds of value that a manifest field can hold: what is accepted, and the same as JSON Schema.

Where JSON Schema cannot say it all (Unicode form NFC, printable text), the schema accepts more
than `accepts` does, and never less.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grounding.stimuli.languages import LANGUAGES

__all__ = [
    "COUNT",
    "DIGEST",
    "ID",
    "ID_PATTERN",
    "LANGUAGE",
    "OBJECT",
    "PHONES",
    "TEXT",
    "TEXTS",
    "TRANSCRIPT",
    "Kind",
    "path",
]

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
DIGEST_PATTERN = re.compile("[0-9a-f]{64}")
SPACE = re.compile(r"\s")
MOST = 2**53  # whole numbers from here on are not exact in other readers of JSON

SCHEMA_OF_TEXT = {"type": "string", "pattern": r"^\S(.*\S)?$"}
# No backslash, no drive, no empty name, no name '.' or '..'.
SCHEMA_OF_PATH = r"^(?!.:)(?!\.{1,2}(/|$))[^/\\]+(/(?!\.{1,2}(/|$))[^/\\]+)*$"


@dataclass(frozen=True)
class Kind:
    """One kind of value.

    accepts: whether a value, as JSON gives it, will do.
    schema: the same as JSON Schema (draft 2020-12), as far as it can say it.
    """

    accepts: Callable[[Any], bool]
    schema: Mapping[str, Any]


def path(*suffixes: str) -> Kind:
    """Return the kind of paths inside the folder that end in one of `suffixes`, such as ".wav"."""
    endings = "|".join(
        "".join(f"[{c}{c.upper()}]" if c.isalpha() else re.escape(c) for c in suffix)
        for suffix in suffixes
    )
    return Kind(
        lambda value: _path(value) and value.lower().endswith(suffixes),
        {
            "type": "string",
            "allOf": [{"pattern": SCHEMA_OF_PATH}, {"pattern": f"({endings})$"}],
        },
    )


def _text(value: Any) -> bool:
    """Whether it is text with something in it, printable, without space at its ends."""
    return isinstance(value, str) and value.isprintable() and value != "" and value == value.strip()


def _transcript(value: Any) -> bool:
    # One word written in two Unicode forms would count as two transcripts.
    return _text(value) and (value.isascii() or unicodedata.is_normalized("NFC", value))


def _path(value: Any) -> bool:
    # A drive is one character and a colon.
    if not _text(value) or "\\" in value or value[1:2] == ":":
        return False
    names = value.split("/")  # an absolute path begins with an empty name
    return "" not in names and "." not in names and ".." not in names


def _count(value: Any) -> bool:
    return type(value) is int and 0 < value < MOST


def _texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(_text, value))


def _phones(value: Any) -> bool:
    return _texts(value) and len(value) > 0 and not any(map(SPACE.search, value))


def _plain(value: Any) -> bool:
    """Whether JSON can hold it as it is: no NaN, no half of a surrogate pair, keys of text."""
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _plain(key) and _plain(v) for key, v in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_plain, value))
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int)


def _object(value: Any) -> bool:
    return isinstance(value, Mapping) and _plain(value)


ID = Kind(
    lambda value: isinstance(value, str) and ID_PATTERN.fullmatch(value) is not None,
    {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"},
)
TEXT = Kind(_text, SCHEMA_OF_TEXT)
TRANSCRIPT = Kind(_transcript, SCHEMA_OF_TEXT)
LANGUAGE = Kind(
    lambda value: isinstance(value, str) and value in LANGUAGES,
    {"type": "string", "enum": sorted(LANGUAGES)},
)
COUNT = Kind(_count, {"type": "integer", "minimum": 1, "maximum": MOST - 1})
DIGEST = Kind(
    lambda value: isinstance(value, str) and DIGEST_PATTERN.fullmatch(value) is not None,
    {"type": "string", "pattern": f"^{DIGEST_PATTERN.pattern}$"},
)
PHONES = Kind(
    _phones,
    {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": r"^\S+$"}},
)
TEXTS = Kind(_texts, {"type": "array", "items": SCHEMA_OF_TEXT})
OBJECT = Kind(_object, {"type": "object"})
