"""What an assay finds of one twin and of the weights that it began from: one number a row.

For analyses that follow twins along training or data. All answers over the same stimuli with the
same settings share their folds and resamples, so that numbers of several twins are paired.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grounding.claims.answer import Answer, Contrast
from grounding.claims.assays import Assay
from grounding.claims.rows import rows
from grounding.claims.rule import LEVEL

__all__ = ["GAIN", "NUMBERS", "gain", "numbers"]

GAIN = "trained minus random weights"
NUMBERS = ("assay", "model", "weights", "quantity", "layer", "value", "low", "high", "n_stimuli")
"""The columns of a row, in order; see `Score`. model: empty for the twin itself."""


def numbers(assay: Assay, answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield held-out scores and those of every layer, with intervals, and what training added.

    answer: of a trained twin and its random weights; of references too, such as the ceiling.
    Nothing is yielded where it is missing.
    """
    for row in rows("", {assay.name: answer}, (), {assay.name: assay}):
        found = {name: getattr(row, name) for name in NUMBERS}
        yield found if row.note else found | {"model": ""}
    if answer.missing:
        return
    added = gain(answer).estimate(GAIN, LEVEL)
    about = {"assay": assay.name, "weights": "trained", "quantity": GAIN}
    number = {name: getattr(added, name) for name in ("value", "low", "high")}
    yield dict.fromkeys(NUMBERS, "") | about | number | {"n_stimuli": answer.n_stimuli}


def gain(answer: Answer) -> Contrast:
    """Return the held-out score of trained weights minus that of random ones."""
    return answer.mean(answer.keys(weights="trained")) - answer.mean(answer.keys(weights="random"))
