"""Which claims a stimulus set can decide, before any model is asked.

A claim can be decided where the set has what every assay needs that a criterion of its rule turns
on. Which those are is found by asking the claim what it makes of nothing but gaps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from grounding.claims.answer import Answer
from grounding.claims.assays import ASSAYS, Assay
from grounding.claims.evidence import FEWEST_GROUPS, groups_of
from grounding.claims.table import CLAIMS, Claim
from grounding.spaces import why_missing
from grounding.stimuli import StimulusSet

__all__ = ["Decidable", "decidable", "gap", "turns_on"]


@dataclass(frozen=True)
class Decidable:
    """Whether a set can decide a claim.

    gaps: what the set lacks, by assay; empty where it can.
    asks: where the models leave it undecided, as the claim would complain of it.
    """

    claim: str
    sentence: str
    gaps: Mapping[str, str]
    asks: tuple[str, ...]


def decidable(stimuli: StimulusSet, constant: Collection[str] = ()) -> tuple[Decidable, ...]:
    """Say of every claim whether `stimuli` can decide it, and what is missing where they cannot.

    constant: spaces that are known to be the same for all pairs.
    """
    found = []
    for claim in CLAIMS.values():
        reasons = {name: gap(ASSAYS[name], stimuli, constant) for name in turns_on(claim)}
        gaps = {name: reason for name, reason in reasons.items() if reason}
        found.append(Decidable(claim.name, claim.sentence, gaps, claim.asks))
    return tuple(found)


def turns_on(claim: Claim) -> tuple[str, ...]:
    """Return the assays that the criteria of a claim turn on.

    >>> turns_on(CLAIMS["C1"])
    ('physics',)
    """
    gaps = {f"no answer to {name!r}": name for name in claim.needs}
    answers = {name: Answer(name, missing=gap) for gap, name in gaps.items()}
    reasons = claim.decide(answers).decision.reason.partition(": ")[2].split("; ")
    return tuple(gaps[reason] for reason in reasons if reason in gaps)


def gap(assay: Assay, stimuli: StimulusSet, constant: Collection[str] = ()) -> str:
    """Say what a set lacks to answer an assay; empty where it lacks nothing."""
    for name in (assay.space, *assay.controls):
        if reason := why_missing(name, stimuli):
            return f"no space {name!r}: {reason}"
        if name in constant:
            return f"space {name!r} is constant over these stimuli"
    count = Counter(groups_of(stimuli, assay.group))
    if assay.pairs == "within":
        enough = sum(number >= 3 for number in count.values())
        what = f"{enough} {assay.group}s with three realisations or more"
    else:
        enough = len(count)
        what = f"{enough} {assay.group}s"
    if enough < FEWEST_GROUPS:
        return f"{what}; an interval needs {FEWEST_GROUPS}"
    if assay.ceiling and min(count.values()) < 2:
        return "a transcript was said once, so there is no transcript ceiling"
    return ""
