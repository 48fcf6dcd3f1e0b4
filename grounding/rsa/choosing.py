"""Bootstrap samples of scores whose layer is chosen anew in each sample.

Groups are drawn inside each fold. A sample's draw of the other folds chooses the layer that its
draw of this fold scores, so that the choosing counts in the interval. Every layer is resampled
once for each different set of stimuli: with two folds each is the other's others.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.rsa.agreement import ready_comparison
from grounding.rsa.folds import take
from grounding.rsa.layers import Places, Terms
from grounding.rsa.rdm import RDM
from grounding.rsa.resampling import Progress, draw_groups, resample, shifted

__all__ = ["Draws", "Under", "choosing_anew", "draw_in_folds"]


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each group is there in each sample: a column a group, by label."""

    labels: Sequence[Hashable]
    times: Mapping[Hashable, Int[np.ndarray, " sample"]]

    def over(self, places: Places) -> Int[np.ndarray, "sample group"]:
        """Return the counts of the groups of these stimuli, in the order in which they come."""
        here = dict.fromkeys(self.labels[i] for i in places)
        return np.stack([self.times[label] for label in here], axis=1)


def draw_in_folds(terms: Terms, held: Sequence[Places], n: int, rng: np.random.Generator) -> Draws:
    """Draw as many groups as each fold has, inside it."""
    labels = range(terms.reference.n) if terms.groups is None else terms.groups
    times: dict[Hashable, Int[np.ndarray, " sample"]] = {}
    for places in held:
        here = list(dict.fromkeys(labels[i] for i in places))
        times.update(zip(here, draw_groups(len(here), n, rng).T, strict=True))
    return Draws(labels, times)


@dataclass(eq=False)
class Under:
    """Agreements under draws, with one progress over all calls.

    terms: about all stimuli.
    calls: how many calls of `samples` there will be; done: samples so far.
    """

    terms: Terms
    draws: Draws
    processes: int
    progress: Progress | None
    calls: int
    done: int = 0

    def samples(self, layers: Sequence[RDM], places: Places) -> Float[np.ndarray, "sample layer"]:
        """Return the agreement of layers, already over these stimuli, in each sample."""
        here = self.terms.over(places)
        comparison, _ = ready_comparison(
            layers,
            [here.reference],
            measure=here.measure,
            controls=here.controls,
            pairs=here.pairs,
            groups=here.groups,
        )
        drawn = self.draws.over(places)
        report = shifted(self.progress, self.done, self.calls * len(drawn))
        self.done += len(drawn)
        return resample(comparison, drawn, processes=self.processes, progress=report)[:, :, 0]


def choosing_anew(
    models: Sequence[Sequence[RDM]], held: Sequence[Places], under: Under
) -> list[Float[np.ndarray, "sample model"]]:
    """Return each fold's scores, of the layers that each sample's other folds choose."""
    every = [layer for layers in models for layer in layers]
    ends = np.cumsum([len(layers) for layers in models])
    everywhere = np.arange(under.terms.reference.n)
    parts = [(places, np.setdiff1d(everywhere, places)) for places in held]
    found: dict[bytes, Float[np.ndarray, "sample layer"]] = {}
    different = {part.tobytes(): part for pair in parts for part in pair}
    under.calls = len(different)  # with two folds each is the other's others
    for key, places in different.items():
        found[key] = under.samples([take(layer, places) for layer in every], places)
    samples = []
    for places, others in parts:
        here, there = found[places.tobytes()], found[others.tobytes()]
        there = np.where(np.isnan(there), -np.inf, there)
        row = np.arange(len(here))
        scores = [
            here[row, end - len(layers) + there[:, end - len(layers) : end].argmax(1)]
            for layers, end in zip(models, ends, strict=True)
        ]
        samples.append(np.stack(scores, axis=1))
    return samples
