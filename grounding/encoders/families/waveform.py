"""wav2vec 2.0 and its kin: convolutions over the waveform, then a transformer.

Sources: wav2vec 2.0 (Baevski et al. 2020; XLS-R, Babu et al. 2022, and MMS, Pratap et al. 2023,
are larger ones), HuBERT (Hsu et al. 2021), WavLM (Chen et al. 2022), data2vec (Baevski et al.
2022), UniSpeech (Wang et al. 2021), UniSpeech-SAT (Chen et al. 2022).

The convolutions do not pad: with the usual ones step t reads samples 320 t to 320 t + 400. Models
whose first convolution is followed by group normalisation (wav2vec 2.0 base, HuBERT base) were
trained without masks, and take their statistics over the recording; those with layer normalisation
were trained with masks. Both are run so that a recording gives what it gives alone: statistics
over its own frames, attention to its own steps, zeros beyond its end for positional and depthwise
convolutions. An adapter above the transformer (speech translation) is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from grounding.encoders.batching import rung
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

__all__ = ["convolutions", "load", "prepare", "prove_context", "prove_front"]


def load(request: Request, source: Source) -> SpeechEncoder:
    """Return the encoder of a model of the wav2vec 2.0 kind."""
    config, extractor = load_config(source), load_extractor(source)
    layout = convolutions(config)
    grid = Grid().through(layout)
    plan = Plan(
        layers=layer_names(config.num_hidden_layers),
        rate=extractor.sampling_rate,
        least=grid.field,
        steps=lambda samples: grid.steps(output_length(samples, layout), extractor.sampling_rate),
        prepare=partial(prepare, extractor, ladder=True),
        bare=partial(prepare, extractor),
        body=partial(_body, layout),
        blocks=lambda body: body.encoder.layers,
        front=lambda body: (body.feature_extractor, -1),
        mixed=True,
        about={"feature_extractor": described(extractor)},
    )
    return speech_encoder(request, source, plan)


def convolutions(config: Any) -> list[Conv]:
    """Return the convolutions over the waveform that a configuration describes."""
    pairs = zip(config.conv_kernel, config.conv_stride, strict=True)
    return [Conv(kernel, stride) for kernel, stride in pairs]


def prepare(
    extractor: Any, heard: Sequence[Recording], ladder: bool = False
) -> Mapping[str, torch.Tensor]:
    """Return waveforms, padded up to a rung of the `ladder` if asked, and a mask if any is."""
    longest = max(len(audio) for audio in heard)
    values = padded(waveforms(extractor, heard), rung(longest) if ladder else longest)
    mask = ends_mask([len(audio) for audio in heard], values.shape[1])
    return {"input_values": values} | ({} if mask is None else {"attention_mask": mask})


def prove_front(front: Any, layout: Sequence[Conv], lengths: Lengths) -> None:
    """Make the group normalisations of a front end take their own recording's frames only."""
    from torch import nn

    from grounding.encoders.own_frames import OwnGroupNorm

    for place, layer in enumerate(front.conv_layers):
        norm = getattr(layer, "layer_norm", None)
        if isinstance(norm, nn.GroupNorm):
            frames = partial(output_length, convolutions=layout[: place + 1])
            layer.layer_norm = OwnGroupNorm(norm, lengths, frames)


def prove_context(part: Any, lengths: Lengths, frames: Callable[[int], int]) -> None:
    """Make every convolution over time in `part` see zeros beyond the recording's end."""
    from torch import nn

    from grounding.encoders.own_frames import zero_beyond

    for module in part.modules():
        if isinstance(module, nn.Conv1d) and module.kernel_size[0] > 1:
            zero_beyond(module, lengths, frames)


def _body(layout: Sequence[Conv], model: Any, lengths: Lengths) -> Any:
    prove_front(model.feature_extractor, layout, lengths)
    prove_context(model.encoder, lengths, partial(output_length, convolutions=layout))
    model.adapter = None
    return model
