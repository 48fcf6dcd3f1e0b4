"""Models and references that are ready to be compared, under any weights of their pairs.

Partial agreement is the same formula for every measure that is a cosine: the products of the
transformed vectors form a covariance matrix, and the part that the controls explain is taken off
(Schur complement). For pearson and spearman this is partial correlation. Semi-partial agreement
takes the controls from one side only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from grounding.rsa.measures import Measure
from grounding.rsa.pairs import Pairs
from grounding.rsa.quadratic import Forms
from grounding.rsa.vectors import Vectors, products

__all__ = ["CONTROLLED", "EXPLAINED", "Comparison", "unexplained"]

EXPLAINED = 1e-10  # a share of variance below this is rounding error: all of it is explained

CONTROLLED: Mapping[str, tuple[bool, bool]] = {  # whether controls leave models, references
    "both": (True, True),
    "model": (True, False),
    "reference": (False, True),
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models and references over the same pairs, ready to be compared under any weights.

    measure: how.
    vectors: models, then references, then controls.
    pairs: the pairs that count.
    models, references: how many of each there are.
    controlled: which side the controls are taken from: a name in `CONTROLLED`.
    """

    measure: Measure
    vectors: Vectors
    pairs: Pairs
    models: int
    references: int
    controlled: str = "both"

    def agreement(
        self, weights: Float[np.ndarray, " pair"] | None = None
    ) -> Float[np.ndarray, "model reference"]:
        """Return the agreement of every model with every reference.

        weights: how many copies of each pair there are; None is one copy each.

        NaN where the weights leave a vector no variance, except "within" groups, where it is 0.
        """
        if self.measure.direct is not None:
            return self._direct(weights)
        return self.normalised(products(self.vectors, self.wanted, weights)[None])[0]

    def over_draws(
        self, drawn: Int[np.ndarray, "sample group"]
    ) -> Float[np.ndarray, "sample model reference"]:
        """Return the agreements under each draw of groups (see `Pairs.weights`)."""
        if self.measure.ranked or self.measure.direct is not None or self.pairs.factor is not None:
            return np.stack([self.agreement(self.pairs.weights(one)) for one in drawn])
        return self.normalised(self._forms.under(drawn))

    @cached_property
    def _forms(self) -> Forms:
        return Forms(self.vectors, self.pairs, tuple(self.wanted))

    @property
    def wanted(self) -> list[tuple[int, int]]:
        """The products that agreement needs, in the order that `normalised` takes them in."""
        kept = self.models + self.references
        every = len(self.vectors.source)
        return [
            *((i, i) for i in range(kept)),
            *((i, j) for i in range(self.models) for j in range(self.models, kept)),
            *((i, j) for i in range(kept) for j in range(kept, every)),
            *((i, j) for i in range(kept, every) for j in range(kept, every)),
        ]

    def normalised(
        self, found: Float[np.ndarray, "sample wanted"]
    ) -> Float[np.ndarray, "sample model reference"]:
        """Turn the wanted products into agreement of models with references."""
        models, kept = self.models, self.models + self.references
        controls = len(self.vectors.source) - kept
        sizes = [kept, models * self.references, kept * controls]
        own, cross, loading, among = np.split(found, np.cumsum(sizes), axis=1)
        cross = cross.reshape(-1, models, self.references)
        left = own.copy()
        if controls:
            loading = loading.reshape(-1, kept, controls)
            explained = _explained(loading, among.reshape(-1, controls, controls))
            left -= (explained**2).sum(2)
            cross = cross - explained[:, :models] @ explained[:, models:].transpose(0, 2, 1)
        gone = left <= EXPLAINED * own
        from_models, from_references = CONTROLLED[self.controlled]
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.sqrt(
                np.where(from_models, left, own)[:, :models, None]
                * np.where(from_references, left, own)[:, None, models:]
            )
            agreement = cross / scale
        undefined = gone[:, :models, None] | gone[:, None, models:]
        agreement[undefined] = 0.0 if self.pairs.kind == "within" else np.nan
        # No correlation is outside this range but by rounding.
        return np.clip(agreement, -1.0, 1.0)

    def _direct(
        self, weights: Float[np.ndarray, " pair"] | None
    ) -> Float[np.ndarray, "model reference"]:
        assert self.measure.direct is not None
        vectors = np.stack([np.asarray(one, dtype=np.float64) for one in self.vectors.source])
        if weights is not None:
            vectors = np.repeat(vectors, weights.astype(np.intp), axis=1)
        return self.measure.direct(vectors[: self.models], vectors[self.models :])


def _explained(
    loading: Float[np.ndarray, "sample kept control"],
    among: Float[np.ndarray, "sample control control"],
) -> Float[np.ndarray, "sample kept control"]:
    """Return loadings on controls that are made orthonormal; NaN where they are collinear.

    A control without variance explains nothing.
    """
    own = np.einsum("scc->sc", among)
    scale = np.sqrt(np.where(own > 0.0, own, 1.0))
    among = among / (scale[:, :, None] * scale[:, None, :])
    spent = own <= 0.0
    among = np.where(spent[:, :, None] | spent[:, None, :], np.eye(among.shape[1]), among)
    loading = np.where(spent[:, None, :], 0.0, loading / scale[:, None, :])
    try:
        lower = np.linalg.cholesky(among)
    except np.linalg.LinAlgError:
        if len(among) == 1:
            return np.full(loading.shape, np.nan)
        return np.concatenate(
            [_explained(loading[[s]], among[[s]]) for s in range(len(among))], axis=0
        )
    return np.linalg.solve(lower, loading.transpose(0, 2, 1)).transpose(0, 2, 1)


def unexplained(
    matrix: Float[np.ndarray, "vector vector"], kept: int
) -> Float[np.ndarray, "kept kept"]:
    """Return the products of the first `kept` vectors after the rest are partialled out.

    Rests without variance explain nothing. NaN where the rests are collinear.
    """
    explained = _explained(matrix[None, :kept, kept:], matrix[None, kept:, kept:])[0]
    return matrix[:kept, :kept] - explained @ explained.T
