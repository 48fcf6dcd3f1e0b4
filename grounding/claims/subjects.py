"""The models that a run asks: each trained, and with random weights under several seeds.

A twin is compared with the random weights that its own seed began from, and with no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grounding.claims.answer import Asked, Twin
from grounding.claims.assays import pooling_of
from grounding.claims.evidence import Subject
from grounding.claims.settings import Settings
from grounding.claims.twins import twin_of
from grounding.encoders import ENCODERS, Encoder, load_encoder
from grounding.encoders.controls import controls, has_random_weights
from grounding.encoders.families.twin import shipped_folder
from grounding.encoders.request import Request
from grounding.encoders.twin_input import input_of
from grounding.errors import UserError

__all__ = [
    "CONTROLS",
    "DEFAULT_MODELS",
    "MODELS",
    "TWINS",
    "default_models",
    "input_subject",
    "load_subjects",
]

MODELS = ("whisper-tiny.en", "whisper-base", "all-MiniLM-L6-v2", "SmolLM2-135M")
TWINS = tuple(
    f"twin-{input}{seed}"
    for input in ("audio", "characters", "phonemes")
    for seed in ("", "-1", "-2")
)
"""The matched pair and its third arm, three seeds of each."""
CONTROLS = ("oracle", "noise")
"""Encoders whose answer is known; they go through the whole path of every run."""


def default_models() -> tuple[str, ...]:
    """Return the models of a run that names none: the twins as far as they are installed."""
    return (*MODELS, *(name for name in TWINS if shipped_folder(name).is_dir()))


DEFAULT_MODELS = default_models()


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
    further, subjects = _told_apart(models), []
    for name in models:
        if name in CONTROLS:
            raise UserError(f"{name!r} is a control that is in every run; leave it out")
        trained = load_encoder(name)
        # Only a model that says it has a window is given another.
        has_window = trained.provenance.get("window") is not None
        shorter: dict[str, Any] = {"window": window} if window and has_window else {}
        if shorter:
            trained = load_encoder(name, **shorter)
        twin = twin_of(trained.provenance)
        called = further.get(name, trained.name)
        subjects.append(_subject(trained, called, "trained", "model", twin))
        if has_random_weights(name):
            seeds: Sequence[int] = range(settings.random_seeds)
            if twin is not None and twin.seed is not None:
                seeds = (twin.seed,)
            random = controls(Request(name, **shorter), ["random"], seeds)
            subjects += [
                _subject(control, called, f"random-{seed}", "model", twin)
                for seed, control in zip(seeds, random, strict=True)
            ]
    subjects += [_subject(load_encoder(name), name, "", "control") for name in CONTROLS]
    return tuple(subjects)


def input_subject(subject: Subject) -> Subject:
    """Return what a twin is fed as a column of its own, of the same seed and pair.

    Raises `UserError` for a model that is no twin.
    """
    encoder, asked = input_of(subject.encoder), subject.asked
    assert asked.twin is not None
    column = replace(
        asked,
        key=f"input of {asked.key}",
        name=f"input of {asked.name}",
        layers=encoder.layers,
        parameters=0,
        twin=replace(asked.twin, input="input"),
    )
    return Subject(column, encoder)


def _told_apart(models: Sequence[str]) -> dict[str, str]:
    """Return, of models that would have one name, the parts of their paths that tell them apart.

    A folder goes by the last part of its path, and folders of several trainings may share it.
    """
    parts = {
        model: Path(model).resolve().parts
        if model not in ENCODERS and Path(model).is_dir()
        else (model,)
        for model in models
    }
    found = {}
    for model, own in parts.items():
        others = [other for name, other in parts.items() if name != model]
        apart = (n for n in range(1, len(own) + 1) if all(o[-n:] != own[-n:] for o in others))
        if not (count := next(apart, 0)):
            raise UserError(f"{model} is named twice, by two paths to it; name each once")
        if count > 1:
            found[model] = "/".join(own[-count:])
    return found


def _subject(
    encoder: Encoder, name: str, weights: str, role: str, twin: Twin | None = None
) -> Subject:
    known = ENCODERS.get(encoder.name)
    window = encoder.provenance.get("window")
    return Subject(
        Asked(
            key=f"{name} ({weights})" if weights else name,
            name=name,
            modality=encoder.modality,
            weights=weights,
            role=role,
            family=known.family if known else str(encoder.provenance.get("family", encoder.name)),
            parameters=int(encoder.provenance.get("parameters", 0)),
            window="" if window is None else f"{window:g}",
            pooling=pooling_of(encoder),
            layers=tuple(encoder.layers),
            twin=twin,
        ),
        encoder,
    )
