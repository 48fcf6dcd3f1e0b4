"""What predicts use: downstream accuracy beside articulatory, phonetic and acoustic scores.

Layers of a model resemble each other, and so do models of a family: families are the random
factor, models a second. A bootstrap sample draws families, for each copy of one as many of its
models as it has, both with replacement, and takes a model with all its rows. All correlations of a
sample are of the same rows, so differences are paired. In simulation (5 to 20 families, 300 sets)
95 % intervals cover in 93 to 98 % with three models a family, in 89 to 96 % with one. A score that
is noisier goes less with anything: a difference is between scores as they were measured.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from grounding.errors import UserError
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import Sampled, warn_of_few
from grounding.tables import lookup

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    *("FEWEST", "LEVELS", "MEASURES", "QUANTITIES", "TESTS", "Compared", "Mixed", "Prediction"),
    *("Row", "compare_dependent", "mixed_model", "predict", "tidy"),
]

FEWEST = 5  # families; below this nothing is said of a score
BLOCK = 100  # bootstrap samples whose ranks are in memory at once
TINY = 1e-12  # a variance below this share of the whole is rounding
NUMBERS = ("downstream", "articulatory", "phonetic", "acoustic")

Correlations = Float[np.ndarray, "sample 4 4"]
PerSample = Float[np.ndarray, " sample"]
Weights = Float[np.ndarray, "sample row"]
Table = Float[np.ndarray, "row 4"]
Numbers = Int[np.ndarray, " row"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One layer of one model, with scores on held-out stimuli; of all, higher is better.

    weights: "trained", a checkpoint such as "step-300", or "random-<seed>".
    downstream: accuracy in a task, or a mean over tasks. The scores: each in a unit of its own.
    """

    model: str
    family: str
    layer: str
    weights: str
    downstream: float
    articulatory: float
    phonetic: float
    acoustic: float

    def __post_init__(self) -> None:
        for name in NUMBERS:
            if not math.isfinite(value := getattr(self, name)):
                where = f"{self.model}, layer {self.layer}, {self.weights}"
                raise UserError(f"{where}: {name} is {value}; leave the row out, and say so")


def tidy(rows: Sequence[Row]) -> pd.DataFrame:
    """Return one line a row, with the columns that `Row` documents."""
    import pandas as pd

    return pd.DataFrame([asdict(row) for row in rows])


def _partial(r: Correlations, score: int, given: int) -> PerSample:
    rest = (1.0 - r[:, 0, given] ** 2) * (1.0 - r[:, score, given] ** 2)
    rest = np.where(rest > TINY, rest, np.nan)
    return (r[:, 0, score] - r[:, 0, given] * r[:, score, given]) / np.sqrt(rest)


CLAIM = "articulatory minus phonetic"
QUANTITIES: Mapping[str, Callable[[Correlations], PerSample]] = {
    "articulatory": lambda r: r[:, 0, 1],
    "phonetic": lambda r: r[:, 0, 2],
    "acoustic": lambda r: r[:, 0, 3],
    "articulatory given acoustic": lambda r: _partial(r, 1, 3),
    "phonetic given acoustic": lambda r: _partial(r, 2, 3),
    "articulatory given phonetic": lambda r: _partial(r, 1, 2),
    "phonetic given articulatory": lambda r: _partial(r, 2, 1),
    CLAIM: lambda r: r[:, 0, 1] - r[:, 0, 2],
    f"{CLAIM}, given acoustic": lambda r: _partial(r, 1, 3) - _partial(r, 2, 3),
}
"""What is asked of the correlations of downstream with the scores, plain or partial."""


def _ranks(values: Float[np.ndarray, " row"], weights: Weights) -> Weights:
    """Return mid-ranks of values that are there `weights` times, from 0 to 1."""
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=np.nan) != 0.0)
    held = np.add.reduceat(weights[:, order], starts, axis=1)
    ranks = np.empty_like(weights)
    ties = np.diff(starts, append=len(order))
    ranks[:, order] = np.repeat(np.cumsum(held, axis=1) - held / 2.0, ties, axis=1)
    return ranks


MEASURES: Mapping[str, Callable[..., Weights]] = {
    "pearson": lambda values, weights: np.broadcast_to(values, weights.shape),
    "spearman": _ranks,
}
LEVELS: Mapping[str, Callable[[Row], tuple[str, ...]]] = {
    "row": lambda row: (row.model, row.layer, row.weights),
    "model": lambda row: (row.family, row.model),
    "family": lambda row: (row.family,),
}
"""What has one voice, which its rows share evenly."""


def _numbered(rows: Sequence[Row], level: str) -> Numbers:
    names = list(map(lookup("level", level, LEVELS), rows))
    known = {name: k for k, name in enumerate(dict.fromkeys(names))}
    return np.array([known[name] for name in names])


def _table(rows: Sequence[Row]) -> Table:
    """Return the four numbers of checked rows, each of mean 0 and variance 1."""
    if len(set(map(LEVELS["row"], rows))) < len(rows):
        raise UserError("two rows are of one model, layer and weights; keep one of them")
    if len(set(map(LEVELS["model"], rows))) > len({row.model for row in rows}):
        raise UserError("a model is in two families; give each model one")
    if len(families := sorted({row.family for row in rows})) < FEWEST:
        raise UserError(
            f"found models of {len(families)} families ({', '.join(families) or 'no row'}): what "
            f"predicts use is asked of {FEWEST} or more. Add others, or show the points alone"
        )
    table = np.array([[getattr(row, name) for name in NUMBERS] for row in rows])
    for name, column in zip(NUMBERS, table.T, strict=True):
        if np.ptp(column) <= TINY * np.abs(column).max():
            raise UserError(f"{name} is the same in all {len(rows)} rows; nothing goes with it")
    return (table - table.mean(0)) / table.std(0)


def _correlations(table: Table, weights: Weights, measure: str) -> Correlations:
    """Return correlations of the four numbers when rows are there `weights` times."""
    scored = lookup("measure", measure, MEASURES)
    found = []
    weights = weights / weights.sum(1, keepdims=True)
    for part in np.array_split(weights, -(-len(weights) // BLOCK)):
        x = np.stack([scored(column, part) for column in table.T], axis=2)
        x = x - np.einsum("sr,srj->sj", part, x)[:, None]
        moments = np.swapaxes(x * part[..., None], 1, 2) @ x
        size = np.sqrt(np.diagonal(moments, axis1=1, axis2=2))
        size = np.where(size > math.sqrt(TINY), size, np.nan)
        found.append(np.clip(moments / (size[:, :, None] * size[:, None, :]), -1.0, 1.0))
    return np.concatenate(found)


def _drawn(family: Numbers, model: Numbers, n: int, rng: np.random.Generator) -> Weights:
    """Draw families, then models within each copy; return how often each row is drawn."""
    copies = draw_groups(int(family.max()) + 1, n, rng)
    drawn = np.empty((n, model.max() + 1))
    for k in range(copies.shape[1]):
        own = np.unique(model[family == k])
        drawn[:, own] = rng.multinomial(copies[:, k] * len(own), np.full(len(own), 1 / len(own)))
    return drawn[:, model]


@dataclass(frozen=True, eq=False)
class Prediction:
    """How scores go with use, over all rows and over bootstrap samples of families and models.

    found: by name in `QUANTITIES`. without: by family, `CLAIM` with that family left out.
    """

    found: Mapping[str, Sampled]
    without: Mapping[str, float]
    rows: int
    models: int
    families: int


def predict(
    rows: Sequence[Row], *, measure: str, voice: str, n: int, rng: np.random.Generator
) -> Prediction:
    """Correlate use with every score over all rows, and bootstrap families and models.

    measure: a name in `MEASURES`; ranks are taken anew in every sample.
    voice: what counts once, a name in `LEVELS`; with "row" many checkpoints outvote few.
    n: number of bootstrap samples.

    Raises `UserError` for rows given twice, a model in two families, fewer than `FEWEST`
    families, a number that never varies, scores that are copies of each other, and n below 1.
    """
    table, family, model = _table(rows), _numbered(rows, "family"), _numbered(rows, "model")
    unit = _numbered(rows, voice)
    weight = 1.0 / np.bincount(unit)[unit]
    names = list(dict.fromkeys(row.family for row in rows))
    warn_of_few(len(names))
    apart = np.array([family != k for k in range(len(names))], dtype=np.float64)
    counts = np.concatenate([np.ones((1, len(rows))), apart, _drawn(family, model, n, rng)])
    r = _correlations(table, counts * weight, measure)
    found = {name: quantity(r) for name, quantity in QUANTITIES.items()}
    if lost := [name for name, values in found.items() if np.isnan(values[0])]:
        raise UserError(f"{lost[0]} is undefined: two scores are copies of each other; give one")
    at = 1 + len(names)
    sampled = {name: Sampled(float(values[0]), values[at:]) for name, values in found.items()}
    without = dict(zip(names, found[CLAIM][1:at].tolist(), strict=True))
    return Prediction(sampled, without, len(rows), len(np.unique(model)), len(names))


def _williams(a: float, b: float, c: float, n: int) -> tuple[float, Any]:
    """Williams' t of r12 = a against r13 = b with r23 = c (Steiger 1980, eq. 7)."""
    lost = 1.0 - a * a - b * b - c * c + 2.0 * a * b * c
    below = 2.0 * lost * (n - 1) / (n - 3) + ((a + b) / 2.0) ** 2 * (1.0 - c) ** 3
    return (a - b) * math.sqrt((n - 1) * (1.0 + c) / below), stats.t(n - 3)


def _steiger(a: float, b: float, c: float, n: int) -> tuple[float, Any]:
    """Steiger's z of the same, its covariance at the mean correlation (1980, eq. 3 and 14)."""
    mean = ((a + b) / 2.0) ** 2
    shared = c * (1.0 - 2.0 * mean) - mean * (1.0 - 2.0 * mean - c * c) / 2.0
    rest = 2.0 - 2.0 * shared / (1.0 - mean) ** 2
    return (math.atanh(a) - math.atanh(b)) * math.sqrt((n - 3) / rest), stats.norm()


TESTS = {"williams": _williams, "steiger": _steiger}
"""Tests of two correlations that share a variable, over independent and normal cases: Williams
1959, J. Roy. Stat. Soc. B 21, 396-399; Steiger 1980, doi:10.1037/0033-2909.87.2.245."""


@dataclass(frozen=True)
class Compared:
    """Articulatory minus phonetic Pearson r over `n` means, the test's statistic, two-sided p."""

    difference: float
    statistic: float
    p: float
    n: int


def compare_dependent(rows: Sequence[Row], *, test: str, by: str) -> Compared:
    """Test the difference by formula: a cross-check of `predict`, not of equal standing.

    test: a name in `TESTS`. by: a name in `LEVELS`, whose means are the cases. Rows are not
    independent, so "row" finds too much; "family" asks only what lies between families.

    Raises what `predict` raises of rows.
    """
    table, unit = _table(rows), _numbered(rows, by)
    means = np.array([table[unit == k].mean(0) for k in range(unit.max() + 1)])
    r = np.corrcoef(means.T)
    statistic, null = lookup("test", test, TESTS)(r[0, 1], r[0, 2], r[1, 2], len(means))
    p = 2.0 * null.sf(abs(statistic))
    return Compared(float(r[0, 1] - r[0, 2]), float(statistic), float(p), len(means))


@dataclass(frozen=True)
class Mixed:
    """A mixed model of use, all numbers in standard deviations over rows.

    slopes: by score and for `CLAIM`: estimate, low and high (Wald: too narrow for few models).
    variances: of "model", "layer" (within its model) and "row". said: warnings of the fit.
    """

    slopes: Mapping[str, tuple[float, float, float]]
    variances: Mapping[str, float]
    converged: bool
    said: tuple[str, ...]


def mixed_model(rows: Sequence[Row], *, level: float) -> Mixed:
    """Regress use on all scores, with random intercepts for models and their layers (REML).

    Raises what `predict` raises of rows, and `UserError` without statsmodels or second rows.
    """
    try:
        from statsmodels.regression.mixed_linear_model import MixedLM
    except ImportError as error:
        raise UserError("a mixed model needs statsmodels: pip install statsmodels") from error
    table = _table(rows)
    if len({(row.model, row.layer) for row in rows}) == len(rows):
        raise UserError("every layer has one row, so its intercept is its noise; add checkpoints")
    frame = tidy(rows).assign(**dict(zip(NUMBERS, table.T, strict=True)))
    model = {"groups": "model", "re_formula": "1", "vc_formula": {"layer": "0 + C(layer)"}}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fit = MixedLM.from_formula(f"downstream ~ {' + '.join(NUMBERS[1:])}", frame, **model).fit()
    asked = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, -1, 0]], dtype=np.float64)
    ends = np.column_stack([(found := fit.t_test(asked)).effect, found.conf_int(1.0 - level)])
    variances = map(float, (fit.cov_re.iloc[0, 0], fit.vcomp[0], fit.scale))
    return Mixed(
        dict(zip((*NUMBERS[1:], CLAIM), map(tuple, ends.tolist()), strict=True)),
        dict(zip(("model", "layer", "row"), variances, strict=True)),
        bool(fit.converged),
        tuple(str(one.message) for one in said),
    )
