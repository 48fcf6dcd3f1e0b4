"""Self-supervised speech encoders through transformers: wav2vec 2.0, HuBERT, WavLM, data2vec, ...

Layer 0 is what enters the transformer: projected features plus positions. Recordings are never
padded (see `batching`), so every step saw audio and nothing else: step t of a model with the
usual convolutions covers samples 320 t to 320 t + 400, centre 12.5 ms + 20 ms t.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.batching import equal_length_batches
from grounding.encoders.hearing import hear
from grounding.encoders.protocol import layer_names
from grounding.encoders.weights import Source, load_config, load_model
from grounding.errors import WeightsError

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["FILTER_BANKS", "WAVEFORM", "SpeechEncoder"]

WAVEFORM = (
    "data2vec-audio",
    "hubert",
    "unispeech",
    "unispeech-sat",
    "wav2vec2",
    "wav2vec2-conformer",
    "wavlm",
)
"""Model types whose convolutions read the waveform."""

FILTER_BANKS = ("wav2vec2-bert",)
"""Model types that read stacked filter banks, 20 ms a step."""

BANKS_LEAST = 720
"""Samples of two filter-bank frames (25 ms, 10 ms apart), which make one step, and a little."""


@dataclass(frozen=True, eq=False)
class SpeechEncoder:
    """A self-supervised speech encoder. `batch` recordings of one length go through at once."""

    source: Source
    batch: int | None = None
    modality: Literal["speech"] = "speech"
    sees: Literal["audio"] = "audio"

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def revision(self) -> str:
        return self.source.revision

    @cached_property
    def layers(self) -> tuple[str, ...]:
        return layer_names(self._config.num_hidden_layers)

    @property
    def provenance(self) -> Mapping[str, Any]:
        extractor = {k: v for k, v in self._extractor.to_dict().items() if k != "mel_filters"}
        extractor = {k: v for k, v in sorted(extractor.items()) if isinstance(v, str | int | float)}
        return self.source.provenance | {"window": None, "feature_extractor": extractor}

    @cached_property
    def _config(self) -> Any:
        return load_config(self.source)

    @cached_property
    def _extractor(self) -> Any:
        from transformers import AutoFeatureExtractor

        if not (self.source.files / "preprocessor_config.json").is_file():
            raise WeightsError(f"{self.source.files} holds no preprocessor_config.json.")
        return AutoFeatureExtractor.from_pretrained(
            self.source.files, trust_remote_code=False, local_files_only=True
        )

    @cached_property
    def _model(self) -> Any:
        return load_model(self.source)

    @cached_property
    def _least(self) -> int:
        """Samples of the shortest recording that makes one step."""
        if self._config.model_type in FILTER_BANKS:
            return BANKS_LEAST
        field = 1
        convolutions = zip(self._config.conv_kernel, self._config.conv_stride, strict=True)
        for kernel, stride in reversed(list(convolutions)):
            field = (field - 1) * stride + kernel
        return field

    def _steps(self, samples: int) -> int | None:
        """How many steps the model's convolutions make of a recording; None where not known."""
        if self._config.model_type in FILTER_BANKS:
            return None
        for kernel, stride in zip(self._config.conv_kernel, self._config.conv_stride, strict=True):
            samples = (samples - kernel) // stride + 1
        return samples

    def encode(self, stimuli: Sequence[Stimulus]) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of each stimulus, at the steps of the model's convolutions."""
        rate = self._extractor.sampling_rate
        heard = [hear(s, self.name, rate=rate, least=self._least) for s in stimuli]
        encoded: dict[int, np.ndarray] = {}
        for positions in equal_length_batches([len(audio) for audio in heard], self.batch or 8):
            layers = self._encode([heard[position] for position in positions])
            encoded |= dict(zip(positions, layers, strict=True))
        return [encoded[position] for position in range(len(stimuli))]

    def _encode(self, heard: list[np.ndarray]) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of recordings of one length."""
        import torch

        inputs = self._extractor(
            heard, sampling_rate=self._extractor.sampling_rate, padding=True, return_tensors="pt"
        )
        with torch.inference_mode():
            hidden = self._model(**inputs, output_hidden_states=True).hidden_states
        layers = torch.stack(hidden, dim=1).numpy()
        steps = self._steps(len(heard[0]))
        if steps is None:  # filter banks are padded to whole steps, and the mask says where
            steps = int(inputs["attention_mask"][0].sum())
        if layers.shape[1] != len(self.layers) or layers.shape[2] < steps:
            raise WeightsError(
                f"{self.name} gave {layers.shape[1]} layers of {layers.shape[2]} steps; its "
                f"configuration says {len(self.layers)} of {steps}."
            )
        return [one[:, :steps].copy() for one in layers]
