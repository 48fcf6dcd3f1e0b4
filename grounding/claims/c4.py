"""C4: text-only models are in Plato's cave; here, of the vocal tract.

Decided by the share that text models recover of what the best function of the transcript could
recover (the transcript ceiling), on pairs of different transcripts; and by whether models that
hear recover what no function of the transcript can: differences within a transcript.
"""

from __future__ import annotations

from collections.abc import Mapping

from grounding.claims.answer import Answer
from grounding.claims.assays import METRIC, SELECTION
from grounding.claims.checks import known_answers
from grounding.claims.record import ClaimResult
from grounding.claims.rule import Criterion, Rule, decide

__all__ = ["NEEDS", "RULE", "SENTENCE", "claim"]

SENTENCE = "Text-only models are in Plato's cave: the physics of the vocal tract is stripped out."
NEEDS = (
    "physics",
    "tract-between",
    "tract-within",
    "tract-within-beyond-length",
    "tract-within-beyond-sound",
)

SHARE = "share of the transcript ceiling, trained text models"
HEARD = "agreement within a transcript, trained speech encoders"
BEYOND = {
    "tract-within-beyond-length": f"{HEARD}, beyond tract length",
    "tract-within-beyond-sound": f"{HEARD}, beyond acoustics",
}
PHONES = "share of the transcript ceiling, phone string"

RULE = Rule(
    criteria=(Criterion(SHARE, below=0.5), Criterion(HEARD, above=0.05)),
    measure="rho-a",
    metric=METRIC,
    selection=SELECTION,
    notes="a share of one half or more would refute; text models score exactly 0 within a "
    "transcript by construction",
)


def claim(answers: Mapping[str, Answer]) -> ClaimResult:
    """Decide C4 from the answers of its assays."""
    between, within = answers["tract-between"], answers["tract-within"]
    estimates, missing = [], {}
    text = between.models("text", "trained")
    ceiling = between.keys(role="reference", name="transcript ceiling")
    phones = between.keys(role="reference", name="phone string")
    if between.missing or not text or not ceiling:
        missing[SHARE] = (
            between.missing
            or ("" if text else "no text model was asked")
            or "no transcript has a second realisation, so there is no ceiling"
        )
    else:
        best = between.mean(ceiling)
        estimates.append((between.mean(text) / best).estimate(SHARE, RULE.level))
        if phones:
            estimates.append((between.mean(phones) / best).estimate(PHONES, RULE.level))
    speech = within.models("speech", "trained")
    if within.missing or not speech:
        missing[HEARD] = within.missing or "no speech encoder was asked"
    else:
        estimates.append(within.mean(speech).estimate(HEARD, RULE.level))
    for assay, name in BEYOND.items():
        if keys := answers[assay].models("speech", "trained"):
            estimates.append(answers[assay].mean(keys).estimate(name, RULE.level))
    return ClaimResult(
        claim="C4",
        sentence=SENTENCE,
        rule=RULE,
        decision=decide(RULE, estimates, missing),
        estimates=tuple(estimates),
        n_stimuli=between.n_stimuli,
        n_groups=between.n_groups,
        checks=known_answers(answers),
    )
