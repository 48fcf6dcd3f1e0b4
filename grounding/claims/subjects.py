"""The models that a run asks: each trained, and with random weights under several seeds."""

from __future__ import annotations

from collections.abc import Sequence

from grounding.claims.answer import Asked
from grounding.claims.assays import POOLING
from grounding.claims.evidence import Subject
from grounding.encoders import load_encoder

__all__ = ["CONTROLS", "DEFAULT_MODELS", "load_subjects"]

DEFAULT_MODELS = ("whisper-tiny.en", "whisper-base", "all-MiniLM-L6-v2", "SmolLM2-135M")
CONTROLS = ("oracle", "noise")
"""Encoders whose answer is known; they go through the whole path of every run."""
