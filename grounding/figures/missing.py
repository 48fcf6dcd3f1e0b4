"""Say why a number is not there, in the words of the claim that asked for it."""

from __future__ import annotations

from grounding.figures.records import Result

__all__ = ["unanswered"]


def unanswered(result: Result, stimuli: str, assay: str, claim: str) -> str:
    """Return a sentence on an assay that has no rows; `claim` is the one that needs it."""
    text = f"no trained model has a score for {assay} on {stimuli}"
    for row in result.claims:
        if row.name == claim:
            reason = row.reason_on(stimuli)
            return f"{text} ({claim}: {reason})" if reason else text
    return f"{text} ({claim} was not asked)"
