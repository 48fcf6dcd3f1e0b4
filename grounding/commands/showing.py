"""Show encoders: all that have a name, families of models, one model whole, and its checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from grounding.encoders.request import Request

__all__ = ["check_one", "list_all", "show_one"]

PASSED = {True: "ok", False: "FAILED", None: "-"}


def list_all() -> None:
    """Print the encoders that have a name, then the families of models that transformers loads."""
    from grounding.commands.tables import print_table
    from grounding.encoders import ENCODERS
    from grounding.encoders.families.table import FAMILIES
    from grounding.encoders.families.text_table import OTHER_TEXT, TEXT_FAMILIES

    rows = [
        [
            *(k.name, k.modality, k.family, str(k.layers), k.step, _weights(k.name)),
            *(k.licence, k.description, k.source),
        ]
        for k in ENCODERS.values()
    ]
    columns = ["name", "modality", "family", "layers", "a step", "weights", "licence"]
    print_table([*columns, "what it is", "from"], rows, "Encoders")
    families = [
        [f.name, ", ".join(f.types) or "any other", f.step, f.description]
        for f in FAMILIES.values()
        if f.modality == "speech"
    ]
    print_table(["family", "model types", "a step", "how it is read"], families, "Speech models")
    texts = [
        [f.name, ", ".join(f.types) or "any other", f.half, f.description]
        for f in (*TEXT_FAMILIES, OTHER_TEXT)
    ]
    print_table(["family", "model types", "what is read", "what it is"], texts, "Text models")
    print("Any hub id (owner/model) or local folder of such a model works; --check tries it.")


def show_one(request: Request) -> None:
    """Print all that is known of a model before it is run."""
    from grounding.commands.tables import print_table
    from grounding.encoders import ENCODERS
    from grounding.encoders.loading import load_request

    kind = ENCODERS.get(request.name)
    rows = []
    if kind is not None:
        rows += [["what it is", kind.description], ["from", kind.source]]
        rows += [["licence", kind.licence], ["family", kind.family], ["a step", kind.step]]
        rows += [["on this machine", _weights(kind.name)]]
    if kind is None or _weights(kind.name) not in (FETCHED, NOT_SHIPPED):
        encoder = load_request(request)
        rows = [["name", encoder.name], ["modality", encoder.modality], *rows]
        rows += [["sees", encoder.sees], ["revision", encoder.revision]]
        rows += [[f"layers ({len(encoder.layers)})", ", ".join(encoder.layers)]]
        rows += [list(row) for row in _flat(encoder.provenance)]
    else:
        rows = [["name", kind.name], ["modality", kind.modality], *rows]
        rows += [[f"layers ({kind.layers})", "named when the weights are here"]]
    print_table(["", ""], rows)


def check_one(request: Request) -> bool:
    """Run every check on a model and print what was measured; return whether none failed."""
    from grounding.commands.tables import print_table
    from grounding.encoders.checking import check_model
    from grounding.progress import shown

    with shown() as report:
        found = check_model(request, partial(report, request.name))
    rows = [[one.check, PASSED[one.passed], one.found, one.needed] for one in found]
    print_table(["check", "", "found", "needed"], rows, request.name)
    failed = [one.check for one in found if one.passed is False]
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "none failed")
    return not failed


FETCHED = "fetched when first used"
NOT_SHIPPED = "not in this installation"


def _weights(name: str) -> str:
    """Say whether the weights of a name in the table are on this machine; nothing is loaded."""
    from grounding.encoders import ENCODERS
    from grounding.encoders.families.twin import shipped_folder
    from grounding.encoders.packaged import PACKAGED, packaged_place

    if ENCODERS[name].family == "twin":
        return "here" if shipped_folder(name).is_dir() else NOT_SHIPPED
    if name not in PACKAGED:
        return "none needed"
    return "here" if packaged_place(name).is_dir() else FETCHED


def _flat(provenance: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield every entry of nested mappings, its keys joined."""
    for key, value in provenance.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            said = str(value) if isinstance(value, str | Path) else json.dumps(value)
            yield f"{before}{key}", said
