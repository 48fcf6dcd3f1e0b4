"""The claims by name. A new claim is one file and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grounding.claims import c1, c4, c6, c7
from grounding.claims.answer import Answer
from grounding.claims.record import ClaimResult
from grounding.claims.rule import Rule

__all__ = ["CLAIMS", "Claim"]


@dataclass(frozen=True)
class Claim:
    """One claim: what it says, which assays it reads, its rule and how it is decided.

    asks: where the models leave it undecided, whatever the stimuli.
    """

    name: str
    sentence: str
    needs: tuple[str, ...]
    rule: Rule
    decide: Callable[[Mapping[str, Answer]], ClaimResult]
    asks: tuple[str, ...] = ()


CLAIMS: Mapping[str, Claim] = {
    name: Claim(name, module.SENTENCE, module.NEEDS, module.RULE, module.claim, asks)
    for name, module, asks in (("C1", c1, ()), ("C4", c4, ()), ("C6", c6, ()), ("C7", c7, c7.ASKS))
}
