"""Stimuli, layers and a reference with planted agreement, and what that agreement truly is.

Every latent coordinate is normal with variance 1 over the population, in parts: one of the group
(a transcript), one of the second factor (a speaker) and one of the stimulus alone. The reference
is the shared latents. A layer is `effect` times the shared latents plus a part of its own, so that
`effect` is the correlation of their coordinates. A nuisance, such as duration, is one coordinate
more of both.

True agreement is that over the pairs of very many sets of this shape, drawn anew: what the
agreement of one set is an estimate of. Where groups are few and pairs within them count, it
depends on the number of groups, since that sets the share of pairs within.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.rsa.comparison import CONTROLLED, Comparison
from grounding.rsa.measures import MEASURES
from grounding.rsa.pairs import choose_pairs
from grounding.rsa.rdm import RDM, rdm
from grounding.rsa.vectors import Vectors, products, ready_vectors
from grounding.tables import lookup

__all__ = ["Planted", "Simulated", "Truth", "simulate", "true_agreement"]

BLOCKS = 10  # of sets, from whose spread the error of a true agreement is taken


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A population of stimuli, and how much each layer shares with the reference.

    effects: for each layer the correlation of its coordinates with the reference's, 0 to 1.
    groups: the number of groups in a set, such as transcripts.
    per_group: the number of stimuli in each group; number k of every group is of speaker k.
    within: the share of latent variance that is a stimulus' own, where groups have several.
    crossed: the share that is a speaker's, over all groups.
    dimensions: the number of shared coordinates, and of a layer's own.
    alike: the share of layers' own variance that all layers have in common.
    nuisance: the standard deviation of the nuisance coordinate; 0 leaves it out.
    metric: of the layers and the reference: a name in `METRICS`.

    Raises `UserError` for values out of range.
    """

    effects: tuple[float, ...]
    groups: int
    per_group: int = 1
    within: float = 0.5
    crossed: float = 0.0
    dimensions: int = 4
    alike: float = 0.0
    nuisance: float = 0.0
    metric: str = "squared-euclidean"

    def __post_init__(self) -> None:
        if not self.effects:
            raise UserError("a planted population needs one effect a layer, found none")
        if min(self.groups, self.per_group, self.dimensions) < 1:
            raise UserError(
                "groups, per_group and dimensions must be 1 or more, found "
                f"{self.groups}, {self.per_group} and {self.dimensions}"
            )
        for name, value in (
            *(("effects", effect) for effect in self.effects),
            ("within", self.within),
            ("crossed", self.crossed),
            ("within and crossed", self.within + self.crossed),
            ("alike", self.alike),
        ):
            if not 0.0 <= value <= 1.0:
                raise UserError(f"{name} must lie between 0 and 1, found {value}")
        if self.nuisance < 0.0:
            raise UserError(f"nuisance must be 0 or more, found {self.nuisance}")
        if self.crossed and self.per_group == 1:
            raise UserError("crossed needs two stimuli a group or more: one of each speaker")


@dataclass(frozen=True, eq=False)
class Simulated:
    """One set of stimuli.

    layers: the RDMs of the layers.
    reference: the reference RDM.
    nuisance: the RDM of the nuisance (its squared differences); None where there is none.
    groups, speakers: one label a stimulus.
    activations: the features of the layers.
    """

    layers: tuple[RDM, ...]
    reference: RDM
    nuisance: RDM | None
    groups: tuple[str, ...]
    speakers: tuple[str, ...]
    activations: Float[np.ndarray, "layer stimulus feature"]

    @property
    def controls(self) -> tuple[RDM, ...]:
        """The nuisance as controls: one or none."""
        return () if self.nuisance is None else (self.nuisance,)


@dataclass(frozen=True, eq=False)
class Truth:
    """The agreement of each layer in the population.

    estimate: the agreement over the pairs of all sets that were drawn.
    error: its Monte-Carlo standard error.
    pairs: how many pairs it is over.
    """

    estimate: Float[np.ndarray, " layer"]
    error: Float[np.ndarray, " layer"]
    pairs: int


def simulate(planted: Planted, rng: np.random.Generator) -> Simulated:
    """Draw one set of stimuli from a population.

    >>> planted = Planted(effects=(0.9, 0.0), groups=5, per_group=2)
    >>> one = simulate(planted, np.random.default_rng(0))
    >>> one.reference.ids[:3], one.groups[:3], one.speakers[:3]
    (('g0-s0', 'g0-s1', 'g1-s0'), ('g0', 'g0', 'g1'), ('s0', 's1', 's0'))
    >>> one.activations.shape
    (2, 10, 4)
    """
    shared = _latents(planted, planted.dimensions, rng)
    common = _latents(planted, planted.dimensions, rng)
    nuisance = planted.nuisance * _latents(planted, 1, rng)
    layers = []
    for effect in planted.effects:
        alone = _latents(planted, planted.dimensions, rng)
        own = np.sqrt(planted.alike) * common + np.sqrt(1.0 - planted.alike) * alone
        layers.append(effect * shared + np.sqrt(1.0 - effect**2) * own)
    features = [
        np.hstack([one, nuisance]) if planted.nuisance else one for one in (*layers, shared)
    ]
    groups = tuple(f"g{g}" for g in range(planted.groups) for _ in range(planted.per_group))
    speakers = tuple(f"s{s}" for _ in range(planted.groups) for s in range(planted.per_group))
    ids = [f"{group}-{speaker}" for group, speaker in zip(groups, speakers, strict=True)]
    names = (*(f"layer {k}" for k in range(len(layers))), "reference")
    *found, reference = (
        rdm(one, ids, metric=planted.metric, name=name)
        for name, one in zip(names, features, strict=True)
    )
    duration = None
    if planted.nuisance:
        duration = rdm(nuisance, ids, metric="squared-euclidean", name="nuisance")
    return Simulated(
        tuple(found), reference, duration, groups, speakers, np.stack(features[: len(layers)])
    )


def _latents(
    planted: Planted, dimensions: int, rng: np.random.Generator
) -> Float[np.ndarray, "stimulus dimension"]:
    shape = (planted.groups, planted.per_group, dimensions)
    if planted.per_group == 1:
        return rng.normal(size=(planted.groups, dimensions))
    latents = np.sqrt(1.0 - planted.within - planted.crossed) * rng.normal(
        size=(shape[0], 1, shape[2])
    )
    latents = latents + np.sqrt(planted.crossed) * rng.normal(size=(1, *shape[1:]))
    latents = latents + np.sqrt(planted.within) * rng.normal(size=shape)
    return latents.reshape(-1, dimensions)


def true_agreement(
    planted: Planted,
    *,
    measure: str,
    sets: int,
    rng: np.random.Generator,
    pairs: str = "all",
    controlled: str | None = None,
    rdms: Callable[[Simulated], Sequence[RDM]] = lambda one: one.layers,
) -> Truth:
    """Return the agreement of each layer over the pairs of many sets drawn from a population.

    measure, pairs: as for `compare`; ranks are over the pairs of all sets. What a measure takes
        off for each stimulus is taken off inside sets.
    sets: how many sets; a multiple of 10.
    controlled: the side that the nuisance is partialled out of, as for `compare`; None leaves it.
    rdms: what to take for the layers of a set, such as an oracle that is made from it.

    Raises what `compare` raises, and `UserError` for another number of sets, for a nuisance that
    is not there and for a measure that is no sum over pairs.
    """
    record = lookup("measure", measure, MEASURES)
    if not record.resampled:
        raise UserError(f"{measure} is no sum over pairs, so that pairs of many sets have none")
    lookup("side that is controlled", controlled or "both", CONTROLLED)
    if sets < BLOCKS or sets % BLOCKS:
        raise UserError(f"sets must be a multiple of {BLOCKS}, found {sets}")
    if controlled and not planted.nuisance:
        raise UserError("controlled needs a nuisance to partial out, and this population has none")
    drawn = [simulate(planted, rng) for _ in range(sets)]
    chosen = choose_pairs(len(drawn[0].groups), pairs, drawn[0].groups)
    values = np.stack(
        [
            [
                chosen.values(one)
                for one in (*rdms(each), each.reference, *(each.controls if controlled else ()))
            ]
            for each in drawn
        ]
    )  # set x vector x pair
    layers = values.shape[1] - 1 - bool(controlled)

    def over(some: Float[np.ndarray, "set vector pair"]) -> Float[np.ndarray, " layer"]:
        pooled = some.transpose(1, 0, 2).reshape(some.shape[1], -1)
        block = chosen.block
        if block is not None:
            block = (block + planted.groups * np.arange(len(some))[:, None]).ravel()
        if record.direct is not None:
            vectors = Vectors(record, tuple(pooled), (), None)
        else:
            vectors = ready_vectors(list(pooled), record, block)
        both = Comparison(record, vectors, chosen, layers, 1, controlled or "both")
        if record.rows is None:
            return both.agreement()[:, 0]
        found = [products(ready_vectors(list(one), record), both.wanted) for one in some]
        return both.normalised(np.sum(found, axis=0)[None])[0, :, 0]

    parts = np.stack([over(part) for part in np.split(values, BLOCKS)])
    error = parts.std(axis=0, ddof=1) / np.sqrt(BLOCKS)
    return Truth(over(values), error, sets * chosen.count)
