"""How much of a set of transcripts a text encoder cannot read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grounding.encoders.protocol import Encoder

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["unknown_rate"]


def unknown_rate(encoder: Encoder, stimuli: Sequence[Stimulus]) -> dict[str, float]:
    """Return, by language, the share of tokens (of word vectors: words) unknown to `encoder`.

    Each stimulus counts as often as it is there. Languages are in alphabetical order. Empty for
    an encoder that reads no text or knows every text, such as one of speech.

    >>> from grounding.encoders import load_encoder
    >>> unknown_rate(load_encoder("toy-text"), [])
    {}
    """
    count = getattr(encoder, "unknown", None)
    if count is None:
        return {}
    unknown: dict[str, int] = defaultdict(int)
    of: dict[str, int] = defaultdict(int)
    for stimulus in stimuli:
        some, total = count(stimulus)
        unknown[stimulus.language] += some
        of[stimulus.language] += total
    return {language: unknown[language] / of[language] for language in sorted(of) if of[language]}
