"""Products of vectors under the weights of many draws at once.

A draw says how often each group of stimuli is there. The weighted sum over pairs of a product of
two vectors is then a quadratic form in the draw: over the pairs of two groups a sum counts as
often as the one is there times the other, inside a group as often as the group is there. One
matrix product serves all draws and all products, and neither a pair nor a vector is copied. What
a measure takes off (the mean, each stimulus' own part) has a closed form in the same sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from grounding.rsa.pairs import Pairs, sum_by_group
from grounding.rsa.vectors import Products, Vectors

__all__ = ["Forms", "draw_products"]

LOST = 1e-10  # a variance below this share of the sum of squares is rounding error
CHUNK = 1 << 12  # cells whose weights in all draws are held at a time
ONES = -1  # stands for the vector whose every value is 1

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
    return Forms(vectors, pairs, tuple(wanted)).under(drawn)


@dataclass(frozen=True, eq=False)
class Forms:
    """The quadratic forms of some products, made once for any number of draws."""

    vectors: Vectors
    pairs: Pairs
    wanted: tuple[tuple[int, int], ...]

    def under(self, drawn: Draws) -> Float[np.ndarray, "sample wanted"]:
        """Return the products under the weights of each draw."""
        sums = _Sums(self, drawn.astype(np.float64))
        found = np.empty((len(drawn), len(self.wanted)))
        for at, (i, j) in enumerate(self.wanted):
            one = sums.centred(i, j) if self.mean_off else sums.product(i, j)
            if i == j:
                one = np.where(np.abs(one) <= LOST * sums.plain[:, self.place[i, i]], 0.0, one)
            found[:, at] = one
        return found

    @property
    def mean_off(self) -> bool:
        """Whether the mean of each draw is taken off; inside blocks it has been already."""
        return self.vectors.measure.centred and self.vectors.block is None

    @cached_property
    def place(self) -> dict[tuple[int, int], int]:
        """The plain products that are needed, each once, and their places."""
        needed = [(min(pair), max(pair)) for pair in self.wanted]
        if self.mean_off:
            used = sorted({i for pair in self.wanted for i in pair})
            needed += [(ONES, ONES), *((ONES, i) for i in used)]
        return {pair: place for place, pair in enumerate(dict.fromkeys(needed))}

    @cached_property
    def values(self) -> dict[int, Float[np.ndarray, " pair"]]:
        """The vectors, less their means over all pairs where one is taken off: digits are kept."""
        found = {ONES: np.ones(self.vectors.pairs)}
        for i, source in enumerate(self.vectors.source):
            found[i] = source.astype(np.float64)
            if self.mean_off:
                found[i] -= found[i][0]
                found[i] -= found[i].mean()
        return found

    @cached_property
    def cells(self) -> tuple[Int[np.ndarray, " cell"], Int[np.ndarray, " cell"]]:
        """The two groups of each cell: pairs of the same two groups have the same weight."""
        return self._cells[0]

    @cached_property
    def _cells(self):
        a, b = (self.pairs.group[one].astype(np.intp) for one in self.pairs.stimuli)
        if self.pairs.groups == len(self.pairs.group):
            return (a, b), None  # every pair is a cell of its own
        key = np.minimum(a, b) * self.pairs.groups + np.maximum(a, b)
        cell, which = np.unique(key, return_inverse=True)
        return (cell // self.pairs.groups, cell % self.pairs.groups), which

    @cached_property
    def _by_cell(self) -> Float[np.ndarray, "product cell"] | None:
        (first, _), which = self._cells
        if which is None:
            return None
        return np.stack(
            [np.bincount(which, self.values[i] * self.values[j], len(first)) for i, j in self.place]
        )

    def sums(self, part: slice) -> Float[np.ndarray, "product some"]:
        """Return the sum of each plain product over the pairs of some cells."""
        if self._by_cell is not None:
            return self._by_cell[:, part]
        values = self.values
        return np.stack([values[i][part] * values[j][part] for i, j in self.place])


class _Sums:
    """The sums that products under some draws are made of, each made when it is first needed."""

    def __init__(self, forms: Forms, times: Float[np.ndarray, "sample group"]) -> None:
        self.forms, self.times = forms, times
        self._products: dict[tuple[int, int], Float[np.ndarray, " sample"]] = {}
        self._rows: dict[int, Float[np.ndarray, "sample stimulus"]] = {}
        self._own: dict[int, Float[np.ndarray, "sample stimulus"]] = {}

    @cached_property
    def plain(self) -> Float[np.ndarray, "sample product"]:
        """The weighted sums of the products of vectors as they are."""
        first, second = self.forms.cells
        total = np.zeros((len(self.times), len(self.forms.place)))
        for start in range(0, len(first), CHUNK):
            part = slice(start, start + CHUNK)
            a, b = first[part], second[part]
            weights = self.times[:, b]
            weights[:, a == b] = 1.0
            weights *= self.times[:, a]
            total += weights @ self.forms.sums(part).T
        return total

    def product(self, i: int, j: int) -> Float[np.ndarray, " sample"]:
        """The product of two vectors, each stimulus' own part taken off where asked."""
        key = (min(i, j), max(i, j))
        if key not in self._products:
            found = self.plain[:, self.forms.place[key]]
            ridge = self.forms.vectors.measure.rows
            if ridge is not None:
                copies = self.times[:, self.forms.pairs.group]
                found = found - np.einsum("sn,sn,sn->s", copies, self.rows(i), self.own(j, ridge))
            self._products[key] = found
        return self._products[key]

    def centred(self, i: int, j: int) -> Float[np.ndarray, " sample"]:
        """The product of two vectors less their means."""
        ones, place = self.product(ONES, ONES), self.forms.place
        with np.errstate(invalid="ignore", divide="ignore"):
            count = self.plain[:, place[ONES, ONES]]
            mean = self.plain[:, place[ONES, i]] / count
            other = self.plain[:, place[ONES, j]] / count
        left = self.product(i, j) + mean * other * ones
        return left - mean * self.product(ONES, j) - other * self.product(ONES, i)

    def own(self, i: int, ridge: float) -> Float[np.ndarray, "sample stimulus"]:
        """The part of a vector that belongs to each stimulus.

        It solves (E'WE + ridge M) a = E'Wx, where E adds a number of each stimulus to its pairs
        and M counts its copies; by groups the solution is a few sums.
        """
        if i not in self._own:
            group, times = self.forms.pairs.group, self.times
            size = np.bincount(group, minlength=self.forms.pairs.groups)
            total = times @ size
            free = total[:, None] - times * size + size - 2.0 + ridge
            bound = free + size * (1.0 - times)
            rows = self.rows(i)
            by_group = sum_by_group(rows, group, self.forms.pairs.groups)
            with np.errstate(invalid="ignore", divide="ignore"):
                level = (times * by_group / bound).sum(1) / (1.0 + (times * size / bound).sum(1))
                part = (1.0 - times) * (by_group - level[:, None] * size) / bound
                self._own[i] = (rows - (level[:, None] + part)[:, group]) / free[:, group]
        return self._own[i]

    def rows(self, i: int) -> Float[np.ndarray, "sample stimulus"]:
        """The weighted sum of a vector over the pairs of one copy of each stimulus."""
        if i not in self._rows:
            group = self.forms.pairs.group
            square = np.zeros((len(group), len(group)))
            first, second = self.forms.pairs.stimuli
            square[first, second] = square[second, first] = self.forms.values[i]
            inside = group[:, None] == group
            alone = np.where(inside, square, 0.0).sum(1)
            square[inside] = 0.0
            to_group = sum_by_group(square, group, self.forms.pairs.groups)
            self._rows[i] = self.times @ to_group.T + alone
        return self._rows[i]
