"""Activations: what an encoder makes of stimuli, pooled, labelled and kept."""

from grounding.activations.by_span import SpanActivations, extract_spans
from grounding.activations.cluster import connected, extract_on
from grounding.activations.extraction import extract, extract_many, extract_stored, plan_of
from grounding.activations.frames import Frames, extract_frames, frames_size
from grounding.activations.permuting import permuted_stimuli
from grounding.activations.pooling import POOLINGS, Pooling
from grounding.activations.products import Gram, gram, interpolate
from grounding.activations.record import Activations
from grounding.activations.spans import Span, heard_spans, spans_of
from grounding.activations.stored import StoredActivations
from grounding.activations.upkeep import keep_unless, prune, verify
from grounding.activations.working import Work, compute_shard

__all__ = [
    "POOLINGS",
    "Activations",
    "Frames",
    "Gram",
    "Pooling",
    "Span",
    "SpanActivations",
    "StoredActivations",
    "Work",
    "compute_shard",
    "connected",
    "extract",
    "extract_frames",
    "extract_many",
    "extract_on",
    "extract_spans",
    "extract_stored",
    "frames_size",
    "gram",
    "heard_spans",
    "interpolate",
    "keep_unless",
    "permuted_stimuli",
    "plan_of",
    "prune",
    "spans_of",
    "verify",
]
