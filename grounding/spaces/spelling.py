"""How far apart two transcripts are as strings of letters.

`spelling` is Levenshtein's distance between the transcripts, divided by the length of the longer
one: 0 for the same string, 1 when no letter can be kept. `length` is the absolute difference in
their number of characters. Both read the transcript as it stands in the manifest, after Unicode
composition (NFC) and case folding, so that "Car" and "car", or two ways to store an accent, are
no difference; spaces and punctuation count.

Both are controls: what a function of the written string can score without knowing anything.
Source: Levenshtein, Soviet Physics Doklady 10 (1966).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from grounding.spaces.edit import edit_distances, unit_costs
from grounding.spaces.expand import rdm_from_kinds

if TYPE_CHECKING:
    from grounding.rsa import RDM
    from grounding.stimuli import StimulusSet

__all__ = [
    "LENGTH_UNITS",
    "REFERENCE",
    "UNITS",
    "length_missing",
    "length_rdm",
    "letters",
    "spelling_distances",
    "spelling_missing",
    "spelling_rdm",
]

UNITS = "share of letters changed"
LENGTH_UNITS = "characters"
REFERENCE = "Levenshtein 1966, over the length of the longer transcript"


def letters(transcript: str) -> str:
    """Return a transcript as compared here: composed (NFC) and case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", transcript).casefold())


def spelling_distances(texts: Sequence[str]) -> Float[np.ndarray, "text text"]:
    """Return the normalised Levenshtein distance of every two texts, 0 to 1.

    >>> spelling_distances(["Cat", "hat", "at"]).round(3)
    array([[0.   , 0.333, 0.333],
           [0.333, 0.   , 0.333],
           [0.333, 0.333, 0.   ]])
    """
    strings = [letters(text) for text in texts]
    symbols = sorted(set("".join(strings)))
    lengths = np.array([len(s) for s in strings], dtype=float)
    longer = np.maximum(lengths[:, None], lengths[None, :])
    # Two empty texts are equal; any text against an empty one is 1 through its own length.
    return edit_distances(strings, symbols, unit_costs(len(symbols)), 1.0) / np.maximum(longer, 1)


def length_distances(texts: Sequence[str]) -> Float[np.ndarray, "text text"]:
    """Return the absolute difference in number of characters of every two texts."""
    lengths = np.array([len(letters(text)) for text in texts], dtype=float)
    return np.abs(lengths[:, None] - lengths[None, :])


def spelling_missing(stimuli: StimulusSet) -> str | None:
    """Return None: every stimulus has a transcript."""
    return None


def length_missing(stimuli: StimulusSet) -> str | None:
    """Return None: every stimulus has a transcript."""
    return None


def spelling_rdm(stimuli: StimulusSet) -> RDM:
    """Return the spelling distance of every two stimuli."""
    texts = [letters(s.transcript) for s in stimuli]
    return rdm_from_kinds(texts, stimuli.ids, spelling_distances, metric="spelling")


def length_rdm(stimuli: StimulusSet) -> RDM:
    """Return the difference in number of characters of every two stimuli."""
    texts = [letters(s.transcript) for s in stimuli]
    return rdm_from_kinds(texts, stimuli.ids, length_distances, metric="length")
