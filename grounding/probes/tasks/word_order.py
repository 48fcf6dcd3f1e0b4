"""Which of two versions of a prompt has its words in order? Told from means over steps.

The stimuli are those of `reordering`: each prompt as it is, and with two stretches of words in each
other's place. A forced choice: what is learnt is a direction along which the kept version lies
farther than the swapped one, on other prompts. Chance is one half, and any encoder gets it whose
steps do not look beyond the 100 ms between pieces, since a mean knows no order. Five folds hold
out prompts; prompts of one wording stay together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.probes.splits import folds
from grounding.probes.tasks.apart import joined
from grounding.probes.tasks.features import Features
from grounding.probes.tasks.readout import estimate
from grounding.probes.tasks.record import TaskScore
from grounding.stimuli import Stimulus

__all__ = ["choose", "pairs", "run"]

FOLDS = 5
ROUNDING = 1e-5
"""Of a feature's largest mean: means of the same steps in another order differ by less."""

Pairs = list[tuple[Stimulus, Stimulus]]


def run(features: Features, stimuli: Sequence[Stimulus], rng: np.random.Generator) -> TaskScore:
    """Choose between the versions of each prompt, prompts held out.

    Raises `UserError` for stimuli that are no such versions.
    """
    both = pairs(stimuli)
    wording = [f"{kept.language}:{kept.transcript.casefold()}" for kept, _ in both]
    return choose(features, both, joined(wording), rng)


def pairs(stimuli: Sequence[Stimulus]) -> Pairs:
    """Return the kept and the swapped version of each prompt."""
    found: dict[str, dict[str, Stimulus]] = {}
    for stimulus in stimuli:
        prompt, order = (stimulus.attributes.get(name) for name in ("prompt", "order"))
        if prompt is None or order not in ("kept", "swapped"):
            raise UserError(
                f"stimulus {stimulus.id!r} is no version of a prompt; needed the attributes "
                "'prompt' and 'order'. Make the stimuli with reordered(stimuli, folder)."
            )
        found.setdefault(prompt, {})[order] = stimulus
    if lone := [prompt for prompt, versions in found.items() if len(versions) < 2]:
        raise UserError(f"prompt {lone[0]!r} has one version; needed both. Add the other.")
    return [(versions["kept"], versions["swapped"]) for versions in found.values()]


def choose(
    features: Features, both: Pairs, groups: Sequence[str], rng: np.random.Generator
) -> TaskScore:
    """Choose between versions while `groups` of prompts are held out."""
    x = _differences(features, both)
    marks = np.empty(len(both))
    for fold in folds(groups, FOLDS, rng):
        train = np.concatenate([x[fold.train], -x[fold.train]])
        truth = np.repeat([1.0, -1.0], len(fold.train))
        inner = [groups[place] for place in fold.train] * 2
        found = estimate(train, truth, inner, x[fold.test])
        marks[fold.test] = 0.5 + 0.5 * np.sign(found)  # a tie is half right
    languages = np.array([kept.language for kept, _ in both])
    return TaskScore(
        task="word-order",
        unit="accuracy of a choice of two",
        chance=0.5,
        split="prompts: by their wording",
        encoder=features.encoder,
        layer=features.layer,
        ids=tuple(str(kept.attributes["prompt"]) for kept, _ in both),
        marks=marks,
        weights=np.ones(len(both)),
        groups=tuple(groups),
        parts={
            one: float(marks[languages == one].mean()) for one in sorted(set(languages.tolist()))
        },
    )


def _differences(features: Features, both: Pairs) -> Float[np.ndarray, "prompt feature"]:
    """Return kept less swapped; 0 where they differ by rounding alone."""
    kept = features.mean([one for one, _ in both])
    swapped = features.mean([other for _, other in both])
    size = np.maximum(np.abs(kept), np.abs(swapped)).max(axis=0)
    difference = kept - swapped
    return np.where(np.abs(difference) > ROUNDING * size, difference, 0.0)
