"""Kinds of phones and classes of boundaries between them, for any language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from grounding.stimuli.aligning.mapping import pieces, value

__all__ = ["CLASSES", "OPEN", "Kind", "boundary_class", "kind"]

OPEN = ("vowel", "approximant", "lateral")
CLASSES = (
    "stop closure",
    "stop release, voiced",
    "voice onset after a stop",
    "to a nasal",
    "from a nasal",
    "to a fricative",
    "from a fricative",
    "to or from /h/",
    "to a glide or liquid",
    "from a glide or liquid",
    "between vowels",
    "between consonants",
)


@dataclass(frozen=True)
class Kind:
    """vowel, approximant (glide, tap, trill), lateral, nasal, stop, affricate, fricative or h."""

    name: str
    voiced: bool

    @property
    def closed(self) -> bool:
        """Whether the mouth is closed for it, at its beginning at least."""
        return self.name in ("nasal", "stop", "affricate")


@cache
def kind(phone: str) -> Kind:
    """Return the kind of an IPA phone; of several segments, that of the first.

    >>> kind("t͡ʃʲ"), kind("oʊ")
    (Kind(name='affricate', voiced=False), Kind(name='vowel', voiced=True))
    """
    first = pieces(phone)[0]
    if first.vowel:
        return Kind("vowel", True)
    segment = first.segment
    has = {
        name: value(segment, name) > 0 for name in ("nas", "lat", "son", "cont", "delrel", "voi")
    }
    if segment in ("h", "ɦ", "ʔ"):
        name = "h"
    elif has["nas"]:
        name = "nasal"
    elif has["lat"]:
        name = "lateral"
    elif has["son"]:
        name = "approximant"
    elif has["cont"]:
        name = "fricative"
    else:
        name = "affricate" if has["delrel"] else "stop"
    return Kind(name, has["voi"])


def boundary_class(left: str, right: str) -> str:
    """Return the class, one of `CLASSES`, of the boundary between two IPA phones.

    >>> boundary_class("ɑ", "k"), boundary_class("k", "ɑ")
    ('stop closure', 'voice onset after a stop')
    """
    a, b = kind(left), kind(right)
    if "h" in (a.name, b.name):
        return "to or from /h/"
    if a.name in OPEN and b.name in OPEN:
        if a.name == b.name == "vowel":
            return "between vowels"
        return "to a glide or liquid" if a.name == "vowel" else "from a glide or liquid"
    if a.name not in OPEN and b.name not in OPEN:
        return "between consonants"
    if a.name in OPEN:
        return {"nasal": "to a nasal", "fricative": "to a fricative"}.get(b.name, "stop closure")
    if a.name in ("nasal", "fricative"):
        return f"from a {a.name}"
    return "stop release, voiced" if a.voiced else "voice onset after a stop"
