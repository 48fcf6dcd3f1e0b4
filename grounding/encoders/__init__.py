"""Encoders: models that turn a stimulus into features, layer by layer."""

from grounding.encoders.loading import load_encoder
from grounding.encoders.protocol import Encoder
from grounding.encoders.table import ENCODERS, EncoderKind, known_encoders
from grounding.encoders.unknown import unknown_rate

__all__ = ["ENCODERS", "Encoder", "EncoderKind", "known_encoders", "load_encoder", "unknown_rate"]
