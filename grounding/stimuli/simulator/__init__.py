"""The bridge to the vocal-tract simulator, used to make stimuli and for nothing else.

Needs the optional extra `synthesis`. `speak` makes one word; the other files hold its parts: the
library's calls (`library`), speaker files made at run time (`speakers`), found vowels (`shapes`),
constrictions by rule (`consonants`), the records of phones (`phones`), the phones of each language
(`inventories`), durations (`timing`), gestures (`score`), realisations (`voices`), the arrays of
the tract's state (`articulation`) and whether they do what the phones ask for (`physics`).
"""

from __future__ import annotations

from grounding.stimuli.simulator.library import Simulator, SimulatorError
from grounding.stimuli.simulator.score import Segment, Style
from grounding.stimuli.simulator.speak import Spoken, speak
from grounding.stimuli.simulator.voices import BASE, RECIPES, Realisation, realise

__all__ = [
    "BASE",
    "RECIPES",
    "Realisation",
    "Segment",
    "Simulator",
    "SimulatorError",
    "Spoken",
    "Style",
    "realise",
    "speak",
]
