"""Agreement of RDMs, plain or with other RDMs partialled out.

Over pairs "within" groups, values (after ranking) are centred inside each group. Whatever is
constant inside every group, such as any function of the transcript, has no variance left there,
and its agreement is exactly 0 by definition; a control of this kind explains nothing there and
has no effect.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

import numpy as np
from jaxtyping import Float

from grounding.errors import StimulusMismatch, UserError
from grounding.rsa.comparison import CONTROLLED, EXPLAINED, Comparison
from grounding.rsa.curves import CURVE
from grounding.rsa.measures import MEASURES, Measure
from grounding.rsa.pairs import choose_pairs
from grounding.rsa.rdm import RDM
from grounding.rsa.vectors import Vectors, every_product, ready_vectors
from grounding.tables import lookup

__all__ = [
    "Named",
    "compare",
    "compare_many",
    "ready_comparison",
    "refuse_collinear",
    "same_stimuli",
]


class Named(Protocol):
    """What has a name and named stimuli: an RDM, or features to make one of."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The stimuli, in order."""
        ...

    @property
    def name(self) -> str:
        """What it is of; may be empty."""
        ...


def compare(
    a: RDM,
    b: RDM,
    *,
    measure: str,
    controls: Sequence[RDM] = (),
    controlled: str = "both",
    pairs: str = "all",
    groups: Sequence[Hashable] | None = None,
) -> float:
    """Return the agreement of two RDMs.

    measure: a name in `MEASURES`.
    controls: RDMs to partial out, along a straight line; see `curved` for more.
    controlled: out of "both" (partial agreement), of the "model" only, which is the first RDM,
        or of the "reference" only (semi-partial agreement).
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
    scores = compare_many(
        [a],
        [b],
        measure=measure,
        controls=controls,
        controlled=controlled,
        pairs=pairs,
        groups=groups,
    )
    return float(scores[0, 0])


def compare_many(
    models: Sequence[RDM],
    references: Sequence[RDM],
    *,
    measure: str,
    controls: Sequence[RDM] = (),
    controlled: str = "both",
    pairs: str = "all",
    groups: Sequence[Hashable] | None = None,
) -> Float[np.ndarray, "model reference"]:
    """Return the agreement of every model with every reference; see `compare`."""
    return ready_comparison(
        models,
        references,
        measure=measure,
        controls=controls,
        controlled=controlled,
        pairs=pairs,
        groups=groups,
    )[1]


def ready_comparison(
    models: Sequence[RDM],
    references: Sequence[RDM],
    *,
    measure: str,
    controls: Sequence[RDM],
    pairs: str,
    groups: Sequence[Hashable] | None,
    controlled: str = "both",
    crossed: Sequence[Hashable] | None = None,
) -> tuple[Comparison, Float[np.ndarray, "model reference"]]:
    """Check everything that `compare` promises to; return the comparison and its agreements."""
    record = lookup("measure", measure, MEASURES)
    lookup("side that is controlled", controlled, CONTROLLED)
    rdms = (*models, *references, *controls)
    if not models or not references:
        raise UserError("a comparison needs a model and a reference, and one list is empty")
    _refuse_kind(record, pairs, controls)
    if record.squared and any(one.metric == "euclidean" for one in rdms):
        raise UserError(f"{record.name} needs squared distances: take metric 'squared-euclidean'")
    if crossed is not None and record.whole:
        raise UserError(f"{record.name} has no bootstrap over two factors: take another measure")
    names = same_stimuli(rdms)
    chosen = choose_pairs(rdms[0].n, pairs, groups, crossed)
    block = chosen.block
    spent = int(record.centred) if block is None else len(np.unique(block))
    if chosen.count < len(controls) + spent + 2:
        raise UserError(
            f"{len(controls)} controls and {record.name} need at least "
            f"{len(controls) + spent + 2} pairs ({pairs}), found {chosen.count}"
        )
    values = [chosen.values(rdm) for rdm in rdms]
    if pairs != "within":
        _refuse_constant(values, names, pairs)
    if record.direct is not None:
        vectors = Vectors(record, tuple(values), (), None)
    else:
        vectors = ready_vectors(values, record, block, [one.metric == CURVE for one in rdms])
    comparison = Comparison(record, vectors, chosen, len(models), len(references), controlled)
    if controls:
        refuse_collinear(every_product(vectors), names, len(models) + len(references))
    return comparison, comparison.agreement()


def _refuse_kind(record: Measure, pairs: str, controls: Sequence[RDM]) -> None:
    if record.whole and pairs != "all":
        raise UserError(f"{record.name} is defined over all pairs, found pairs={pairs!r}")
    if record.direct is not None and pairs == "within":
        raise UserError(f"{record.name} is not defined over pairs 'within' groups")
    if record.direct is not None and controls:
        able = ", ".join(name for name, one in MEASURES.items() if one.direct is None)
        raise UserError(f"{record.name} has no partial form: take one of {able}")


def _refuse_constant(
    values: Sequence[Float[np.ndarray, " pair"]], names: Sequence[str], pairs: str
) -> None:
    for name, row in zip(names, values, strict=True):
        # The ends differ in nearly every vector: the rest need not be read.
        if row[0] == row[-1] and row.min() == row.max():
            raise UserError(
                f"{name} is constant over the {len(row)} pairs ({pairs}): it has no geometry "
                "that could agree with another"
            )


def same_stimuli(rdms: Sequence[Named]) -> list[str]:
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


def refuse_collinear(
    matrix: Float[np.ndarray, "vector vector"], names: Sequence[str], kept: int
) -> None:
    """Raise `UserError` where controls repeat each other or explain all of a vector.

    matrix: products of all vectors; the first `kept` are not controls.
    """
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
