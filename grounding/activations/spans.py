"""Spans of stimuli (phones, words, utterances), and which steps of an encoder stand for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders import Encoder
from grounding.encoders.steps import Steps
from grounding.errors import UserError
from grounding.stimuli import Stimulus
from grounding.tables import lookup

__all__ = ["KINDS", "Span", "check_spans", "heard_spans", "overlap", "spans_of"]

Unit = Literal["second", "character"]

KINDS: Mapping[str, str | None] = {"phone": "segments", "word": "words", "utterance": None}
"""Kinds of spans, and the attribute of a stimulus that has them as [label, start, end]."""


@dataclass(frozen=True)
class Span:
    """A stretch of a stimulus.

    stimulus: its id. start, end: seconds from the recording's start, or characters from the
    transcript's, as `unit` says.
    """

    stimulus: str
    label: str
    start: float
    end: float
    unit: Unit = "second"

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end < float("inf"):
            raise UserError(
                f"stimulus {self.stimulus!r}: span {self.label!r} from {self.start:g} to "
                f"{self.end:g} {self.unit}s; needed a start from 0 and an end after it."
            )


def spans_of(stimuli: Sequence[Stimulus], kind: str, unit: Unit = "second") -> list[Span]:
    """Return the spans of every stimulus, in order.

    kind: "phone" (the attribute `segments`), "word" (`words`; in characters, what whitespace
    separates in the transcript) or "utterance" (all of it).

    Raises `UserError` for a stimulus that has none, or one that is not [label, start, end].
    """
    lookup("kind of span", kind, KINDS)
    return [span for stimulus in stimuli for span in _spans(stimulus, kind, unit)]


def _spans(stimulus: Stimulus, kind: str, unit: Unit) -> list[Span]:
    if unit == "character":
        return _characters(stimulus, kind)
    attribute = KINDS[kind]
    if attribute is None:
        return [Span(stimulus.id, stimulus.transcript, 0.0, stimulus.duration)]
    found = stimulus.attributes.get(attribute)
    if not found:
        raise UserError(
            f"{stimulus.place}: stimulus {stimulus.id!r} has no attribute {attribute!r}; needed "
            f"for spans of kind {kind!r}: [[label, start, end], ...] in seconds."
        )
    try:
        return [Span(stimulus.id, str(label), float(a), float(b)) for label, a, b in found]
    except (TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            f"{stimulus.place}: the attribute {attribute!r} of stimulus {stimulus.id!r} is not "
            "[[label, start, end], ...] in seconds."
        ) from error


def _characters(stimulus: Stimulus, kind: str) -> list[Span]:
    pattern = {"word": r"\S+", "utterance": r"\S(?:.*\S)?"}.get(kind)
    if pattern is None:
        raise UserError(
            f"a transcript has no spans of kind {kind!r}, since its letters are no phones; choose "
            "'word' or 'utterance', or a speech encoder."
        )
    found = re.finditer(pattern, stimulus.transcript, re.DOTALL)
    return [Span(stimulus.id, m[0], m.start(), m.end(), "character") for m in found]


def check_spans(stimuli: Sequence[Stimulus], spans: Sequence[Span]) -> None:
    """Raise `UserError` for no spans, or one of a stimulus that is not given."""
    lost = {span.stimulus for span in spans} - {stimulus.id for stimulus in stimuli}
    if lost or not spans:
        raise UserError(
            f"{len(spans)} spans, of stimuli that are not given: "
            f"{', '.join(sorted(lost)) or 'none'}; needed one span or more, each of a stimulus "
            "that is given."
        )


def overlap(steps: Steps, span: Span) -> Float[np.ndarray, " step"]:
    """Return how much of a span each step stands for, in the steps' own unit.

    Raises `UserError` for a span in seconds of steps that are characters, or the reverse.
    """
    if (span.unit == "character") != (steps.unit == "character"):
        raise UserError(
            f"stimulus {span.stimulus!r}: span {span.label!r} is in {span.unit}s and the encoder's "
            f"steps are {steps.unit}s. Choose spans of the other unit."
        )
    scale = 1 if steps.rate is None else steps.rate
    return steps.weights(span.start * scale, span.end * scale)


def heard_spans(
    encoder: Encoder, stimuli: Sequence[Stimulus], spans: Sequence[Span]
) -> tuple[list[Span], list[Span]]:
    """Return the spans that overlap a step of the encoder, and those that overlap none.

    The latter are shorter than a step and fall between two, or lie outside the recording.
    """
    check_spans(stimuli, spans)
    named = {span.stimulus for span in spans}
    steps = {stimulus.id: encoder.steps(stimulus) for stimulus in stimuli if stimulus.id in named}
    heard = [bool(overlap(steps[span.stimulus], span).any()) for span in spans]
    return (
        [span for span, kept in zip(spans, heard, strict=True) if kept],
        [span for span, kept in zip(spans, heard, strict=True) if not kept],
    )
