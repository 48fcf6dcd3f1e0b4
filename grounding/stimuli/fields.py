"""The fields of a manifest line: which there are, and what each may hold.

`FIELDS` is the one table; reading, writing, the schema and the documentation follow it. A line
that names anything else is refused, so that a misspelt field cannot pass for an absent one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from grounding.stimuli import kinds
from grounding.stimuli.kinds import ID_PATTERN, Kind

__all__ = ["FIELDS", "ID_PATTERN", "Field", "nearest", "problems"]


@dataclass(frozen=True)
class Field:
    """One field of a manifest line.

    needed: what it must hold, as the end of a sentence.
    kind: which values will do.
    """

    name: str
    required: bool
    needed: str
    kind: Kind

    @property
    def accepts(self) -> Callable[[Any], bool]:
        """Whether a value, as JSON gives it, will do."""
        return self.kind.accepts


def problems(record: Mapping[str, Any]) -> list[str]:
    """Return everything that is wrong with the fields of one manifest line, in words.

    >>> problems({"id": "a", "transcript": "one", "language": "en", "audio": "a.wav"})
    ["field 'rate' is missing; needed a whole number of Hz above 0. Add it."]
    """
    if record.keys() >= REQUIRED and all(
        name in ACCEPTS and ACCEPTS[name](value) for name, value in record.items()
    ):
        return []
    found = [
        f"unknown field {seen(name)}.{nearest(name)} Known: {', '.join(FIELDS)}. Rename it, or put "
        "what it says under 'attributes'."
        for name in record
        if name not in FIELDS
    ]
    for field in FIELDS.values():
        if field.name not in record:
            if field.required:
                found.append(f"field {field.name!r} is missing; needed {field.needed}. Add it.")
        elif not field.accepts(record[field.name]):
            found.append(
                f"field {field.name!r} is {seen(record[field.name])}; needed {field.needed}. "
                "Correct it."
            )
    return found


def nearest(name: Any) -> str:
    """Return " Did you mean 'transcript'?" for a name that is nearly a field's, else nothing."""
    near = get_close_matches(str(name), FIELDS, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def seen(value: Any) -> str:
    """Return a value of a manifest as text for a message: printable, and not long."""
    text = ascii(value) if _unprintable(value) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _unprintable(value: Any) -> bool:
    try:
        return not json.dumps(value, ensure_ascii=False).isprintable()
    except (TypeError, ValueError, RecursionError):
        return True


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field(
            "id",
            True,
            "a name of letters a-z, digits, '.', '_' and '-' that begins with a letter or digit",
            kinds.ID,
        ),
        Field(
            "transcript",
            True,
            "what is said, as printable text in Unicode form NFC without space at its ends",
            kinds.TRANSCRIPT,
        ),
        Field("language", True, "a two-letter ISO 639-1 code such as 'en'", kinds.LANGUAGE),
        Field(
            "audio",
            True,
            "the path of a .flac, .wav or .ogg file inside this folder, with '/' between names and "
            "no '..'",
            kinds.path(".flac", ".wav", ".ogg"),
        ),
        Field("rate", True, "a whole number of Hz above 0", kinds.COUNT),
        Field("samples", False, "the length in samples, a whole number above 0", kinds.COUNT),
        Field("sha256", False, "the SHA-256 of the audio file as 64 digits 0-9a-f", kinds.DIGEST),
        Field("speaker", False, "who speaks, as printable text", kinds.TEXT),
        Field(
            "phones",
            False,
            "a list of phones in IPA, one text without spaces a phone",
            kinds.PHONES,
        ),
        Field("concept", False, "what is meant, as printable text", kinds.TEXT),
        Field("realisation", False, "a JSON object that says what was varied", kinds.OBJECT),
        Field(
            "articulation",
            False,
            "the path of a .npz file inside this folder, with '/' between names and no '..'",
            kinds.path(".npz"),
        ),
        Field(
            "intelligibility", False, "a JSON object that says what a listener heard", kinds.OBJECT
        ),
        Field("marks", False, "a list of texts", kinds.TEXTS),
        Field("attributes", False, "a JSON object", kinds.OBJECT),
    )
}
# Looked up once a line of a manifest.
ACCEPTS = {name: field.kind.accepts for name, field in FIELDS.items()}
REQUIRED = frozenset(name for name, field in FIELDS.items() if field.required)
