"""Text models through transformers and sentence-transformers: any that give hidden states.

Layer 0 is the input embedding. Steps are the transcript's tokens; tokens that the tokenizer adds
(start, end, class, separator) are read by the model and then left out.

A causal model needs a start. Without one its first token, which for a word is often all there is,
serves as the place that attention rests on, and its hidden states hold little else: their norm in
the middle layers of SmolLM2 is a hundred times that of other tokens. So where the tokenizer puts
nothing before a text, the model reads its start token and a space, as before a word in running
text; `start` says otherwise, and the provenance says which.

A transcript is encoded once however many stimuli share it, so that their activations are the same
numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.batching import equal_length_batches
from grounding.encoders.cache import file_sha256
from grounding.encoders.protocol import layer_names
from grounding.encoders.quiet import quiet_transformers
from grounding.encoders.weights import Source, load_config, load_model
from grounding.errors import UserError, WeightsError

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["TextEncoder"]

TOKENIZER_FILES = ("*token*", "vocab*", "merges.txt", "*.model")
"""Where a tokenizer is kept."""

UNBOUNDED = 10**6
"""A tokenizer that knows no limit gives a number beyond this one."""


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """A text model.

    `start` is read before each transcript and left out; None is the model's own. `batch`
    transcripts with equally many tokens go through at once.
    """

    source: Source
    start: str | None = None
    batch: int | None = None
    modality: Literal["text"] = "text"
    sees: Literal["transcript"] = "transcript"

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def revision(self) -> str:
        return self.source.revision

    @cached_property
    def layers(self) -> tuple[str, ...]:
        return layer_names(self._config.num_hidden_layers)

    @property
    def provenance(self) -> Mapping[str, Any]:
        files = [p for pattern in TOKENIZER_FILES for p in sorted(self.source.files.glob(pattern))]
        tokenizer = {path.name: file_sha256(path) for path in files if path.is_file()}
        return self.source.provenance | {
            "window": None,
            "start": self._start,
            "tokenizer": tokenizer,
        }

    @cached_property
    def _config(self) -> Any:
        return load_config(self.source)

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        if not any(list(self.source.files.glob(pattern)) for pattern in TOKENIZER_FILES):
            raise WeightsError(
                f"{self.source.files} holds no tokenizer, so {self.name} cannot be fed transcripts."
            )
        try:
            with quiet_transformers():
                return AutoTokenizer.from_pretrained(
                    self.source.files, trust_remote_code=False, local_files_only=True
                )
        except (OSError, ValueError, KeyError) as error:
            raise WeightsError(
                f"transformers cannot load the tokenizer of {self.name} from "
                f"{self.source.files}: {str(error).splitlines()[0]}"
            ) from error

    @cached_property
    def _start(self) -> str:
        """What is put before a transcript."""
        if self.start and not self._tokenizer.is_fast:
            raise UserError(
                f"the tokenizer of {self.name} does not tell where its tokens are in the text, so "
                f"the start {self.start!r} cannot be left out again. Use start=''."
            )
        if self.start is not None or not self._tokenizer.is_fast:
            return self.start or ""
        causal = any(
            name.endswith(("ForCausalLM", "LMHeadModel"))
            for name in self._config.architectures or ()
        )
        if (
            not causal
            or self._tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"][0]
        ):
            return ""
        token = self._tokenizer.bos_token or self._tokenizer.eos_token
        return f"{token} " if token else ""

    @cached_property
    def _model(self) -> Any:
        model = load_model(self.source)
        return model.get_encoder() if self._config.is_encoder_decoder else model

    @cached_property
    def _most(self) -> int | None:
        """The longest input, in tokens; None where neither model nor tokenizer has a limit."""
        limits = [self._tokenizer.model_max_length]
        limits.append(getattr(self._config, "max_position_embeddings", None) or UNBOUNDED)
        sentence = self.source.files / "sentence_bert_config.json"
        if sentence.is_file():
            limits.append(json.loads(sentence.read_text("utf-8")).get("max_seq_length"))
        known = [limit for limit in limits if limit is not None and 0 < limit < UNBOUNDED]
        return min(known, default=None)

    def encode(self, stimuli: Sequence[Stimulus]) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of each stimulus' transcript, a step a token."""
        texts = list(dict.fromkeys(stimulus.transcript for stimulus in stimuli))
        tokens = [self._tokens(text) for text in texts]
        encoded: dict[str, np.ndarray] = {}
        lengths = [len(ids) for ids, _ in tokens]
        for positions in equal_length_batches(lengths, self.batch or 64):
            layers = self._encode([tokens[position] for position in positions])
            encoded |= dict(zip((texts[position] for position in positions), layers, strict=True))
        return [encoded[stimulus.transcript] for stimulus in stimuli]

    def _tokens(self, text: str) -> tuple[list[int], list[bool]]:
        """Return the token ids of `text` and which of them stand for it."""
        with quiet_transformers():
            coded = self._tokenizer(
                self._start + text,
                return_special_tokens_mask=True,
                return_offsets_mapping=bool(self._start),
                truncation=False,
            )
        ids, kept = coded["input_ids"], [not added for added in coded["special_tokens_mask"]]
        if self._start:
            ends = [end for _, end in coded["offset_mapping"]]
            kept = [own and end > len(self._start) for own, end in zip(kept, ends, strict=True)]
        if not any(kept):
            raise UserError(f"{self.name} makes no token of the transcript {text!r}.")
        unknown = self._tokenizer.unk_token_id
        if all(token == unknown for token, own in zip(ids, kept, strict=True) if own):
            raise UserError(
                f"{self.name} knows no token of the transcript {text!r}; all such transcripts "
                "would be one to it. Leave it out, or choose a model of its language."
            )
        if self._most is not None and len(ids) > self._most:
            raise UserError(
                f"the transcript {text[:40]!r}... has {len(ids)} tokens and {self.name} reads "
                f"{self._most}. Shorten it, or choose a model with a longer context."
            )
        return ids, kept

    def _encode(
        self, tokens: list[tuple[list[int], list[bool]]]
    ) -> list[Float[np.ndarray, "layer step feature"]]:
        """Return the activations of transcripts with equally many tokens."""
        import torch

        ids = torch.tensor([ids for ids, _ in tokens])
        with torch.inference_mode():
            hidden = self._model(
                input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True
            ).hidden_states
        layers = torch.stack(hidden, dim=1).numpy()
        if layers.shape[1] != len(self.layers):
            raise WeightsError(
                f"{self.name} gave {layers.shape[1]} layers; its configuration says "
                f"{len(self.layers)}."
            )
        return [one[:, kept] for one, (_, kept) in zip(layers, tokens, strict=True)]
