"""What is said of the overview of layers and spaces."""

from __future__ import annotations

import numpy as np

from grounding.figures.method import method_words
from grounding.figures.numbers import number
from grounding.figures.overview import ASSAY, grids, overview_rows
from grounding.figures.records import Result

__all__ = ["alt", "caption", "missing"]


def missing(result: Result, stimuli: str) -> str:
    """Say why there is no overview."""
    if overview_rows(result, stimuli):
        return ""
    return f"no trained model has a score for {ASSAY} on {stimuli}: it has no space to look at"


def caption(result: Result, stimuli: str) -> str:
    """Say what is seen and how the numbers were made."""
    rows = overview_rows(result, stimuli)
    words = (
        "Agreement of every layer of each trained model with every space that the set has. "
        "Nothing is partialled out, so a model that holds sound agrees with whatever goes along "
        "with sound; no claim is decided by it."
    )
    # All spaces share one method: one row a model and modality tells it.
    told = list({(row.model, row.modality): row for row in rows}.values())
    method = method_words(result, stimuli, told).replace(f"space {told[0].space}", "every space")
    return f"{words} {method}"


def alt(result: Result, stimuli: str) -> str:
    """Name the space that each model agrees with most."""
    spaces, models = grids(result, stimuli)
    told = []
    for name, grid in models.items():
        space, layer = np.unravel_index(np.nanargmax(grid), grid.shape)
        told.append(
            f"{name} agrees most with {spaces[space]}, {number(grid[space, layer])} in layer "
            f"{layer}"
        )
    return f"Heat maps of agreement, {len(spaces)} spaces by layers: {'; '.join(told)}."
