"""What an import did, as a record and as a file of the new set."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grounding.stimuli.importers.record import Importer

__all__ = ["REPORT", "Imported", "report"]

REPORT = "import.json"


@dataclass(frozen=True)
class Imported:
    """What `import_corpus` did. The set's folder holds the same as `import.json`.

    manifest: of the new set. stimuli: how many it holds.
    smoothing: what was done to the movement, or None.
    flesh: channels of the stream `flesh`, which every stimulus has; () where there is no such
        stream.
    left_out: what is not in the set, by id, and why.
    bad_channels: of each speaker, and why; `kept_bad`: whether they are in the set all the same.
    missing: frames that were not measured, by id and channel, of what is in the set and of what
        was left out for it.
    cut: parts of recordings that were kept, in seconds, by id, where it is not all of them.
    converted: recordings that were written anew, because the set cannot hold the file as it is.
    unknown_labels: labels of phones that have no certain IPA, and in how many stimuli they come;
        such stimuli have no `phones`.
    """

    manifest: Path
    corpus: str
    stimuli: int
    smoothing: Mapping[str, Any] | None
    flesh: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    bad_channels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kept_bad: bool = False
    missing: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    cut: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    converted: int = 0
    unknown_labels: Mapping[str, int] = field(default_factory=dict)


def report(imported: Imported, importer: Importer) -> bytes:
    """Return what was done as JSON, with what the corpus is and what was done to coordinates."""
    about = {
        name: getattr(importer, name)
        for name in ("axes", "head", "phones", "licence", "source", "reference")
    }
    values = dataclasses.asdict(imported)
    values["manifest"] = imported.manifest.name
    return (json.dumps(values | about, ensure_ascii=False, indent=1) + "\n").encode()
