"""Text models through transformers and sentence-transformers: any that give hidden states.

Layer 0 is the input embedding. Where a model adds learned positions to it (BERT, GPT-2), they are
in layer 0 too; the table of input embeddings alone is `static:NAME` (see `static`). Steps are the
transcript's tokens; tokens that the tokenizer adds (start, end, class, separator) are read by the
model and then left out. What differs between families is in `families.text_table`.

A causal model needs a start. Without one its first token, which for a word is often all there is,
serves as the place that attention rests on, and its hidden states hold little else: their norm in
the middle layers of SmolLM2 is a hundred times that of other tokens. So where the tokenizer puts
nothing before a text, the model reads its start token and a space, as before a word in running
text; `start` says otherwise, and the provenance says which.

A transcript is read alone, or in a frame (`contexts`), of which nothing is kept. It is encoded
once however many stimuli share it, so that their activations are the same numbers. With the
script "phones" its phones are read in place of its spelling (`phones`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.contexts import frames
from grounding.encoders.contexts import provenance as frames_provenance
from grounding.encoders.families.text_passes import Passes
from grounding.encoders.families.text_reading import Framed, Reading, read
from grounding.encoders.families.text_table import TextFamily, text_family
from grounding.encoders.families.text_tokenizer import (
    load_tokenizer,
    longest,
    start_of,
    tokenizer_sums,
)
from grounding.encoders.phones import phones_of, separator, spell
from grounding.encoders.protocol import layer_names, layer_places
from grounding.encoders.steps import Steps
from grounding.encoders.weights import Source, load_config, load_model
from grounding.errors import UserError, WeightsError

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["TextEncoder"]

REMEMBERED = 1024
"""Texts whose tokens are kept, at most."""


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """A text model.

    `start` is read before each transcript and left out; None is the model's own. `batch`
    transcripts go through at once. `context` names the frame that transcripts stand in. `script`
    says what is read of them, and `dtype` what is computed in (bfloat16: torch's autocast).
    """

    source: Source
    start: str | None = None
    batch: int | None = None
    context: str | None = None
    script: Literal["spelling", "phones"] = "spelling"
    dtype: Literal["float32", "bfloat16"] = "float32"
    modality: Literal["text"] = "text"

    @property
    def sees(self) -> Literal["transcript", "stimulus"]:
        return "transcript" if self.script == "spelling" else "stimulus"

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def revision(self) -> str:
        return self.source.revision

    @cached_property
    def family(self) -> TextFamily:
        """The row of the table that this model is read by."""
        return text_family(self._config.model_type)

    @cached_property
    def layers(self) -> tuple[str, ...]:
        try:
            return layer_names(self.family.depth(self._text_config))
        except AttributeError as error:
            raise WeightsError(
                f"the configuration of {self.name}, a {self._config.model_type}, does not say how "
                f"many layers it has ({error})."
            ) from error

    @property
    def provenance(self) -> Mapping[str, Any]:
        decided = {"window": None, "start": self._start, "tokenizer": tokenizer_sums(self.source)}
        decided["dtype"] = self.dtype
        if self.script == "phones":
            decided |= {"script": self.script, "separator": self._separator}
        return self.source.provenance | decided | frames_provenance(self.context)

    @cached_property
    def _config(self) -> Any:
        return load_config(self.source)

    @cached_property
    def _text_config(self) -> Any:
        """The part of the configuration that is about reading text."""
        two_halves = self._config.is_encoder_decoder
        return self._config.get_text_config(encoder=True if two_halves else None)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self.source)

    @cached_property
    def _start(self) -> str:
        """What is put before a transcript."""
        return start_of(self.start, self._tokenizer, self.family, self._config, self.name)

    @cached_property
    def _separator(self) -> str:
        """What stands between phones."""
        return separator(self._tokenizer)

    @cached_property
    def _model(self) -> Any:
        model = load_model(self.source)
        model.config.use_cache = False
        return model.get_encoder() if self._config.is_encoder_decoder else model

    @cached_property
    def _passes(self) -> Passes:
        """The model, ready to be run over readings."""
        return Passes(
            self._model, self._text_config, self.family, self.name, len(self.layers), self.dtype
        )

    @cached_property
    def _read(self) -> dict[Framed, Reading]:
        """What was read lately: extraction asks for the steps of a text before it is encoded."""
        return {}

    @cached_property
    def _most(self) -> int | None:
        """The longest input, in tokens; None where there is no limit."""
        return longest(self.source, self._tokenizer, self._text_config, self.family)

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of each stimulus' transcript, a step a token."""
        wanted = layer_places(self.layers, layers)
        framed = [self._framed(stimulus) for stimulus in stimuli]
        texts = list(dict.fromkeys(text for several in framed for text in several))
        readings = self._readings(texts)
        arrays = self._passes.run(readings, wanted, self.batch)
        encoded = dict(zip(texts, arrays, strict=True))
        averaged: dict[tuple[Framed, ...], np.ndarray] = {}
        for several in dict.fromkeys(framed):
            found = [encoded[text] for text in several]
            self._check_alike(several, [array.shape[1] for array in found])
            averaged[several] = found[0] if len(found) == 1 else np.mean(found, axis=0)
        return [averaged[several] for several in framed]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return the characters of the transcript that each token stands for.

        Of phones, one counts as one character. A token of the space before the transcript lies
        from -1 to 0.
        """
        several = self._framed(stimulus)
        spans = [reading.spans for reading in self._readings(several)]
        if any(span is None for span in spans):
            raise UserError(
                f"the tokens of {self.name} are not the letters of {several[0].text!r}, and its "
                "tokenizer does not tell where they are; its steps have no place."
            )
        first = spans[0]
        self._check_alike(several, [len(span) for span in spans if span is not None])
        assert first is not None
        if self.script == "phones":
            first = phones_of(first, stimulus.phones or (), self._separator)
        return Steps(first[:, 0], first[:, 1], "character")

    @property
    def input_embeddings(self) -> Any:
        """The module that turns token ids into vectors, before positions."""
        return self._model.get_input_embeddings()

    def token_ids(self, stimuli: Sequence[Stimulus]) -> list[np.ndarray]:
        """Return the ids of each transcript's tokens."""
        framed = [self._framed(stimulus)[0] for stimulus in stimuli]
        return [np.array(r.ids)[r.kept] for r in self._readings(framed)]

    def unknown(self, stimulus: Stimulus) -> tuple[int, int]:
        """Return how many of a transcript's tokens are unknown to the tokenizer, and of how many.

        A transcript of unknown tokens alone is counted, though `encode` refuses it.
        """
        reading, *_ = read(self._tokenizer, self._framed(stimulus), self.name)
        return reading.unknown, len(reading.kept)

    def _framed(self, stimulus: Stimulus) -> tuple[Framed, ...]:
        """Return what is read of a stimulus: one text, or one a frame."""
        text = stimulus.transcript
        if self.script == "phones":
            text = spell(stimulus, self._separator, self.name)
        if self.context is None:
            return (Framed(text, self._start),)
        return tuple(
            template.around(text, self._start) for template in frames(self.context, stimulus)
        )

    def _check_alike(self, several: Sequence[Framed], counts: Sequence[int]) -> None:
        """Raise `UserError` if a text has not as many tokens in each of its frames."""
        if len(set(counts)) > 1:
            raise UserError(
                f"{self.name} reads {several[0].text!r} as {', '.join(map(str, counts))} tokens "
                f"in the frames of the context {self.context!r}, so they cannot be averaged. "
                "Ask for one frame."
            )

    def _readings(self, texts: Sequence[Framed]) -> list[Reading]:
        """Return the tokens of texts that the model can take."""
        if len(self._read) + len(texts) > REMEMBERED:
            self._read.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        self._read.update(zip(new, read(self._tokenizer, new, self.name), strict=True))
        readings = [self._read[text] for text in texts]
        for framed, reading in zip(texts, readings, strict=True):
            if reading.unknown == len(reading.kept):
                raise UserError(
                    f"{self.name} knows no token of the transcript {framed.text!r}; all such "
                    "transcripts would be one to it. Leave it out, or choose a model of its "
                    "language."
                )
            if self._most is not None and len(reading.ids) > self._most:
                raise UserError(
                    f"the transcript {framed.text[:40]!r}... has {len(reading.ids)} tokens and "
                    f"{self.name} reads {self._most}. Shorten it, or choose a model with a longer "
                    "context."
                )
        return readings
