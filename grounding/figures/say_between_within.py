"""What is said of the tract between transcripts and within a transcript."""

from __future__ import annotations

from grounding.figures.between_within import ASSAYS, present
from grounding.figures.layers import CEILING, UPPER
from grounding.figures.method import method_words
from grounding.figures.missing import unanswered
from grounding.figures.numbers import estimate_text, listed
from grounding.figures.records import Result
from grounding.figures.scores import HELD_OUT

__all__ = ["alt", "caption", "missing"]

HEART = ("tract-between", "tract-within")


def missing(result: Result, stimuli: str) -> str:
    """Say why neither number can be drawn; one of the two is enough."""
    for assay in HEART:
        if any(row.trained for row in result.rows(stimuli, assay, HELD_OUT)):
            return ""
    return unanswered(result, stimuli, HEART[0], "C4")


def caption(result: Result, stimuli: str) -> str:
    """Say what is seen and how the numbers were made."""
    shown = present(result, stimuli)
    rows = [row for assay in shown for row in result.rows(stimuli, assay, HELD_OUT)]
    words = ["Held-out agreement with the vocal tract; bars are intervals."]
    if "tract-between" in shown:
        words.append("Between transcripts a reader can score.")
        if any(row.model == CEILING for row in rows):
            words.append(
                "The green line with its band is the transcript ceiling, the best that any "
                "function of the transcript can reach."
            )
            if any(row.model == UPPER for row in rows):
                words.append(
                    "Dotted: the ceiling where the two stimuli themselves count as well, which "
                    "makes it too high; with few realisations the first is too low."
                )
        else:
            words.append("There is no transcript ceiling: a transcript was said only once.")
    if "tract-within" in shown:
        words.append(
            "Within a transcript every function of the transcript scores exactly 0, the phone "
            "string too; only what hears can do better."
        )
    words += [
        f"Not drawn, no model was scored on it: {_flat(title)} ({assay})."
        for assay, title in ASSAYS.items()
        if assay not in shown
    ]
    return " ".join([*words, method_words(result, stimuli, rows)])


def alt(result: Result, stimuli: str) -> str:
    """Give the numbers of every trained model, panel by panel."""
    told = []
    for assay in present(result, stimuli):
        numbers = [
            f"{row.model} {estimate_text(row.value, row.low, row.high)}"
            for row in result.rows(stimuli, assay, HELD_OUT)
            if row.trained or row.role == "reference"
        ]
        told.append(f"{_flat(ASSAYS[assay])}, {listed(numbers)}")
    return f"Points with intervals, agreement with the vocal tract. {'; '.join(told)}."


def _flat(title: str) -> str:
    return title.replace("\n", " ")
