"""Contrasts of twins: what models that differ in their input alone differ in besides.

Conventions
-----------
Two models are a *pair* where their provenance says so: both are twins, of one seed, and the digests
of everything else in their configurations are equal. Names play no part.

A contrast is a weighted sum of the held-out agreements of one seed, averaged over the seeds that
have all its terms; where several configurations have them, over configurations after seeds. Stimuli
are resampled once for all models, so that the difference is paired. In each of these samples the
seeds are drawn too, with replacement, and one draw serves all terms: the interval holds for new
stimuli and new seeds. With one seed there is nothing to draw; it is then over stimuli alone, and a
note says so. With few seeds it is too narrow, as every bootstrap of few is: of n seeds it holds
(n - 1) / n of the variance between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grounding.claims.answer import Answer, Asked, Contrast, Twin
from grounding.claims.twins import draw_seeds, over_seeds, same_twin

__all__ = ["Matched", "Terms", "contrast", "unpaired"]

Terms = Mapping[tuple[str, str], float]
"""By input and kind of weights ("trained" or "random"): what the agreement counts."""


@dataclass(frozen=True)
class Matched:
    """A contrast, and its value under each seed, configuration by configuration."""

    contrast: Contrast
    by_seed: tuple[Mapping[int, float], ...]

    @property
    def note(self) -> str:
        """The value of each seed, and what the interval is over."""
        told = "; ".join(
            f"{_listed(f'{value:.3f}' for value in one.values())} under seed"
            f"{'s' * (len(one) > 1)} {_listed(one)}"
            for one in self.by_seed
        )
        if min(map(len, self.by_seed)) < 2:
            return f"{told}; interval over stimuli, not over seeds, of which one is too few"
        return f"{told}; interval over stimuli and seeds"


def contrast(answer: Answer, terms: Terms) -> Matched | None:
    """Return a contrast over all seeds that have its terms; None where no seed has."""
    found: list[Contrast] = []
    by_seed: list[Mapping[int, float]] = []
    columns = _columns(answer.asked)
    for pair in dict.fromkeys(pair for _, pair, _ in columns):
        sides = [(columns.get((input, pair, kind), {}), w) for (input, kind), w in terms.items()]
        common = sorted(set.intersection(*(set(side) for side, _ in sides)))
        if not common:
            continue
        value = np.zeros(len(common))
        samples = np.zeros((len(answer.samples), len(common)))
        for side, weight in sides:
            places = [side[seed] for seed in common]
            value += weight * answer.value[places]
            samples += weight * answer.samples[:, places]
        found.append(over_seeds(value, samples, draw_seeds(len(common), len(samples))))
        by_seed.append(dict(zip(common, value.tolist(), strict=True)))
    if not found:
        return None
    mean = Contrast(
        float(np.mean([one.value for one in found])),
        np.mean([one.samples for one in found], axis=0),
    )
    return Matched(mean, tuple(by_seed))


def unpaired(asked: Sequence[Asked], inputs: tuple[str, str]) -> tuple[str, ...]:
    """Say which trained twins of these inputs have no other side, and why."""
    models = [item for item in asked if item.role == "model" and item.weights == "trained"]
    twins = [(item.name, item.twin) for item in models if item.twin and item.twin.input in inputs]
    told: dict[str, list[str]] = {}
    for name, twin in twins:
        other = inputs[1 - inputs.index(twin.input)]
        if reason := _fault(twin, other, twins):
            told.setdefault(reason, []).append(name)
    return tuple(f"{_listed(names)}: {reason}" for reason, names in told.items())


def _fault(twin: Twin, other: str, twins: Sequence[tuple[str, Twin]]) -> str:
    """Return why a twin has no other side, or why it cannot be told; empty where it has one."""
    across = [(name, one) for name, one in twins if one.input == other]
    if not twin.pair or twin.seed is None:
        return "no pair digest or no seed in training.json"
    if sum(one == twin for _, one in twins) > 1:
        return f"each is the {twin.input} twin of seed {twin.seed}; name one of them"
    if not across:
        return f"no twin fed {other} is among the models"
    if not any(one.pair == twin.pair for _, one in across):
        names, pairs = _listed(name for name, _ in across), dict.fromkeys(o.pair for _, o in across)
        return (
            f"not trained as {names} in all but the input, so no pair (pair digest "
            f"{twin.pair[:12]} against {_listed(pair[:12] or 'none' for pair in pairs)})"
        )
    if not any((one.pair, one.seed) == (twin.pair, twin.seed) for _, one in across):
        return f"no twin fed {other} of seed {twin.seed} is among the models"
    return ""


def _columns(asked: Sequence[Asked]) -> dict[tuple[str, str, str], dict[int, int]]:
    """Return the column of each seed, by input, pair digest and kind of weights."""
    place = {item.key: column for column, item in enumerate(asked)}
    return {
        key: {seed: place[item.key] for seed, item in items.items()}
        for key, items in same_twin(asked).items()
    }


def _listed(found: Iterable[object]) -> str:
    return ", ".join(map(str, found))
