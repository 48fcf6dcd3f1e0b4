"""RDMs of stimuli that were observed several times.

Rows of features are observations, each labelled with its stimulus. Stimuli are in the order in
which they first come. Distances between stimuli are those of their means over observations,
except for "crossnobis", which multiplies differences in one fold with differences in another, so
that noise that is independent between folds adds nothing on average. Folds are labels such as
run, speaker or take. Squared distances are sums over features, not means of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.rsa.metrics import METRICS, Metric, distances_of_products
from grounding.rsa.observations import Rows, check_observations, means_of, number_labels
from grounding.rsa.rdm import DTYPES, RDM, check_ids
from grounding.tables import lookup

__all__ = ["REPETITION_METRICS", "repeated_rdm"]

REPETITION_METRICS: Mapping[str, str] = {
    "crossnobis": "squared Mahalanobis distance across folds: unbiased, may be negative",
    "mahalanobis": "squared Mahalanobis distance of the means over observations",
    **{name: f"{name} of the means over observations" for name in METRICS},
}
ASYMMETRY = 1e-8  # of a precision, as a share of its largest entry: more is no rounding

Square = Float[np.ndarray, "feature feature"]


def repeated_rdm(
    features: Rows,
    stimuli: Sequence[str],
    *,
    metric: str,
    folds: Sequence[Hashable] | None = None,
    precision: Square | None = None,
    name: str = "",
    dtype: str = "float64",
) -> RDM:
    """Measure the dissimilarity of every pair of stimuli from repeated observations.

    stimuli: the stimulus of each observation.
    metric: a name in `REPETITION_METRICS`. "crossnobis" (Walther et al. 2016,
        doi:10.1016/j.neuroimage.2015.12.012) is the mean of (a_m - b_m) P (a_n - b_n) over every
        two different folds m and n, with a_m the mean of stimulus a in fold m, P the precision.
    folds: the fold of each observation; for "crossnobis" only, which needs every stimulus in
        every fold. Folds count the same, however many observations they have.
    precision: of the noise, symmetric and positive definite, such as `noise_precision` returns;
        for "crossnobis" and "mahalanobis" only. None is the identity.
    dtype: how values are kept, "float64" or "float32".

    With one observation a stimulus, "mahalanobis" is that of plain features.

    Raises `UnknownName` for another metric or dtype; `UserError` for observations that are not
    finite or not labelled one by one, folds or a precision that are missing, amiss or given to a
    metric that has no use for them, a single fold, and a stimulus that is absent from a fold.

    >>> features = np.array([[0.0], [2.0], [5.0], [1.0], [2.0], [4.0]])
    >>> folds = ["run 1"] * 3 + ["run 2"] * 3
    >>> repeated_rdm(features, [*"abcabc"], metric="crossnobis", folds=folds).values
    array([ 2., 15.,  6.])
    """
    lookup("metric", metric, REPETITION_METRICS)
    kept = lookup("dtype", dtype, DTYPES)
    rows, stimulus, labels = check_observations(features, stimuli)
    ids = check_ids(labels)
    if precision is not None and metric in METRICS:
        raise UserError(
            f"metric {metric!r} takes no precision: leave it out, "
            "or take 'mahalanobis' or 'crossnobis'"
        )
    if metric == "crossnobis":
        if folds is None:
            raise UserError("metric 'crossnobis' needs folds: one label an observation, as run")
        means = _fold_means(rows, stimulus, ids, folds)
        values = _crossnobis(_whitened(means, precision), kept)
    elif folds is not None:
        raise UserError(f"metric {metric!r} takes no folds: leave them out, or take 'crossnobis'")
    else:
        record = METRICS.get(metric) or Metric(
            metric, "0 up", "moving all rows", lambda rows, ids: _whitened(rows, precision)
        )
        values = record.distances(means_of(rows, stimulus, len(ids)), ids, kept)
    values.flags.writeable = False
    return RDM(values, ids, metric, name)


def _crossnobis(
    means: Float[np.ndarray, "stimulus fold feature"], dtype: type
) -> Float[np.ndarray, " pair"]:
    stimuli, folds, _ = means.shape
    means -= means.mean(0)
    others = means.sum(1, keepdims=True) - means
    means /= folds * (folds - 1)
    return distances_of_products(
        means.reshape(stimuli, -1), others.reshape(stimuli, -1), dtype=dtype
    )


def _fold_means(
    rows: Rows, stimulus: Int[np.ndarray, " observation"], ids: Sequence[str], folds: Sequence
) -> Float[np.ndarray, "stimulus fold feature"]:
    fold, labels = number_labels(folds, len(rows), "fold")
    if len(labels) < 2:
        raise UserError(f"'crossnobis' needs two folds or more, found one: {labels[0]!r}")
    cell = stimulus * len(labels) + fold
    absent = np.flatnonzero(np.bincount(cell, minlength=len(ids) * len(labels)) == 0)
    if len(absent):
        one, at = divmod(int(absent[0]), len(labels))
        raise UserError(
            f"stimulus {ids[one]!r} is absent from fold {labels[at]!r} ({len(absent)} such): "
            "'crossnobis' needs every stimulus in every fold; leave it out, or join folds"
        )
    means = means_of(rows, cell, len(ids) * len(labels))
    return means.reshape(len(ids), len(labels), -1)


def _whitened(
    rows: Float[np.ndarray, "*any feature"], precision: Square | None
) -> Float[np.ndarray, "*any feature"]:
    # A new array, in which the squared distance is the Mahalanobis distance.
    if precision is None:
        return rows.copy()
    precision = np.asarray(precision, dtype=np.float64)
    width = rows.shape[-1]
    if precision.shape != (width, width):
        raise UserError(
            f"precision must be of shape ({width}, {width}) for {width} features, "
            f"found {precision.shape}"
        )
    rounding = ASYMMETRY * np.abs(precision).max()
    if not np.isfinite(rounding) or not np.allclose(precision, precision.T, 0.0, rounding):
        raise UserError("precision is not symmetric, or not finite: give an inverse covariance")
    try:
        return rows @ np.linalg.cholesky((precision + precision.T) / 2.0)
    except np.linalg.LinAlgError:
        raise UserError(
            "precision is not positive definite: give the inverse of a covariance that is not "
            "singular, as noise_precision returns"
        ) from None
