"""What is said of the plane of physical against relational agreement."""

from __future__ import annotations

from grounding.figures.method import method_words
from grounding.figures.missing import unanswered
from grounding.figures.numbers import estimate_text, listed
from grounding.figures.plane import PHYSICAL, RELATIONAL, points
from grounding.figures.records import Result
from grounding.figures.scores import HELD_OUT

__all__ = ["alt", "caption", "missing"]


def missing(result: Result, stimuli: str) -> str:
    """Say why the plane cannot be drawn."""
    for assay, claim in ((PHYSICAL, "C1"), (RELATIONAL, "C6")):
        if not any(row.trained for row in result.rows(stimuli, assay, HELD_OUT)):
            return unanswered(result, stimuli, assay, claim)
    if not any(point.physical.trained for point in points(result, stimuli)):
        return f"no trained model has a score for both {PHYSICAL} and {RELATIONAL} on {stimuli}"
    return ""


def caption(result: Result, stimuli: str) -> str:
    """Say what is seen and how the numbers were made."""
    shown = list(points(result, stimuli))
    words = [
        "Each model's held-out partial agreement with the vocal tract (horizontal) and with "
        "lexical relations (vertical); crosses are intervals on both axes. Filled: trained; "
        "hollow: the same architecture with random weights, one point a seed."
    ]
    controls = [p.physical.model for p in shown if p.physical.role == "control"]
    if controls:
        words.append(f"Diamonds: controls whose answer is known ({listed(controls)}).")
    held = {(p.physical.model, p.physical.weights) for p in shown}
    one_only = {
        row.model
        for assay in (PHYSICAL, RELATIONAL)
        for row in result.rows(stimuli, assay, HELD_OUT)
        if (row.model, row.weights) not in held
    }
    if one_only:
        words.append(f"Not shown, scored on one axis only: {listed(sorted(one_only))}.")
    rows = [row for p in shown for row in (p.physical, p.relational)]
    return " ".join([*words, method_words(result, stimuli, rows)])


def alt(result: Result, stimuli: str) -> str:
    """Give both numbers of every trained model."""
    told = [
        f"{p.physical.model} ({p.physical.modality}) "
        f"{estimate_text(p.physical.value, p.physical.low, p.physical.high)} physical, "
        f"{estimate_text(p.relational.value, p.relational.low, p.relational.high)} relational"
        for p in points(result, stimuli)
        if p.physical.trained
    ]
    return f"Scatter of models, physical against relational agreement: {'; '.join(told)}."
