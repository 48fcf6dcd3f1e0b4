"""Twins among the models: which they are, and the seeds of one twin as one model.

Conventions
-----------
A *twin* is one side of a matched pair, under one seed. Twins of one input and one pair digest that
differ in their seed are one model trained several times: they say nothing of other models, and a
figure or a table shows one row for all of them. Its value is their mean. Its interval is over
stimuli and over seeds: each draw of stimuli gets a draw of seeds, with replacement. With so few
seeds that is somewhat narrow: of n seeds, it holds (n - 1) / n of the variance between seeds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from grounding.claims.answer import Answer, Asked, Contrast, Twin
from grounding.encoders.families.twin_file import TRAINING
from grounding.errors import UserError

__all__ = [
    "SEED",
    "draw_seeds",
    "in_one_row",
    "mean_over_seeds",
    "name_of",
    "over_seeds",
    "same_twin",
    "together",
    "told_by",
    "twin_of",
]

SEED = "seed"
"""The role of a column that is part of another one."""


def twin_of(provenance: Mapping[str, Any]) -> Twin | None:
    """Return what an encoder's provenance says of it as a twin; None for what is none."""
    if provenance.get("family") != "twin":
        return None
    seed = provenance.get("trained_seed")
    return Twin(
        input=str(provenance["input"]),
        seed=None if seed is None else int(seed),
        pair=str(provenance.get("pair") or ""),
    )


def told_by(folder: str | Path, *names: str) -> dict[str, Any]:
    """Return these fields of the `training.json` of a folder of weights.

    Raises `UserError` for a folder that does not have them.
    """
    path = Path(folder) / TRAINING
    try:
        said = json.loads(path.read_text("utf-8"))
        return {name: said[name] for name in names}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{path} does not say {', '.join(names)} ({type(error).__name__}: {error}); give "
            "folders of weights that grounding twins train wrote"
        ) from error


def same_twin(asked: Sequence[Asked]) -> dict[tuple[str, str, str], dict[int, Asked]]:
    """Return the columns of each twin by seed, in order; by input, pair and kind of weights.

    Left out is what cannot be told to be one model under several seeds: columns without seed or
    pair, and those where two have one seed, such as checkpoints.
    """
    found: dict[tuple[str, str, str], list[tuple[int, Asked]]] = {}
    for item in asked:
        if item.role == "model" and item.twin and item.twin.pair and item.twin.seed is not None:
            kind = item.weights.partition("-")[0]
            its = found.setdefault((item.twin.input, item.twin.pair, kind), [])
            its.append((item.twin.seed, item))
    return {
        key: dict(sorted(items, key=lambda one: one[0]))
        for key, items in found.items()
        if len(dict(items)) == len(items)
    }


def together(asked: Sequence[Asked]) -> list[tuple[Asked, ...]]:
    """Return what gets one row: every column by itself, but all seeds of a trained twin as one."""
    twins = [tuple(i.values()) for (*_, kind), i in same_twin(asked).items() if kind == "trained"]
    whole = {item.key: seeds for seeds in twins for item in seeds}
    return list(dict.fromkeys(whole.get(item.key, (item,)) for item in asked))


def name_of(seeds: Sequence[Asked]) -> str:
    """Return the name of a row: that of its first column, with the number of seeds."""
    return seeds[0].name + (f" ({len(seeds)} seeds)" if len(seeds) > 1 else "")


def draw_seeds(seeds: int, samples: int) -> Int[np.ndarray, "sample seed"]:
    """Draw as many seeds as there are, with replacement, for each sample of stimuli.

    One stream for every answer and contrast of as many seeds: differences between them are paired.
    """
    return np.random.default_rng([samples, seeds]).integers(0, seeds, size=(samples, seeds))


def over_seeds(
    value: Float[np.ndarray, " seed"],
    samples: Float[np.ndarray, "sample seed"],
    drawn: Int[np.ndarray, "sample seed"],
) -> Contrast:
    """Return the mean over seeds, with samples that drew both stimuli and seeds."""
    return Contrast(float(value.mean()), np.take_along_axis(samples, drawn, axis=1).mean(axis=1))


def mean_over_seeds(found: Sequence[Contrast]) -> Contrast:
    """Return the mean of one number under several seeds, with samples that drew seeds too."""
    value = np.array([one.value for one in found])
    samples = np.stack([one.samples for one in found], axis=1)
    return over_seeds(value, samples, draw_seeds(len(found), len(samples)))


def in_one_row(answer: Answer) -> Answer:
    """Return the answer with a further column for every trained twin of two seeds or more.

    The columns of its seeds get the role "seed"; those of its random weights get its name, as
    several random seeds of one model have. Its curve is the mean of theirs, its bands span theirs,
    and it has no p value.
    """
    asked, added, means = list(answer.asked), [], []
    chosen, curves, bands = dict(answer.chosen), dict(answer.curves), dict(answer.bands)
    groups = same_twin(answer.asked)
    for seeds in together(answer.asked):
        if len(seeds) < 2:
            continue
        name, twin = name_of(seeds), seeds[0].twin
        assert twin is not None
        whole = replace(seeds[0], name=name, key=f"{name} (trained)", twin=None)
        for item in seeds:
            asked[answer.asked.index(item)] = replace(item, role=SEED)
        for item in groups.get((twin.input, twin.pair, "random"), {}).values():
            asked[answer.asked.index(item)] = replace(item, name=name)
        keys = [item.key for item in seeds]
        added.append(whole)
        means.append(mean_over_seeds([answer.mean([key]) for key in keys]))
        chosen[whole.key] = tuple(dict.fromkeys(layer for k in keys for layer in chosen[k]))
        curves[whole.key] = tuple(np.mean([curves[k] for k in keys], axis=0).tolist())
        if all(k in bands for k in keys):
            bands[whole.key] = _spanned([bands[k] for k in keys])
    if not added:
        return answer
    return replace(
        answer,
        asked=(*asked, *added),
        value=np.append(answer.value, [one.value for one in means]),
        samples=np.column_stack([answer.samples, *(one.samples for one in means)]),
        chosen=chosen,
        curves=curves,
        bands=bands,
    )


def _spanned(bands: Sequence[Sequence[tuple[float, float]]]) -> tuple[tuple[float, float], ...]:
    both = np.array(bands)
    lows, highs = both[:, :, 0].min(axis=0), both[:, :, 1].max(axis=0)
    return tuple(zip(lows.tolist(), highs.tolist(), strict=True))
