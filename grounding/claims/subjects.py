"""The models that a run asks: each trained, and with random weights under several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grounding.claims.answer import Asked
from grounding.claims.assays import POOLING
from grounding.claims.evidence import Subject
from grounding.claims.settings import Settings
from grounding.encoders import ENCODERS, Encoder, load_encoder
from grounding.encoders.controls import controls, has_random_weights
from grounding.encoders.request import Request
from grounding.errors import UserError

__all__ = ["CONTROLS", "DEFAULT_MODELS", "load_subjects"]

DEFAULT_MODELS = ("whisper-tiny.en", "whisper-base", "all-MiniLM-L6-v2", "SmolLM2-135M")
CONTROLS = ("oracle", "noise")
"""Encoders whose answer is known; they go through the whole path of every run."""


def load_subjects(
    models: Sequence[str], settings: Settings, window: float | None
) -> tuple[Subject, ...]:
    """Return every model trained and under each random seed, then the controls.

    window: seconds of input for models that have a window to set; None is their own.

    Raises what `load_encoder` raises, and `UserError` for a model that is named twice.
    """
    repeated = [name for name in dict.fromkeys(models) if list(models).count(name) > 1]
    if repeated:
        raise UserError(f"model {repeated[0]!r} is named twice; name each once")
    if not models:
        raise UserError("no model is named; give one or more with --models")
    subjects = []
    for name in models:
        if name in CONTROLS:
            raise UserError(f"{name!r} is a control that is in every run; leave it out")
        trained = load_encoder(name)
        # Only a model that says it has a window is given another.
        has_window = trained.provenance.get("window") is not None
        shorter: dict[str, Any] = {"window": window} if window and has_window else {}
        if shorter:
            trained = load_encoder(name, **shorter)
        subjects.append(_subject(trained, "trained", "model"))
        if has_random_weights(name):
            seeds = range(settings.random_seeds)
            random = controls(Request(name, **shorter), ["random"], seeds)
            subjects += [
                _subject(control, f"random-{seed}", "model")
                for seed, control in zip(seeds, random, strict=True)
            ]
    subjects += [_subject(load_encoder(name), "", "control") for name in CONTROLS]
    return tuple(subjects)


def _subject(encoder: Encoder, weights: str, role: str) -> Subject:
    known = ENCODERS.get(encoder.name)
    window = encoder.provenance.get("window")
    return Subject(
        Asked(
            key=f"{encoder.name} ({weights})" if weights else encoder.name,
            name=encoder.name,
            modality=encoder.modality,
            weights=weights,
            role=role,
            family=known.family if known else str(encoder.provenance.get("family", encoder.name)),
            parameters=int(encoder.provenance.get("parameters", 0)),
            window="" if window is None else f"{window:g}",
            pooling=POOLING[encoder.modality],
            layers=tuple(encoder.layers),
        ),
        encoder,
    )
