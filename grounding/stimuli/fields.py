"""The fields of a manifest line: which there are, and what each may hold.

`FIELDS` is the one table; reading, writing and the documentation follow it. A line that names
anything else is refused, so that a misspelt field cannot pass for an absent one.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from grounding.stimuli.languages import LANGUAGES

__all__ = ["FIELDS", "ID_PATTERN", "Field", "problems"]

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Field:
    """One field of a manifest line.

    needed: what it must hold, as the end of a sentence.
    accepts: whether a value, as JSON gives it, will do.
    """

    name: str
    required: bool
    needed: str
    accepts: Callable[[Any], bool]


def problems(record: Mapping[str, Any]) -> list[str]:
    """Return everything that is wrong with the fields of one manifest line, in words.

    >>> problems({"id": "a", "transcript": "one", "language": "en", "audio": "a.wav"})
    ["field 'rate' is missing; needed a whole number of Hz above 0. Add it."]
    """
    found = []
    for name in record:
        if name not in FIELDS:
            near = get_close_matches(str(name), FIELDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            found.append(
                f"unknown field {_seen(name)}.{hint} Known: {', '.join(FIELDS)}. Rename it, or put "
                "what it says under 'attributes'."
            )
    for field in FIELDS.values():
        if field.name not in record:
            if field.required:
                found.append(f"field {field.name!r} is missing; needed {field.needed}. Add it.")
        elif not field.accepts(record[field.name]):
            found.append(
                f"field {field.name!r} is {_seen(record[field.name])}; needed {field.needed}. "
                "Correct it."
            )
    return found


def _seen(value: Any) -> str:
    text = ascii(value) if _unprintable(value) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _unprintable(value: Any) -> bool:
    try:
        return not json.dumps(value, ensure_ascii=False).isprintable()
    except (TypeError, ValueError, RecursionError):
        return True


def _text(value: Any) -> bool:
    """Whether it is text with something in it, printable, without space at its ends."""
    return isinstance(value, str) and value.isprintable() and value != "" and value == value.strip()


def _transcript(value: Any) -> bool:
    # One word written in two Unicode forms would count as two transcripts.
    return _text(value) and unicodedata.is_normalized("NFC", value)


def _path(value: Any) -> bool:
    if not _text(value) or "\\" in value or PureWindowsPath(value).drive:
        return False
    parts = value.split("/")
    return not PurePosixPath(value).is_absolute() and not {"", ".", ".."} & set(parts)


def _path_ending(*suffixes: str) -> Callable[[Any], bool]:
    return lambda value: _path(value) and value.lower().endswith(suffixes)


def _count(value: Any) -> bool:
    return type(value) is int and 0 < value < 2**53


def _texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(map(_text, value))


def _phones(value: Any) -> bool:
    return _texts(value) and len(value) > 0 and not any(map(re.compile(r"\s").search, value))


def _plain(value: Any) -> bool:
    """Whether JSON can hold it as it is: no NaN, no half of a surrogate pair, keys of text."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _plain(key) and _plain(v) for key, v in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_plain, value))
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int)


def _object(value: Any) -> bool:
    return isinstance(value, Mapping) and _plain(value)


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field(
            "id",
            True,
            "a name of letters a-z, digits, '.', '_' and '-' that begins with a letter or digit",
            lambda v: isinstance(v, str) and ID_PATTERN.fullmatch(v) is not None,
        ),
        Field(
            "transcript",
            True,
            "what is said, as printable text in Unicode form NFC without space at its ends",
            _transcript,
        ),
        Field(
            "language",
            True,
            "a two-letter ISO 639-1 code such as 'en'",
            lambda v: isinstance(v, str) and v in LANGUAGES,
        ),
        Field(
            "audio",
            True,
            "the path of a .flac, .wav or .ogg file inside this folder, with '/' between names and "
            "no '..'",
            _path_ending(".flac", ".wav", ".ogg"),
        ),
        Field("rate", True, "a whole number of Hz above 0", _count),
        Field("samples", False, "the length in samples, a whole number above 0", _count),
        Field(
            "sha256",
            False,
            "the SHA-256 of the audio file as 64 digits 0-9a-f",
            lambda v: isinstance(v, str) and re.fullmatch("[0-9a-f]{64}", v) is not None,
        ),
        Field("speaker", False, "who speaks, as printable text", _text),
        Field("phones", False, "a list of phones in IPA, one text without spaces a phone", _phones),
        Field("concept", False, "what is meant, as printable text", _text),
        Field("realisation", False, "a JSON object that says what was varied", _object),
        Field(
            "articulation",
            False,
            "the path of a .npz file inside this folder, with '/' between names and no '..'",
            _path_ending(".npz"),
        ),
        Field("intelligibility", False, "a JSON object that says what a listener heard", _object),
        Field("marks", False, "a list of texts", _texts),
        Field("attributes", False, "a JSON object", _object),
    )
}
