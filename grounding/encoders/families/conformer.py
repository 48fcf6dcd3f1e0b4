"""Parakeet (fast conformer, Rekesh et al. 2023): log-mel, three strided convolutions, a conformer.

Windows of 25 ms centred on every 10 ms of the pre-emphasised waveform, each band scaled to mean 0
and variance 1 over the recording; then three convolutions of three frames, each with stride two:
80 ms a step, centred on samples 1280 t. The model is always given its mask, with which it keeps
padding out of every convolution and of attention.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from grounding.encoders.convolutions import Conv, Grid
from grounding.encoders.extractors import described, ends_mask, load_extractor, padded
from grounding.encoders.plan import Plan, Recording
from grounding.encoders.protocol import layer_names
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.steps import Steps
from grounding.encoders.weights import Source, load_config

if TYPE_CHECKING:
    import torch

    from grounding.encoders.request import Request

__all__ = ["load"]


def load(request: Request, source: Source) -> SpeechEncoder:
    """Return the encoder of a Parakeet."""
    whole, extractor = load_config(source), load_extractor(source)
    config = getattr(whole, "encoder_config", whole)
    strided = Conv(
        config.subsampling_conv_kernel_size,
        config.subsampling_conv_stride,
        (config.subsampling_conv_kernel_size - 1) // 2,
    )
    layout = [strided] * round(math.log2(config.subsampling_factor))
    # Two samples of pre-emphasis, then the window, in the middle of a transform that is longer.
    frames = [
        *([Conv(2, left=1)] if extractor.preemphasis else []),
        Conv(extractor.win_length, extractor.hop_length, extractor.win_length // 2),
    ]
    grid = Grid().through([*frames, *layout])

    def steps(samples: int) -> Steps:
        count = samples // extractor.hop_length
        for conv in layout:
            count = (count + 2 * conv.left - conv.kernel) // conv.stride + 1
        return grid.steps(count, extractor.sampling_rate, centre=0.0)

    plan = Plan(
        layers=layer_names(config.num_hidden_layers),
        rate=extractor.sampling_rate,
        least=extractor.win_length,  # two frames, for a variance
        steps=steps,
        prepare=partial(_prepare, extractor),
        body=lambda model, lengths: getattr(model, "encoder", model),
        blocks=lambda body: body.layers,
        front=lambda body: (body.subsampling, 1),
        mixed=True,
        about={"feature_extractor": described(extractor)},
    )
    return speech_encoder(request, source, plan)


def _prepare(extractor: Any, heard: Sequence[Recording]) -> Mapping[str, torch.Tensor]:
    frames, own = [], []
    for audio in heard:
        made = extractor([audio], sampling_rate=extractor.sampling_rate, return_tensors="pt")
        frames.append(made["input_features"][0].numpy())
        own.append(int(made["attention_mask"][0].sum()))
    values = padded(frames)
    mask = ends_mask(own, values.shape[1])
    assert mask is not None  # the extractor's last frame is never a recording's own
    return {"input_features": values, "attention_mask": mask.bool()}
