"""The work that is timed: ours, and the same by rsatoolbox, on the same data and draws."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grounding.bench.timing import Work
from grounding.rsa import RDM, bootstrap, compare_many, permutation_test, rdm
from grounding.rsa.agreement import ready_comparison
from grounding.rsa.resampling import draw_groups, resample

__all__ = ["agreements", "bootstraps", "correlation_rdm", "permutations", "whitened_bootstrap"]

Make = Callable[[np.random.Generator], tuple[Work, Work]]

MODELS, REFERENCES = 13, 4


def make_rdms(rng: np.random.Generator, count: int, stimuli: int) -> list[RDM]:
    """Return RDMs that share a part of their geometry."""
    shared = rng.normal(size=(stimuli, 20))
    ids = tuple(f"s{i}" for i in range(stimuli))
    return [
        rdm(np.hstack([shared, rng.normal(size=(stimuli, 20))]), ids, metric="squared-euclidean")
        for _ in range(count)
    ]


def as_theirs(rdms: Sequence[RDM]) -> Any:
    from rsatoolbox.rdm import RDMs

    return RDMs(np.stack([one.values for one in rdms]))


def correlation_rdm(stimuli: int, features: int) -> Make:
    """The correlation RDM of random features."""

    def make(rng: np.random.Generator) -> tuple[Work, Work]:
        import rsatoolbox

        rows = rng.normal(size=(stimuli, features))
        ids = tuple(f"s{i}" for i in range(stimuli))
        dataset = rsatoolbox.data.Dataset(rows)

        def theirs() -> np.ndarray:
            found: Any = rsatoolbox.rdm.calc_rdm(dataset, method="correlation")
            return found.dissimilarities[0]

        return lambda: rdm(rows, ids, metric="correlation").values, theirs

    return make


def agreements(measure: str, peer: str, *, stimuli: int, peer_models: int = MODELS) -> Make:
    """The agreement of 13 models with 4 references; the peer may do fewer models."""

    def make(rng: np.random.Generator) -> tuple[Work, Work]:
        from rsatoolbox.rdm import compare

        both = make_rdms(rng, MODELS + REFERENCES, stimuli)
        models, references = both[:MODELS], both[MODELS:]
        a, b = as_theirs(models[:peer_models]), as_theirs(references)
        return (
            lambda: compare_many(models, references, measure=measure),
            lambda: compare(a, b, method=peer),
        )

    return make


def bootstraps(measure: str, peer: str, *, samples: int, peer_samples: int) -> Make:
    """The bootstrap of 13 models x 4 references over 200 stimuli, on the peer's own draws.

    Its `eval_bootstrap_pattern` averages over several references as if they were subjects, so it
    is called for each, without a noise ceiling.
    """

    def make(rng: np.random.Generator) -> tuple[Work, Work]:
        from rsatoolbox.inference import eval_bootstrap_pattern
        from rsatoolbox.model import ModelFixed

        stimuli, seed = 200, int(rng.integers(2**31))
        both = make_rdms(rng, MODELS + REFERENCES, stimuli)
        models, references = both[:MODELS], both[MODELS:]
        fixed = [ModelFixed(f"model {i}", as_theirs([one])) for i, one in enumerate(models)]
        data = [as_theirs([one]) for one in references]

        def theirs() -> np.ndarray:
            found = []
            for one in data:
                np.random.seed(seed)  # noqa: NPY002 - it takes no generator
                with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # one reference has no noise ceiling
                    result = eval_bootstrap_pattern(
                        fixed, one, method=peer, N=peer_samples, boot_noise_ceil=False
                    )
                found.append(result.evaluations)
            return np.stack(found, axis=-1)

        def ours() -> np.ndarray:
            state = np.random.RandomState(seed)
            drawn = np.stack(
                [
                    np.bincount(state.randint(0, stimuli, size=stimuli), minlength=stimuli)
                    for _ in range(samples)
                ]
            )
            comparison, _ = ready_comparison(
                models, references, measure=measure, controls=(), pairs="all", groups=None
            )
            return resample(comparison, drawn)

        return ours, theirs

    return make


def whitened_bootstrap(samples: int, slow_samples: int) -> Make:
    """The whitened bootstrap over 200 stimuli, against copies that are written out."""

    def make(rng: np.random.Generator) -> tuple[Work, Work]:
        stimuli, seed = 200, int(rng.integers(2**31))
        both = make_rdms(rng, MODELS + REFERENCES, stimuli)
        models, references = both[:MODELS], both[MODELS:]
        squares = [one.square() for one in both]
        drawn = draw_groups(stimuli, samples, np.random.default_rng(seed))

        def slow() -> np.ndarray:
            return np.stack([_whitened(squares, times) for times in drawn[:slow_samples]])

        def ours() -> np.ndarray:
            return bootstrap(
                models,
                references,
                measure="whitened-correlation",
                n=samples,
                rng=np.random.default_rng(seed),
            ).samples

        return ours, slow

    return make


def _whitened(squares: Sequence[np.ndarray], times: np.ndarray) -> np.ndarray:
    """One sample: every copy has a row, and copies of one stimulus make no pair."""
    stimulus = np.repeat(np.arange(len(times)), times)
    there = stimulus[:, None] != stimulus
    points = []
    for square in squares:
        values = np.where(there, square[np.ix_(stimulus, stimulus)], 0.0)
        points.append(np.where(there, values - values.sum() / there.sum(), 0.0))
    rows = np.stack([one.sum(1) for one in points])
    design = there + np.diag(there.sum(1) + 2.0)
    gram = np.array([[(a * b).sum() / 2.0 for b in points] for a in points])
    gram -= rows @ np.linalg.solve(design, rows.T)
    scale = np.sqrt(np.diag(gram))
    return (gram / np.outer(scale, scale))[:MODELS, MODELS:]


def permutations(n: int, peer_n: int) -> Make:
    """The permutation test of 13 layers with the best of them, over 200 stimuli."""

    def make(rng: np.random.Generator) -> tuple[Work, Work]:
        from rsatoolbox.rdm import compare
        from rsatoolbox.rdm.rdms import permute_rdms

        stimuli, seed = 200, int(rng.integers(2**31))
        *models, reference = make_rdms(rng, MODELS + 1, stimuli)
        layers, data = as_theirs(models), as_theirs([reference])

        def theirs() -> np.ndarray:
            draw = np.random.default_rng(seed)
            places = [draw.permutation(np.arange(stimuli)[:, None])[:, 0] for _ in range(peer_n)]
            null = [compare(layers, permute_rdms(data, place), method="corr") for place in places]
            return np.array(null)[:, :, 0]

        def ours() -> np.ndarray:
            return permutation_test(
                models, reference, measure="pearson", n=n, rng=np.random.default_rng(seed)
            ).null

        return ours, theirs

    return make
