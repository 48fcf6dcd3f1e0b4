"""From IPA phones of any language to the 39 phones of the aligner, which was trained on English.

The rule, phone by phone:

1. what `EXCEPTIONS` names is read as it says; else
2. marks of length, of secondary articulation and the like (`DROPPED`) are dropped; what
   `EXCEPTIONS` names now is read as it says; else
3. the phone is split into panphon's segments, and each is read as the nearest phone of `NEAREST`
   by panphon's weighted feature distance; of equally near ones, the first in that table.

Then neighbours that English has as one phone (`MERGED`: diphthongs, vowel and /ɹ/) become one, also
where the manifest has them as two phones. `Part` says which phones of the manifest each phone of
the aligner stands for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from grounding.errors import UserError
from grounding.stimuli.ipa import feature_table, features, weights, whole

__all__ = [
    "DROPPED",
    "EXCEPTIONS",
    "MERGED",
    "NEAREST",
    "Part",
    "Piece",
    "mapped",
    "pieces",
    "read_as",
    "value",
]

NEAREST: dict[str, str] = {
    "ɑ": "AA", "æ": "AE", "ʌ": "AH", "ɔ": "AO", "ɛ": "EH", "ɪ": "IH", "i": "IY", "ʊ": "UH",
    "u": "UW", "b": "B", "t͡ʃ": "CH", "d": "D", "ð": "DH", "f": "F", "ɡ": "G", "h": "HH",
    "d͡ʒ": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "s": "S",
    "ʃ": "SH", "t": "T", "θ": "TH", "v": "V", "w": "W", "j": "Y", "z": "Z", "ʒ": "ZH",
}  # fmt: skip
"""The aligner's phones that are one segment, by their IPA."""

EXCEPTIONS: dict[str, tuple[str, ...]] = {
    "ɚ": ("ER",), "ɝ": ("ER",), "ɜ": ("ER",),  # unknown to panphon, or no phone of the table
    "ᵻ": ("IH",), "ɨ": ("IH",), "ə": ("AH",), "ɐ": ("AH",),  # reduced vowels: ties
    "ø": ("ER",), "œ": ("ER",), "ɵ": ("UH",),  # rounded, neither front nor back in sound
    "r": ("R",), "ɾ": ("D",), "ʁ": ("HH",), "ʀ": ("HH",),  # measured; README
    "ç": ("HH",), "ɣ": ("G",), "ʝ": ("Y",), "ʔ": ("T",),
    "ɲ": ("N",), "ʎ": ("L",),
    "t͡s": ("T", "S"), "d͡z": ("D", "Z"), "p͡f": ("P", "F"),  # affricates that English lacks
}  # fmt: skip
"""Where the nearest phone by features is not the nearest in sound, or there is no nearest."""

MERGED: dict[tuple[str, str], str] = {
    ("a", "ɪ"): "AY", ("a", "i"): "AY", ("ɑ", "ɪ"): "AY", ("a", "ʊ"): "AW", ("a", "u"): "AW",
    ("e", "ɪ"): "EY", ("ɛ", "ɪ"): "EY", ("o", "ʊ"): "OW", ("ə", "ʊ"): "OW", ("ɔ", "ɪ"): "OY",
    ("ɔ", "ʏ"): "OY", ("ɜ", "ɹ"): "ER", ("ə", "ɹ"): "ER",
}  # fmt: skip
"""Two segments that English has as one phone. /əɹ/ and /ɜɹ/ only where no vowel follows."""

DROPPED = "ːˑʲˠˤʰʷⁿˡ" + "\u0303\u0329\u032f\u031e\u031d\u031f\u0320\u032a\u0325\u030a\u0306\u02de"


@dataclass(frozen=True)
class Part:
    """One phone of the aligner, and the places in the manifest's phones that it stands for.

    owners: one place; two where `MERGED` made two phones of the manifest one.
    """

    phone: str
    owners: tuple[int, ...]


@dataclass(frozen=True)
class Piece:
    """One segment of an IPA phone, and the phones of the aligner that it is read as."""

    segment: str
    phones: tuple[str, ...]

    @property
    def vowel(self) -> bool:
        return self.phones[0][0] in "AEIOU"


def mapped(phones: Sequence[str]) -> tuple[Part, ...]:
    """Return the aligner's phones for the IPA phones of a stimulus, in order.

    Raises `UserError` where there is none, and for a phone that panphon cannot read whole.

    >>> [part.phone for part in mapped(["k", "aɪ", "t͡s"])]
    ['K', 'AY', 'T', 'S']
    """
    if not phones:
        raise UserError("a phone string is empty; needed: at least one IPA phone")
    read = [(piece, place) for place, phone in enumerate(phones) for piece in pieces(phone)]
    parts: list[Part] = []
    k = 0
    while k < len(read):
        (here, owner), after = read[k], read[k + 1 : k + 3]
        joint = MERGED.get((here.segment, after[0][0].segment)) if after else None
        if joint == "ER" and len(after) == 2 and after[1][0].vowel:
            joint = None
        if joint:
            parts.append(Part(joint, tuple(dict.fromkeys((owner, after[0][1])))))
        else:
            parts += [Part(phone, (owner,)) for phone in here.phones]
        k += 2 if joint else 1
    return tuple(parts)


def read_as(phone: str) -> str:
    """Return what one phone alone is read as, for a table.

    >>> read_as("tʲ"), read_as("oʊ")
    ('T', 'OW')
    """
    return " ".join(part.phone for part in mapped([phone]))


@cache
def pieces(phone: str) -> tuple[Piece, ...]:
    """Return the segments of one IPA phone; raises `UserError` where panphon cannot read it whole.

    >>> [piece.segment for piece in pieces("aɪ")]
    ['a', 'ɪ']
    """
    text = unicodedata.normalize("NFD", phone).replace("g", "ɡ")  # the keyboard's letter
    bare = "".join(letter for letter in text if letter not in DROPPED)
    for name in (text, bare):
        if name in EXCEPTIONS:
            return (Piece(name, EXCEPTIONS[name]),)
    return tuple(Piece(s, EXCEPTIONS.get(s) or (_nearest(s),)) for s in whole(bare, phone))


@cache
def _nearest(segment: str) -> str:
    apart = [np.abs(features(segment) - features(known)) @ weights() for known in NEAREST]
    return list(NEAREST.values())[int(np.argmin(np.round(apart, 9)))]


@cache
def value(segment: str, feature: str) -> int:
    """Return one of panphon's features of a segment: 1, 0 or -1."""
    return int(feature_table().fts(segment)[feature])
