"""How much of the variance between models each property of a model explains.

A linear model of one score on the models' properties. *Alone* is what a property explains by
itself; *unique* is what the full model loses without it. Properties that go together share the
rest, and nothing here can divide that.

All columns of twins are among the models, and with them modality varies where architecture, size
and training do not. But the seeds of a twin are one model trained several times: they are drawn
together or not at all, so that the interval does not take them for independent architectures.
Twins are drawn among twins, so that they stay in every draw: in one without, modality and
architecture could not be told apart, and its unique share of 0 would be no estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from grounding.claims.answer import Asked

__all__ = ["FACTORS", "Shares", "separable", "shares"]

FACTORS = ("modality", "architecture", "size", "training")


@dataclass(frozen=True)
class Shares:
    """Shares of variance by property, in the order of `FACTORS`, with resamples."""

    alone: Float[np.ndarray, " factor"]
    unique: Float[np.ndarray, " factor"]
    alone_samples: Float[np.ndarray, "sample factor"]
    unique_samples: Float[np.ndarray, "sample factor"]


def shares(
    models: Sequence[Asked],
    scores: Float[np.ndarray, " model"],
    samples: Float[np.ndarray, "sample model"],
    *,
    rng: np.random.Generator,
) -> Shares:
    """Return each property's share of the variance of `scores` over models.

    Every row of `samples` holds the scores under one resample of stimuli. Each is given one draw
    of models with replacement, within modality, so that both modalities stay. What is drawn is a
    column, or all seeds of a twin under one kind of weights; twins are drawn among twins.

    Raises `ValueError` where all models have the same score.
    """
    whole = _parts(models, np.arange(len(models)), scores)
    if whole is None:
        raise ValueError("all models have the same score: there is no variance to share out")
    strata = _strata(models)
    drawn = []
    for row in samples:
        # One number a unit: models without twins are drawn as they were before there were twins.
        draws = [(units, rng.choice(len(units), len(units))) for units in strata]
        draw = np.concatenate([units[i] for units, chosen in draws for i in chosen])
        parts = _parts(models, draw, row[draw])
        drawn.append(whole if parts is None else parts)
    both = np.array(drawn)
    return Shares(whole[0], whole[1], both[:, 0], both[:, 1])


def _strata(models: Sequence[Asked]) -> list[list[Int[np.ndarray, " column"]]]:
    """Return, for each stratum, the units that are drawn from it: the columns of each."""
    found: dict[tuple[str, bool], dict[object, list[int]]] = {}
    for column, model in enumerate(models):
        unit: object = column
        if model.twin and model.twin.pair:
            unit = (model.twin.input, model.twin.pair, _label(model, "training"))
        stratum = found.setdefault((model.modality, model.twin is not None), {})
        stratum.setdefault(unit, []).append(column)
    return [[np.array(unit) for unit in found[key].values()] for key in sorted(found)]


def separable(models: Sequence[Asked]) -> bool:
    """Say whether modality varies among models that agree in architecture, size and training."""
    everyone = np.arange(len(models))
    others = _columns(models, everyone, tuple(f for f in FACTORS if f != "modality"))
    full = np.hstack([others, _columns(models, everyone, ("modality",))])
    return bool(np.linalg.matrix_rank(_with_mean(full)) > np.linalg.matrix_rank(_with_mean(others)))


def _parts(
    models: Sequence[Asked], draw: Int[np.ndarray, " draw"], scores: Float[np.ndarray, " draw"]
) -> Float[np.ndarray, "part factor"] | None:
    """Return the rows alone and unique; None where the draw has no variance."""
    if np.ptp(scores) == 0:
        return None
    full = _explained(_columns(models, draw, FACTORS), scores)
    alone, unique = [], []
    for factor in FACTORS:
        others = tuple(other for other in FACTORS if other != factor)
        alone.append(_explained(_columns(models, draw, (factor,)), scores))
        unique.append(full - _explained(_columns(models, draw, others), scores))
    return np.array([alone, unique])


def _columns(
    models: Sequence[Asked], draw: Int[np.ndarray, " draw"], factors: Sequence[str]
) -> Float[np.ndarray, "draw column"]:
    columns: list[np.ndarray] = [np.zeros(len(draw))]
    for factor in factors:
        if factor == "size":
            columns.append(np.log10([max(models[i].parameters, 1) for i in draw]))
            continue
        labels = [_label(models[i], factor) for i in draw]
        columns += [np.array([label == level for label in labels], float) for level in set(labels)]
    # A set has no order of its own, and sums of columns in another order differ in the last bit.
    columns.sort(key=lambda column: column.tobytes())
    return np.stack(columns, axis=1)


def _label(model: Asked, factor: str) -> str:
    if factor == "training":
        return model.weights.split("-")[0]
    return model.modality if factor == "modality" else model.family


def _with_mean(columns: Float[np.ndarray, "draw column"]) -> Float[np.ndarray, "draw more"]:
    return np.hstack([np.ones((len(columns), 1)), columns])


def _explained(columns: Float[np.ndarray, "draw column"], scores: Float[np.ndarray, " draw"]):
    design = _with_mean(columns)
    residual = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]
    centred = scores - scores.mean()
    return 1.0 - float(residual @ residual) / float(centred @ centred)
