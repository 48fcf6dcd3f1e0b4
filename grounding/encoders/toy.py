"""Encoders without weights, for tests and first tries: they are quick and need no download.

They have the shape of a model and the knowledge of none: a random network over log spectra, and
hashed character n-grams.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.hearing import hear, samples_of
from grounding.encoders.protocol import layer_names, layer_places
from grounding.encoders.steps import Steps, even_steps
from grounding.errors import UserError

if TYPE_CHECKING:
    from grounding.encoders.request import Request
    from grounding.stimuli import Stimulus

__all__ = ["ToySpeech", "ToyText", "speech", "text"]

RATE = 16_000
FRAME, HOP = 400, 320
"""Samples that a step covers, and samples from one step to the next."""

WIDTH = 32
DEPTH = 2


@dataclass(frozen=True, eq=False)
class ToySpeech:
    """Log spectra, projected at random, and two random layers above. A seed draws another one."""

    seed: int | None = None
    name: str = "toy"
    modality: Literal["speech"] = "speech"
    sees: Literal["audio"] = "audio"
    layers: tuple[str, ...] = layer_names(DEPTH)

    @property
    def revision(self) -> str:
        return "1" if self.seed is None else f"random-{self.seed}"

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"weights": "none" if self.seed is None else "random", "seed": self.seed}

    @cached_property
    def _matrices(self) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng([0] if self.seed is None else [1, self.seed])
        bands = FRAME // 2 + 1
        first = rng.standard_normal((bands, WIDTH)) / np.sqrt(bands)
        return (first, *(rng.standard_normal((DEPTH, WIDTH, WIDTH)) / np.sqrt(WIDTH)))

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return up to three layers of 32 features, 20 ms a step."""
        places = layer_places(self.layers, layers)
        heard = [hear(s, self.name, rate=RATE, least=FRAME) for s in stimuli]
        return [self._encode(audio)[places] for audio in heard]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return frames of 25 ms, every 20 ms."""
        samples = samples_of(stimulus, self.name, rate=RATE, least=FRAME)
        return even_steps((samples - FRAME) // HOP + 1, hop=HOP, field=FRAME, rate=RATE)

    def _encode(self, audio: Float[np.ndarray, " sample"]) -> Float[np.ndarray, "3 step 32"]:
        frames = np.lib.stride_tricks.sliding_window_view(audio.astype(np.float64), FRAME)[::HOP]
        power = np.abs(np.fft.rfft(frames * np.hanning(FRAME))) ** 2
        first, *others = self._matrices
        layers = [np.log(power + 1e-8) @ first]
        for matrix in others:
            layers.append(layers[-1] + np.tanh(layers[-1] @ matrix))
        return np.stack(layers).astype(np.float32)


@dataclass(frozen=True, eq=False)
class ToyText:
    """Characters as random vectors; each layer adds the n-gram that ends there, one longer."""

    seed: int | None = None
    name: str = "toy-text"
    modality: Literal["text"] = "text"
    sees: Literal["transcript"] = "transcript"
    layers: tuple[str, ...] = layer_names(DEPTH)

    @property
    def revision(self) -> str:
        return "1" if self.seed is None else f"random-{self.seed}"

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"weights": "none" if self.seed is None else "random", "seed": self.seed}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return up to three layers of 32 features, a step a character."""
        places = layer_places(self.layers, layers)
        return [self._encode(self._read(stimulus))[places] for stimulus in stimuli]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return one step a character."""
        start = np.arange(len(self._read(stimulus)))
        return Steps(start, start + 1, "character")

    def _read(self, stimulus: Stimulus) -> str:
        if not stimulus.transcript:
            raise UserError(f"{self.name} makes no step of an empty transcript.")
        return stimulus.transcript

    def _encode(self, text: str) -> Float[np.ndarray, "3 step 32"]:
        padded = "^" * DEPTH + text
        layers = np.zeros((DEPTH + 1, len(text), WIDTH))
        for index in range(DEPTH + 1):
            for step in range(len(text)):
                gram = padded[step + DEPTH - index : step + DEPTH + 1]
                layers[index:, step] += self._vector(gram)
        return layers.astype(np.float32)

    def _vector(self, gram: str) -> Float[np.ndarray, " 32"]:
        digest = hashlib.sha256(f"{self.seed} {gram}".encode()).digest()
        return np.random.default_rng(list(digest)).standard_normal(WIDTH)


def speech(request: Request) -> ToySpeech:
    """Return the toy speech encoder that was asked for."""
    request.refuse("window", "start", "context", "dtype", "script")
    return ToySpeech(request.seed)


def text(request: Request) -> ToyText:
    """Return the toy text encoder that was asked for."""
    request.refuse("window", "start", "context", "dtype", "script")
    return ToyText(request.seed)
