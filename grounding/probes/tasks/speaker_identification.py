"""Who says it, or how long is the vocal tract that says it, in words that were never heard?

The simulator's speakers are a short, a medium and a long vocal tract, and `anatomy` asks for the
very number: the scale of the tract, in logarithms. Speakers who each speak a language of their own
are refused, as for the identification of languages.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grounding.errors import UserError
from grounding.probes.splits import folds
from grounding.probes.tasks.apart import refuse_confounded, same_words
from grounding.probes.tasks.features import Features
from grounding.probes.tasks.readout import estimate
from grounding.probes.tasks.record import TaskScore
from grounding.probes.tasks.telling import FOLDS, WORDS, tell
from grounding.stimuli import Stimulus

__all__ = ["anatomy", "run", "scale_of"]


def run(features: Features, stimuli: Sequence[Stimulus], rng: np.random.Generator) -> TaskScore:
    """Tell the speaker of `stimuli`, words held out.

    Raises `UserError` for one speaker, or a language that one of them does not speak.
    """
    refuse_confounded(stimuli, "speaker", "language")
    return tell("speaker-identification", features, stimuli, "speaker", same_words(stimuli), rng)


def anatomy(features: Features, stimuli: Sequence[Stimulus], rng: np.random.Generator) -> TaskScore:
    """Estimate the scale of the vocal tract of `stimuli`, words held out: explained variance.

    Raises `UserError` for stimuli without such a scale, or with one scale for all.
    """
    return scale_of(features, stimuli, same_words(stimuli), rng)


def scale_of(
    features: Features,
    stimuli: Sequence[Stimulus],
    groups: Sequence[str],
    rng: np.random.Generator,
) -> TaskScore:
    """Estimate the scale of the vocal tract while `groups` are held out."""
    lacking = [s.id for s in stimuli if "anatomy_scale" not in s.realisation]
    if lacking:
        raise UserError(
            f"stimulus {lacking[0]!r} has no realisation.anatomy_scale; the length of a vocal "
            "tract is known of simulated speech. Leave the task out."
        )
    values = np.log([float(s.realisation["anatomy_scale"]) for s in stimuli])
    if np.ptp(values) == 0.0:
        raise UserError("all stimuli have one anatomy_scale; needed two or more.")
    x = features.statistics(stimuli)
    missed = np.empty(len(stimuli))
    for fold in folds(groups, FOLDS, rng):
        inner = [groups[place] for place in fold.train]
        found = estimate(x[fold.train], values[fold.train], inner, x[fold.test])
        missed[fold.test] = values[fold.test] - found
    return TaskScore(
        task="anatomy",
        unit="explained variance",
        chance=0.0,
        split=WORDS,
        encoder=features.encoder,
        layer=features.layer,
        ids=tuple(stimulus.id for stimulus in stimuli),
        marks=1.0 - np.square(missed) / values.var(),
        weights=np.ones(len(stimuli)),
        groups=tuple(groups),
    )
