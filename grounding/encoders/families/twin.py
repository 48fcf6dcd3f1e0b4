"""The twins: one conformer, fed log-mel frames, characters or phonemes (see `twin_front`).

The trunk is a wav2vec2-BERT of transformers without adapter, and is run as one (`filter_banks`):
layer 0 is what enters the first block, and the last layer is what the model gives. It was trained
with masks; its convolutions are causal and honour them. In evaluation nothing of the input is
masked.

A twin that reads has several steps a symbol. They are even in time, as those of its twin that
hears are; each says which character of the transcript, or which phone, its symbol comes from. A
text is encoded once however many stimuli share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.batching import batches_by_sum
from grounding.encoders.cache import file_sha256
from grounding.encoders.extractors import features_together
from grounding.encoders.families.twin_file import read_training
from grounding.encoders.families.twin_front import (
    FRONT,
    GRID,
    RATE,
    WIDTH,
    Front,
    count_steps,
    held,
    log_mel,
    one_hot,
    places_of,
    read_front,
    standardised,
    stretched,
    symbols_of,
    text_steps,
)
from grounding.encoders.folders import from_folder
from grounding.encoders.plan import Plan, Recording
from grounding.encoders.protocol import Encoder, layer_names, layer_places
from grounding.encoders.speech import SpeechEncoder, speech_encoder
from grounding.encoders.steps import Steps
from grounding.encoders.weights import Source, initial_model, load_config, load_model
from grounding.errors import UserError, WeightsError

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedModel

    from grounding.encoders.request import Request
    from grounding.stimuli import Stimulus

__all__ = ["ReadingTwin", "initial_trunk", "load", "shipped", "shipped_folder"]

SHIPPED = Path(__file__).parents[2] / "twins" / "shipped"
TRUNK = {"model_type": "wav2vec2-bert", "feature_projection_input_dim": WIDTH, "add_adapter": False}
"""What the configuration of a trunk must say."""
BATCH = 32
STEPS = 1024
"""Of texts that go through at once, padded, at most: more are no faster, and fill the memory."""


def shipped(request: Request) -> Encoder:
    """Return a twin of the table; raises `WeightsError` where it is not in this installation."""
    folder = shipped_folder(request.name)
    if not folder.is_dir():
        raise WeightsError(
            f"the twin {request.name!r} is not in this installation: there is no folder {folder}. "
            "Train it with `grounding twins train` and give the folder of what was trained."
        )
    return from_folder(request, folder, "this package")


def shipped_folder(name: str) -> Path:
    """Return where a twin of the table is, or would be."""
    return SHIPPED / name.removeprefix("twin-")


def initial_trunk(config: PretrainedConfig, seed: int) -> PreTrainedModel:
    """Return the trunk in the state from which the seed starts, in float32.

    It is what `load_encoder(..., weights="random", seed=seed)` runs. torch's global generator is
    left as it was.
    """
    from transformers import AutoModel

    return initial_model(config, seed, AutoModel, {})


def load(request: Request, source: Source) -> SpeechEncoder | ReadingTwin:
    """Return the encoder of a twin; raises `WeightsError` for another trunk."""
    front, config = read_front(source.files), load_config(source)
    for name, needed in TRUNK.items():
        if getattr(config, name, None) != needed:
            raise WeightsError(
                f"{source.files} holds {FRONT}, so it is a twin, of which {name} is {needed!r}; "
                f"its config.json says {getattr(config, name, None)!r}."
            )
    if front.input != "audio":
        return ReadingTwin(source, front, request.batch, request.dtype or "float32")
    plan = Plan(
        layers=layer_names(config.num_hidden_layers),
        rate=RATE,
        least=GRID.field,
        steps=lambda samples: GRID.steps(count_steps(samples), RATE),
        prepare=partial(_heard, front),
        body=lambda model, lengths: model,
        blocks=_blocks,
        front=lambda body: (body.feature_projection, 1),
        mixed=True,
        batch=BATCH,
        about=_about(source, front),
    )
    return speech_encoder(request, source, plan)


@dataclass(frozen=True, eq=False)
class ReadingTwin:
    """A twin fed characters or phonemes; `batch` texts go through at once."""

    source: Source
    front: Front
    batch: int | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"
    modality: Literal["text"] = "text"

    @property
    def sees(self) -> Literal["transcript", "stimulus"]:
        return "transcript" if self.front.input == "characters" else "stimulus"

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def revision(self) -> str:
        return self.source.revision

    @cached_property
    def layers(self) -> tuple[str, ...]:
        return layer_names(load_config(self.source).num_hidden_layers)

    @property
    def provenance(self) -> Mapping[str, Any]:
        decided = self.source.provenance | {"window": None, "dtype": self.dtype}
        if self.front.input == "phonemes":
            decided["versions"] |= {"panphon": version("panphon")}
        return decided | _about(self.source, self.front)

    @cached_property
    def _model(self) -> Any:
        return load_model(self.source)

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of each stimulus' text; see `Encoder.encode`."""
        places = layer_places(self.layers, layers)
        read = [self._known(stimulus) for stimulus in stimuli]
        texts = list(dict.fromkeys(read))
        counts = [text_steps(len(text), self.front) for text in texts]
        encoded: dict[tuple[str, ...], np.ndarray] = {}
        for positions in batches_by_sum(counts, STEPS, self.batch):
            some = [texts[position] for position in positions]
            fed = [
                one_hot(stretched(texts[position], counts[position], self.front))
                for position in positions
            ]
            encoded |= dict(zip(some, self._pass(fed, places), strict=True))
        return [encoded[text] for text in read]

    def _pass(
        self, fed: Sequence[Float[np.ndarray, "_step 160"]], places: list[int]
    ) -> list[Float[np.ndarray, "layer _step feature"]]:
        """Return the activations of texts that go through at once."""
        import torch

        from grounding.encoders.passing import through_blocks

        if not places:
            return [np.empty((0, len(values), 0), dtype=np.float32) for values in fed]
        half = torch.autocast("cpu", torch.bfloat16, enabled=self.dtype == "bfloat16")
        with torch.inference_mode(), half:
            blocks = _blocks(self._model)
            kept = through_blocks(self._model, blocks, features_together(fed), set(places))
        layers = [kept[place].float().numpy() for place in places]
        return [
            np.stack([layer[row, : len(values)] for layer in layers])
            for row, values in enumerate(fed)
        ]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return the character that each step's symbol comes from; a phone counts as one."""
        count = len(self._known(stimulus))
        places = places_of(stimulus, self.front.input)
        start, end = places[held(count, text_steps(count, self.front))].T
        return Steps(start, end, "character")

    def unknown(self, stimulus: Stimulus) -> tuple[int, int]:
        """Return how many symbols of a stimulus the alphabet lacks, and of how many.

        A text of unknown symbols alone is counted, though `encode` refuses it.
        """
        symbols = symbols_of(stimulus, self.front.input)
        return sum(symbol not in (self.front.symbols or ()) for symbol in symbols), len(symbols)

    def _known(self, stimulus: Stimulus) -> tuple[str, ...]:
        """Return the symbols of a stimulus, of which the alphabet holds one or more."""
        symbols = symbols_of(stimulus, self.front.input)
        if set(symbols).isdisjoint(self.front.symbols or ()):
            raise UserError(
                f"{self.name} knows none of the {self.front.input} of stimulus {stimulus.id!r} "
                f"({stimulus.transcript!r}); all such would be one to it. Leave it out, or choose "
                "a model of its language."
            )
        return symbols


def _about(source: Source, front: Front) -> dict[str, Any]:
    """Return what of a twin decides its numbers beside its weights, and how claims pool it."""
    sha256 = file_sha256(source.files / FRONT)
    about = {"family": "twin", "input": front.input, "front_sha256": sha256, "even_steps": True}
    return about | read_training(source.files)


def _blocks(trunk: Any) -> Sequence[torch.nn.Module]:
    blocks: Sequence[torch.nn.Module] = trunk.encoder.layers
    return blocks


def _heard(front: Front, heard: Sequence[Recording]) -> Mapping[str, torch.Tensor]:
    return features_together([standardised(log_mel(audio), front) for audio in heard])
