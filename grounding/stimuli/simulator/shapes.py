"""Vowels and approximants that the German speaker lacks, found by formant search.

A shape is found by an evolution strategy over 13 tract parameters that starts from a shape of
the speaker and asks the transfer function for three formants, with every section kept open and
the parameters kept near the start. The result is right acoustically; articulatorily it is one of
many shapes that would do. The search has a fixed seed: same shapes every time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.signal import find_peaks

from grounding.errors import UserError
from grounding.stimuli.simulator.library import AUDIO_RATE, Simulator

__all__ = ["TRACT_NAMES", "Target", "formants", "search", "tract_shapes"]

TRACT_NAMES = (
    "HX", "HY", "JX", "JA", "LP", "LD", "VS", "VO", "TCX", "TCY",
    "TTX", "TTY", "TBX", "TBY", "TRX", "TRY", "TS1", "TS2", "TS3",
)  # fmt: skip
_FREE = ("HX", "HY", "JA", "LP", "LD", "TCX", "TCY", "TTX", "TTY", "TBX", "TBY", "TS1", "TS2")
_RANGE = {
    "HX": (0.0, 1.0), "HY": (-6.0, -3.5), "JA": (-7.0, 0.0), "LP": (-1.0, 1.0), "LD": (-0.2, 2.5),
    "TCX": (-3.0, 4.0), "TCY": (-3.0, 1.0), "TTX": (1.5, 5.5), "TTY": (-3.0, 2.5),
    "TBX": (-3.0, 4.0), "TBY": (-3.0, 5.0), "TS1": (0.0, 1.0), "TS2": (0.0, 1.0),
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """What a shape should do: F1 to F3 in Hz, from which shape, and its narrowest area (cm^2)."""

    start: str
    formants: tuple[float, float, float]
    narrowest: float = 0.3


def formants(
    simulator: Simulator, tract: Float[np.ndarray, " 19"], points: int = 2048, count: int = 4
) -> Float[np.ndarray, " formant"]:
    """Return the first `count` resonances of a tract shape in Hz; fewer if there are fewer.

    Peaks of the transfer function's log magnitude below 6 kHz, placed between points by a
    parabola through three of them.
    """
    level = np.log(simulator.transfer(tract, points) + 1e-12)
    level = level[: int(6000 * points / AUDIO_RATE)]
    peaks, _ = find_peaks(level)
    left, middle, right = level[peaks - 1], level[peaks], level[peaks + 1]
    shift = 0.5 * (left - right) / (left - 2 * middle + right)
    return ((peaks + shift) * AUDIO_RATE / points)[:count]


def _cost(
    simulator: Simulator, tract: Float[np.ndarray, " 19"], target: Target, distance: float
) -> float:
    found = formants(simulator, tract)
    if len(found) < 3:
        return 10.0
    miss = np.log(found[:3] / np.array(target.formants))
    narrowest = simulator.tube(tract).area.min()
    closed = max(0.0, target.narrowest - narrowest) / target.narrowest
    return float(np.sum(miss**2 * (4.0, 4.0, 2.0)) + closed**2 + 0.002 * distance)


def search(
    simulator: Simulator, target: Target, rng: np.random.Generator, generations: int = 90
) -> dict[str, float]:
    """Return the free parameters of the best shape found for `target`.

    A (5, 18) evolution strategy with one step size, parameters in units of their range. `rng`
    decides every draw, so the same seed gives the same shape.
    """
    start = simulator.tract_shape(target.start)
    index = [TRACT_NAMES.index(name) for name in _FREE]
    low, high = np.array([_RANGE[name] for name in _FREE]).T
    origin = np.clip((start[index] - low) / (high - low), 0, 1)

    def build(unit: Float[np.ndarray, " 13"]) -> Float[np.ndarray, " 19"]:
        tract = start.copy()
        tract[TRACT_NAMES.index("VO")] = -0.1
        tract[index] = np.round(low + unit * (high - low), 4)
        return tract

    mean, step = origin.copy(), 0.12
    best, best_cost = origin, np.inf
    for _ in range(generations):
        children = np.clip(mean + step * rng.standard_normal((18, len(index))), 0, 1)
        costs = [
            _cost(simulator, build(c), target, float(np.sum((c - origin) ** 2))) for c in children
        ]
        order = np.argsort(costs, kind="stable")[:5]
        mean = children[order].mean(axis=0)
        if costs[order[0]] < best_cost:
            best, best_cost = children[order[0]], costs[order[0]]
            step *= 1.05
        else:
            step *= 0.93
    values: Mapping[str, float] = dict(zip(_FREE, build(best)[index], strict=True))
    return {name: float(value) for name, value in values.items()}


def tract_shapes(
    found: Mapping[str, Mapping[str, float]], targets: Mapping[str, Target]
) -> dict[str, tuple[str, Mapping[str, float]]]:
    """Return found shapes as `speakers.speaker_xml` takes them: start shape and changes.

    Raises `UserError` if a shape of `targets` is missing.
    """
    missing = sorted(set(targets) - set(found))
    if missing:
        raise UserError(f"no found shape for {', '.join(missing)}; search for it again")
    return {name: (targets[name].start, {"VO": -0.1, **found[name]}) for name in targets}
