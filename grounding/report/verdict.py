"""The verdict in two sentences: do speech and text part ways, and what became of the claims."""

from __future__ import annotations

from grounding.figures.numbers import estimate_text, level_text, listed
from grounding.figures.records import Estimate, Result

__all__ = ["failed_controls", "verdict_sentences"]

WHOLE = "double dissociation"
PHYSICS = "speech minus text on physics"
RELATIONS = "speech minus text on relations"
COUNTS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def verdict_sentences(result: Result) -> tuple[str, str]:
    """Return the sentence on the double dissociation and the sentence on the claims."""
    return _dissociation(result), _claims(result)


def failed_controls(result: Result) -> tuple[str, ...]:
    """Return, in words, every control that did not come out as it must."""
    failed: dict[str, list[str]] = {}
    for claim in result.claims:
        for check in claim.checks:
            if not check.passed:
                failed.setdefault(f"{check.name}: {check.found}", []).append(claim.name)
    return tuple(f"{words} (carried by {listed(claims)})" for words, claims in failed.items())


def _dissociation(result: Result) -> str:
    found = {estimate.name: estimate for estimate in result.dissociation}
    if not {WHOLE, PHYSICS, RELATIONS} <= set(found):
        return f"No double dissociation could be estimated: {result.no_dissociation}."
    whole = found[WHOLE]
    return (
        f"Trained models fed audio agree with the vocal tract {_than(found[PHYSICS])} models fed "
        f"the transcript (difference {_words(found[PHYSICS])}), and with relations between words "
        f"{_than(found[RELATIONS])} they do ({_words(found[RELATIONS])}); the double dissociation, "
        f"the first difference minus the second, is {_words(whole)}, and its "
        f"{level_text(whole.level)} interval {_side(whole)}."
    )


def _than(estimate: Estimate) -> str:
    if estimate.low > 0:
        return "more than"
    return "less than" if estimate.high < 0 else "neither clearly more nor clearly less than"


def _words(estimate: Estimate) -> str:
    return estimate_text(estimate.value, estimate.low, estimate.high)


def _side(estimate: Estimate) -> str:
    if estimate.low > 0:
        return "lies above 0"
    return "lies below 0" if estimate.high < 0 else "holds 0"


def _claims(result: Result) -> str:
    if not result.claims:
        return "No claim was asked."
    parts = []
    for outcome in ("supported", "refuted", "undecided"):
        names = [claim.name for claim in result.claims if claim.outcome == outcome]
        be = "are" if len(names) > 1 else "is"
        which = f" ({listed(names)})" if names else ""
        parts.append(f"{_count(len(names))} {be} {outcome}{which}")
    total = len(result.claims)
    return f"Of {_count(total)} claim{'s' * (total != 1)}, {listed(parts)}."


def _count(number: int) -> str:
    return COUNTS[number] if number < len(COUNTS) else str(number)
