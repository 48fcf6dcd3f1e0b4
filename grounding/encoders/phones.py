"""Phones in place of spelling: as features without a model, or as text for a model.

`phone-features` is an encoder without weights: a step a phone, and of each phone the articulatory
features of panphon (voicing, place, manner, height and so on; +1, 0, -1). A diphthong, which is
two segments to panphon, is the mean of them. It is what a perfect reader of phone strings could
know of single phones, and a floor for any model that reads them.

A text model is fed phones with the script "phones": the phones of a stimulus, joined. A tokenizer
whose units are whole phones needs a space between them, any other reads them as one word;
`separator` finds out by a fixed string that both could know.

Steps count phones, not the letters that write them: the phone string is a text with one character
a phone, so that "t͡ʃ" and "a" are equally long.

Source: Mortensen et al., PanPhon, COLING 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float, Int

from grounding.encoders.protocol import layer_names, layer_places
from grounding.encoders.steps import Steps
from grounding.errors import UserError
from grounding.stimuli.ipa import features, segments

if TYPE_CHECKING:
    from grounding.encoders.request import Request
    from grounding.stimuli import Stimulus

__all__ = ["PhoneFeatures", "phone_features", "phones_of", "separator", "spell"]

PROBE = ("t", "a", "k", "i", "s", "u")
"""Phones that are also letters: any tokenizer of phones or of letters knows them."""


@dataclass(frozen=True, eq=False)
class PhoneFeatures:
    """The articulatory features of each phone, as panphon has them."""

    name: str = "phone-features"
    modality: Literal["text"] = "text"
    sees: Literal["stimulus"] = "stimulus"
    layers: tuple[str, ...] = layer_names(0)

    @property
    def revision(self) -> str:
        return version("panphon")

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {"weights": "none", "versions": {"panphon": version("panphon")}}

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer phone feature"]]:
        """Return one layer: a step a phone, 22 features."""
        places = layer_places(self.layers, layers)
        return [
            np.stack([_features(phone) for phone in _phones(stimulus, self.name)])[None][places]
            for stimulus in stimuli
        ]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return one step a phone, a phone counting as one character."""
        start = np.arange(len(_phones(stimulus, self.name)))
        return Steps(start, start + 1, "character")


def phone_features(request: Request) -> PhoneFeatures:
    """Return the encoder of phone features; there is only one."""
    request.refuse("window", "start", "context", "dtype", "script")
    return PhoneFeatures()


def spell(stimulus: Stimulus, between: str, reader: str) -> str:
    """Return the phones of a stimulus as text."""
    return between.join(_phones(stimulus, reader))


def separator(tokenizer: Any) -> str:
    """Return what a tokenizer needs between phones: a space if it knows them only singly."""

    def unknown(text: str) -> int:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        return sum(token == tokenizer.unk_token_id for token in ids)

    return " " if unknown(" ".join(PROBE)) < unknown("".join(PROBE)) else ""


def phones_of(
    spans: Int[np.ndarray, "token 2"], phones: Sequence[str], between: str
) -> Int[np.ndarray, "token 2"]:
    """Return spans in characters of the joined `phones` as spans in phones.

    A token has every phone that it holds a character of.
    """
    sizes = np.array([len(phone) + len(between) for phone in phones])
    ends = np.cumsum(sizes) - len(between)
    starts = np.cumsum(sizes) - sizes
    first = np.searchsorted(ends, spans[:, 0], side="right")
    last = np.searchsorted(starts, spans[:, 1], side="left")
    before = spans[:, 1] <= 0  # the space before the text
    return np.stack([np.where(before, -1, first), np.where(before, 0, last)], axis=1)


def _phones(stimulus: Stimulus, reader: str) -> Sequence[str]:
    if not stimulus.phones:
        raise UserError(
            f"stimulus {stimulus.id!r} has no phones, which {reader} reads. Give it a list of IPA "
            "strings under 'phones' in the manifest."
        )
    return stimulus.phones


@cache
def _features(phone: str) -> Float[np.ndarray, " feature"]:
    """Return the mean features of a phone's segments."""
    return np.mean([features(segment) for segment in segments(phone)], axis=0).astype(np.float32)
