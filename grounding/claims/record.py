"""What a claim leaves behind: one row a number, and one record a claim."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from grounding.claims.rule import Decision, Estimate, Rule

__all__ = ["Check", "ClaimResult", "Score"]


@dataclass(frozen=True)
class Score:
    """One number of `scores.csv`, with all that is needed to read it alone."""

    assay: str
    """What was asked; a name in `grounding.claims.assays.ASSAYS`."""
    quantity: str
    """"agreement", "random floor", "trained minus random", "share of ceiling", ..."""
    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None
    p: float | None = None
    """Permutation p value; the maximum over layers is inside its null."""
    model: str = ""
    modality: str = ""
    weights: str = ""
    """"trained", or "random-<seed>"."""
    layer: str = ""
    """Layer scored; several, joined by "|", where folds chose differently."""
    selection: str = ""
    stimuli: str = ""
    n_stimuli: int = 0
    n_groups: int = 0
    space: str = ""
    controls: str = ""
    pairs: str = ""
    measure: str = ""
    metric: str = ""
    pooling: str = ""
    window: str = ""
    """Seconds of input that a fixed-window model was given; empty where it has none."""
    note: str = ""


@dataclass(frozen=True)
class Check:
    """A control whose answer is known beforehand, and whether it came out."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True)
class ClaimResult:
    """One row of the verdict."""

    claim: str
    sentence: str
    rule: Rule
    decision: Decision
    estimates: tuple[Estimate, ...] = ()
    """First the estimate that leads the row."""
    stimuli: str = ""
    n_stimuli: int = 0
    n_groups: int = 0
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    """What is to be known of these estimates; what holds of any is in the rule's notes."""
    scores: tuple[Score, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data, without its scores."""
        row = asdict(self)
        row.pop("scores")
        row["rule"]["sentence"] = self.rule.sentence
        row["outcome"] = str(self.decision.outcome)
        row["reason"] = self.decision.reason
        row.pop("decision")
        return row
