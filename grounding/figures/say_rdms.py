"""What is said of the RDMs side by side."""

from __future__ import annotations

from grounding.figures.method import window_words
from grounding.figures.numbers import listed
from grounding.figures.rdms import MOST_CATEGORIES, blocks
from grounding.figures.records import Result

__all__ = ["alt", "caption", "missing"]


def missing(result: Result, stimuli: str) -> str:
    """Say why no RDM can be shown."""
    kept = result.panels.get(stimuli)
    if kept is None:
        return f"panels.json holds nothing for {stimuli}"
    if not kept.panels:
        return f"panels.json holds no RDM for {stimuli}: it has no space and no trained model"
    if len(kept.ids) < 3:
        return f"panels.json holds {len(kept.ids)} stimuli of {stimuli}; an RDM needs three"
    return ""


def caption(result: Result, stimuli: str) -> str:
    """Say what is seen and which stimuli and layers it is of."""
    kept = result.panels[stimuli]
    runs = blocks(kept)
    words = [
        f"Distances between {len(kept.ids)} stimuli of {stimuli}, one a transcript, as ranks "
        "within each panel; a model is shown at the layer that its title names. An illustration: "
        "scores are made from all stimuli, not from these, so there is no interval."
    ]
    if 2 <= len(runs) <= MOST_CATEGORIES:
        words.append("Stimuli are ordered by category; ticks part the categories.")
    elif len(runs) > MOST_CATEGORIES:
        words.append(f"Stimuli are ordered by category; {len(runs)} are too many to be named.")
    else:
        words.append("The stimuli have no categories; they are in the order of their ids.")
    rows = [row for row in result.scores if row.stimuli == stimuli]
    pooling = [f"{modality} {name}" for modality, name in result.pooling.items()]
    if pooling:
        words.append(f"Pooling: {listed(pooling)}.")
    if metric := next((row.metric for row in rows if row.metric), ""):
        words.append(f"Metric of the models' RDMs: {metric}.")
    if window := window_words(result, stimuli, rows):
        words.append(f"{window}.")
    return " ".join(words)


def alt(result: Result, stimuli: str) -> str:
    """Name the panels."""
    titles = [panel.title for panel in result.panels[stimuli].panels]
    number = len(result.panels[stimuli].ids)
    return (
        f"{len(titles)} images of ranked distances between {number} stimuli: {'; '.join(titles)}."
    )
