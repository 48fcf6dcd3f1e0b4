"""Keep padding out of the modules that look over time, so that company changes no number.

A recording padded to the length of its neighbours passes modules that would see the padding: group
normalisation takes its statistics over time, and convolutions with "same" padding reach past the
end, where alone there would be zeros. Both are told here how long each recording is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

__all__ = ["Lengths", "OwnGroupNorm", "zero_beyond"]


@dataclass
class Lengths:
    """The samples of each recording in the batch under way; None where nothing is padded."""

    samples: tuple[int, ...] | None = None

    def inside(self, frames: Callable[[int], int], width: int) -> torch.Tensor | None:
        """Return "recording frame": which frames are a recording's own; None where all are."""
        if self.samples is None:
            return None
        counts = torch.tensor([frames(samples) for samples in self.samples])
        return torch.arange(width)[None] < counts[:, None]


class OwnGroupNorm(nn.Module):
    """Group normalisation over "batch channel time", with each recording's own frames only.

    `frames` gives how many frames a number of samples makes at this place of the model. Frames
    beyond are zero, and mean nothing.
    """

    def __init__(self, norm: nn.GroupNorm, lengths: Lengths, frames: Callable[[int], int]) -> None:
        super().__init__()
        self.norm, self.lengths, self.frames = norm, lengths, frames

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        inside = self.lengths.inside(self.frames, values.shape[-1])
        if inside is None:
            normed: torch.Tensor = self.norm(values)
            return normed
        made = torch.zeros_like(values)
        for row, count in enumerate(inside.sum(dim=1).tolist()):
            made[row, :, :count] = self.norm(values[row : row + 1, :, :count])[0]
        return made


def zero_beyond(module: nn.Module, lengths: Lengths, frames: Callable[[int], int]) -> None:
    """Set to zero what enters `module` ("batch channel time") beyond each recording's end."""

    def clear(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        inside = lengths.inside(frames, inputs[0].shape[-1])
        return None if inside is None else (inputs[0] * inside[:, None], *inputs[1:])

    module.register_forward_pre_hook(clear)
