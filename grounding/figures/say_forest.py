"""What is said of the forest plot."""

from __future__ import annotations

from grounding.figures.forest import forest_lines
from grounding.figures.method import scored_words, window_words
from grounding.figures.missing import why
from grounding.figures.numbers import estimate_text, level_text, listed
from grounding.figures.records import Result

__all__ = ["alt", "caption", "missing"]


def missing(result: Result, stimuli: str) -> str:
    """Say why there is nothing to plot."""
    if any(line.estimate for line in forest_lines(result)):
        return ""
    if not result.claims:
        return "no claim was asked"
    reasons = [why(result, claim.stimuli, claim.name) for claim in result.claims]
    told = "; ".join(dict.fromkeys(part for r in reasons if r for part in r.split("; ")))
    return "no claim has an estimate" + (f" ({told})" if told else "")


def caption(result: Result, stimuli: str) -> str:
    """Say what is seen and how the numbers were made."""
    estimates = [e for claim in result.claims for e in claim.estimates]
    levels = dict.fromkeys(level_text(e.level) for e in (*estimates, *result.dissociation))
    sizes = dict.fromkeys(
        f"{claim.name} n = {claim.n_stimuli} stimuli in {claim.n_groups} groups of {claim.stimuli}"
        for claim in result.claims
        if claim.n_stimuli
    )
    words = [
        f"Estimates of every claim with {listed(list(levels))} intervals. A tick is a bound of the "
        "claim's rule and its arrow points to the side on which the whole interval must lie; "
        "hollow points are no part of a rule. Colour is the outcome.",
        "; ".join(sizes) + ".",
    ]
    for name in result.sets:
        if scored := scored_words(result, name):
            words.append(f"{name}{scored}.")
        rows = [row for row in result.scores if row.stimuli == name]
        if window := window_words(result, name, rows):
            words.append(f"On {name}, {window}.")
    selections = dict.fromkeys(claim.selection for claim in result.claims)
    measures = dict.fromkeys(f"{claim.measure}, {claim.metric}" for claim in result.claims)
    pooling = [f"{modality} {name}" for modality, name in result.pooling.items()]
    words.append(
        f"Measure and metric: {listed(list(measures))}. Layer: {listed(list(selections))}."
    )
    if pooling:
        words.append(f"Pooling: {listed(pooling)}.")
    return " ".join(words)


def alt(result: Result, stimuli: str) -> str:
    """Give every claim's outcome and estimates."""
    told = []
    for claim in result.claims:
        numbers = [f"{e.name} {estimate_text(e.value, e.low, e.high)}" for e in claim.estimates]
        told.append(f"{claim.name} {claim.outcome}: {'; '.join(numbers) or 'no estimate'}")
    return f"Forest plot of claims. {'. '.join(told)}."
