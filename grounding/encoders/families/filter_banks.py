"""wav2vec2-BERT (Seamless Communication 2023): stacked filter banks, then a conformer.

Frames of 25 ms every 10 ms without padding, each band scaled to mean 0 and variance 1 over the
recording, stacked by two: step t reads samples 320 t to 320 t + 560. An odd frame at the end makes
no step. The model was trained with masks; its convolutions are causal and honour them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from grounding.encoders.convolutions import Conv, Grid, output_length
from grounding.encoders.extractors import described, features_together, load_extractor
from grounding.encoders.plan import Plan, Recording
from grounding.encoders.protocol import layer_names
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.weights import Source, load_config

if TYPE_CHECKING:
    import torch

    from grounding.encoders.own_frames import Lengths
    from grounding.encoders.request import Request

__all__ = ["load"]

FRAMES = Conv(400, 160)
"""Window and hop of the extractor, in samples; its code fixes them."""


def load(request: Request, source: Source) -> SpeechEncoder:
    """Return the encoder of a wav2vec2-BERT."""
    config, extractor = load_config(source), load_extractor(source)
    layout = [FRAMES, Conv(extractor.stride, extractor.stride)]
    grid = Grid().through(layout)
    plan = Plan(
        layers=layer_names(config.num_hidden_layers),
        rate=extractor.sampling_rate,
        least=grid.field,
        steps=lambda samples: grid.steps(output_length(samples, layout), extractor.sampling_rate),
        prepare=partial(_prepare, extractor),
        body=_body,
        blocks=lambda body: body.encoder.layers,
        front=lambda body: (body.feature_projection, 1),
        mixed=True,
        about={"feature_extractor": described(extractor)},
    )
    return speech_encoder(request, source, plan)


def _prepare(extractor: Any, heard: Sequence[Recording]) -> Mapping[str, torch.Tensor]:
    frames = []
    for audio in heard:
        made = extractor(audio, sampling_rate=extractor.sampling_rate, return_tensors="np")
        own = int(made["attention_mask"][0].sum())
        frames.append(made["input_features"][0, :own])
    return features_together(frames)


def _body(model: Any, lengths: Lengths) -> Any:
    model.adapter = None
    return model
