"""Which word of a closed set is it, said by a speaker who was never heard saying any?

The features of a word are the means of four equal slices of its time. One speaker after another is
held out (realisations, where all are of one speaker); the penalty is chosen by leaving out one
realisation of the others. A word whose other recordings are all by the held-out speaker cannot be
asked and is counted. Accuracy, each recording counting alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grounding.errors import UserError
from grounding.probes.splits import folds, labels_of
from grounding.probes.tasks.apart import voices
from grounding.probes.tasks.features import Features
from grounding.probes.tasks.readout import classify
from grounding.probes.tasks.record import TaskScore
from grounding.stimuli import Stimulus

__all__ = ["BINS", "identify", "inner_groups", "run"]

BINS = 4  # slices of time


def run(features: Features, stimuli: Sequence[Stimulus], rng: np.random.Generator) -> TaskScore:
    """Identify the words of `stimuli`, a speaker held out at a time.

    Raises `UserError` for stimuli of one speaker and one realisation, or where no word is said
    by two.
    """
    held, by = voices(stimuli)
    return identify(features, stimuli, held, by, rng)


def identify(
    features: Features,
    stimuli: Sequence[Stimulus],
    held: Sequence[str],
    by: str,
    rng: np.random.Generator,
) -> TaskScore:
    """Identify words while each label of `held` is left out in turn; `by` names the labels."""
    words, x = labels_of(stimuli, "transcript"), features.slices(stimuli, BINS)
    inner = inner_groups(stimuli)
    ids, marks, groups, guess, lost = [], [], [], [], 0
    for fold in folds(held, len(set(held)), rng):
        known = {words[place] for place in fold.train}
        asked = [place for place in fold.test if words[place] in known]
        lost += len(fold.test) - len(asked)
        if not asked:
            continue
        train = [words[place] for place in fold.train]
        found = classify(x[fold.train], train, [inner[p] for p in fold.train], x[asked])
        ids += [stimuli[place].id for place in asked]
        marks += [float(words[p] == one) for p, one in zip(asked, found, strict=True)]
        groups += [words[place] for place in asked]
        guess += [1.0 / len(known)] * len(asked)
    if not ids:
        raise UserError(f"no word is said by more than one {by}; needed words that several say.")
    return TaskScore(
        task="word-identification",
        unit="accuracy",
        chance=float(np.mean(guess)),
        split=by,
        encoder=features.encoder,
        layer=features.layer,
        ids=tuple(ids),
        marks=np.array(marks),
        weights=np.ones(len(marks)),
        groups=tuple(groups),
        left_out={f"said by no other {by}": lost},
    )


def inner_groups(stimuli: Sequence[Stimulus]) -> tuple[str, ...]:
    """Return what is left out in turn to choose a penalty: speaker and realisation together."""
    return tuple(f"{s.speaker}:{s.realisation.get('name')}" for s in stimuli)
