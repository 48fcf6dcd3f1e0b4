"""Rules that were written down before the data were run, and what they conclude.

Conventions
-----------
An estimate is a number with an interval. A criterion is one inequality that the whole
interval must meet. A claim is *supported* when every criterion is met, *refuted* when at
least one is contradicted by the whole of its interval, and *undecided* otherwise, also when
an estimate that the rule needs could not be had.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float

from grounding.rsa.sampled import interval

__all__ = ["LEVEL", "Criterion", "Decision", "Estimate", "Outcome", "Rule", "decide", "estimate"]

LEVEL = 0.95
"""Coverage of every interval that a result holds."""


class Outcome(StrEnum):
    """What a rule concludes."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Estimate:
    """A number and the interval around it."""

    name: str
    value: float
    low: float
    high: float
    level: float = LEVEL
    """Coverage that the interval aims at."""

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.value, self.low, self.high))):
            raise ValueError(f"estimate {self.name!r} is not finite: {self}")
        if self.low > self.high:
            raise ValueError(f"estimate {self.name!r} has its interval the wrong way round")


@dataclass(frozen=True)
class Criterion:
    """One inequality on one estimate, met or contradicted by the whole of its interval."""

    estimate: str
    above: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"criterion on {self.estimate!r} needs one of above and below")

    @property
    def sentence(self) -> str:
        """The inequality in words."""
        side, bound = ("above", self.above) if self.below is None else ("below", self.below)
        return f"{self.estimate}: whole interval {side} {bound:g}"

    def judge(self, estimate: Estimate) -> Outcome:
        """Return where the interval of `estimate` lies with respect to the bound."""
        if self.above is not None:
            met, contradicted = estimate.low > self.above, estimate.high < self.above
        elif self.below is not None:
            met, contradicted = estimate.high < self.below, estimate.low > self.below
        if met:
            return Outcome.SUPPORTED
        return Outcome.REFUTED if contradicted else Outcome.UNDECIDED


@dataclass(frozen=True)
class Rule:
    """Everything that an outcome turns on, fixed in the source before the data are run."""

    criteria: tuple[Criterion, ...]
    measure: str
    """Name in `grounding.rsa.MEASURES`."""
    metric: str
    """Name in `grounding.rsa.METRICS`, for the models' RDMs."""
    selection: str
    """How a layer is chosen."""
    level: float = LEVEL
    notes: str = ""

    @property
    def sentence(self) -> str:
        """The rule in words."""
        return "; ".join(criterion.sentence for criterion in self.criteria)


@dataclass(frozen=True)
class Decision:
    """An outcome and the reason for it in a sentence."""

    outcome: Outcome
    reason: str


def decide(
    rule: Rule, estimates: Sequence[Estimate], missing: Mapping[str, str] | None = None
) -> Decision:
    """Apply `rule` to `estimates`; `missing` says why an estimate could not be had.

    >>> rule = Rule((Criterion("gain", above=0.05),), "rho-a", "correlation", "held out")
    >>> decide(rule, [Estimate("gain", 0.30, 0.22, 0.37)]).outcome.value
    'supported'
    >>> decide(rule, [Estimate("gain", 0.12, 0.02, 0.21)]).outcome.value
    'undecided'
    >>> decide(rule, []).reason
    'gain could not be estimated'
    """
    found: Mapping[str, Estimate] = {item.name: item for item in estimates}
    absent = [c.estimate for c in rule.criteria if c.estimate not in found]
    judged = [
        (criterion, criterion.judge(found[criterion.estimate]))
        for criterion in rule.criteria
        if criterion.estimate in found
    ]
    against = [c for c, outcome in judged if outcome is Outcome.REFUTED]
    open_ = [c for c, outcome in judged if outcome is Outcome.UNDECIDED]
    if against:
        return Decision(Outcome.REFUTED, "contradicted: " + "; ".join(c.sentence for c in against))
    if absent:
        reasons = dict.fromkeys((missing or {}).get(name, "") for name in absent)
        why = "; ".join(reason for reason in reasons if reason)
        text = f"{', '.join(absent)} could not be estimated" + (f": {why}" if why else "")
        return Decision(Outcome.UNDECIDED, text)
    if open_:
        return Decision(
            Outcome.UNDECIDED, "interval crosses the bound: " + "; ".join(c.sentence for c in open_)
        )
    return Decision(Outcome.SUPPORTED, "met: " + rule.sentence)


def estimate(
    name: str, value: float, samples: Float[np.ndarray, " sample"], level: float = LEVEL
) -> Estimate:
    """Return `value` with the percentile interval of its bootstrap samples.

    Raises `UserError` where so many samples are undefined that an interval would mislead.
    """
    low, high = interval(samples, level)
    return Estimate(name, float(value), float(low), float(high), level)
