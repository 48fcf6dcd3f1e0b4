"""Every step of every stimulus, kept on disk and read by memory map.

They are large: all layers of a base model take some seventy times the recordings' own size. So
the size is estimated first, and what the disk has no room for is refused.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.activations.extraction import Layers, check_stimuli, chosen_layers
from grounding.activations.provenance import provenance_of
from grounding.activations.record import layer_name
from grounding.activations.reduction import seen_key
from grounding.activations.running import decoded
from grounding.activations.store import Index
from grounding.activations.working import Plan, Progress, compute, make_plan
from grounding.encoders import Encoder
from grounding.encoders.steps import Steps
from grounding.errors import UserError
from grounding.stimuli import Stimulus

__all__ = ["Frames", "KeptFrames", "extract_frames", "frames_size", "refuse_without_room"]

MARGIN = 1.05
"""Room on the disk over the frames' own size: headers, and what others write meanwhile."""


@dataclass(frozen=True)
class KeptFrames:
    """A row a step."""

    dtype: str

    def __post_init__(self) -> None:
        if self.dtype not in ("float32", "float16"):
            raise UserError(f"frames are kept as 'float32' or 'float16'; found {self.dtype!r}.")

    @property
    def name(self) -> str:
        return f"frames-{self.dtype}"

    def key(self, encoder: Encoder, stimulus: Stimulus) -> str:
        return seen_key(encoder, stimulus)

    def part(self, stimuli: Sequence[Stimulus]) -> KeptFrames:
        return self

    def rows(self, stimulus: Stimulus, steps: Steps) -> int:
        return len(steps)

    def reduce(
        self, encoded: Float[np.ndarray, "layer step feature"], stimulus: Stimulus, steps: Steps
    ) -> Float[np.ndarray, "layer step feature"]:
        return encoded


@dataclass(frozen=True, eq=False)
class Frames:
    """The steps of stimuli, on disk.

    keys, index: under which key the store has each stimulus, and where.
    """

    stimuli: Mapping[str, Stimulus]
    layers: tuple[str, ...]
    encoder: Encoder
    provenance: Mapping[str, Any]
    keys: Mapping[str, str]
    index: Index
    _checked: set[tuple[Path, str]] = field(default_factory=set)

    @property
    def ids(self) -> tuple[str, ...]:
        """The stimuli's ids, in order."""
        return tuple(self.stimuli)

    def of(self, stimulus: str, layer: int | np.integer | str) -> Float[np.ndarray, "step feature"]:
        """Return the steps of a stimulus at a layer, as a memory map.

        Raises `UserError` for a stimulus or layer that is not there, or a damaged shard.
        """
        name = layer_name(self.encoder.name, self.layers, layer)
        (shard, pairs), *_ = self.index.by_shard([self.keys[self._known(stimulus)]], name)
        where = (shard.path, name)
        frames = shard.read(name, check=where not in self._checked)  # once: a shard holds many
        self._checked.add(where)
        place = pairs[0][1]
        start = shard.starts[place]
        return frames[start : start + shard.rows[place]]

    @property
    def count(self) -> int:
        """How many steps all stimuli have together."""
        found = self.index.by_shard(list(self.keys.values()), self.layers[0])
        return sum(shard.rows[place] for shard, pairs in found for _, place in pairs)

    def steps(self, stimulus: str) -> Steps:
        """Return where the steps of a stimulus lie."""
        return self.encoder.steps(self.stimuli[self._known(stimulus)])

    def _known(self, stimulus: str) -> str:
        if stimulus not in self.stimuli:
            raise UserError(f"there are no frames of a stimulus {stimulus!r} here.")
        return stimulus


def extract_frames(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    layers: Layers,
    store: str | Path,
    dtype: str = "float32",
    progress: Progress | None = None,
) -> Frames:
    """Bring every step of `stimuli` at some layers into the store, and return where they are.

    dtype: float16 takes half the room and keeps three digits; features beyond 65504 are refused.

    Raises `UserError` if the disk lacks room for what is not stored yet, before anything is
    computed; else see `extract`.
    """
    check_stimuli(encoder, stimuli)
    reduction = KeptFrames(dtype)
    wanted = chosen_layers(encoder, layers)
    plan = make_plan(encoder, stimuli, [reduction], wanted, store)
    refuse_without_room(encoder, plan, store, dtype)
    index = compute(encoder, plan, store, progress)[reduction.name]
    return Frames(
        {stimulus.id: stimulus for stimulus in stimuli},
        wanted,
        encoder,
        provenance_of(encoder, stimuli, reduction.name),
        {stimulus.id: key for stimulus, key in zip(stimuli, plan.keys, strict=True)},
        index,
    )


def frames_size(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    layers: Layers | None = None,
    dtype: str = "float32",
) -> int:
    """Return how many bytes the frames of `stimuli` take, before there are any.

    The number of steps is known without a pass. How many features a step has is not: the shortest
    stimulus goes through the lowest layer for it, unless the encoder has an attribute `width`.
    """
    check_stimuli(encoder, stimuli)
    rows = len(chosen_layers(encoder, layers)) * _steps(encoder, stimuli)
    return rows * _width(encoder, stimuli) * np.dtype(dtype).itemsize


def _steps(encoder: Encoder, stimuli: Sequence[Stimulus]) -> int:
    return sum(len(encoder.steps(stimulus)) for stimulus in stimuli)


def _width(encoder: Encoder, stimuli: Sequence[Stimulus]) -> int:
    """Return how many features a step has."""
    named = getattr(encoder, "width", None)
    if isinstance(named, int):
        return named
    shortest = min(stimuli, key=lambda stimulus: len(encoder.steps(stimulus)))
    return int(encoder.encode(decoded(encoder, [shortest]), encoder.layers[:1])[0].shape[2])


def refuse_without_room(encoder: Encoder, plan: Plan, store: str | Path, dtype: str) -> None:
    """Raise `UserError` if the disk of the store cannot take what the plan adds."""
    if not plan.works:
        return
    rows = sum(len(work.layers) * _steps(encoder, work.stimuli) for work in plan.works)
    width = _width(encoder, [s for work in plan.works for s in work.stimuli])
    needed = rows * width * np.dtype(dtype).itemsize
    folder = Path(store).absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if needed * MARGIN > free:
        raise UserError(
            f"the frames of {encoder.name} take {needed / 1e9:.3g} GB and the disk of {store} has "
            f"{free / 1e9:.3g} GB free. Choose fewer layers or stimuli, float16, or another disk."
        )
