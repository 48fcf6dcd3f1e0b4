"""Phones in IPA as panphon reads them: their segments, and the articulatory features of these.

Features are +1, 0 or -1 (voicing, place, manner, height and so on); panphon's weights say how much
each counts in a distance. A diphthong is two segments, an affricate with a tie bar one.

Source: Mortensen et al., PanPhon: a resource for mapping IPA segments to articulatory feature
vectors, COLING 2016.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError

__all__ = ["REWRITES", "feature_table", "features", "segments", "weights", "whole"]

REWRITES: dict[str, str] = {
    "g": "ɡ",  # the keyboard's letter for the IPA one
    "ɚ": "əɹ",
    "ɝ": "ɜɹ",
    "ᵻ": "ɪ",
    "tʃ": "t͡ʃ",
    "dʒ": "d͡ʒ",
}
"""Symbols that panphon lacks, or would read as something else, and what is read instead."""


@cache
def feature_table() -> Any:
    """Return panphon's table, read once."""
    import panphon

    return panphon.FeatureTable()


@cache
def segments(phone: str) -> tuple[str, ...]:
    """Return the segments of one phone, after `REWRITES`.

    Raises `UserError` where panphon knows only a part of it.

    >>> segments("aɪ"), segments("t͡ʃ")
    (('a', 'ɪ'), ('t͡ʃ',))
    """
    text = unicodedata.normalize("NFD", phone)
    for found, read in REWRITES.items():
        text = text.replace(found, unicodedata.normalize("NFD", read))
    return whole(text, phone)


@cache
def whole(text: str, phone: str) -> tuple[str, ...]:
    """Return the segments of a text that stands for `phone`; raises `UserError` as `segments`."""
    found = tuple(str(segment) for segment in feature_table().ipa_segs(text))
    if not found or "".join(found) != text:
        raise UserError(
            f"phone {phone!r} is not IPA as panphon knows it (understood: "
            f"{' '.join(found) or 'nothing'}); write each phone as one IPA string, without stress "
            "marks or punctuation"
        )
    return found


@cache
def weights() -> Float[np.ndarray, " feature"]:
    """Return how much each feature counts."""
    return np.array(feature_table().weights, dtype=float)


@cache
def features(segment: str) -> Float[np.ndarray, " feature"]:
    """Return the features of one segment: +1, 0 or -1, in the order of `weights`."""
    # The table has two more features, tones, to which panphon gives no weight.
    return np.array(feature_table().fts(segment).numeric(), dtype=float)[: len(weights())]
