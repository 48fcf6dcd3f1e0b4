"""Whisper's encoder (Radford et al. 2023), with its own window of 30 seconds or a shorter one.

Whisper pads every recording to 30 s. A shorter window pads to that length instead and uses as
many of the position encodings; it is several times faster and moves the upper layers a little
(how much is in README.md, one folder up). The last layer is taken after the final layer
normalisation, as transformers gives it.

Mel frames are windows of 25 ms centred on every 10 ms; two convolutions of three frames, the
second with stride two, make steps of 20 ms, centred on samples 320 u. Steps that start after the
recording's end are left out. Log-mel values more than 80 dB below the loudest of the recording are
raised to there: the one thing by which a step depends on sound outside its field.

The position code is not learned: its size is fixed, and it drowns what untrained convolutions let
through. A random Whisper with it measures little but duration (rank correlation of its geometry
with duration .99 at every layer, on `vocal-tract-words`), which is no floor for a model that
hears. So random weights go without it: then they pass the sound on (.8 to .9 with log-mel).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from grounding.encoders.convolutions import Conv, Grid
from grounding.encoders.extractors import load_extractor
from grounding.encoders.plan import Plan, Recording
from grounding.encoders.protocol import layer_names
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.steps import Steps
from grounding.encoders.weights import Source, load_config
from grounding.errors import UserError

if TYPE_CHECKING:
    import torch

    from grounding.encoders.own_frames import Lengths
    from grounding.encoders.request import Request

__all__ = ["load"]

CONVOLUTIONS = (Conv(3, 1, 1), Conv(3, 2, 1))


def load(request: Request, source: Source) -> SpeechEncoder:
    """Return the encoder half of a Whisper.

    Raises `UserError` for a window that is longer than the model's, or no whole number of steps.
    """
    config, extractor = load_config(source), load_extractor(source)
    rate = extractor.sampling_rate
    frames = Conv(extractor.n_fft, extractor.hop_length, extractor.n_fft // 2)
    grid = Grid().through([frames, *CONVOLUTIONS])
    own = config.max_source_positions
    count = own if request.window is None else round(request.window * rate) // grid.hop
    if request.window is not None:
        _check_window(request.window, grid, own, rate, source.name)

    def steps(samples: int) -> Steps:
        return grid.steps(math.ceil(samples / grid.hop), rate)

    settings = {k: v for k, v in sorted(extractor.to_dict().items()) if k != "mel_filters"}
    plan = Plan(
        layers=layer_names(config.encoder_layers),
        rate=rate,
        least=extractor.n_fft,
        most=count * grid.hop,
        steps=steps,
        prepare=partial(_prepare, extractor, count * grid.hop),
        body=partial(_body, count, source.seed is None),
        blocks=lambda body: body.layers,
        front=lambda body: (body.conv2, -1),
        mixed=True,
        fixed=True,
        batch=32 if count <= 500 else 2,  # 30 s are work enough for a processor: 8 are slower
        suffix="" if count == own else f"@{request.window:g}s",
        about={
            "window": count * grid.hop / rate,
            "position_code": source.seed is None,
            "feature_extractor": settings,
        },
    )
    return speech_encoder(request, source, plan)


def _check_window(window: float, grid: Grid, own: int, rate: int, name: str) -> None:
    shortest, longest = grid.hop / rate * 1.25, own * grid.hop / rate
    if not shortest <= window <= longest or round(window * rate) % grid.hop:
        raise UserError(
            f"the window of {name} is a multiple of {grid.hop / rate:g} s up to {longest:g} s; "
            f"found {window:g} s."
        )


def _prepare(extractor: Any, most: int, heard: Sequence[Recording]) -> Mapping[str, torch.Tensor]:
    features = extractor(
        list(heard),
        sampling_rate=extractor.sampling_rate,
        padding="max_length",
        max_length=most,
        return_tensors="pt",
    ).input_features
    return {"input_features": features}


def _body(count: int, has_positions: bool, model: Any, lengths: Lengths) -> Any:
    import torch

    encoder = model.get_encoder()
    positions = encoder.embed_positions.weight.detach()[:count].clone()
    if not has_positions:
        positions.zero_()
    encoder.embed_positions = torch.nn.Embedding.from_pretrained(positions)
    # The forward pass compares its input's length with this number.
    encoder.config.max_source_positions = count
    return encoder
