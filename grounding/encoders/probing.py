"""Measure where the steps of a model lie, by disturbing its input one sample at a time.

A step has heard a sample if changing the sample changes the step. In a front end of windows or
convolutions the samples that a step hears are one stretch, and each step's stretch is the one
before moved by a hop. Both are checked, and so is the number of steps by length: a model of which
they do not hold is refused. Layer 0 is asked, in float64, with what only scales by the whole
recording set aside: the extractor's scaling, and group normalisation.

A window that falls to nothing at its ends hides its outermost sample or two, so that a field's
ends are known to `SLACK` samples; hop and number of steps are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.encoders.convolutions import Grid
from grounding.errors import WeightsError

__all__ = ["Measured", "Probe", "measure"]

MOVED = 1e-9
"""Change of a step, relative to the largest value, from which it has heard."""

SLACK = 2
CHECKS = 12
"""Positions at which the grid that was found is held against the model."""


@dataclass(frozen=True)
class Measured:
    """A grid of steps, the shortest recording, the number of steps by samples, and how it is
    known."""

    grid: Grid
    least: int
    count: Callable[[int], int]
    how: str


@dataclass(frozen=True, eq=False)
class Probe:
    """A model to be disturbed, which this changes for good, and what makes its inputs."""

    body: Any
    prepare: Any
    name: str
    undisturbed: dict[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from torch import nn

        for place, module in list(self.body.named_modules()):
            if isinstance(module, nn.GroupNorm):
                parent, _, own = place.rpartition(".")
                setattr(self.body.get_submodule(parent), own, nn.Identity())
        self.body.double()

    def embed(self, sound: np.ndarray) -> Float[np.ndarray, "step feature"]:
        """Return layer 0 of a sound."""
        import torch

        extractor = self.prepare.args[0]
        scales = getattr(extractor, "do_normalize", None)
        extractor.do_normalize = False
        try:
            inputs = self.prepare([sound])
        finally:
            extractor.do_normalize = scales
        with torch.inference_mode():
            made = self.body(
                **{name: values.double() for name, values in inputs.items()},
                output_hidden_states=True,
            )
        hidden = getattr(made, "hidden_states", None)
        if not hidden or hidden[0].ndim != 3:
            raise self.refused("it gives no hidden states of steps and features")
        layer: np.ndarray = hidden[0][0].numpy()
        return layer

    def count(self, samples: int) -> int:
        """Return how many steps a sound of so many samples makes."""
        return len(self.embed(noise(samples)))

    def changes(self, position: int, samples: int) -> Float[np.ndarray, " step"]:
        """Return how far disturbing a sample moves each step, relative to the largest value."""
        base = noise(samples)
        if samples not in self.undisturbed:
            self.undisturbed[samples] = self.embed(base)
        still = self.undisturbed[samples]
        base[position] += 0.7
        return np.abs(self.embed(base) - still).max(axis=1) / np.abs(still).max()

    def refused(self, reason: str) -> WeightsError:
        return WeightsError(
            f"the step times of {self.name} cannot be known: {reason}. Needed: a front end of "
            "windows or convolutions, each step as far from the last."
        )


def noise(samples: int) -> np.ndarray:
    """Return the sound that is disturbed."""
    return (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


def measure(probe: Probe, rate: int) -> Measured:
    """Return the grid of a model's steps; raises `WeightsError` where there is no exact one."""
    hop, count, least = _counted(probe, rate)
    samples = 2 * rate
    middle = count(samples) // 2
    first, last = _field(probe, samples, middle, hop)
    grid = Grid(hop, last - first + 1, first - middle * hop)
    for step in (middle + 1, middle + 4):
        start = grid.first + step * hop
        end = start + grid.field
        for place, heard in (
            (start - 1 - SLACK, False),
            (start + SLACK, True),
            (end - 1 - SLACK, True),
            (end + SLACK, False),
        ):
            if (probe.changes(place, samples)[step] > MOVED) != heard:
                raise probe.refused("its steps are not evenly far from each other")
    _check(probe, grid, samples)
    return Measured(grid, max(least, 1), count, "measured")


def _field(probe: Probe, samples: int, step: int, hop: int) -> tuple[int, int]:
    """Return the first and the last sample that a step hears."""
    around = range((step - 8) * hop, (step + 8) * hop, max(1, hop // 2))
    moved = [probe.changes(place, samples)[step] for place in around]
    if max(moved) <= MOVED:
        raise probe.refused("a step hears nothing of the sound around it")
    inside = around[int(np.argmax(moved))]
    return (
        _edge(probe, samples, step, inside, 0),
        _edge(probe, samples, step, inside, samples - 1),
    )


def _counted(probe: Probe, rate: int) -> tuple[int, Callable[[int], int], int]:
    """Return hop, number of steps by samples, and the samples that make one step."""
    at_once, at_twice = probe.count(rate), probe.count(2 * rate)
    grown = at_twice - at_once
    if grown <= 0 or abs(rate / grown - round(rate / grown)) > 0.02 * rate / grown:
        raise probe.refused(
            f"one second makes {at_once} steps and two make {at_twice}, so its steps do not "
            "follow the length of the sound"
        )
    below, above = rate, rate + 2 * rate // grown
    while above - below > 1:  # the shortest sound that makes one step more
        half = (below + above) // 2
        below, above = (half, above) if probe.count(half) == at_once else (below, half)
    next_from, below, above = above, above, above + 2 * rate // grown
    while above - below > 1:  # and the shortest that makes two
        half = (below + above) // 2
        below, above = (half, above) if probe.count(half) == at_once + 1 else (below, half)
    hop = above - next_from

    def count(samples: int) -> int:
        return at_once + 1 + (samples - next_from) // hop

    for samples in np.random.default_rng(1).integers(rate, 2 * rate, 4):
        if probe.count(int(samples)) != count(int(samples)):
            raise probe.refused("its steps are not evenly far from each other")
    return hop, count, next_from - at_once * hop


def _edge(probe: Probe, samples: int, step: int, inside: int, far: int) -> int:
    """Return the last sample towards `far` that a step hears, by halving."""
    heard, unheard = inside, far
    if probe.changes(far, samples)[step] > MOVED:
        raise probe.refused("a step hears the whole recording")
    while abs(heard - unheard) > 1:
        middle = (heard + unheard) // 2
        if probe.changes(middle, samples)[step] > MOVED:
            heard = middle
        else:
            unheard = middle
    return heard


def _check(probe: Probe, grid: Grid, samples: int) -> None:
    """Raise `WeightsError` unless steps move just where the grid says, but for its edges."""
    for position in np.random.default_rng(2).integers(samples // 4, 3 * samples // 4, CHECKS):
        moved = probe.changes(int(position), samples) > MOVED
        from_start = position - (grid.first + grid.hop * np.arange(len(moved)))
        inside = (from_start >= SLACK) & (from_start < grid.field - SLACK)
        outside = (from_start < -SLACK) | (from_start >= grid.field + SLACK)
        if not moved[inside].all() or moved[outside].any():
            raise probe.refused(f"sample {position} moves steps that one grid does not hold")
