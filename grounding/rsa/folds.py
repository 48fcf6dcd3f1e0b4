"""Split stimuli into folds that share no group."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Int

from grounding.errors import UserError
from grounding.rsa.pairs import number_groups
from grounding.rsa.rdm import RDM

__all__ = ["split_groups", "take"]

FEWEST = 3  # groups in a fold, as stimuli in an RDM


def split_groups(
    stimuli: int, groups: Sequence[Hashable] | None, folds: int, rng: np.random.Generator
) -> tuple[Int[np.ndarray, " held"], ...]:
    """Deal whole groups out to folds; return the places of each fold's stimuli, ascending.

    Groups are shuffled and dealt out by size, so that the folds get equal shares of large groups.

    Raises `UserError` for fewer than two folds and for fewer than three groups a fold.
    """
    group, labels = number_groups(groups, stimuli)
    if folds < 2:
        raise UserError(f"holding out needs two folds or more, found {folds}")
    if len(labels) < FEWEST * folds:
        raise UserError(f"{folds} folds need {FEWEST * folds} groups or more, found {len(labels)}")
    size = np.bincount(group)
    dealt = np.lexsort((rng.permutation(len(labels)), -size))
    fold = np.empty(len(labels), dtype=np.intp)
    fold[dealt] = np.arange(len(labels)) % folds
    return tuple(np.flatnonzero(fold[group] == one) for one in range(folds))


def take(rdm: RDM, places: Int[np.ndarray, " held"]) -> RDM:
    """Return the RDM of the stimuli at these places."""
    return rdm.select([rdm.ids[i] for i in places])
