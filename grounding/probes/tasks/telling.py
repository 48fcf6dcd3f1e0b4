"""Tell what a recording has beside its words, from words that were never heard.

The features are the mean and the standard deviation over steps. Five folds hold out words: what
is written alike, sounds alike or means the same stays together, in all languages.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grounding.errors import UserError
from grounding.probes.splits import folds, labels_of
from grounding.probes.tasks.features import Features
from grounding.probes.tasks.readout import classify
from grounding.probes.tasks.record import TaskScore, balance
from grounding.stimuli import Stimulus

__all__ = ["FOLDS", "WORDS", "tell"]

FOLDS = 5
WORDS = "words: in writing, in sound and by concept"


def tell(
    task: str,
    features: Features,
    stimuli: Sequence[Stimulus],
    by: str,
    groups: Sequence[str],
    rng: np.random.Generator,
) -> TaskScore:
    """Tell the label `by` of stimuli while `groups` of them are held out: balanced accuracy.

    Raises `UserError` for stimuli that have one label between them, or fewer than five groups.
    """
    labels = labels_of(stimuli, by)
    if len(set(labels)) < 2:
        raise UserError(f"all stimuli have the {by} {labels[0]!r}; needed two or more.")
    x = features.statistics(stimuli)
    marks = np.empty(len(stimuli))
    for fold in folds(groups, FOLDS, rng):
        train = [labels[place] for place in fold.train]
        found = classify(x[fold.train], train, [groups[p] for p in fold.train], x[fold.test])
        marks[fold.test] = [labels[p] == one for p, one in zip(fold.test, found, strict=True)]
    return TaskScore(
        task=task,
        unit="balanced accuracy",
        chance=1.0 / len(set(labels)),
        split=WORDS,
        encoder=features.encoder,
        layer=features.layer,
        ids=tuple(stimulus.id for stimulus in stimuli),
        marks=marks,
        weights=balance(labels),
        groups=tuple(groups),
        parts={one: float(marks[np.array(labels) == one].mean()) for one in sorted(set(labels))},
    )
