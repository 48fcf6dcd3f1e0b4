"""C6: text models master langue, meaning as relations; speech encoders do not.

Decided by the agreement of text models with lexical relations that no language model made, with
phones, spelling and length partialled out: beyond the same architecture with random weights, and
beyond speech encoders. Beside it, without a vote, the agreement with translation equivalence in
sets that say one thing in several languages.
"""

from __future__ import annotations

from collections.abc import Mapping

from grounding.claims.answer import Answer
from grounding.claims.assays import METRIC, SELECTION
from grounding.claims.checks import known_answers
from grounding.claims.record import ClaimResult
from grounding.claims.rule import Criterion, Rule, decide

__all__ = ["NEEDS", "RULE", "SENTENCE", "claim"]

SENTENCE = "Text models master langue: meaning as relations between words."
NEEDS = ("relations", "translation")

OVER_SPEECH = "text minus speech on relations"
OVER_RANDOM = "text models, trained minus random weights, on relations"

RULE = Rule(
    criteria=(Criterion(OVER_RANDOM, above=0.05), Criterion(OVER_SPEECH, above=0.05)),
    measure="rho-a",
    metric=METRIC,
    selection=SELECTION,
    notes="mean over models and over seeds of random weights; words are resampled",
)


def claim(answers: Mapping[str, Answer]) -> ClaimResult:
    """Decide C6 from the answers of its assays."""
    relations = answers["relations"]
    text = relations.models("text", "trained")
    speech = relations.models("speech", "trained")
    random = relations.models("text", "random")
    estimates, missing = [], {}
    if relations.missing or not text:
        why = relations.missing or "no text model was asked"
        missing = {OVER_RANDOM: why, OVER_SPEECH: why}
    else:
        if random:
            gain = relations.mean(text) - relations.mean(random)
            estimates.append(gain.estimate(OVER_RANDOM, RULE.level))
        else:
            missing[OVER_RANDOM] = "these text models have no random-weight control"
        if speech:
            lead = relations.mean(text) - relations.mean(speech)
            estimates.append(lead.estimate(OVER_SPEECH, RULE.level))
        else:
            missing[OVER_SPEECH] = "no speech encoder was asked"
    translation = answers["translation"]
    for modality in ("text", "speech"):
        if keys := translation.models(modality, "trained"):
            name = f"partial agreement with translation equivalence, trained {modality} models"
            estimates.append(translation.mean(keys).estimate(name, RULE.level))
    leading = translation if relations.missing else relations
    return ClaimResult(
        claim="C6",
        sentence=SENTENCE,
        rule=RULE,
        decision=decide(RULE, estimates, missing),
        estimates=tuple(estimates),
        n_stimuli=leading.n_stimuli,
        n_groups=leading.n_groups,
        checks=known_answers({"relations": relations}, "relations"),
    )
