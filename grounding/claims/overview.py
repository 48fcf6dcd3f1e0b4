"""The plain agreement of every layer with every space that a stimulus set has.

No control is removed and no interval given: this decides nothing. It is there to look at, and it
is what a set that is too small for any claim still has.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grounding.claims.assays import METRIC
from grounding.claims.evidence import Evidence
from grounding.claims.record import Score
from grounding.claims.twins import name_of, together
from grounding.rsa import compare_many
from grounding.spaces import spaces

__all__ = ["ASSAY", "overview"]

ASSAY = "overview"
MEASURE = "rho-a"


def overview(evidence: Evidence) -> Iterator[Score]:
    """Yield a row for each layer of each trained model and control, and each space.

    The seeds of a twin are one model, whose agreement is the mean of theirs.
    """
    stimuli = evidence.stimuli
    names = [name for name in spaces(stimuli) if np.ptp(evidence.space(name).values) > 0.0]
    if not names:
        return
    references = [evidence.space(name) for name in names]
    subjects = {
        subject.asked.key: subject
        for subject in evidence.subjects
        if not subject.asked.weights.startswith("random") and evidence.can_take(subject)
    }
    for seeds in together([subject.asked for subject in subjects.values()]):
        item = seeds[0]
        layers = [evidence.layers(subjects[seed.key]) for seed in seeds]
        found = np.mean([compare_many(one, references, measure=MEASURE) for one in layers], axis=0)
        for layer, row in zip(item.layers, found, strict=True):
            for name, value in zip(names, row, strict=True):
                yield Score(
                    assay=ASSAY,
                    quantity="agreement, every layer",
                    value=float(value),
                    model=name_of(seeds),
                    modality=item.modality,
                    weights=item.weights,
                    layer=layer,
                    selection="none: every layer on all stimuli",
                    stimuli=stimuli.name,
                    n_stimuli=len(stimuli),
                    n_groups=len(set(stimuli.transcripts)),
                    space=name,
                    pairs="all",
                    measure=MEASURE,
                    metric=METRIC,
                    pooling=item.pooling,
                    window=item.window,
                    note="" if item.role == "model" else item.role,
                )
