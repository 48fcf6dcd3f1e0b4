"""The manifest as JSON Schema, made from the table of fields."""

from __future__ import annotations

from typing import Any

from grounding.stimuli import versions
from grounding.stimuli.fields import FIELDS
from grounding.stimuli.stimulus import MANIFEST

__all__ = ["DRAFT", "manifest_schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def manifest_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one line of a manifest.

    It accepts every line that is read here. What it cannot say is in the descriptions: printable
    text, Unicode form NFC, ids that come once, files that are there and are what the line says.

    >>> manifest_schema()["properties"]["rate"]["minimum"]
    1
    """
    newest = versions.newest()
    need_say = newest > versions.FIRST
    version = {
        "const": newest,
        "description": f"the version of the manifest; one that says nothing is {versions.FIRST}",
    }
    return {
        "$schema": DRAFT,
        "$id": f"urn:speech-grounding:manifest:{newest}",
        "title": f"One line of {MANIFEST}, version {newest}",
        "type": "object",
        "properties": {
            versions.FIELD: version,
            **{
                name: {"description": field.needed, **field.kind.schema}
                for name, field in FIELDS.items()
            },
        },
        "required": [
            *([versions.FIELD] if need_say else []),
            *(name for name, field in FIELDS.items() if field.required),
        ],
        "additionalProperties": False,
    }
