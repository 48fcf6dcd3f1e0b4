"""Measures: how alike two RDMs are, as one number; greater is more alike.

Most measures are cosines of transformed vectors: values are ranked, centred, or freed of what
belongs to single stimuli, and their products are formed (`grounding.rsa.vectors`). Those have
partial forms, and their bootstrap is fast. The others are functions of the two vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.rsa.kendall import tau_a
from grounding.rsa.neighbours import mutual_knn
from grounding.rsa.procrustes import procrustes_similarity

__all__ = ["MEASURES", "Measure"]

NEIGHBOURS = 10  # k of mutual-knn, as in Huh et al. 2024

Direct = Callable[
    [Float[np.ndarray, "model pair"], Float[np.ndarray, "reference pair"]],
    Float[np.ndarray, "model reference"],
]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One way to say how alike two RDMs are; greater is more alike.

    name: its name in `MEASURES`.
    lower, upper: its range.
    null: its expected value for unrelated RDMs; None where that depends on the RDMs.
    cost: time for one pair of RDMs of n stimuli, P = n (n - 1) / 2 pairs.
    invariances: what may be done to either RDM without a change.
    reference: where it is described.
    ranked: whether values are replaced by mid-ranks.
    centred: whether the mean is taken off.
    breaks_ties: whether variances are those in expectation over random breaking of ties.
    rows: None, or the ridge with which each stimulus' own additive part is taken off: 0 takes it
        off whole (U-centring), 2 is the whitening by the covariance of distance estimates.
    direct: for a measure that is no cosine, its function.
    resampled: whether a bootstrap over stimuli makes sense for it.
    squared: whether it takes dissimilarities for squared distances.
    """

    name: str
    lower: float
    upper: float
    null: float | None
    cost: str
    invariances: str
    reference: str
    ranked: bool = False
    centred: bool = False
    breaks_ties: bool = False
    rows: float | None = None
    direct: Direct | None = None
    resampled: bool = True
    squared: bool = False

    @property
    def whole(self) -> bool:
        """Whether it needs every pair of its stimuli, so that kinds of pairs cannot be chosen."""
        return self.rows is not None or not self.resampled


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            name="pearson",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            cost="P",
            invariances="adding a constant, multiplying by a positive number",
            reference="Kriegeskorte, Mur & Bandettini 2008, doi:10.3389/neuro.06.004.2008",
            centred=True,
        ),
        Measure(
            name="cosine",
            lower=-1.0,
            upper=1.0,
            null=None,
            cost="P",
            invariances="multiplying by a positive number",
            reference="Diedrichsen et al. 2020, arXiv:2007.02789",
        ),
        Measure(
            name="spearman",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            cost="P log P",
            invariances="any strictly increasing function",
            reference="Nili et al. 2014, doi:10.1371/journal.pcbi.1003553",
            ranked=True,
            centred=True,
        ),
        Measure(
            name="rho-a",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            cost="P log P",
            invariances="any strictly increasing function",
            reference="Schuett et al. 2023, doi:10.7554/eLife.82566",
            ranked=True,
            centred=True,
            breaks_ties=True,
        ),
        Measure(
            name="tau-a",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            cost="P log P",
            invariances="any strictly increasing function",
            reference="Kendall 1938, doi:10.1093/biomet/30.1-2.81; Nili et al. 2014",
            direct=tau_a,
        ),
        Measure(
            name="whitened-cosine",
            lower=-1.0,
            upper=1.0,
            null=None,
            cost="P",
            invariances="multiplying by a positive number",
            reference="Diedrichsen et al. 2020, arXiv:2007.02789",
            rows=2.0,
        ),
        Measure(
            name="whitened-correlation",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            cost="P",
            invariances="adding a constant, multiplying by a positive number",
            reference="Diedrichsen et al. 2020, arXiv:2007.02789",
            centred=True,
            rows=2.0,
        ),
        Measure(
            name="unbiased-cka",
            lower=-1.0,
            upper=1.0,
            null=0.0,
            cost="P",
            invariances="adding a number of each stimulus' own to its row and column, multiplying "
            "by a positive number",
            reference="Song et al. 2012, jmlr.org/papers/v13/song12a; of squared distances it is "
            "the linear CKA of the features, of distances the bias-corrected distance correlation "
            "(Szekely & Rizzo 2013, doi:10.1016/j.jmva.2013.02.012)",
            rows=0.0,
        ),
        Measure(
            name="mutual-knn",
            lower=0.0,
            upper=1.0,
            null=None,  # k / (n - 1): see `mutual_knn_null`
            cost="n^2 log n",
            invariances="any strictly increasing function",
            reference="Huh et al. 2024, arXiv:2405.07987; k = 10",
            direct=mutual_knn(NEIGHBOURS),
            resampled=False,  # copies are each other's nearest neighbours
        ),
        Measure(
            name="procrustes",
            lower=0.0,
            upper=1.0,
            null=None,  # grows with the dimensions of both
            cost="n^3",
            invariances="multiplying by a positive number",
            reference="Ding, Denain & Steinhardt 2021, arXiv:2108.01661",
            direct=procrustes_similarity,
            resampled=False,  # copies add agreement of their own
            squared=True,
        ),
    )
}
