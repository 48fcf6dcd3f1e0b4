"""Which pairs of stimuli count, and how often when groups of stimuli are drawn.

A group is a set of stimuli that belong together, such as the realisations of one transcript.
Pairs are "all", "between" (the two stimuli are of different groups) or "within" (of one group).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError
from grounding.rsa.rdm import RDM
from grounding.tables import lookup

__all__ = ["PAIRS", "Pairs", "choose_pairs", "number_groups", "sum_by_group"]

PAIRS = {
    "all": "every pair of stimuli",
    "between": "pairs of stimuli of different groups",
    "within": "pairs of stimuli of one group, centred inside each group",
}


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs that count.

    kind: a name in `PAIRS`.
    chosen: each pair's place in a condensed RDM; for "within" sorted by group. None: every pair.
    group: for every stimulus the number of its group.
    groups: the number of groups.
    factor: for every stimulus its number in a second factor that is drawn too, or None.
    levels: the number of levels of that factor, or 0.
    """

    kind: str
    chosen: Int[np.ndarray, " pair"] | None
    group: Int[np.ndarray, " stimulus"]
    groups: int
    factor: Int[np.ndarray, " stimulus"] | None = None
    levels: int = 0

    @property
    def count(self) -> int:
        """The number of pairs."""
        stimuli = len(self.group)
        return stimuli * (stimuli - 1) // 2 if self.chosen is None else len(self.chosen)

    @cached_property
    def stimuli(self) -> tuple[Int[np.ndarray, " pair"], Int[np.ndarray, " pair"]]:
        """The first and the second stimulus of each pair, first < second."""
        first, second = np.triu_indices(len(self.group), 1)
        return (first, second) if self.chosen is None else (first[self.chosen], second[self.chosen])

    @cached_property
    def inside(self) -> Bool[np.ndarray, " pair"]:
        """Whether the two are of one group."""
        first, second = self.stimuli
        return self.group[first] == self.group[second]

    @property
    def block(self) -> Int[np.ndarray, " pair"] | None:
        """For "within", the group in which each pair is to be centred, ascending."""
        return self.group[self.stimuli[0]] if self.kind == "within" else None

    def values(self, rdm: RDM) -> Float[np.ndarray, " pair"]:
        """Return an RDM's values over these pairs; not a copy where every pair counts."""
        return rdm.values if self.chosen is None else rdm.values[self.chosen]

    def weights(self, drawn: Int[np.ndarray, " group"]) -> Float[np.ndarray, " pair"]:
        """Return how often each pair is there when group g is drawn `drawn[g]` times.

        A pair of two groups is there once for every copy of the one with every copy of the other;
        a pair inside one group once for every copy of the group. Two copies of one group make no
        pairs with each other, since they hold the same stimuli. With a second factor, whose
        counts follow those of the groups in `drawn`, the weights of the two are multiplied.
        """
        weights = self._copies(drawn[: self.groups], self.group, self.inside)
        if self.factor is not None:
            first, second = self.stimuli
            same = self.factor[first] == self.factor[second]
            weights *= self._copies(drawn[self.groups :], self.factor, same)
        return weights

    def _copies(
        self,
        drawn: Int[np.ndarray, " group"],
        group: Int[np.ndarray, " stimulus"],
        inside: Bool[np.ndarray, " pair"],
    ) -> Float[np.ndarray, " pair"]:
        first, second = self.stimuli
        times = drawn.astype(np.float64)[group]
        weights = times[first]
        other = times[second]
        other[inside] = 1.0
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


def choose_pairs(
    stimuli: int,
    kind: str,
    groups: Sequence[Hashable] | None,
    crossed: Sequence[Hashable] | None = None,
) -> Pairs:
    """Return the pairs of this kind among so many stimuli.

    crossed: one label a stimulus of a second factor that will be drawn apart from the groups.

    Raises `UnknownName` for another kind, and `UserError` when groups are missing or leave no
    pair of this kind. "Within" needs groups of two stimuli or more and one of three: a group of
    one has no pair, and a group of two has one value, which says nothing once it is centred.
    """
    lookup("kind of pairs", kind, PAIRS)
    if kind != "all" and groups is None:
        raise UserError(f"pairs={kind!r} needs groups: one label a stimulus, such as transcripts")
    group, labels = number_groups(groups, stimuli)
    chosen = _chosen(kind, group, labels)
    if crossed is None:
        return Pairs(kind, chosen, group, len(labels))
    if groups is None or kind == "within":
        raise UserError("a second factor is crossed with groups, over pairs 'all' or 'between'")
    factor, levels = number_groups(crossed, stimuli)
    return Pairs(kind, chosen, group, len(labels), factor, len(levels))


def _chosen(
    kind: str, group: Int[np.ndarray, " stimulus"], labels: Sequence[Hashable]
) -> Int[np.ndarray, " pair"] | None:
    if kind == "all":
        return None
    if kind == "between" and len(labels) < 3:
        raise UserError(f"pairs='between' needs three groups or more, found {len(labels)}")
    if kind == "within":
        _refuse_single(group, labels)
    first, second = np.triu_indices(len(group), 1)
    inside = group[first] == group[second]
    if kind == "between":
        return np.flatnonzero(~inside)
    index = np.flatnonzero(inside)
    return index[np.argsort(group[first[index]], kind="stable")]


def _refuse_single(group: Int[np.ndarray, " stimulus"], labels: Sequence[Hashable]) -> None:
    size = np.bincount(group)
    if size.max() < 3:
        raise UserError(
            "pairs='within' needs a group of three stimuli or more, "
            f"and the largest group has {size.max()}"
        )
    single = np.flatnonzero(size == 1)
    if len(single):
        raise UserError(
            f"pairs='within' needs groups of two stimuli or more, and {len(single)} have one, "
            f"such as {labels[single[0]]!r}; leave those stimuli out with .select(ids)"
        )


def sum_by_group(
    values: Float[np.ndarray, "row stimulus"], group: Int[np.ndarray, " stimulus"], groups: int
) -> Float[np.ndarray, "row group"]:
    """Return the sum of the columns of each group; groups are numbered as they come."""
    if groups == len(group):
        return values
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(groups))
    return np.add.reduceat(values[:, order], starts, axis=1)
