"""Controls that are taken off with their curves, not only along a straight line.

Partial agreement takes a control off linearly. When ranks are compared that is not enough: a
nuisance that both RDMs share additively is no straight line in their ranks, and some of it stays
(in `grounding bench --calibration` an agreement of .09 remains of .41, and the test of it calls
two unrelated RDMs related four times too often). Given the control, unrelated RDMs have unrelated
residuals from any curve that fits them; a polynomial of the third degree leaves nothing there. Its
test is still somewhat liberal (.07 for .05, .08 with 80 stimuli): residuals spread more where the
nuisance is large, in both RDMs at once, and a permutation does not know.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.polynomial import legendre
from scipy.stats import rankdata

from grounding.errors import UserError
from grounding.rsa.rdm import RDM

__all__ = ["CURVE", "curved"]

CURVE = "curve"  # the metric of a curve: its values stay as they are, also where others are ranked


def curved(controls: Sequence[RDM], *, degree: int) -> list[RDM]:
    """Return controls, each followed by its curves up to a degree: polynomials of its mid-ranks.

    degree: 1 is the control alone. A control of few different values has fewer curves, since a
        polynomial of their number less one passes through all.

    The curves are functions of the whole control: take them before you select stimuli, or after,
    but the same for all that is compared.

    Raises `UserError` for a degree below 1.

    >>> control = RDM(np.array([1.0, 2.0, 4.0, 3.0, 5.0, 9.0]), ("a", "b", "c", "d"), "euclidean")
    >>> [one.name for one in curved([control], degree=3)]
    ['', ', degree 2', ', degree 3']
    """
    if degree < 1:
        raise UserError(f"degree must be 1 or more, found {degree}")
    found = []
    for control in controls:
        found.append(control)
        values, levels = np.unique(control.values, return_inverse=True)
        most = min(degree, len(values) - 1)
        rank = rankdata(levels)
        place = (2.0 * rank - len(rank) - 1.0) / len(rank)
        for power in range(2, most + 1):
            curve = legendre.legval(place, np.eye(power + 1)[power])
            found.append(RDM(curve, control.ids, CURVE, f"{control.name}, degree {power}"))
    return found
