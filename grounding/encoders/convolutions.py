"""What a stack of convolutions or frames reads: hop, receptive field and where the first step is.

The arithmetic of receptive fields is that of Araujo, Norris and Sim (2019), "Computing receptive
fields of convolutional neural networks", Distill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grounding.encoders.steps import Steps, even_steps

__all__ = ["Conv", "Grid", "output_length"]


@dataclass(frozen=True)
class Conv:
    """A convolution, pooling or framing over time: `left` is what it pads before the start."""

    kernel: int
    stride: int = 1
    left: int = 0
    dilation: int = 1


@dataclass(frozen=True)
class Grid:
    """Steps `hop` samples apart; step t reads `field` samples from `first` + t `hop`."""

    hop: int = 1
    field: int = 1
    first: int = 0

    def through(self, convolutions: Iterable[Conv]) -> Grid:
        """Return the grid of steps that convolutions make of these steps.

        >>> Grid().through([Conv(10, 5), *[Conv(3, 2)] * 4, *[Conv(2, 2)] * 2])
        Grid(hop=320, field=400, first=0)
        """
        hop, field, first = self.hop, self.field, self.first
        for convolution in convolutions:
            field += (convolution.kernel - 1) * convolution.dilation * hop
            first -= convolution.left * hop
            hop *= convolution.stride
        return Grid(hop, field, first)

    def steps(self, count: int, rate: int, centre: float | None = None) -> Steps:
        """Return the first `count` steps; `centre` is that of step 0, if not halfway."""
        return even_steps(
            count, hop=self.hop, field=self.field, rate=rate, first=self.first, centre=centre
        )


def output_length(length: int, convolutions: Iterable[Conv]) -> int:
    """Return how many steps unpadded convolutions make of `length`; 0 where it is too short.

    >>> output_length(16_000, [Conv(10, 5), *[Conv(3, 2)] * 4, *[Conv(2, 2)] * 2])
    49
    """
    for convolution in convolutions:
        reach = (convolution.kernel - 1) * convolution.dilation + 1
        length = max(0, (length - reach) // convolution.stride + 1)
    return length
