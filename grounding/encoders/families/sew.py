"""SEW and SEW-D: wav2vec 2.0 with a squeezed context network (Wu et al. 2022).

Between convolutions and transformer neighbouring frames are averaged (two of them, as a rule), and
the transformer runs on the squeezed steps. Layers are given there, at 40 ms a step; the model's
own output unfolds each squeezed step into two again and is not a layer.

The model marks a squeezed step as heard when any of its frames was, though a recording alone drops
an odd frame at its end. So recordings are not padded here: equal lengths go together.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from grounding.encoders.convolutions import Conv, Grid, output_length
from grounding.encoders.extractors import described, load_extractor
from grounding.encoders.families.waveform import convolutions, prepare
from grounding.encoders.plan import Plan
from grounding.encoders.protocol import layer_names
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.weights import Source, load_config

if TYPE_CHECKING:
    from grounding.encoders.request import Request

__all__ = ["load"]


def load(request: Request, source: Source) -> SpeechEncoder:
    """Return the encoder of a SEW or a SEW-D."""
    config, extractor = load_config(source), load_extractor(source)
    squeeze = Conv(config.squeeze_factor, config.squeeze_factor)
    layout = [*convolutions(config), squeeze]
    grid = Grid().through(layout)
    plan = Plan(
        layers=layer_names(config.num_hidden_layers),
        rate=extractor.sampling_rate,
        least=grid.field,
        steps=lambda samples: grid.steps(output_length(samples, layout), extractor.sampling_rate),
        prepare=partial(prepare, extractor),
        body=lambda model, lengths: model,
        blocks=_blocks,
        last="block",
        front=lambda body: (body.encoder.pool, -1),
        about={"feature_extractor": described(extractor)},
    )
    return speech_encoder(request, source, plan)


def _blocks(body: Any) -> Any:
    inner = getattr(body.encoder, "encoder", None)  # SEW-D has its transformer one deeper
    return body.encoder.layers if inner is None else inner.layer
