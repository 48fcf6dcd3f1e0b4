"""Constrictions that the German speaker lacks, each by a rule from one that it has.

The speaker has three shapes of a consonant, beside /a/, /i/ and /u/, and gestures go between them;
so a rule changes all three. A value replaces the speaker's, a `Moved` is added to it; of three
values the first is for /a/, the second for /i/, the third for /u/. TS2 and TS3 are the sides of the
tongue: at 1 they keep a groove of 0.15 cm^2 open, at -1 a gap at the sides of 0.25 cm^2. That
closures close and narrowings stay open was measured, and is tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from grounding.stimuli.simulator.phones import Phone
from grounding.stimuli.simulator.speakers import Moved

__all__ = ["CONSONANTS", "consonant_shapes"]

CONSONANTS: Mapping[str, tuple[str, dict[str, float | tuple[float, float, float]]]]
CONSONANTS = MappingProxyType(
    {
        "tt-dental-closure": ("tt-dental-fricative", {"TS3": 0.0, "TTY": Moved(0.3)}),
        "tt-dental-approximant": ("tt-dental-fricative", {"TS3": 0.0, "TTY": Moved(-0.2)}),
        "tt-alveolar-beat": (  # closed so lightly that a tap or a trill's beat is short
            "tt-alveolar-closure",
            {"TTY": (Moved(-0.1), Moved(0.2), Moved(0.15))},
        ),
        "tt-alveolar-approximant": (
            "tt-alveolar-closure",
            {"TTY": (Moved(-0.9), Moved(-0.6), Moved(-0.6))},
        ),
        "tb-palatal-closure": (
            "tb-palatal-fricative",
            {"TS1": 0.2, "TS2": 0.0, "TS3": 0.0, "TCY": Moved(0.2), "TBY": Moved(0.3)},
        ),
        "tb-palatal-lateral": (
            "tb-palatal-fricative",
            {"TS1": 0.2, "TS2": 0.0, "TS3": -1.0, "TCY": Moved(0.1)},
        ),
        "tb-velar-fricative": ("tb-velar-closure", {"TS2": 1.0, "TS3": 1.0}),
        "tb-velar-approximant": ("tb-velar-closure", {"TCY": Moved(-0.38)}),
        "ll-labial-approximant": ("ll-labial-closure", {"LD": 0.18}),
    }
)
"""A gesture's name, the speaker's gesture that it starts from, and what is changed in it."""


def consonant_shapes(phones: Iterable[Phone]) -> dict[str, tuple[str, Mapping[str, float]]]:
    """Return the shapes that these phones need and the speaker lacks, for `Inventory.shapes`."""
    needed = {
        name
        for phone in phones
        for name in (phone.gesture, phone.friction, phone.hiss, phone.between)
    }
    return {
        f"{name}({vowel})": (
            f"{base}({vowel})",
            {key: value[k] if isinstance(value, tuple) else value for key, value in rule.items()},
        )
        for name, (base, rule) in CONSONANTS.items()
        if name in needed
        for k, vowel in enumerate("aiu")
    }
