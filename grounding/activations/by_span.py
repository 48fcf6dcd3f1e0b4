"""Activations by phone, word or utterance: steps averaged by how much of a span each stands for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.activations.extraction import (
    Layers,
    check_stimuli,
    chosen_layers,
    somewhere,
)
from grounding.activations.provenance import provenance_of
from grounding.activations.record import layer_name
from grounding.activations.reduction import seen_key
from grounding.activations.spans import Span, check_spans, overlap, spans_of
from grounding.activations.store import Index
from grounding.activations.working import Progress, compute, make_plan
from grounding.encoders import Encoder
from grounding.encoders.steps import Steps
from grounding.errors import GroundingError, UserError
from grounding.stimuli import Stimulus

__all__ = ["SpanActivations", "SpanMeans", "extract_spans"]


@dataclass(frozen=True, eq=False)
class SpanMeans:
    """A row a span: the mean of steps, weighted by the overlap of their cells with the span."""

    kind: str
    spans: Mapping[str, tuple[Span, ...]]
    dtype: str = "float32"

    @classmethod
    def of(cls, kind: str, spans: Sequence[Span]) -> SpanMeans:
        """Return the means of these spans, which stay in order within a stimulus."""
        by_stimulus: dict[str, list[Span]] = {}
        for span in spans:
            by_stimulus.setdefault(span.stimulus, []).append(span)
        return cls(kind, {name: tuple(found) for name, found in by_stimulus.items()})

    @property
    def name(self) -> str:
        return f"spans-{self.kind}"

    def key(self, encoder: Encoder, stimulus: Stimulus) -> str:
        edges = [[span.start, span.end, span.unit] for span in self.spans[stimulus.id]]
        content = json.dumps([seen_key(encoder, stimulus), edges])
        return hashlib.sha256(content.encode()).hexdigest()

    def part(self, stimuli: Sequence[Stimulus]) -> SpanMeans:
        return SpanMeans(self.kind, {s.id: self.spans[s.id] for s in stimuli}, self.dtype)

    def rows(self, stimulus: Stimulus, steps: Steps) -> int:
        for span in self.spans[stimulus.id]:
            if not overlap(steps, span).any():
                raise UserError(
                    f"stimulus {stimulus.id!r}: no step of the encoder overlaps the span "
                    f"{span.label!r} from {span.start:g} to {span.end:g} {span.unit}s. Give the "
                    "spans that heard_spans(encoder, stimuli, spans) keeps; it lists the others."
                )
        return len(self.spans[stimulus.id])

    def reduce(
        self, encoded: Float[np.ndarray, "layer step feature"], stimulus: Stimulus, steps: Steps
    ) -> Float[np.ndarray, "layer span feature"]:
        weights = np.stack([overlap(steps, span) for span in self.spans[stimulus.id]])
        weights /= weights.sum(axis=1, keepdims=True)
        return np.stack([weights @ layer for layer in encoded])


@dataclass(frozen=True, eq=False)
class SpanActivations:
    """Activations of spans: a row a span, in the order of `spans`.

    values: float32, finite. layers, encoder, provenance: as of `Activations`.
    """

    values: Float[np.ndarray, "layer span feature"]
    spans: tuple[Span, ...]
    layers: tuple[str, ...]
    kind: str
    encoder: str
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[:2] != (len(self.layers), len(self.spans)):
            raise GroundingError(
                f"activations of {self.encoder} have the shape {self.values.shape}; needed: "
                f"{len(self.layers)} layers, {len(self.spans)} spans, features."
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """Of each span: its phone, word or transcript."""
        return tuple(span.label for span in self.spans)

    @property
    def stimuli(self) -> tuple[str, ...]:
        """Of each span: its stimulus' id."""
        return tuple(span.stimulus for span in self.spans)

    @property
    def start(self) -> Float[np.ndarray, " span"]:
        """Of each span, in its unit."""
        return np.array([span.start for span in self.spans])

    @property
    def end(self) -> Float[np.ndarray, " span"]:
        """Of each span, in its unit."""
        return np.array([span.end for span in self.spans])

    def layer(self, which: int | np.integer | str) -> Float[np.ndarray, "span feature"]:
        """Return the features at one layer, by its name or by its place counted from 0."""
        return self.values[self.layers.index(layer_name(self.encoder, self.layers, which))]


def extract_spans(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    kind: str,
    store: str | Path | None = None,
    progress: Progress | None = None,
    layers: Layers | None = None,
    spans: Sequence[Span] | None = None,
) -> SpanActivations:
    """Return the activations of every span of `stimuli`, by the overlap of steps with it.

    kind: see `spans_of`; for an encoder that reads text, spans are in characters. Any word where
        `spans` are given.
    spans: those wanted, in any order; None is all of that kind. `heard_spans` gives those that a
        step overlaps.
    Other arguments: see `extract`.

    Raises `UserError` for a span that no step overlaps, or one of a stimulus that is not given.
    """
    check_stimuli(encoder, stimuli)
    if not re.fullmatch(r"[\w-]+", kind):
        raise UserError(f"a kind of span is a word, as in the store's folder; found {kind!r}.")
    if spans is None:
        spans = spans_of(stimuli, kind, "character" if encoder.modality == "text" else "second")
    wanted = chosen_layers(encoder, layers)
    check_spans(stimuli, spans)
    reduction = SpanMeans.of(kind, spans)
    some = [stimulus for stimulus in stimuli if stimulus.id in reduction.spans]
    with somewhere(store) as folder:
        plan = make_plan(encoder, some, [reduction], wanted, folder)
        index = compute(encoder, plan, folder, progress)[reduction.name]
        values = _gathered(plan.keys, some, spans, wanted, index)
    provenance = provenance_of(encoder, stimuli, reduction.name)
    return SpanActivations(values, tuple(spans), wanted, kind, encoder.name, provenance)


def _gathered(
    keys: Sequence[str],
    stimuli: Sequence[Stimulus],
    spans: Sequence[Span],
    layers: Sequence[str],
    index: Index,
) -> Float[np.ndarray, "layer span feature"]:
    """Read the rows of each stimulus' spans and put them where the spans stand."""
    places: dict[str, list[int]] = {}
    for place, span in enumerate(spans):
        places.setdefault(span.stimulus, []).append(place)
    values = np.empty((0, 0, 0), dtype=np.float32)
    for which, layer in enumerate(layers):
        for shard, pairs in index.by_shard(keys, layer):
            rows = shard.read(layer)
            if not values.size:
                values = np.empty((len(layers), len(spans), rows.shape[1]), dtype=np.float32)
            for position, place in pairs:
                start = shard.starts[place]
                into = places[stimuli[position].id]
                values[which, into] = rows[start : start + len(into)]
    return values
