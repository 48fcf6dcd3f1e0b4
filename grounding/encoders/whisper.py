"""Whisper's encoder, with its own window of 30 seconds or a shorter one.

Whisper pads every recording to 30 s. A shorter window pads to that length instead and uses as
many of the position encodings; it is several times faster and moves the upper layers a little.
The last layer is taken after the final layer normalisation, as transformers gives it.

The position code is not learned: its size is fixed, and it drowns what untrained convolutions let
through. A random Whisper with it measures little but duration (rank correlation of its geometry
with duration .99 at every layer, on `vocal-tract-words`), which is no floor for a model that
hears. So random weights go without it: then they pass the sound on (.8 to .9 with log-mel).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.hearing import hear
from grounding.encoders.protocol import layer_names
from grounding.encoders.weights import Source, load_model
from grounding.errors import UserError, WeightsError

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["WhisperEncoder"]

RATE = 16_000
HOP = 320
"""Samples a step: mel frames of 160, two to a step."""

LEAST = 400
"""Samples of the shortest recording that fills one spectral frame."""


@dataclass(frozen=True, eq=False)
class WhisperEncoder:
    """The encoder half of a Whisper.

    `window` is the length that recordings are padded to, in seconds; None is the model's own.
    `batch` recordings go through at once.
    """

    source: Source
    window: float | None = None
    batch: int | None = None
    modality: Literal["speech"] = "speech"
    sees: Literal["audio"] = "audio"

    def __post_init__(self) -> None:
        whole = self._positions * HOP / RATE
        if self.window is None:
            return
        if not LEAST / RATE <= self.window <= whole or round(self.window * RATE) % HOP:
            raise UserError(
                f"the window of {self.name} is a multiple of 0.02 s up to {whole:g} s; "
                f"found {self.window:g} s."
            )

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def revision(self) -> str:
        own = self._steps == self._positions
        return self.source.revision + ("" if own else f"@{self.window:g}s")

    @cached_property
    def layers(self) -> tuple[str, ...]:
        return layer_names(self._config["encoder_layers"])

    @property
    def provenance(self) -> Mapping[str, Any]:
        extractor = {
            k: v for k, v in sorted(self._extractor.to_dict().items()) if k != "mel_filters"
        }
        seconds = self._steps * HOP / RATE
        return self.source.provenance | {
            "window": seconds,
            "position_code": self._has_positions,
            "feature_extractor": extractor,
        }

    @cached_property
    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads((self.source.files / "config.json").read_text("utf-8"))
        return config

    @property
    def _has_positions(self) -> bool:
        return self.source.seed is None

    @property
    def _positions(self) -> int:
        return int(self._config["max_source_positions"])

    @property
    def _steps(self) -> int:
        """How many steps the window has."""
        return self._positions if self.window is None else round(self.window * RATE) // HOP

    @cached_property
    def _extractor(self) -> Any:
        from transformers import WhisperFeatureExtractor

        if not (self.source.files / "preprocessor_config.json").is_file():
            raise WeightsError(f"{self.source.files} holds no preprocessor_config.json.")
        return WhisperFeatureExtractor.from_pretrained(self.source.files, local_files_only=True)

    @cached_property
    def _model(self) -> Any:
        import torch

        encoder = load_model(self.source).get_encoder()
        positions = encoder.embed_positions.weight.detach()[: self._steps].clone()
        if not self._has_positions:
            positions.zero_()
        encoder.embed_positions = torch.nn.Embedding.from_pretrained(positions)
        # The forward pass compares its input's length with this number.
        encoder.config.max_source_positions = self._steps
        return encoder

    def encode(self, stimuli: Sequence[Stimulus]) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of each stimulus: 20 ms a step, from the recording's start."""
        batch = self.batch or (32 if self._steps <= 500 else 8)
        encoded = []
        for start in range(0, len(stimuli), batch):
            encoded += self._encode(stimuli[start : start + batch])
        return encoded

    def _encode(self, stimuli: Sequence[Stimulus]) -> list[Float[np.ndarray, "layer step feature"]]:
        import torch

        most = self._steps * HOP
        heard = [hear(s, self.name, rate=RATE, least=LEAST, most=most) for s in stimuli]
        features = self._extractor(
            heard, sampling_rate=RATE, padding="max_length", max_length=most, return_tensors="pt"
        ).input_features
        with torch.inference_mode():
            hidden = self._model(features, output_hidden_states=True).hidden_states
        layers = torch.stack(hidden, dim=1).numpy()
        if layers.shape[1] != len(self.layers):
            raise WeightsError(
                f"{self.name} gave {layers.shape[1]} layers; its configuration says "
                f"{len(self.layers)}."
            )
        kept = [math.ceil(len(audio) / HOP) for audio in heard]
        return [one[:, :steps].copy() for one, steps in zip(layers, kept, strict=True)]
