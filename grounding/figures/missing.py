"""Say why a number is not there, as far as the result says so."""

from __future__ import annotations

from grounding.figures.records import Result

__all__ = ["unanswered", "why"]

NOT_ESTIMATED = "could not be estimated: "


def unanswered(result: Result, stimuli: str, assay: str, claim: str) -> str:
    """Return why an assay has no rows for trained models.

    claim: the one whose estimates need the assay; "" where none does.
    """
    text = f"no trained model has a score for {assay} on {stimuli}"
    if said := result.missing.get(stimuli, {}).get(assay):
        return f"{text} ({said})"
    if claim and claim not in {row.name for row in result.claims}:
        return f"{text} ({claim} was not asked)"
    return text


def why(result: Result, stimuli: str, claim: str) -> str:
    """Return what kept a claim from an estimate on a stimulus set, or "" where nothing did."""
    reasons = [row.reason_on(stimuli) for row in result.claims if row.name == claim]
    return next((r.partition(NOT_ESTIMATED)[2] for r in reasons if NOT_ESTIMATED in r), "")
