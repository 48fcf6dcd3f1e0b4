"""Where a result comes from, as rows of text, and the command that makes it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from grounding.figures.records import Result

__all__ = ["command", "model_rows", "origin_rows", "set_rows", "timing_rows"]


def command(result: Result) -> str:
    """Return the command line that runs the same claims on the same stimuli and models."""
    given = result.provenance.get("arguments", {})
    words = [
        *("grounding", "run"),
        *(word for name in given for word in (f"--{name}", ",".join(given[name]))),
        *("--seed", str(result.seed)),
        *(("--full",) if result.full else ()),
    ]
    return shlex.join(words)


def origin_rows(result: Result) -> Iterator[tuple[str, str]]:
    """Yield (what, which) of code, machine, settings and packages."""
    found = result.provenance
    dirty = ", with uncommitted changes" if found.get("dirty") else ""
    yield "written", str(found.get("written", "not recorded"))
    yield "grounding", str(found.get("grounding", "not recorded"))
    yield "commit", f"{found['commit']}{dirty}" if found.get("commit") else "not in a checkout"
    yield "source, sha256", str(found.get("source_sha256", "not recorded"))
    yield "seed", str(result.seed)
    yield "settings", _pairs(result.settings)
    yield "python", str(found.get("python", "not recorded"))
    yield "platform", str(found.get("platform", "not recorded"))
    yield "processors", str(found.get("processors", "not recorded"))
    yield "threads", _pairs(found.get("threads", {}))
    yield "packages", _pairs(found.get("packages", {}))


def set_rows(result: Result) -> Iterator[dict[str, str]]:
    """Yield name, numbers, languages, window and digest of each stimulus set."""
    for item in result.stimuli:
        yield {
            "name": item.name,
            "scored": f"{item.n} of {item.of} ({item.scored})",
            "transcripts": str(item.transcripts),
            "languages": " ".join(item.languages),
            "window": "the models' own" if item.window is None else f"{item.window:g} s",
            "digest": item.digest,
        }


def model_rows(result: Result) -> Iterator[dict[str, str]]:
    """Yield name, role, weights, revision, parameters and layers of each model, once."""
    seen = set()
    models = result.provenance.get("models", {})
    for item in (item for found in models.values() for item in found):
        asked = item["asked"]
        row = {
            "name": str(asked["name"]),
            "role": str(asked["role"]),
            "modality": str(asked["modality"]),
            "weights": str(asked["weights"]),
            "revision": str(item["revision"]),
            "parameters": f"{asked['parameters']:,}" if asked["parameters"] else "",
            "layers": str(len(item["layers"])),
            "pooling": str(asked["pooling"]),
        }
        key = tuple(row.values())
        if key not in seen:
            seen.add(key)
            yield row


def timing_rows(result: Result) -> Iterator[tuple[str, str, str]]:
    """Yield stimulus set, stage and seconds."""
    for stimuli, stages in result.provenance.get("seconds", {}).items():
        for stage, seconds in stages.items():
            yield stimuli, stage, f"{seconds:g}"


def _pairs(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_plain(value)}" for key, value in found.items()) or "none"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unset" if value == "" else str(value)
