"""English (General American): ARPAbet without stress digits, as in CMUdict."""

from __future__ import annotations

from grounding.stimuli.simulator.phones import PHONES, Inventory, Timing
from grounding.stimuli.simulator.shapes import TARGETS

__all__ = ["ENGLISH"]

ENGLISH = Inventory(
    language="en",
    phones=PHONES,
    targets=TARGETS,
    timing=Timing(),
    cannot=(
        "A flap, a syllabic consonant and a glottal stop are not made.",
        "/ɹ/ has one shape, with a raised tip; a bunched tongue is not made.",
    ),
)
