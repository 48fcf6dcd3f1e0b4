"""Moonshine (Jeffries et al. 2024): convolutions over the waveform, then a transformer.

The three convolutions do not pad: step t reads samples 384 t to 384 t + 895, 24 ms a step. One
group normalisation after the first takes its statistics over all channels and the recording's own
frames. The model's own rule lets steps past the end into attention; here the mask holds the
recording's own steps only, which is what a recording gives alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from grounding.encoders.convolutions import Conv, Grid, output_length
from grounding.encoders.extractors import (
    described,
    ends_mask,
    load_extractor,
    padded,
    waveforms,
)
from grounding.encoders.plan import Plan, Recording
from grounding.encoders.protocol import layer_names
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.weights import Source, load_config

if TYPE_CHECKING:
    import torch

    from grounding.encoders.own_frames import Lengths
    from grounding.encoders.request import Request

__all__ = ["load"]

LAYOUT = (Conv(127, 64), Conv(7, 3), Conv(3, 2))
GRID = Grid().through(LAYOUT)


def load(request: Request, source: Source) -> SpeechEncoder:
    """Return the encoder half of a Moonshine."""
    config, extractor = load_config(source), load_extractor(source)
    plan = Plan(
        layers=layer_names(config.encoder_num_hidden_layers),
        rate=extractor.sampling_rate,
        least=GRID.field,
        steps=lambda samples: GRID.steps(output_length(samples, LAYOUT), extractor.sampling_rate),
        prepare=partial(_prepare, extractor),
        body=_body,
        blocks=lambda body: body.layers,
        front=lambda body: (body.conv3, -1),
        mixed=True,
        about={"feature_extractor": described(extractor)},
    )
    return speech_encoder(request, source, plan)


def _prepare(extractor: Any, heard: Sequence[Recording]) -> Mapping[str, torch.Tensor]:
    values = padded(waveforms(extractor, heard))
    if len({len(audio) for audio in heard}) == 1:
        return {"input_values": values}
    # The model looks at this mask once a hop.
    ends = [GRID.hop * (output_length(len(audio), LAYOUT) - 1) + 1 for audio in heard]
    mask = ends_mask(ends, values.shape[1])
    return {"input_values": values} | ({} if mask is None else {"attention_mask": mask})


def _body(model: Any, lengths: Lengths) -> Any:
    from grounding.encoders.own_frames import OwnGroupNorm

    encoder = model.get_encoder()
    frames = partial(output_length, convolutions=LAYOUT[:1])
    encoder.groupnorm = OwnGroupNorm(encoder.groupnorm, lengths, frames)
    return encoder
