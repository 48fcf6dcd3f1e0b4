"""What figures and page are made from: the records of a finished result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.figures.scores import SEED, Score

__all__ = [
    "Check",
    "Claim",
    "Criterion",
    "Estimate",
    "Panel",
    "Panels",
    "Result",
    "Scored",
]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; `level` is the coverage."""

    name: str
    value: float
    low: float
    high: float
    level: float


@dataclass(frozen=True)
class Criterion:
    """One inequality of a rule: the whole interval of `estimate` above or below a bound."""

    estimate: str
    above: float | None
    below: float | None

    @property
    def bound(self) -> float:
        """The number that the interval is held against."""
        if self.above is not None:
            return self.above
        if self.below is not None:
            return self.below
        raise UserError(f"the criterion on {self.estimate!r} has no bound; run again")


@dataclass(frozen=True)
class Check:
    """A control whose answer is known, and what it came to."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True)
class Claim:
    """One row of the verdict."""

    name: str
    sentence: str
    outcome: str
    """"supported", "refuted" or "undecided"."""
    reason: str
    rule: str
    """The rule in words."""
    notes: str
    """Of the rule, then of these estimates."""
    measure: str
    metric: str
    selection: str
    level: float
    criteria: tuple[Criterion, ...]
    estimates: tuple[Estimate, ...]
    checks: tuple[Check, ...]
    stimuli: str
    n_stimuli: int
    n_groups: int
    elsewhere: Mapping[str, str]
    """By other stimulus set: what was concluded there."""

    def reason_on(self, stimuli: str) -> str:
        """What was concluded on a stimulus set."""
        return self.reason if stimuli == self.stimuli else self.elsewhere.get(stimuli, "")


@dataclass(frozen=True)
class Scored:
    """One stimulus set of the run."""

    name: str
    scored: str
    """Which stimuli, in words."""
    n: int
    of: int
    transcripts: int
    languages: tuple[str, ...]
    digest: str
    window: float | None
    """Seconds that fixed-window models were given; None is what they were trained on."""


@dataclass(frozen=True)
class Panel:
    """The ranks of one RDM, condensed, 0 (nearest) to 1 (farthest)."""

    title: str
    ranks: Float[np.ndarray, " pair"]


@dataclass(frozen=True)
class Panels:
    """RDMs over the same few stimuli in the same order."""

    ids: tuple[str, ...]
    categories: tuple[str, ...]
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Result:
    """Everything that a run left in its folder."""

    folder: Path
    question: str
    seed: int
    full: bool
    stimuli: tuple[Scored, ...]
    claims: tuple[Claim, ...]
    dissociation: tuple[Estimate, ...]
    """The double dissociation, then its two parts; empty where there is none."""
    no_dissociation: str
    """Why there is none, or empty."""
    missing: Mapping[str, Mapping[str, str]]
    """By stimulus set and assay, why it could not be run."""
    scores: tuple[Score, ...]
    panels: Mapping[str, Panels]
    settings: Mapping[str, Any]
    pooling: Mapping[str, str]
    provenance: Mapping[str, Any]

    @property
    def sets(self) -> tuple[str, ...]:
        """Names of the stimulus sets, in the order of the run."""
        return tuple(item.name for item in self.stimuli)

    def scored(self, stimuli: str) -> Scored:
        """Return what is known of a stimulus set."""
        return next(item for item in self.stimuli if item.name == stimuli)

    def rows(self, stimuli: str, assay: str, quantity: str) -> tuple[Score, ...]:
        """Return the scores of one assay on one stimulus set.

        Without the seeds of a twin: one row stands for them all.
        """
        asked = (stimuli, assay, quantity)
        return tuple(
            s for s in self.scores if (s.stimuli, s.assay, s.quantity) == asked and s.role != SEED
        )
