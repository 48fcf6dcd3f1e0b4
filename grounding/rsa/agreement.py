"""Agreement of RDMs, plain or with other RDMs partialled out.

Partial agreement is the same formula for every measure: the products of the transformed vectors
form a covariance matrix, and the part that the controls explain is taken off (Schur complement).
For pearson and spearman this is partial correlation.

Over pairs "within" groups, values (after ranking) are centred inside each group. Whatever is
constant inside every group, such as any function of the transcript, has no variance left there,
and its agreement is exactly 0 by definition; a control of this kind explains nothing there and
has no effect.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa.measures import MEASURES, Vectors, products, ready_vectors
from grounding.rsa.pairs import Pairs, choose_pairs
from grounding.rsa.rdm import RDM
from grounding.tables import lookup

__all__ = ["Comparison", "compare", "compare_many", "ready_comparison", "same_stimuli"]

EXPLAINED = 1e-10  # a share of variance below this is rounding error: all of it is explained


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models and references over the same pairs, ready to be compared under any weights.

    vectors: models, then references, then controls.
    pairs: the pairs that count.
    models, references: how many of each there are.
    """

    vectors: Vectors
    pairs: Pairs
    models: int
    references: int

    def agreement(
        self, weights: Float[np.ndarray, " pair"] | None = None
    ) -> Float[np.ndarray, "model reference"]:
        """Return the agreement of every model with every reference.

        NaN where the weights leave a vector no variance, except "within" groups, where it is 0.
        """
        matrix = products(self.vectors, weights)
        return self.normalised(matrix)

    def normalised(
        self, matrix: Float[np.ndarray, "vector vector"]
    ) -> Float[np.ndarray, "model reference"]:
        """Turn products of vectors into agreement of models with references."""
        kept = self.models + self.references
        left = unexplained(matrix, kept)
        variance = np.diag(left)
        gone = variance <= EXPLAINED * np.diag(matrix)[:kept]
        with np.errstate(invalid="ignore", divide="ignore"):
            left = left / np.sqrt(np.outer(variance, variance))
        left[gone, :] = left[:, gone] = 0.0 if self.pairs.kind == "within" else np.nan
        # No correlation is outside this range but by rounding.
        return np.clip(left[: self.models, self.models :], -1.0, 1.0)


def unexplained(
    matrix: Float[np.ndarray, "vector vector"], kept: int
) -> Float[np.ndarray, "kept kept"]:
    """Return the products of the first `kept` vectors after the rest are partialled out.

    Rests without variance explain nothing. NaN where the rests are collinear.
    """
    controls = np.flatnonzero(np.diag(matrix)[kept:] > 0.0) + kept
    if not len(controls):
        return matrix[:kept, :kept].copy()
    scale = np.sqrt(np.diag(matrix)[controls])
    among = matrix[np.ix_(controls, controls)] / np.outer(scale, scale)
    across = matrix[controls, :kept] / scale[:, None]
    try:
        lower = np.linalg.cholesky(among)
    except np.linalg.LinAlgError:
        return np.full((kept, kept), np.nan)
    explained = np.linalg.solve(lower, across)
    return matrix[:kept, :kept] - explained.T @ explained


def compare(
    a: RDM,
    b: RDM,
    *,
    measure: str,
    controls: Sequence[RDM] = (),
    pairs: str = "all",
    groups: Sequence[Hashable] | None = None,
) -> float:
    """Return the agreement of two RDMs.

    measure: a name in `MEASURES`.
    controls: RDMs to partial out of both.
    pairs: "all", "between" groups or "within" groups; see the module's text for "within".
    groups: one label a stimulus, such as its transcript.

    Raises `StimulusMismatch` when the RDMs are not over the same ids in the same order, and
    `UserError` for an RDM that is constant, controls that leave nothing, and too few pairs.

    >>> ids = ("a", "b", "c", "d")
    >>> a = RDM(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), ids, "euclidean")
    >>> b = RDM(np.array([1.0, 2.0, 3.0, 4.0, 6.0, 5.0]), ids, "euclidean")
    >>> round(compare(a, b, measure="spearman"), 4)
    0.9429
    """
    scores = compare_many([a], [b], measure=measure, controls=controls, pairs=pairs, groups=groups)
    return float(scores[0, 0])


def compare_many(
    models: Sequence[RDM],
    references: Sequence[RDM],
    *,
    measure: str,
    controls: Sequence[RDM] = (),
    pairs: str = "all",
    groups: Sequence[Hashable] | None = None,
) -> Float[np.ndarray, "model reference"]:
    """Return the agreement of every model with every reference; see `compare`."""
    return ready_comparison(
        models, references, measure=measure, controls=controls, pairs=pairs, groups=groups
    )[1]


def ready_comparison(
    models: Sequence[RDM],
    references: Sequence[RDM],
    *,
    measure: str,
    controls: Sequence[RDM],
    pairs: str,
    groups: Sequence[Hashable] | None,
) -> tuple[Comparison, Float[np.ndarray, "model reference"]]:
    """Check everything that `compare` promises to; return the comparison and its agreements."""
    record = lookup("measure", measure, MEASURES)
    rdms = (*models, *references, *controls)
    if not models or not references:
        raise UserError("a comparison needs a model and a reference, and one list is empty")
    names = same_stimuli(rdms)
    chosen = choose_pairs(rdms[0].n, pairs, groups)
    values = np.stack([rdm.values[chosen.index] for rdm in rdms])
    if pairs != "within":
        for name, row in zip(names, values, strict=True):
            if row.min() == row.max():
                raise UserError(
                    f"{name} is constant over the {len(row)} pairs ({pairs}): it has no geometry "
                    "that could agree with another"
                )
    block = chosen.block
    spent = int(record.centred) if block is None else len(np.unique(block))
    if len(chosen.index) < len(controls) + spent + 2:
        raise UserError(
            f"{len(controls)} controls and {record.name} need at least "
            f"{len(controls) + spent + 2} pairs ({pairs}), found {len(chosen.index)}"
        )
    comparison = Comparison(
        ready_vectors(values, record, block), chosen, len(models), len(references)
    )
    matrix = products(comparison.vectors)
    _refuse_collinear(matrix, names, len(models) + len(references))
    return comparison, comparison.normalised(matrix)


def same_stimuli(rdms: Sequence[RDM]) -> list[str]:
    """Return what to call each RDM; raise `StimulusMismatch` unless all have the same ids."""
    names = [f"RDM {i} ({rdm.name})" if rdm.name else f"RDM {i}" for i, rdm in enumerate(rdms)]
    first = rdms[0]
    for name, rdm in zip(names, rdms, strict=True):
        if rdm.ids == first.ids:
            continue
        extra = set(rdm.ids) - set(first.ids)
        lacking = set(first.ids) - set(rdm.ids)
        if extra or lacking:
            example = sorted(extra or lacking)[0]
            where = "only in the second" if extra else "only in the first"
            raise StimulusMismatch(
                f"{names[0]} and {name} are over other stimuli: {len(lacking)} ids are only in "
                f"the first and {len(extra)} only in the second ({example!r} is {where}); "
                "take the common ones with .select(ids)"
            )
        at = next(i for i, (a, b) in enumerate(zip(first.ids, rdm.ids, strict=True)) if a != b)
        raise StimulusMismatch(
            f"{names[0]} and {name} hold the same ids in another order: at {at} the first has "
            f"{first.ids[at]!r}, the second {rdm.ids[at]!r}; reorder one with .select(ids)"
        )
    return names


def _refuse_collinear(
    matrix: Float[np.ndarray, "vector vector"], names: Sequence[str], kept: int
) -> None:
    # Sweep one control at a time, so that the one that takes the last variance has a name.
    left = np.array(matrix)
    whole = np.diag(matrix)
    for control in range(kept, len(matrix)):
        if whole[control] == 0.0:
            continue  # constant inside every group
        if left[control, control] <= EXPLAINED * whole[control]:
            raise UserError(
                f"control {names[control]} is a linear combination of the controls before it; "
                "leave it out"
            )
        column = left[:, control]
        left = left - np.outer(column, column) / left[control, control]
        for row in range(kept):
            if whole[row] > 0.0 and left[row, row] <= EXPLAINED * whole[row]:
                raise UserError(
                    f"control {names[control]}, with those before it, explains all of "
                    f"{names[row]}: nothing is left to agree; leave one out"
                )
