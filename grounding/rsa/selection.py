"""Score models whose best layer is not known beforehand, without scoring the choice.

A layer is chosen on the stimuli of other folds than the one it is scored on, and folds share no
group (transcript). The score is the mean over folds. For its interval groups are drawn inside
each fold while the chosen layer stays, with the same draws for every model: differences are
paired. Draws depend only on the generator, the groups, `folds` and `n`: calls with equal
generators are paired with each other too, also over other references, controls or measures.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.rsa.agreement import compare_many, ready_comparison, same_stimuli
from grounding.rsa.folds import split_groups, take
from grounding.rsa.rdm import RDM
from grounding.rsa.resampling import Progress, draw_groups, resample, shifted
from grounding.rsa.sampled import Sampled

__all__ = ["Scores", "Selection", "held_out_layer", "score_models"]


@dataclass(frozen=True, eq=False)
class Selection:
    """A model's best layer, and what it scores on stimuli that did not choose it.

    estimate: the mean over folds of the chosen layer's agreement in that fold.
    chosen: for each fold the layer that agreed best in the other folds.
    scores: for each fold the chosen layer's agreement in it.
    curve: every layer's agreement over all stimuli (its maximum is selected, so too high).
    folds: the stimuli of each fold.
    """

    estimate: float
    chosen: tuple[int, ...]
    scores: tuple[float, ...]
    curve: Float[np.ndarray, " layer"]
    folds: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of several models over the same stimuli, folds and bootstrap samples.

    models: their names, in the order of the columns.
    estimate: each model's score, the mean over folds.
    samples: the scores in each bootstrap sample; NaN where one leaves an RDM without variance.
    scores: the score in each fold.
    chosen: for each model the layer scored in each fold.
    curve: for each model every layer's agreement over all stimuli.
    folds: the stimuli of each fold; one fold when layers are given.
    """

    models: tuple[str, ...]
    estimate: Mapping[str, float]
    samples: Float[np.ndarray, "sample model"]
    scores: Float[np.ndarray, "fold model"]
    chosen: Mapping[str, tuple[int, ...]]
    curve: Mapping[str, Float[np.ndarray, " layer"]]
    folds: tuple[tuple[str, ...], ...]

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
    how = _How(reference, controls, groups, measure, pairs)
    same_stimuli([*layers, reference, *controls])
    held = split_groups(reference.n, groups, folds, rng)
    chosen = _choose(layers, how, held)
    scores = tuple(
        float(how.over(places).agreement([take(layers[layer], places)])[0])
        for layer, places in zip(chosen, held, strict=True)
    )
    return Selection(
        estimate=float(np.mean(scores)),
        chosen=chosen,
        scores=scores,
        curve=how.agreement(layers),
        folds=tuple(tuple(reference.ids[i] for i in places) for places in held),
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
    layers: "held-out" chooses each model's layer as `held_out_layer` does. A number, or one for
        each model, fixes it (negative counts from the last), and all stimuli are one fold.

    Raises what `compare` and `bootstrap` raise, and `UserError` for a layer that is not there.
    """
    if not models:
        raise UserError("there is no model to score")
    how = _How(reference, controls, groups, measure, pairs)
    names = tuple(models)
    same_stimuli([reference, *controls, *(rdm for name in names for rdm in models[name])])
    if isinstance(layers, str):
        if layers != "held-out":
            raise UserError(f"layers must be 'held-out', a number or one a model, found {layers!r}")
        held = split_groups(reference.n, groups, folds, rng)
        chosen = {name: _choose(models[name], how, held) for name in names}
    else:
        held = (np.arange(reference.n),)
        chosen = {name: (_fixed(name, len(models[name]), layers),) for name in names}
    scores, samples = [], []
    for fold, places in enumerate(held):
        here = how.over(places)
        best = [take(models[name][chosen[name][fold]], places) for name in names]
        comparison, estimate = ready_comparison(
            best,
            [here.reference],
            measure=measure,
            controls=here.controls,
            pairs=pairs,
            groups=here.groups,
        )
        drawn = draw_groups(comparison.pairs.groups, n, rng)
        report = shifted(progress, fold * n, len(held) * n)
        samples.append(resample(comparison, drawn, processes=processes, progress=report)[:, :, 0])
        scores.append(estimate[:, 0])
    return Scores(
        models=names,
        estimate=dict(zip(names, np.mean(scores, axis=0).tolist(), strict=True)),
        samples=np.mean(samples, axis=0),
        scores=np.stack(scores),
        chosen=chosen,
        curve={name: how.agreement(models[name]) for name in names},
        folds=tuple(tuple(reference.ids[i] for i in places) for places in held),
    )


@dataclass(frozen=True, eq=False)
class _How:
    reference: RDM
    controls: Sequence[RDM]
    groups: Sequence[Hashable] | None
    measure: str
    pairs: str

    def over(self, places: Int[np.ndarray, " some"]) -> _How:
        return _How(
            take(self.reference, places),
            [take(control, places) for control in self.controls],
            None if self.groups is None else [self.groups[i] for i in places],
            self.measure,
            self.pairs,
        )

    def agreement(self, layers: Sequence[RDM]) -> Float[np.ndarray, " layer"]:
        return compare_many(
            layers,
            [self.reference],
            measure=self.measure,
            controls=self.controls,
            pairs=self.pairs,
            groups=self.groups,
        )[:, 0]


def _choose(
    layers: Sequence[RDM], how: _How, held: Sequence[Int[np.ndarray, " some"]]
) -> tuple[int, ...]:
    if len(layers) == 1:
        return (0,) * len(held)
    chosen = []
    for places in held:
        others = np.setdiff1d(np.arange(how.reference.n), places)
        curve = how.over(others).agreement([take(layer, others) for layer in layers])
        chosen.append(int(np.argmax(curve)))
    return tuple(chosen)


def _fixed(name: str, count: int, layers: int | Mapping[str, int]) -> int:
    if isinstance(layers, Mapping) and name not in layers:
        raise UserError(f"layers names no layer for model {name!r}")
    layer = layers[name] if isinstance(layers, Mapping) else layers
    if not -count <= layer < count:
        raise UserError(f"model {name!r} has layers 0 to {count - 1}, found {layer}")
    return layer % count
