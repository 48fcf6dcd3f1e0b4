"""What is said of the layer curves."""

from __future__ import annotations

from grounding.figures.layers import CEILING, PHONES, UPPER, curves, reference
from grounding.figures.method import method_words
from grounding.figures.missing import unanswered
from grounding.figures.numbers import estimate_text, listed
from grounding.figures.records import Result
from grounding.figures.scores import EVERY_LAYER

__all__ = ["alt", "caption", "missing"]


def missing(result: Result, stimuli: str, *, assay: str, claim: str) -> str:
    """Say why no layer curve can be drawn."""
    if curves(result, stimuli, assay):
        return ""
    return unanswered(result, stimuli, assay, claim)


def caption(result: Result, stimuli: str, *, assay: str) -> str:
    """Say what is seen and how the numbers were made."""
    shown = curves(result, stimuli, assay)
    rows = [row for curve in shown.values() for row in curve]
    words = [
        "Agreement of every layer of each trained model (line). Dots: layers that a fold chose "
        "for the held-out score; the curve itself is on all stimuli, without selection.",
        "Band: the interval of each layer."
        if all(row.low is not None for row in rows)
        else "Layers have no interval here; the held-out scores have.",
    ]
    floor = [r for r in result.rows(stimuli, assay, EVERY_LAYER) if r.random and r.model in shown]
    if floor:
        seeds = len({row.weights for row in floor})
        words.append(
            f"Grey: the same architecture with random weights, {seeds} "
            f"{'seed' if seeds == 1 else 'seeds, from lowest to highest; they have no interval'}."
        )
    else:
        words.append("No model here has a random-weight control.")
    for name, what in (
        (CEILING, "the best that any function of the transcript can reach"),
        (UPPER, "where the two stimuli themselves count as well, which makes it too high"),
        (PHONES, "distance between phone strings"),
    ):
        if reference(result, stimuli, assay, name):
            words.append(f"Horizontal line with band: {name}, {what}.")
    return " ".join([*words, method_words(result, stimuli, rows)])


def alt(result: Result, stimuli: str, *, assay: str) -> str:
    """Say where each curve is highest."""
    peaks = []
    for name, curve in curves(result, stimuli, assay).items():
        best = max(curve, key=lambda row: row.value)
        peaks.append(
            f"{name} is highest at {best.layer}, {estimate_text(best.value, best.low, best.high)}"
        )
    return f"Layer curves of {len(peaks)} models, assay {assay}: {listed(peaks)}."
