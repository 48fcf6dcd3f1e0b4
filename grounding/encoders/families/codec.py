"""Neural codecs: EnCodec (Défossez et al. 2023, mono) and Mimi (Défossez et al. 2024).

Layers are the continuous states that enter the quantiser, "latent", and what the quantiser makes
of them: EnCodec's at each of its bandwidths, "quantised-6kbps"; Mimi's first codebook, "semantic",
and all of them, "quantised". They have one grid and one width.

The front end is the stack of causal convolutions (up to EnCodec's recurrent part; in Mimi past its
transformer to the last stride). A step ends where its hop ends and reaches far back; its centre is
that of the path without residual branches. Nothing is normalised. EnCodec mirrors the sound before
its start, so that its first two steps see a little of what comes after them.
A length that is no whole number of hops is filled up by each convolution in its own way, so
recordings are not padded here: equal lengths go together.

Stereo and chunked models (EnCodec at 48 kHz) are refused. Mimi's transformer runs at twice the
rate of its latents; its layers are not given.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grounding.encoders.convolutions import Conv, Grid
from grounding.encoders.extractors import described, load_extractor, padded
from grounding.encoders.plan import Plan, Recording
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.weights import Source, load_config
from grounding.errors import WeightsError

if TYPE_CHECKING:
    import torch

    from grounding.encoders.request import Request

__all__ = ["encodec", "mimi"]


def encodec(request: Request, source: Source) -> SpeechEncoder:
    """Return EnCodec's encoder; raises `WeightsError` for a stereo, chunked or scaled one."""
    config = load_config(source)
    if config.chunk_length_s or config.normalize or config.norm_type != "weight_norm":
        raise WeightsError(
            f"{source.name} hears in chunks or scales what it hears, which moves step times. "
            "Needed: an EnCodec without, as the one at 24 kHz."
        )
    rates = [f"{bandwidth:g}" for bandwidth in config.target_bandwidths]
    layers = ("latent", *(f"quantised-{rate}kbps" for rate in rates))
    return _codec(request, source, config, layers, _run_encodec, [], lambda m: m.encoder.layers[-4])


def mimi(request: Request, source: Source) -> SpeechEncoder:
    """Return Mimi's encoder."""
    config = load_config(source)
    stride = config.latent_stride
    above = [Conv(config.last_kernel_size), Conv(2 * stride, stride)]
    layers = ("latent", "semantic", "quantised")
    return _codec(request, source, config, layers, _run_mimi, above, lambda m: m.encoder.downsample)


def _codec(
    request: Request,
    source: Source,
    config: Any,
    layers: tuple[str, ...],
    run: Any,
    above: Sequence[Conv],
    front: Any,
) -> SpeechEncoder:
    if config.audio_channels != 1 or not config.use_causal_conv:
        raise WeightsError(
            f"{source.name} hears {config.audio_channels} channels, or ahead of time. Needed: a "
            "causal codec of one channel."
        )
    extractor = load_extractor(source)
    grid = Grid().through(map(_causal, [*_stack(config, branches=True), *above]))
    direct = Grid().through(map(_causal, [*_stack(config, branches=False), *above]))
    centre = direct.first + direct.field / 2
    plan = Plan(
        layers=layers,
        rate=extractor.sampling_rate,
        least=grid.hop,
        steps=lambda samples: grid.steps(
            math.ceil(samples / grid.hop), extractor.sampling_rate, centre=centre
        ),
        prepare=_prepare,
        body=lambda model, lengths: model,
        run=run,
        front=lambda body: (front(body), -1),
        about={"feature_extractor": described(extractor)},
    )
    return speech_encoder(request, source, plan)


def _stack(config: Any, branches: bool) -> Iterator[Conv]:
    """Yield the convolutions of the strided path, and of the residual branches beside it."""
    yield Conv(config.kernel_size)
    for ratio in reversed(config.upsampling_ratios):
        for place in range(config.num_residual_layers if branches else 0):
            dilation = config.dilation_growth_rate**place
            yield Conv(config.residual_kernel_size, dilation=dilation)
        yield Conv(2 * ratio, ratio)


def _causal(conv: Conv) -> Conv:
    """Return a convolution that pads all before the start, so that it looks at no later hop."""
    reach = (conv.kernel - 1) * conv.dilation + 1
    return Conv(conv.kernel, conv.stride, reach - conv.stride, conv.dilation)


def _prepare(heard: Sequence[Recording]) -> Mapping[str, torch.Tensor]:
    return {"input_values": padded(heard)[:, None]}


def _run_encodec(
    model: Any, inputs: Mapping[str, torch.Tensor], wanted: set[int]
) -> dict[int, torch.Tensor]:
    latent = model.encoder(inputs["input_values"]).float()
    kept = {0: latent}
    for place in wanted - {0}:
        bandwidth = model.config.target_bandwidths[place - 1]
        kept[place] = model.quantizer.decode(model.quantizer.encode(latent, bandwidth))
    return {place: kept[place].transpose(1, 2) for place in wanted}


def _run_mimi(
    model: Any, inputs: Mapping[str, torch.Tensor], wanted: set[int]
) -> dict[int, torch.Tensor]:
    latent = model.encoder(inputs["input_values"]).latents.float()
    kept = {0: latent}
    semantic = model.config.num_semantic_quantizers
    for place, books in ((1, semantic), (2, model.config.num_quantizers)):
        if place in wanted:
            codes = model.quantizer.encode(latent, books).transpose(0, 1)
            kept[place] = model.quantizer.decode(codes)
    return {place: kept[place].transpose(1, 2) for place in wanted}
