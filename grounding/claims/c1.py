"""C1: speech encoders infer the articulatory process behind the sound.

Decided by the agreement of encoder geometry with vocal-tract geometry, with acoustics, duration,
F0, intensity and phone identity partialled out, and by how much of it training adds to the same
architecture with random weights.
"""

from __future__ import annotations

from collections.abc import Mapping

from grounding.claims.answer import Answer
from grounding.claims.assays import METRIC, SELECTION
from grounding.claims.checks import known_answers
from grounding.claims.record import ClaimResult
from grounding.claims.rule import Criterion, Estimate, Rule, decide

__all__ = ["NEEDS", "RULE", "SENTENCE", "claim"]

SENTENCE = "Speech encoders infer the causal articulatory process behind the sound."
NEEDS = ("physics", "physics-curved", "tract-between")

TRAINED = "partial agreement with the vocal tract, trained speech encoders"
GAIN = "trained minus random weights"
CURVED = ", controls taken off up to the third degree"

RULE = Rule(
    criteria=(Criterion(GAIN, above=0.05), Criterion(TRAINED, above=0.05)),
    measure="rho-a",
    metric=METRIC,
    selection=SELECTION,
    notes="mean over speech encoders and over seeds of random weights; stimuli are resampled by "
    "transcript, encoders are taken as they are. Criteria are as written before any data; the "
    "random Whisper lost its fixed position code after the first run, which made the floor "
    "stricter: with it, the floor was a measure of duration (see grounding/encoders/whisper.py)",
)


def claim(answers: Mapping[str, Answer]) -> ClaimResult:
    """Decide C1 from the answers of its assays."""
    physics = answers["physics"]
    estimates, missing = _estimates(physics, "")
    if "physics-curved" in answers and not missing:
        # No part of the rule, which is older: what a straight line in ranks leaves of a control.
        estimates += _estimates(answers["physics-curved"], CURVED)[0]
    return ClaimResult(
        claim="C1",
        sentence=SENTENCE,
        rule=RULE,
        decision=decide(RULE, estimates, missing),
        estimates=tuple(estimates),
        n_stimuli=physics.n_stimuli,
        n_groups=physics.n_groups,
        checks=known_answers(answers),
    )


def _estimates(physics: Answer, how: str) -> tuple[list[Estimate], dict[str, str]]:
    """Return what training adds and what trained encoders reach, and why either is missing."""
    estimates, missing = [], {}
    trained = physics.models("speech", "trained")
    random = physics.models("speech", "random")
    if physics.missing or not trained:
        why = physics.missing or "no speech encoder was asked"
        missing = {GAIN: why, TRAINED: why}
    else:
        estimates.append(physics.mean(trained).estimate(TRAINED + how, RULE.level))
        if random:
            gain = physics.mean(_paired(physics)) - physics.mean(random)
            estimates.insert(0, gain.estimate(GAIN + how, RULE.level))
        else:
            missing[GAIN] = "these encoders have no random-weight control"
    return estimates, missing


def _paired(physics: Answer) -> tuple[str, ...]:
    # Only encoders that have their own random control enter the difference.
    controlled = {
        item.name
        for item in physics.asked
        if item.role == "model" and item.weights.startswith("random")
    }
    trained = physics.models("speech", "trained")
    names = {item.key: item.name for item in physics.asked}
    return tuple(key for key in trained if names[key] in controlled)
