"""Run a speech model as its family's plan says: any that transformers loads.

Layer 0 is what enters the model's first block, and the last layer is what the model gives, after
its final normalisation where it has one. Only steps that lie in the recording are given.

`dtype` bfloat16 runs the model under torch's autocast: matrix products and convolutions in
bfloat16, normalisation and softmax in float32. On Whisper tiny.en it moves pooled vectors by less
than 2 % and their RDMs by less than 1 % (README.md beside this file, with what it saves).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.batching import batches_by_length, equal_length_batches
from grounding.encoders.hearing import hear, samples_of
from grounding.encoders.plan import Plan, Recording
from grounding.encoders.protocol import layer_places
from grounding.encoders.steps import Steps
from grounding.encoders.weights import Source, load_model
from grounding.errors import WeightsError

if TYPE_CHECKING:
    from grounding.encoders.own_frames import Lengths
    from grounding.encoders.request import Request
    from grounding.stimuli import Stimulus

__all__ = ["SpeechEncoder", "speech_encoder"]

AT_ONCE = 240.0
"""Seconds of padded audio that go through at once, at most: it bounds the memory."""


@dataclass(frozen=True, eq=False)
class SpeechEncoder:
    """A speech model run by a plan; `batch` recordings go through at once."""

    source: Source
    plan: Plan
    batch: int | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"
    modality: Literal["speech"] = "speech"
    sees: Literal["audio"] = "audio"

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def revision(self) -> str:
        return self.source.revision + self.plan.suffix

    @cached_property
    def layers(self) -> tuple[str, ...]:
        return self.plan.layers

    @property
    def provenance(self) -> Mapping[str, Any]:
        decided = {"window": None, "dtype": self.dtype}
        return self.source.provenance | decided | dict(self.plan.about)

    @cached_property
    def _lengths(self) -> Lengths:
        from grounding.encoders.own_frames import Lengths

        return Lengths()

    @cached_property
    def _model(self) -> Any:
        """The part of the model that is run, with its weights."""
        return self.plan.body(load_model(self.source, self.plan.architecture), self._lengths)

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return where the steps of `encode` lie in the recording."""
        return self.plan.steps(samples_of(stimulus, self.name, **self._limits))

    @property
    def _limits(self) -> dict[str, Any]:
        return {"rate": self.plan.rate, "least": self.plan.least, "most": self.plan.most}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of each stimulus; see `Encoder.encode`."""
        places = layer_places(self.layers, layers)
        heard = [hear(stimulus, self.name, **self._limits) for stimulus in stimuli]
        encoded: dict[int, np.ndarray] = {}
        for positions in self._batches([len(audio) for audio in heard]):
            some = [heard[position] for position in positions]
            values = self._encode(some, places, self.plan.prepare, self.plan.mixed)
            encoded |= dict(zip(positions, values, strict=True))
        return [encoded[position] for position in range(len(stimuli))]

    def unpadded(self, stimulus: Stimulus) -> Float[np.ndarray, "layer step feature"]:
        """Return the activations of a recording as its model gives them by itself.

        Nothing is padded and nothing kept out, so that they are what `encode` must give.
        """
        heard = [hear(stimulus, self.name, **self._limits)]
        prepare = self.plan.bare or self.plan.prepare
        return self._encode(heard, layer_places(self.layers, None), prepare, padded=False)[0]

    def _batches(self, lengths: list[int]) -> list[list[int]]:
        grouped = batches_by_length if self.plan.mixed else equal_length_batches
        if self.plan.fixed and self.plan.most is not None:
            lengths = [self.plan.most] * len(lengths)
        longest = max([self.plan.least, *lengths])
        size = min(self.batch or self.plan.batch, int(AT_ONCE * self.plan.rate / longest))
        return grouped(lengths, max(1, size))

    def _encode(
        self,
        heard: Sequence[Recording],
        places: list[int],
        prepare: Callable[[Sequence[Recording]], Mapping[str, Any]],
        padded: bool,
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of recordings that go through at once.

        padded: whether padding is to be kept out of the model.
        """
        import torch

        samples = tuple(len(audio) for audio in heard)
        body = self._model
        self._lengths.samples = samples if padded else None
        inputs = prepare(heard)
        half = torch.autocast("cpu", torch.bfloat16, enabled=self.dtype == "bfloat16")
        with torch.inference_mode(), half:
            kept = self._run(body, inputs, set(places)) if places else {}
        counts = [len(self.plan.steps(number)) for number in samples]
        for place in kept:
            if kept[place].shape[1] < max(counts):
                raise WeightsError(
                    f"{self.name} gave {kept[place].shape[1]} steps; its configuration says "
                    f"{max(counts)}."
                )
        return [
            np.stack([kept[place][row, :count].float().numpy() for place in places])
            if places
            else np.empty((0, count, 0), dtype=np.float32)
            for row, count in enumerate(counts)
        ]

    def _run(self, body: Any, inputs: Mapping[str, Any], wanted: set[int]) -> dict[int, Any]:
        from grounding.encoders.passing import through_blocks

        if self.plan.run is not None:
            return self.plan.run(body, inputs, wanted)
        blocks = self.plan.blocks(body) if self.plan.blocks else ()
        if len(blocks) + 1 != len(self.layers):
            raise WeightsError(
                f"{self.name} gave {len(blocks) + 1} layers; its configuration says "
                f"{len(self.layers)}."
            )
        return through_blocks(body, blocks, inputs, wanted, self.plan.last)


def speech_encoder(request: Request, source: Source, plan: Plan) -> SpeechEncoder:
    """Return the encoder of a plan, as it was asked for."""
    return SpeechEncoder(source, plan, request.batch, request.dtype or "float32")
