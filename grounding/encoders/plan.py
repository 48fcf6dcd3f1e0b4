"""What a family knows of one of its models: how to feed it, where its steps lie, what to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.steps import Steps

if TYPE_CHECKING:
    import torch

    from grounding.encoders.own_frames import Lengths

__all__ = ["Plan", "Recording"]

Recording = Float[np.ndarray, " sample"]


@dataclass(frozen=True, eq=False)
class Plan:
    """How to run a speech model, read off its configuration; no weights are needed for it.

    layers: their names, input side first.
    rate: Hz that the model hears.
    least, most: samples of the shortest and the longest recording that it takes.
    steps: from a number of samples to where the model's steps lie.
    prepare: from recordings to the model's inputs, padded at the end where lengths differ.
    body: from the loaded model to the part that is run. It is given the lengths that modules
        which look over time must know (see `own_frames`).
    blocks: the layers of the body, in order; what enters block k is layer k.
    last: whether the last layer is what the model gives, or what its last block gives.
    run: for a body without blocks: from body, inputs and layers' places to their values,
        "recording step feature".
    front: the module of the body whose output is the steps before they mix, and its time axis.
    mixed: whether recordings of different lengths may go together.
    fixed: whether all are padded to `most`, so that their lengths cost nothing.
    bare: for a `prepare` that pads a lone recording too, what does not.
    batch: how many recordings go through at once unless told otherwise.
    architecture: the class that transformers loads; None is what `AutoModel` takes.
    suffix: what the revision ends with.
    about: what else of the plan decides the numbers, for the provenance.
    """

    layers: tuple[str, ...]
    rate: int
    least: int
    steps: Callable[[int], Steps]
    prepare: Callable[[Sequence[Recording]], Mapping[str, torch.Tensor]]
    body: Callable[[Any, Lengths], Any]
    front: Callable[[Any], tuple[torch.nn.Module, int]]
    blocks: Callable[[Any], Sequence[torch.nn.Module]] | None = None
    last: Literal["model", "block"] = "model"
    run: Callable[[Any, Mapping[str, torch.Tensor], set[int]], dict[int, Any]] | None = None
    most: int | None = None
    mixed: bool = False
    fixed: bool = False
    bare: Callable[[Sequence[Recording]], Mapping[str, torch.Tensor]] | None = None
    batch: int = 8
    architecture: str | None = None
    suffix: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
