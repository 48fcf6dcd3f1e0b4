"""Acoustic baselines as encoders: what a listener of spectra alone would know, with no weights.

Each has two layers: its frames, "static", and their slopes over five frames, "delta". A frame is
25 ms long, every 10 ms, centred on samples k hop; the first is centred on the recording's first
sample. How each is computed, and after whom, is in `grounding.spectra`. Recordings at 16 kHz or
more are heard, and only up to 8 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.hearing import hear, samples_of
from grounding.encoders.protocol import layer_places
from grounding.encoders.steps import Steps, even_steps
from grounding.spectra import HIGHEST, HOP, WINDOW, deltas, envelope, log_mel, mfcc

if TYPE_CHECKING:
    from grounding.encoders.request import Request
    from grounding.stimuli import Stimulus

__all__ = ["Acoustic", "acoustic"]

LEAST = 400
"""Samples of the shortest recording: one window at 16 kHz."""

FRAMES: Mapping[str, Callable[..., Float[np.ndarray, "frame feature"]]] = {
    "log-mel": log_mel,
    "mfcc": mfcc,
    "envelope": envelope,
}
"""What is computed, by the encoder's name."""


@dataclass(frozen=True, eq=False)
class Acoustic:
    """Frames of a kind that `FRAMES` names, and their slopes."""

    name: str
    modality: Literal["speech"] = "speech"
    sees: Literal["audio"] = "audio"
    revision: str = "1"
    layers: tuple[str, ...] = ("static", "delta")

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"weights": "none", "frames": self.name, "window": None}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the frames of each stimulus and their slopes, 10 ms a step."""
        places = layer_places(self.layers, layers)
        encoded = []
        for stimulus in stimuli:
            audio = hear(stimulus, self.name, rate=_rate(stimulus), least=LEAST)
            static = FRAMES[self.name](audio, stimulus.rate)
            encoded.append(np.stack([static, deltas(static)])[places].astype(np.float32))
        return encoded

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return a step a frame, centred on every 10 ms from the first sample on."""
        rate = _rate(stimulus)
        samples = samples_of(stimulus, self.name, rate=rate, least=LEAST)
        hop, size = round(HOP * rate), round(WINDOW * rate)
        return even_steps(
            -(-samples // hop), hop=hop, field=size, rate=rate, first=-(size // 2), centre=0.0
        )


def _rate(stimulus: Stimulus) -> int:
    """Return the rate that the stimulus has to have: its own, if it is high enough."""
    return max(stimulus.rate, round(2 * HIGHEST))


def acoustic(request: Request) -> Acoustic:
    """Return the acoustic encoder that was asked for."""
    request.refuse("window", "start", "context", "dtype", "script")
    return Acoustic(request.name)
