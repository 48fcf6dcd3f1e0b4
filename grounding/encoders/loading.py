"""Load an encoder by name, folder or hub id."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Literal

from grounding.encoders.protocol import Encoder
from grounding.encoders.request import Request
from grounding.encoders.table import ENCODERS, PREFIXES, EncoderKind
from grounding.errors import UnknownName, UserError

__all__ = ["load_encoder", "load_request"]


def load_encoder(
    name: str | Path,
    *,
    weights: Literal["trained", "random"] = "trained",
    seed: int | None = None,
    window: float | None = None,
    revision: str | None = None,
    start: str | None = None,
    batch: int | None = None,
    dtype: Literal["float32", "bfloat16"] | None = None,
    trust_remote_code: bool = False,
    context: str | None = None,
    script: Literal["spelling", "phones"] | None = None,
) -> Encoder:
    """Return the encoder called `name`: from the table, a local folder, or a hub id (owner/model).

    name: `vectors:PATH` is a file of word vectors, `static:NAME` the table of input embeddings of
        a text model.
    weights: "random" gives the same architecture, freshly initialised from `seed`.
    window: seconds that Whisper pads recordings to; None is its own 30.
    revision: a hub model's branch, tag or commit.
    start: what a text model reads before each transcript and is then left out, '' for nothing;
        None is the model's own way of starting (see `transformers_text`).
    batch: inputs that go through at once; it changes speed and memory, and no number beyond
        rounding.
    dtype: what the model computes in; None is float32. What it gives is float32 in either case.
    trust_remote_code: let a model's repository run its own code on this machine.
    context: the name of the frame that a text model reads each transcript in; None is none.
    script: "phones" gives a text model the phones of a stimulus; None is its spelling.

    Files and hashes are checked here; the weights are loaded when the first stimulus is encoded,
    so that a run which finds everything in its store loads none.

    Raises `UnknownName`, `WeightsError` (weights that cannot be had or are not to be trusted) or
    `UserError` (a choice that this encoder does not have).

    >>> load_encoder("toy").layers
    ('embedding', 'layer-1', 'layer-2')
    """
    return load_request(
        Request(
            name=str(name),
            weights=weights,
            seed=seed,
            window=window,
            revision=revision,
            start=start,
            batch=batch,
            dtype=dtype,
            trust_remote_code=trust_remote_code,
            context=context,
            script=script,
        )
    )


def load_request(request: Request) -> Encoder:
    """Return the encoder that a request asks for; see `load_encoder`."""
    kind = ENCODERS.get(request.name)
    if kind is not None:
        return _from_table(request, kind)
    request.refuse_seed_of_trained()
    prefix, colon, _ = request.name.partition(":")
    if colon and prefix in PREFIXES:
        return _called(PREFIXES[prefix], request)
    folder = Path(request.name)
    if folder.is_dir():
        return _from_local_folder(request, folder)
    return _from_hub(request)


def _from_table(request: Request, kind: EncoderKind) -> Encoder:
    request.refuse("revision")
    if not kind.seeded:
        request.refuse_seed_of_trained()
    if request.weights == "random" and not kind.random:
        raise UserError(f"{kind.name!r} has no weights, so there is no random control of it.")
    return _called(kind.loader, request)


def _called(loader: str, request: Request) -> Encoder:
    """Return what "module:function" makes of a request."""
    module, function = loader.split(":")
    encoder: Encoder = getattr(import_module(module), function)(request)
    return encoder


def _from_local_folder(request: Request, folder: Path) -> Encoder:
    from grounding.encoders.folders import from_folder

    request.refuse("revision")
    # By its own name: where it lies differs between machines and moves no number.
    named = replace(request, name=folder.resolve().name)
    return from_folder(named, folder, "a local folder")


def _from_hub(request: Request) -> Encoder:
    from grounding.encoders.folders import from_folder
    from grounding.encoders.hub import hub_folder, is_hub_id

    near = get_close_matches(request.name, ENCODERS, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    known = f"{hint}Known: {', '.join(sorted(ENCODERS))}."
    if not is_hub_id(request.name):
        raise UnknownName(
            f"unknown encoder {request.name!r}. {known} "
            "Or give a local folder, or a hub id of the form owner/model."
        )
    folder = hub_folder(request.name, request.revision, known, request.trust_remote_code)
    return from_folder(request, folder, f"hub {request.name} at {folder.name}")
