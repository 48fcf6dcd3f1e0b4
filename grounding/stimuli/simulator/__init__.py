"""The bridge to the vocal-tract simulator, used to make stimuli and for nothing else.

Needs the optional extra `synthesis`. `speak` makes one word; the other files hold its parts: the
library's calls (`library`), speaker files made at run time (`speakers`), found vowels (`shapes`),
the phone table (`phones`), durations (`timing`), gestures (`score`), realisations (`voices`) and
the arrays of the tract's state (`articulation`).
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
