"""C7: the modality of the data, not the model, decides.

Decided by the share of variance in physical agreement, over all models trained and random, that
modality explains after architecture, size and training; and by the matched pair: one architecture
trained once on audio and once on its transcripts. Where every architecture at hand has one
modality, the two cannot be told apart and the claim stays undecided, whatever the numbers.

The matched pair is estimated as the partial physical agreement (the assay `physics`: its controls,
its held-out layers, as for the shares) of the twin fed audio minus that of the twin fed characters,
seed by seed, and the mean over seeds. Transcripts are characters: that is what a text model reads.
The interval is over stimuli, drawn once for all models, and over seeds, drawn with replacement in
every sample; with one seed it is over stimuli alone, and a note says so. `matched` says when two
models are a pair. How this is estimated was written down before a twin was scored.

Beside it, with no part in the rule: the same against phonemes; each twin minus the random weights
that its seed began from, on the same input; and the difference of these differences, what training
adds to the one fed audio beyond what it adds to the one fed characters. The last two tell what was
learned from what an input gives to any weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grounding.claims.answer import Answer, Contrast
from grounding.claims.assays import METRIC, SELECTION
from grounding.claims.checks import known_answers
from grounding.claims.matched import Terms, contrast, unpaired
from grounding.claims.modality import FACTORS, Shares, separable, shares
from grounding.claims.record import ClaimResult
from grounding.claims.rule import Criterion, Estimate, Rule, decide

__all__ = ["ASKS", "NEEDS", "RULE", "SENTENCE", "claim"]

SENTENCE = "The modality of the data, not the model, decides whether physics is on the table."
NEEDS = ("physics",)

UNIQUE = "share of variance that only modality explains"
PAIR = "matched pair, audio minus transcripts"
ALONE = "share of variance that modality explains alone (an upper bound)"

RULE = Rule(
    criteria=(Criterion(UNIQUE, above=0.5), Criterion(PAIR, above=0.05)),
    measure="rho-a",
    metric=METRIC,
    selection=SELECTION,
    notes=f"linear model of physical agreement on {', '.join(FACTORS)}; stimuli are resampled by "
    "transcript and models within modality",
)

NO_PAIR = "no matched pair is among the models"
ASKS = (NO_PAIR,)


def _gain(input: str, sign: float = 1.0) -> Terms:
    return {(input, "trained"): sign, (input, "random"): -sign}


CONTRASTS: Mapping[str, Terms] = {
    PAIR: {("audio", "trained"): 1.0, ("characters", "trained"): -1.0},
    "matched pair, audio minus phonemes": {
        ("audio", "trained"): 1.0,
        ("phonemes", "trained"): -1.0,
    },
    "twin fed audio, trained minus random weights": _gain("audio"),
    "twin fed characters, trained minus random weights": _gain("characters"),
    "twin fed phonemes, trained minus random weights": _gain("phonemes"),
    "what training adds to twins, audio minus transcripts": {
        **_gain("audio"),
        **_gain("characters", -1.0),
    },
}
"""The first is in the rule; the others stand beside it."""


def claim(answers: Mapping[str, Answer]) -> ClaimResult:
    """Decide C7 from the answers of its assays."""
    physics = answers["physics"]
    shared, missing = _shares(physics)
    paired, notes = _pairs(physics)
    if PAIR not in {found.name for found in paired}:
        told = unpaired(physics.asked, ("audio", "characters"))
        missing[PAIR] = physics.missing or "; ".join(told) or NO_PAIR
    # What the rule turns on comes first.
    asked = [criterion.estimate for criterion in RULE.criteria]
    estimates = sorted([*shared, *paired], key=lambda found: found.name not in asked)
    return ClaimResult(
        claim="C7",
        sentence=SENTENCE,
        rule=RULE,
        decision=decide(RULE, estimates, missing),
        estimates=tuple(estimates),
        n_stimuli=physics.n_stimuli,
        n_groups=physics.n_groups,
        checks=known_answers({"physics": physics}),
        notes=notes,
    )


def _shares(physics: Answer) -> tuple[list[Estimate], dict[str, str]]:
    """Return the shares of modality, and why one is missing."""
    models = [item for item in physics.asked if item.role == "model"]
    if physics.missing or len({item.modality for item in models}) < 2:
        why = physics.missing or "models of both modalities are needed"
        return [], {UNIQUE: why, ALONE: why}
    columns = [physics.asked.index(item) for item in models]
    found = shares(
        models,
        physics.value[columns],
        physics.samples[:, columns],
        # The draws of models have a stream of their own, fixed by the number of samples.
        rng=np.random.default_rng(len(physics.samples)),
    )
    alone = _contrast(found, "alone").estimate(ALONE, RULE.level)
    if not separable(models):
        return [alone], {UNIQUE: "every architecture among the models has one modality"}
    return [_contrast(found, "unique").estimate(UNIQUE, RULE.level), alone], {}


def _pairs(physics: Answer) -> tuple[list[Estimate], tuple[str, ...]]:
    """Return every contrast of twins that can be had, and what is to be known of them."""
    estimates, notes = [], []
    for name, terms in CONTRASTS.items():
        if found := contrast(physics, terms):
            estimates.append(found.contrast.estimate(name, RULE.level))
            notes.append(f"{name}: {found.note}")
    return estimates, (*notes, *(unpaired(physics.asked, ("audio", "characters")) if notes else ()))


def _contrast(found: Shares, part: str) -> Contrast:
    place = FACTORS.index("modality")
    return Contrast(float(getattr(found, part)[place]), getattr(found, f"{part}_samples")[:, place])
