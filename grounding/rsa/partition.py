"""Variance partitioning: what each space explains of an RDM that the others do not.

A linear model of the target's pairs is fitted on the stimuli of some folds and judged on the
others; folds share no group, and pairs across folds are not used. Every part can therefore be
negative, which says that it does not carry over to other stimuli. Negative parts are reported.

For bootstrap samples groups are drawn inside each fold while the folds stay. A group counts as
often where it is fitted to as where it is judged on, and all parts have the same draws.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.rsa.folds import split_groups, take
from grounding.rsa.measures import MEASURES
from grounding.rsa.pairs import choose_pairs, number_groups
from grounding.rsa.rdm import RDM
from grounding.rsa.regression import (
    check_spaces,
    draw_matrices,
    ready_values,
    sampled,
    slopes_on,
    solvable,
    standard_scale,
    with_samples,
)
from grounding.rsa.sampled import Sampled
from grounding.rsa.vectors import ready_vectors

__all__ = ["Partition", "partition"]

MOST = 8  # spaces have 255 parts, and no reader wants more
