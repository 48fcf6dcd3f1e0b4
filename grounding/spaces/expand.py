"""Distances between kinds of stimuli, dealt out to the stimuli of each kind.

Realisations of one transcript share their spelling, phones, sense and concept. So the distances
are computed once between the distinct kinds and copied to every pair of stimuli.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from grounding.rsa import RDM

__all__ = ["rdm_from_kinds"]


def rdm_from_kinds(
    kinds: Sequence[Hashable],
    ids: Sequence[str],
    distances: Callable[[list], Float[np.ndarray, "kind kind"]],
    *,
    metric: str,
) -> RDM:
    """Return the RDM over `ids`, the i-th of which is of kind `kinds[i]`.

    `distances` gets the distinct kinds, in order of first appearance, and returns their square
    matrix of distances, zero on the diagonal: two stimuli of one kind are 0 apart.
    """
    from grounding.rsa import RDM

    distinct = list(dict.fromkeys(kinds))
    place = {kind: i for i, kind in enumerate(distinct)}
    between = distances(distinct)
    at = np.array([place[kind] for kind in kinds], dtype=np.intp)
    rows, columns = np.triu_indices(len(kinds), k=1)
    return RDM(between[at[rows], at[columns]], tuple(ids), metric)
