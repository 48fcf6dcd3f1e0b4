"""What a downstream task gives: a mark for every item, and their mean beside chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.probes.tasks.features import Features
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import Sampled, warn_of_few
from grounding.stimuli import Stimulus, StimulusSet

__all__ = ["Prepare", "Run", "Task", "TaskScore", "balance"]

Run = Callable[[Features, Sequence[Stimulus], np.random.Generator], "TaskScore"]
"""Scores features on stimuli. It reads the stimuli's labels, never their sound."""

Prepare = Callable[[StimulusSet, Path], StimulusSet]
"""Makes a task's stimuli from a set: takes some of it, or writes new ones into a folder."""


@dataclass(frozen=True)
class Task:
    """A small standard task on frozen features.

    name: as in `TASKS`.
    run: scores it.
    unit: what the value is.
    best: the highest value that there is; every value's chance is in the score.
    least: the lowest; minus infinity where there is none.
    sets: the shipped sets that it runs on, and how its stimuli are made from each.
    says: what is asked, in one sentence.
    """

    name: str
    run: Run
    unit: str
    least: float
    best: float
    sets: Mapping[str, Prepare]
    says: str


@dataclass(frozen=True, eq=False)
class TaskScore:
    """How well a task is done on held-out items.

    task: its name. unit: what `value` is, such as "accuracy"; more is better in all of them.
    chance: what answers that know nothing of the features get, in the same unit.
    split: what training and test do not share.
    encoder, layer: whose features.
    ids: of each item: a stimulus, a query or a prompt; an item may be judged more than once.
    marks: of each item; `value` is their weighted mean.
    weights: of each item, above 0; they make classes or phones count alike.
    groups: of each item, what is drawn together in a bootstrap.
    left_out: how many stimuli could not be asked, by the reason.
    parts: the value on parts of the items, such as each language.
    """

    task: str
    unit: str
    chance: float
    split: str
    encoder: str
    layer: str
    ids: tuple[str, ...]
    marks: Float[np.ndarray, " item"]
    weights: Float[np.ndarray, " item"]
    groups: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.marks) == len(self.weights) == len(self.groups) > 0:
            raise UserError(
                f"{self.task}: {len(self.ids)} items with {len(self.marks)} marks, "
                f"{len(self.weights)} weights and {len(self.groups)} groups; needed one of each "
                "for every item, and an item."
            )
        if not (np.isfinite(self.marks).all() and (self.weights > 0).all()):
            raise UserError(f"{self.task}: needed finite marks and weights above 0.")

    @property
    def value(self) -> float:
        """The weighted mean of the marks."""
        return float(np.average(self.marks, weights=self.weights))

    @property
    def n(self) -> int:
        """The number of items."""
        return len(self.ids)

    def sampled(self, n: int, rng: np.random.Generator) -> Sampled:
        """Return the value with `n` bootstrap samples of it, that draw whole groups.

        What was learnt stays as it is: the interval is that over new test items. Warns
        (`Undercoverage`) of fewer than 20 groups.
        """
        names, group = np.unique(self.groups, return_inverse=True)
        warn_of_few(len(names))
        weight = np.bincount(group, self.weights)
        marks = np.bincount(group, self.weights * self.marks)
        drawn = draw_groups(len(names), n, rng)
        return Sampled(self.value, (drawn @ marks) / (drawn @ weight))


def balance(labels: Sequence[str]) -> Float[np.ndarray, " item"]:
    """Return weights that let every class count alike; their mean is 1.

    >>> balance(["a", "a", "b"])
    array([0.75, 0.75, 1.5 ])
    """
    names, which = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    return len(which) / len(names) / np.bincount(which)[which]
