"""Bootstrap over stimuli, or over groups of stimuli.

Stimuli are the random factor: a sample draws as many groups as there are, with replacement.
A draw is only a count for every group, and a count is only a weight for every pair, so that
nothing is copied and every vector is sorted once (see `grounding.rsa.vectors`); without ranks all
draws share one matrix product (see `grounding.rsa.quadratic`). All draws are made before any is
used, and worked on in blocks of one size: serial and parallel runs give the same numbers.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.rsa.agreement import ready_comparison
from grounding.rsa.comparison import Comparison
from grounding.rsa.rdm import RDM
from grounding.rsa.sampled import Sampled, interval, warn_of_few

__all__ = [
    "Bootstrap",
    "Map",
    "Progress",
    "bootstrap",
    "draw_groups",
    "one_thread",
    "resample",
    "shifted",
]

Progress = Callable[[int, int], None]  # called with samples done and samples in all

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""A function like Python's `map`: it calls a function with each item, and gives what comes back in
the order of the items. It may do so elsewhere: both pickle."""

BLOCK = 100  # samples between two calls of progress, and the unit of work of a process


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Agreements of models with references, over all stimuli and over bootstrap samples.

    estimate: over all stimuli.
    samples: over each sample; NaN where a sample leaves an RDM without variance.
    groups: how many groups were drawn from.
    levels: how many levels of a second factor were drawn from; 0 without one.
    """

    estimate: Float[np.ndarray, "model reference"]
    samples: Float[np.ndarray, "sample model reference"]
    groups: int
    levels: int = 0

    def of(self, model: int, reference: int) -> Sampled:
        """Return one model's agreement with one reference."""
        return Sampled(float(self.estimate[model, reference]), self.samples[:, model, reference])

    def interval(
        self, level: float
    ) -> tuple[Float[np.ndarray, "model reference"], Float[np.ndarray, "model reference"]]:
        """Return the percentile interval of every agreement."""
        return interval(self.samples, level)

    def contrast(self, weights: Float[np.ndarray, "model reference"]) -> Sampled:
        """Return a weighted sum of agreements, paired: every sample has the same stimuli."""
        weights = np.asarray(weights, dtype=np.float64)
        if weights.shape != self.estimate.shape:
            raise UserError(
                f"a contrast needs a weight for every agreement, shape {self.estimate.shape}, "
                f"found {weights.shape}"
            )
        used = weights != 0.0  # an undefined agreement that has no weight does no harm
        return Sampled(
            float(weights[used] @ self.estimate[used]), self.samples[:, used] @ weights[used]
        )

    def difference(self, model: int, other: int, reference: int = 0) -> Sampled:
        """Return how much more one model agrees with a reference than another, paired."""
        weights = np.zeros(self.estimate.shape)
        weights[model, reference] += 1.0
        weights[other, reference] -= 1.0
        return self.contrast(weights)


def bootstrap(
    models: Sequence[RDM],
    references: Sequence[RDM],
    *,
    measure: str,
    n: int,
    rng: np.random.Generator,
    groups: Sequence[Hashable] | None = None,
    crossed: Sequence[Hashable] | None = None,
    controls: Sequence[RDM] = (),
    controlled: str = "both",
    pairs: str = "all",
    processes: int = 1,
    progress: Progress | None = None,
    map: Map | None = None,
) -> Bootstrap:
    """Bootstrap the agreement of every model with every reference.

    measure, controls, controlled, pairs: as for `compare`; the controls hold for all.
    n: the number of samples.
    groups: one label a stimulus; whole groups are drawn. None draws single stimuli.
    crossed: one label a stimulus of a second factor, such as the speaker, that is crossed with
        the groups. Its levels are drawn too, and the copies of a pair are multiplied (Owen 2007,
        the pigeonhole bootstrap, doi:10.1214/07-AOAS122): the interval holds for new groups and
        new levels, and is wider than either alone.
    processes: how many processes share the samples; the numbers do not depend on it.
    progress: called with the samples done and the samples in all.
    map: who works on blocks of samples, such as a cluster; None is this process, or `processes`.
        The numbers do not depend on it.

    Raises what `compare` raises, and `UserError` for fewer than one sample or process. Warns
    (`Undercoverage`) of too few groups.
    """
    comparison, estimate = ready_comparison(
        models,
        references,
        measure=measure,
        controls=controls,
        controlled=controlled,
        pairs=pairs,
        groups=groups,
        crossed=crossed,
    )
    warn_of_few(comparison.pairs.groups, pairs)
    drawn = draw_groups(comparison.pairs.groups, n, rng)
    if crossed is not None:
        drawn = np.hstack([drawn, draw_groups(comparison.pairs.levels, n, rng)])
    samples = resample(comparison, drawn, processes=processes, progress=progress, map=map)
    return Bootstrap(estimate, samples, comparison.pairs.groups, comparison.pairs.levels)


def draw_groups(groups: int, n: int, rng: np.random.Generator) -> Int[np.ndarray, "sample group"]:
    """Draw `groups` of `groups` with replacement, n times; return how often each is drawn."""
    if n < 1:
        raise UserError(f"a bootstrap needs one sample or more, found n={n}")
    return rng.multinomial(groups, np.full(groups, 1.0 / groups), size=n)


def resample(
    comparison: Comparison,
    drawn: Int[np.ndarray, "sample group"],
    *,
    processes: int = 1,
    progress: Progress | None = None,
    map: Map | None = None,
) -> Float[np.ndarray, "sample model reference"]:
    """Return the agreements under each draw, in the order of the draws."""
    if processes < 1:
        raise UserError(f"processes must be 1 or more, found {processes}")
    if processes > 1 and map is not None:
        raise UserError(f"give processes or map, not both; found processes={processes} and a map")
    if not comparison.measure.resampled:
        raise UserError(
            f"{comparison.measure.name} has no bootstrap, since copies of a stimulus agree with "
            "each other whatever the model: take permutation_test, or another measure"
        )
    blocks = [drawn[start : start + BLOCK] for start in range(0, len(drawn), BLOCK)]
    over_draws = partial(Comparison.over_draws, comparison)
    if processes == 1:
        return _gather((map or builtins.map)(over_draws, blocks), len(drawn), progress)
    # Spawned, since a fork of a process that runs threads (torch, BLAS) may hang.
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=one_thread) as pool:
        return _gather(pool.map(over_draws, blocks), len(drawn), progress)


def one_thread() -> None:
    """Let BLAS run one thread in this process, where threadpoolctl is installed.

    Processes that each run as many threads as there are cores keep each other waiting.
    """
    with suppress(ImportError):
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)


def _gather(
    parts: Iterable[Float[np.ndarray, "_sample model reference"]],
    total: int,
    progress: Progress | None,
) -> Float[np.ndarray, "sample model reference"]:
    gathered = []
    for part in parts:
        gathered.append(part)
        if progress is not None:
            progress(sum(map(len, gathered)), total)
    return np.concatenate(gathered)


def shifted(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return a progress that counts on from `before` towards another `total`."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)
