"""Score models whose best layer is not known beforehand, without scoring the choice.

A layer is chosen, or layers are weighed, on the stimuli of other folds than the one that is
scored, and folds share no group (transcript). The score is the mean over folds. For its interval
groups are drawn inside each fold, with the same draws for every model: differences are paired. In
each sample the layer is chosen anew, on that sample's draw of the other folds: an interval that
took the choice for certain would be too narrow (in `grounding bench --calibration` it held the
difference of two equally good models in 82 % of experiments). Weights of layers stay as they are
in all samples, and a warning says so. Draws depend only on the generator, the groups, `folds` and
`n`: calls with equal generators are paired with each other too, also over other references,
controls, measures and ways to choose.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.rsa.agreement import same_stimuli
from grounding.rsa.choosing import Under, choosing_anew, draw_in_folds
from grounding.rsa.folds import split_groups, take
from grounding.rsa.layers import CHOICES, Mixture, Places, Terms, one_layer
from grounding.rsa.rdm import RDM
from grounding.rsa.resampling import Progress
from grounding.rsa.sampled import Sampled, Undercoverage, warn_of_few

__all__ = ["Scores", "Selection", "held_out_layer", "score_models", "weighted_layers"]


@dataclass(frozen=True, eq=False)
class Selection:
    """A model's best layer or weighted layers, and their score on stimuli that had no say in it.

    estimate: the mean over folds of the agreement in that fold.
    weights: for each fold what every layer weighs there, fitted in the other folds: 1 for a layer
        that was chosen; see `Mixture`.
    scores: for each fold the agreement in it.
    curve: every layer's agreement over all stimuli (its maximum is selected, so too high).
    folds: the stimuli of each fold.
    """

    estimate: float
    weights: Float[np.ndarray, "fold layer"]
    scores: tuple[float, ...]
    curve: Float[np.ndarray, " layer"]
    folds: tuple[tuple[str, ...], ...]

    @property
    def chosen(self) -> tuple[int, ...]:
        """For each fold the layer that was chosen, or that weighs most."""
        return _heaviest(self.weights)


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of several models over the same stimuli, folds and bootstrap samples.

    models: their names, in the order of the columns.
    estimate: each model's score, the mean over folds.
    samples: the scores in each bootstrap sample; NaN where one leaves an RDM without variance.
    scores: the score in each fold.
    weights: for each model what every layer weighs in each fold; see `Selection`.
    curve: for each model every layer's agreement over all stimuli.
    folds: the stimuli of each fold; one fold when layers are given.
    """

    models: tuple[str, ...]
    estimate: Mapping[str, float]
    samples: Float[np.ndarray, "sample model"]
    scores: Float[np.ndarray, "fold model"]
    weights: Mapping[str, Float[np.ndarray, "fold _layer"]]
    curve: Mapping[str, Float[np.ndarray, " _layer"]]
    folds: tuple[tuple[str, ...], ...]

    @property
    def chosen(self) -> Mapping[str, tuple[int, ...]]:
        """For each model and fold the layer that was chosen, or that weighs most."""
        return {model: _heaviest(weights) for model, weights in self.weights.items()}

    def of(self, model: str) -> Sampled:
        """Return one model's score with its samples."""
        return self.contrast({model: 1.0})

    def difference(self, model: str, other: str) -> Sampled:
        """Return how much more one model scores than another, paired."""
        return self.contrast({model: 1.0, other: -1.0} if model != other else {model: 0.0})

    def contrast(self, weights: Mapping[str, float]) -> Sampled:
        """Return a weighted sum of scores, paired, such as a mean of one kind minus another's.

        Raises `UserError` for a model that was not scored.
        """
        for model in weights:
            if model not in self.models:
                raise UserError(
                    f"model {model!r} was not scored. Scored: {', '.join(self.models)}."
                )
        column = [self.models.index(model) for model in weights]
        weight = np.array(list(weights.values()), dtype=np.float64)
        estimate = np.array([self.estimate[model] for model in weights])
        return Sampled(float(estimate @ weight), self.samples[:, column] @ weight)


def held_out_layer(
    layers: Sequence[RDM],
    reference: RDM,
    *,
    measure: str,
    rng: np.random.Generator,
    groups: Sequence[Hashable] | None = None,
    controls: Sequence[RDM] = (),
    pairs: str = "all",
    folds: int = 2,
) -> Selection:
    """Choose a model's best layer on some groups of stimuli and score it on the others.

    measure, controls, pairs: as for `compare`.
    groups: one label a stimulus; no group is in two folds. None: each stimulus is its own.

    Raises what `compare` raises for any fold, and `UserError` for too few groups.
    """
    terms = Terms(reference, controls, groups, measure, pairs)
    return _select(layers, terms, "held-out", folds, rng)


def weighted_layers(
    layers: Sequence[RDM],
    reference: RDM,
    *,
    measure: str,
    rng: np.random.Generator,
    groups: Sequence[Hashable] | None = None,
    controls: Sequence[RDM] = (),
    pairs: str = "all",
    folds: int = 2,
) -> Selection:
    """Weigh a model's layers on some groups of stimuli and score their sum on the others.

    The weights are those without a negative one whose sum agrees most; see `weigh_layers`, also
    for the measures that have weights.

    measure, controls, pairs: as for `compare`.
    groups: one label a stimulus; no group is in two folds. None: each stimulus is its own.

    Raises what `compare` raises for any fold, and `UserError` for too few groups and a measure
    that has no weights.
    """
    terms = Terms(reference, controls, groups, measure, pairs)
    return _select(layers, terms, "weighted", folds, rng)


def _select(
    layers: Sequence[RDM], terms: Terms, choice: str, folds: int, rng: np.random.Generator
) -> Selection:
    same_stimuli([*layers, terms.reference, *terms.controls])
    held = split_groups(terms.reference.n, terms.groups, folds, rng)
    fitted = _fit(layers, terms, choice, held)
    scores = []
    for mixture, places in zip(fitted, held, strict=True):
        here = terms.over(places)
        scores.append(float(here.agreement([mixture.over(layers, places, here)])[0]))
    return Selection(
        estimate=float(np.mean(scores)),
        weights=np.stack([mixture.weights for mixture in fitted]),
        scores=tuple(scores),
        curve=terms.agreement(layers),
        folds=_ids(terms.reference, held),
    )


def score_models(
    models: Mapping[str, Sequence[RDM]],
    reference: RDM,
    *,
    measure: str,
    n: int,
    rng: np.random.Generator,
    groups: Sequence[Hashable] | None = None,
    controls: Sequence[RDM] = (),
    pairs: str = "all",
    folds: int = 2,
    layers: str | int | Mapping[str, int] = "held-out",
    processes: int = 1,
    progress: Progress | None = None,
) -> Scores:
    """Score several models against a reference, over the same folds and bootstrap samples.

    models: for each name the RDMs of its layers; one RDM for what has no layers.
    measure, controls, pairs: as for `compare`.
    n: the number of bootstrap samples; see `bootstrap` for groups, processes and progress.
    layers: "held-out" chooses each model's layer as `held_out_layer` does, and "weighted" weighs
        its layers as `weighted_layers` does. A number, or one for each model, fixes a layer
        (negative counts from the last), and all stimuli are one fold.

    Raises what `compare` and `bootstrap` raise, and `UserError` for a layer that is not there.
    Warns (`Undercoverage`) of too few groups, and of weighted layers.
    """
    if not models:
        raise UserError("there is no model to score")
    terms = Terms(reference, controls, groups, measure, pairs)
    names = tuple(models)
    same_stimuli([reference, *controls, *(rdm for name in names for rdm in models[name])])
    if isinstance(layers, str):
        if layers not in CHOICES:
            raise UserError(
                f"layers must be {' or '.join(map(repr, CHOICES))}, a number or one a model, "
                f"found {layers!r}"
            )
        held = split_groups(reference.n, groups, folds, rng)
        fitted = {name: _fit(models[name], terms, layers, held) for name in names}
    else:
        held = (np.arange(reference.n),)
        fitted = {name: [_fixed(name, len(models[name]), layers)] for name in names}
    warn_of_few(len(set(groups)) if groups is not None else reference.n, pairs)
    if layers == "weighted":
        _warn_of_weights()
    mixed = [
        [fitted[name][fold].over(models[name], places, terms.over(places)) for name in names]
        for fold, places in enumerate(held)
    ]
    under = Under(terms, draw_in_folds(terms, held, n, rng), processes, progress, len(held))
    if layers == "held-out":
        samples = choosing_anew([models[name] for name in names], held, under)
    else:
        samples = [under.samples(each, there) for each, there in zip(mixed, held, strict=True)]
    scores = [terms.over(there).agreement(each) for each, there in zip(mixed, held, strict=True)]
    return Scores(
        models=names,
        estimate=dict(zip(names, np.mean(scores, axis=0).tolist(), strict=True)),
        samples=np.mean(samples, axis=0),
        scores=np.stack(scores),
        weights={name: np.stack([one.weights for one in fitted[name]]) for name in names},
        curve={name: terms.agreement(models[name]) for name in names},
        folds=_ids(reference, held),
    )


def _fit(layers: Sequence[RDM], terms: Terms, choice: str, held: Sequence[Places]) -> list[Mixture]:
    """Return for each fold the mixture of layers that the stimuli of the others choose."""
    if len(layers) == 1:
        return [one_layer(0, 1)] * len(held)
    mixtures = []
    for places in held:
        others = np.setdiff1d(np.arange(terms.reference.n), places)
        there = [take(layer, others) for layer in layers]
        mixtures.append(CHOICES[choice](there, terms.over(others)))
    return mixtures


def _fixed(name: str, count: int, layers: int | Mapping[str, int]) -> Mixture:
    if isinstance(layers, Mapping) and name not in layers:
        raise UserError(f"layers names no layer for model {name!r}")
    layer = layers[name] if isinstance(layers, Mapping) else layers
    if not -count <= layer < count:
        raise UserError(f"model {name!r} has layers 0 to {count - 1}, found {layer}")
    return one_layer(layer % count, count)


def _heaviest(weights: Float[np.ndarray, "fold layer"]) -> tuple[int, ...]:
    return tuple(weights.argmax(1).tolist())


def _ids(reference: RDM, held: Sequence[Places]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(reference.ids[i] for i in places) for places in held)


def _warn_of_weights() -> None:
    warnings.warn(
        "intervals hold the weights of layers fixed: in simulation a 95 % interval of a difference "
        "covers the truth in as few as 85 % of experiments",
        Undercoverage,
        stacklevel=3,
    )
