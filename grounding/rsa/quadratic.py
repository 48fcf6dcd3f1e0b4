"""Products of vectors under the weights of many draws at once.

A draw says how often each group of stimuli is there. The weighted sum over pairs of a product of
two vectors is then a quadratic form in the draw, m' H m + m' h: H sums the products over the pairs
of two groups and h over the pairs inside each. One matrix product serves all draws, and neither
a pair nor a vector is copied. What a measure takes off (the mean, each stimulus' own part) has a
closed form in the same sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.rsa.pairs import Pairs
from grounding.rsa.vectors import Products, Vectors

__all__ = ["draw_products"]

LOST = 1e-10  # a variance below this share of the sum of squares is rounding error

Draws = Int[np.ndarray, "sample group"]


def draw_products(
    vectors: Vectors, pairs: Pairs, drawn: Draws, wanted: Products
) -> Float[np.ndarray, "sample wanted"]:
    """Return products of transformed vectors under the weights of each draw.

    vectors: ready for a measure that is not ranked.
    drawn: how often each group is there; see `Pairs.weights` for what that makes of a pair.
    wanted: the two vectors of each product.

    NaN where a draw has too few different stimuli for what the measure takes off.
    """
    sums = _Sums(vectors, pairs, drawn)
    centred = vectors.measure.centred and vectors.block is None
    found = np.empty((len(drawn), len(wanted)))
    for at, (i, j) in enumerate(wanted):
        one = sums.product(i, j)
        if centred:
            mean, other = sums.mean(i), sums.mean(j)
            one += mean * other * sums.product(ONES, ONES)
            one -= mean * sums.product(ONES, j) + other * sums.product(i, ONES)
        if i == j:
            one[np.abs(one) <= LOST * sums.plain(i, i)] = 0.0
        found[:, at] = one
    return found


ONES = -1  # stands for the vector whose every value is 1


@dataclass(eq=False)
class _Sums:
    """Weighted sums over pairs, each made when it is first asked for."""

    vectors: Vectors
    pairs: Pairs
    drawn: Draws

    def __post_init__(self) -> None:
        group = self.pairs.group.astype(np.intp)
        a, b = (group[one] for one in self.pairs.stimuli)
        self._cell = np.minimum(a, b) * self.pairs.groups + np.maximum(a, b)
        self._times = self.drawn.astype(np.float64)
        self._values: dict[int, Float[np.ndarray, " pair"]] = {}
        self._plain: dict[tuple[int, int], Float[np.ndarray, " sample"]] = {}
        self._own: dict[int, Float[np.ndarray, "sample stimulus"]] = {}

    def product(self, i: int, j: int) -> Float[np.ndarray, " sample"]:
        """The product of two vectors, each stimulus' own part taken off where asked."""
        ridge = self.vectors.measure.rows
        if ridge is None:
            return self.plain(i, j).copy()
        return self.plain(i, j) - self._shared_rows(i, j, ridge)

    def mean(self, i: int) -> Float[np.ndarray, " sample"]:
        """The weighted mean of a vector."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.plain(i, ONES) / self.plain(ONES, ONES)

    def plain(self, i: int, j: int) -> Float[np.ndarray, " sample"]:
        """The weighted sum of the products of two vectors as they are."""
        key = (min(i, j), max(i, j))
        if key not in self._plain:
            groups = self.pairs.groups
            weight = self._value(i) * self._value(j)
            form = np.bincount(self._cell, weight, groups * groups).reshape(groups, groups)
            inside = np.diag(form).copy()
            np.fill_diagonal(form, 0.0)
            total = np.einsum("sg,sg->s", self._times @ form, self._times)
            self._plain[key] = total + self._times @ inside
        return self._plain[key]

    def _value(self, i: int) -> Float[np.ndarray, " pair"]:
        # Less the mean over all pairs where the measure takes one off: digits are kept.
        if i not in self._values:
            if i == ONES:
                value = np.ones(self.vectors.pairs)
            else:
                value = self.vectors.source[i].astype(np.float64)
                if self.vectors.measure.centred and self.vectors.block is None:
                    value -= value[0]
                    value -= value.mean()
            self._values[i] = value
        return self._values[i]

    def _shared_rows(self, i: int, j: int, ridge: float) -> Float[np.ndarray, " sample"]:
        """The product of the parts of two vectors that belong to single stimuli.

        Those parts solve (E'WE + ridge M) a = E'Wx, where E adds a number of each stimulus to its
        pairs and M counts its copies; by groups the solution is a few sums.
        """
        group, times = self.pairs.group, self._times
        size = np.bincount(group, minlength=self.pairs.groups)
        total = times @ size
        free = total[:, None] - times * size + size - 2.0 + ridge
        bound = free + size * (1.0 - times)
        own = self._rows(j)
        with np.errstate(invalid="ignore", divide="ignore"):
            by_group = _by_group(own, group, self.pairs.groups)
            level = (times * by_group / bound).sum(1) / (1.0 + (times * size / bound).sum(1))
            part = (by_group - level[:, None] * size) / bound
            a = (own - level[:, None] - ((1.0 - times) * part)[:, group]) / free[:, group]
        return np.einsum("sn,sn,sn->s", times[:, group], self._rows(i), a)

    def _rows(self, i: int) -> Float[np.ndarray, "sample stimulus"]:
        """The weighted sum of a vector over the pairs of one copy of each stimulus."""
        if i not in self._own:
            group = self.pairs.group
            square = np.zeros((len(group), len(group)))
            square[self.pairs.stimuli] = self._value(i)
            square += square.T
            inside = group[:, None] == group
            alone = np.where(inside, square, 0.0).sum(1)
            self._own[i] = self._times[:, group] @ np.where(inside, 0.0, square) + alone
        return self._own[i]


def _by_group(
    values: Float[np.ndarray, "sample stimulus"], group: Int[np.ndarray, " stimulus"], groups: int
) -> Float[np.ndarray, "sample group"]:
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(groups))
    return np.add.reduceat(values[:, order], starts, axis=1)
