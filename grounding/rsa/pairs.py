"""Which pairs of stimuli count, and how often when groups of stimuli are drawn.

A group is a set of stimuli that belong together, such as the realisations of one transcript.
Pairs are "all", "between" (the two stimuli are of different groups) or "within" (of one group).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError
from grounding.tables import lookup

__all__ = ["PAIRS", "Pairs", "choose_pairs", "number_groups"]

PAIRS = {
    "all": "every pair of stimuli",
    "between": "pairs of stimuli of different groups",
    "within": "pairs of stimuli of one group, centred inside each group",
}


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs that count.

    kind: a name in `PAIRS`.
    index: each pair's place in a condensed RDM; for "within" sorted by group.
    first, second: its two stimuli, first < second.
    inside: whether the two are of one group.
    group: for every stimulus the number of its group.
    groups: the number of groups.
    """

    kind: str
    index: Int[np.ndarray, " pair"]
    first: Int[np.ndarray, " pair"]
    second: Int[np.ndarray, " pair"]
    inside: Bool[np.ndarray, " pair"]
    group: Int[np.ndarray, " stimulus"]
    groups: int

    @property
    def block(self) -> Int[np.ndarray, " pair"] | None:
        """For "within", the group in which each pair is to be centred, ascending."""
        return self.group[self.first] if self.kind == "within" else None

    def weights(self, drawn: Int[np.ndarray, " group"]) -> Float[np.ndarray, " pair"]:
        """Return how often each pair is there when group g is drawn `drawn[g]` times.

        A pair of two groups is there once for every copy of the one with every copy of the other;
        a pair inside one group once for every copy of the group. Two copies of one group make no
        pairs with each other, since they hold the same stimuli.
        """
        times = drawn.astype(np.float64)[self.group]
        weights = times[self.first]
        other = times[self.second]
        other[self.inside] = 1.0
        weights *= other
        return weights


def number_groups(
    groups: Sequence[Hashable] | None, stimuli: int
) -> tuple[Int[np.ndarray, " stimulus"], tuple[Hashable, ...]]:
    """Return the group number of each stimulus and the labels, numbered as they come.

    `groups` None makes every stimulus a group of its own.

    Raises `UserError` when there is not one label a stimulus.
    """
    if groups is None:
        return np.arange(stimuli), tuple(range(stimuli))
    groups = list(groups)
    if len(groups) != stimuli:
        raise UserError(f"{stimuli} stimuli need one group label each, found {len(groups)}")
    place: dict[Hashable, int] = {}
    number = [place.setdefault(label, len(place)) for label in groups]
    return np.array(number, dtype=np.intp), tuple(place)


def choose_pairs(stimuli: int, kind: str, groups: Sequence[Hashable] | None) -> Pairs:
    """Return the pairs of this kind among so many stimuli.

    Raises `UnknownName` for another kind, and `UserError` when groups are missing or leave no
    pair of this kind. "Within" needs a group of three stimuli or more: a group of two has one
    pair, and one value that is centred says nothing.
    """
    lookup("kind of pairs", kind, PAIRS)
    if kind != "all" and groups is None:
        raise UserError(f"pairs={kind!r} needs groups: one label a stimulus, such as transcripts")
    group, labels = number_groups(groups, stimuli)
    first, second = np.triu_indices(stimuli, 1)
    inside = group[first] == group[second]
    if kind == "all":
        index = np.arange(len(first))
    elif kind == "between":
        index = np.flatnonzero(~inside)
        if len(labels) < 3:
            raise UserError(f"pairs='between' needs three groups or more, found {len(labels)}")
    else:
        index = np.flatnonzero(inside)
        index = index[np.argsort(group[first[index]], kind="stable")]
        largest = int(np.bincount(group).max())
        if largest < 3:
            raise UserError(
                "pairs='within' needs a group of three stimuli or more, "
                f"and the largest group has {largest}"
            )
    return Pairs(kind, index, first[index], second[index], inside[index], group, len(labels))
