"""Which language is it, of words that were never heard, by speakers who speak all of them?

Where every language has a speaker of its own, telling speakers apart would do: such stimuli are
refused. A word's translations stay on its side of the split, since many are cognates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grounding.probes.tasks.apart import refuse_confounded, same_words
from grounding.probes.tasks.features import Features
from grounding.probes.tasks.record import TaskScore
from grounding.probes.tasks.telling import tell
from grounding.stimuli import Stimulus

__all__ = ["run"]


def run(features: Features, stimuli: Sequence[Stimulus], rng: np.random.Generator) -> TaskScore:
    """Tell the language of `stimuli`, words held out.

    Raises `UserError` for one language, or a speaker who lacks one of them.
    """
    refuse_confounded(stimuli, "language", "speaker")
    return tell("language-identification", features, stimuli, "language", same_words(stimuli), rng)
