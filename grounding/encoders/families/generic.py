"""Models that hear and that no family lists: run where their step times can be known exactly.

Where the configuration lists convolutions over the waveform (`conv_kernel`, `conv_stride`) and
the number of steps is what they make, times follow from them. Else they are measured (see
`probing`) on the model's front end with random weights. A model of which neither holds is refused
with the reason, since a guess from lengths would put sounds into steps that never heard them.

Layers are the model's hidden states; recordings of one length go together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from grounding.encoders.convolutions import Grid, output_length
from grounding.encoders.extractors import described, load_extractor
from grounding.encoders.families.waveform import convolutions
from grounding.encoders.plan import Plan, Recording
from grounding.encoders.probing import Measured, Probe, measure
from grounding.encoders.protocol import layer_names
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.weights import Source, load_config, load_shallow
from grounding.errors import WeightsError

if TYPE_CHECKING:
    import torch

    from grounding.encoders.request import Request

__all__ = ["load"]

INPUTS = ("input_values", "input_features")


def load(request: Request, source: Source) -> SpeechEncoder:
    """Return the encoder of a model that hears.

    Raises `WeightsError` for one whose input or whose step times cannot be known.
    """
    config, extractor = load_config(source), load_extractor(source)
    fed = next((name for name in extractor.model_input_names if name in INPUTS), None)
    depth = getattr(config, "num_hidden_layers", None)
    rate = getattr(extractor, "sampling_rate", None)
    if fed is None or rate is None or not isinstance(depth, int):
        raise WeightsError(
            f"{source.name} is a model of type {config.model_type!r}, of which its files do not "
            "tell the input, the rate or the number of layers. Needed: a feature extractor that "
            f"makes {' or '.join(INPUTS)} at a sampling_rate, and num_hidden_layers."
        )
    prepare = partial(_prepare, extractor, fed)
    probe = Probe(load_shallow(source), prepare, source.name)
    found = _listed(config, probe, rate) or measure(probe, rate)
    plan = Plan(
        layers=layer_names(depth),
        rate=rate,
        least=found.least,
        steps=lambda samples: found.grid.steps(found.count(samples), rate),
        prepare=prepare,
        body=lambda model, lengths: model,
        run=_run,
        front=lambda body: (body, 1),
        about={"feature_extractor": described(extractor), "step_times": found.how},
    )
    return speech_encoder(request, source, plan)


def _listed(config: Any, probe: Probe, rate: int) -> Measured | None:
    """Return what listed convolutions make, if that is how many steps the model makes."""
    if not getattr(config, "conv_kernel", None) or not getattr(config, "conv_stride", None):
        return None
    layout = convolutions(config)
    count = partial(output_length, convolutions=layout)
    grid = Grid().through(layout)
    for samples in (rate, rate + grid.hop // 2, rate + grid.hop):
        if probe.count(samples) != count(samples):
            return None
    return Measured(grid, grid.field, count, "from the configuration's convolutions")


def _prepare(extractor: Any, fed: str, heard: Sequence[Recording]) -> Mapping[str, torch.Tensor]:
    import torch

    made = [
        extractor(audio, sampling_rate=extractor.sampling_rate, return_tensors="pt")[fed]
        for audio in heard
    ]
    return {fed: torch.cat(made)}


def _run(
    body: Any, inputs: Mapping[str, torch.Tensor], wanted: set[int]
) -> dict[int, torch.Tensor]:
    """Return the wanted hidden states; the whole model is run, since its blocks are not known."""
    hidden = body(**inputs, output_hidden_states=True).hidden_states
    if hidden is None or len(hidden) <= max(wanted):
        raise WeightsError(
            f"the model gave {len(hidden or ())} layers; its configuration says more."
        )
    return {place: hidden[place] for place in wanted}
