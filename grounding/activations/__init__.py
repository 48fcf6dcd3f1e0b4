"""Activations: what an encoder makes of stimuli, pooled, labelled and kept."""

from grounding.activations.extraction import extract, extract_many
from grounding.activations.pooling import POOLINGS, Pooling
from grounding.activations.record import Activations

__all__ = ["POOLINGS", "Activations", "Pooling", "extract", "extract_many"]
