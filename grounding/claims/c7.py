"""C7: the modality of the data, not the model, decides.

Decided by the share of variance in physical agreement, over all models trained and random, that
modality explains after architecture, size and training; and by the matched pair: one architecture
trained once on audio and once on its transcripts. Where every architecture at hand has one
modality, the two cannot be told apart and the claim stays undecided, whatever the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grounding.claims.answer import Answer, Contrast
from grounding.claims.assays import METRIC, SELECTION
from grounding.claims.checks import known_answers
from grounding.claims.modality import FACTORS, Shares, separable, shares
from grounding.claims.record import ClaimResult
from grounding.claims.rule import Criterion, Rule, decide

__all__ = ["NEEDS", "RULE", "SENTENCE", "claim"]

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


def claim(answers: Mapping[str, Answer]) -> ClaimResult:
    """Decide C7 from the answers of its assays."""
    physics = answers["physics"]
    estimates, missing = [], {PAIR: "no matched pair is among the models"}
    models = [item for item in physics.asked if item.role == "model"]
    modalities = {item.modality for item in models}
    if physics.missing or len(modalities) < 2:
        why = physics.missing or "models of both modalities are needed"
        missing[UNIQUE] = missing[ALONE] = why
    else:
        columns = [physics.asked.index(item) for item in models]
        found = shares(
            models,
            physics.value[columns],
            physics.samples[:, columns],
            # The draws of models have a stream of their own, fixed by the number of samples.
            rng=np.random.default_rng(len(physics.samples)),
        )
        if separable(models):
            estimates.append(_contrast(found, "unique").estimate(UNIQUE, RULE.level))
        else:
            missing[UNIQUE] = "every architecture among the models has one modality"
        estimates.append(_contrast(found, "alone").estimate(ALONE, RULE.level))
    return ClaimResult(
        claim="C7",
        sentence=SENTENCE,
        rule=RULE,
        decision=decide(RULE, estimates, missing),
        estimates=tuple(estimates),
        n_stimuli=physics.n_stimuli,
        n_groups=physics.n_groups,
        checks=known_answers({"physics": physics}),
    )


def _contrast(found: Shares, part: str) -> Contrast:
    place = FACTORS.index("modality")
    return Contrast(float(getattr(found, part)[place]), getattr(found, f"{part}_samples")[:, place])
