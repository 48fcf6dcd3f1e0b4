"""A number with the values that it took over bootstrap samples.

Intervals are percentile intervals. In simulation (`grounding bench --calibration`) 95 % intervals
over 20 groups or more cover the truth in 93 to 97 % of experiments, and in more where RDMs hold
no stimulus that is far from all others (correlation distances near the null): there they are too
wide, to the safe side. Where they were seen to cover less, an `Undercoverage` warning says so.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError

__all__ = ["FewGroups", "Sampled", "Undercoverage", "interval", "warn_of_few"]

FEW = {"all": 20, "between": 20, "within": 60}  # groups, by kind of pairs
UNDEFINED = 0.05  # share of samples without a value above which an interval would mislead


class Undercoverage(UserWarning):
    """An interval covers the truth less often than it says."""


class FewGroups(Undercoverage):
    """There are too few groups."""


def warn_of_few(groups: int, pairs: str = "all") -> None:
    """Warn where an interval would rest on fewer groups than this kind of pairs needs."""
    if groups < FEW[pairs]:
        warnings.warn(
            f"{groups} groups were drawn from: with fewer than {FEW[pairs]} (pairs {pairs!r}), a "
            "95 % interval covers the truth in as few as 90 % of experiments; take more, or do "
            "not rest a claim on it",
            FewGroups,
            stacklevel=3,
        )


@dataclass(frozen=True, eq=False)
class Sampled:
    """An estimate from all stimuli, and from every bootstrap sample of them.

    estimate: the number over all stimuli.
    samples: its value in each sample; NaN where a sample leaves it undefined.
    """

    estimate: float
    samples: Float[np.ndarray, " sample"]

    @property
    def standard_error(self) -> float:
        """The standard deviation over samples."""
        return float(np.nanstd(_defined(self.samples), ddof=1))

    @property
    def undefined(self) -> int:
        """The number of samples that have no value."""
        return int(np.isnan(self.samples).sum())

    def interval(self, level: float) -> tuple[float, float]:
        """Return the percentile interval; see `interval`."""
        low, high = interval(self.samples, level)
        return float(low), float(high)


def interval(
    samples: Float[np.ndarray, "sample ..."], level: float
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Return the central `level` part of the samples (percentile interval), item by item.

    level: between 0 and 1, such as 0.95.

    Raises `UserError` for another level, for fewer than 20 samples, and when more than one
    sample in twenty has no value.

    >>> low, high = interval(np.arange(101.0), 0.9)
    >>> round(float(low), 6), round(float(high), 6)
    (5.0, 95.0)
    """
    if not 0.0 < level < 1.0:
        raise UserError(f"level must lie between 0 and 1, found {level}")
    defined = _defined(samples)
    tail = (1.0 - level) / 2.0
    low, high = np.nanquantile(defined, [tail, 1.0 - tail], axis=0)
    return np.asarray(low), np.asarray(high)


def _defined(samples: Float[np.ndarray, "sample ..."]) -> Float[np.ndarray, "sample ..."]:
    if len(samples) < 20:
        raise UserError(f"an interval needs 20 bootstrap samples or more, found {len(samples)}")
    share = np.isnan(samples).mean(0).max()
    if share > UNDEFINED:
        raise UserError(
            f"{share:.0%} of the bootstrap samples have no value: there are too few groups, or an "
            "RDM has too few different values, for an interval"
        )
    return samples
