"""SpeechT5's speech encoder (Ao et al. 2022), of its speech-to-text and speech-to-speech models.

Steps and normalisation are those of wav2vec 2.0 base (see `waveform`). Its text-to-speech model
has a text encoder instead and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from grounding.encoders.convolutions import Conv, Grid, output_length
from grounding.encoders.extractors import described, load_extractor
from grounding.encoders.families.waveform import (
    convolutions,
    prepare,
    prove_context,
    prove_front,
)
from grounding.encoders.plan import Plan
from grounding.encoders.protocol import layer_names
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.weights import Source, load_config
from grounding.errors import WeightsError

if TYPE_CHECKING:
    from grounding.encoders.own_frames import Lengths
    from grounding.encoders.request import Request

__all__ = ["load"]

HEARING = ("SpeechT5ForSpeechToText", "SpeechT5ForSpeechToSpeech")
"""The models that have a speech encoder."""


def load(request: Request, source: Source) -> SpeechEncoder:
    """Return the speech encoder of a SpeechT5; raises `WeightsError` where it has none."""
    config, extractor = load_config(source), load_extractor(source)
    model = next((name for name in config.architectures or () if name in HEARING), None)
    if model is None:
        raise WeightsError(
            f"{source.name} is a {', '.join(config.architectures or ['SpeechT5Model'])}, which has "
            f"no speech encoder. Needed: {' or '.join(HEARING)}."
        )
    layout = convolutions(config)
    grid = Grid().through(layout)
    plan = Plan(
        layers=layer_names(config.encoder_layers),
        rate=extractor.sampling_rate,
        least=grid.field,
        steps=lambda samples: grid.steps(output_length(samples, layout), extractor.sampling_rate),
        prepare=partial(prepare, extractor, ladder=True),
        bare=partial(prepare, extractor),
        body=partial(_body, layout),
        blocks=lambda body: body.wrapped_encoder.layers,
        front=lambda body: (body.prenet.feature_encoder, -1),
        mixed=True,
        architecture=model,
        about={"feature_extractor": described(extractor)},
    )
    return speech_encoder(request, source, plan)


def _body(layout: Sequence[Conv], model: Any, lengths: Lengths) -> Any:
    encoder = model.get_encoder()
    prove_front(encoder.prenet.feature_encoder, layout, lengths)
    frames = partial(output_length, convolutions=layout)
    prove_context(encoder.prenet.pos_conv_embed, lengths, frames)
    return encoder
