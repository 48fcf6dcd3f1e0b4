"""Receptive fields by arithmetic are those that a slow walk through the layers finds."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.encoders.convolutions import Conv, Grid, output_length
from grounding.encoders.steps import Steps, even_steps
from grounding.errors import GroundingError


def read_by(step: int, layers: list[Conv]) -> set[int]:
    """Return the samples that a step reads, walking down from it."""
    places = {step}
    for conv in reversed(layers):
        places = {
            place * conv.stride - conv.left + tap * conv.dilation
            for place in places
            for tap in range(conv.kernel)
        }
    return places


@pytest.mark.parametrize(
    "layers",
    [
        [Conv(10, 5), *[Conv(3, 2)] * 4, *[Conv(2, 2)] * 2],
        [Conv(400, 160, 200), Conv(3, 1, 1), Conv(3, 2, 1)],
        [Conv(7, 1, 6), Conv(3, 1, 4, 2), Conv(4, 2, 2)],
    ],
)
def test_fields_are_those_of_a_walk(layers):
    grid = Grid().through(layers)
    for step in (0, 1, 7):
        places = read_by(step, layers)
        assert min(places) == grid.first + step * grid.hop
        assert max(places) + 1 == min(places) + grid.field


def test_lengths_are_those_of_torch():
    import torch

    layers = [Conv(10, 5), Conv(3, 2, dilation=2), Conv(2, 2)]
    for length in (40, 61, 100, 101):
        values = torch.zeros(1, 1, length)
        for conv in layers:
            values = torch.nn.functional.conv1d(
                values, torch.ones(1, 1, conv.kernel), stride=conv.stride, dilation=conv.dilation
            )
        assert output_length(length, layers) == values.shape[-1]
    assert output_length(3, layers) == 0


def test_cells_of_even_steps_share_out_the_time():
    steps = even_steps(5, hop=320, field=400, rate=16_000)
    low, high = steps.cells()
    np.testing.assert_array_equal(low[1:], high[:-1])
    weights = steps.weights(300, 1000)
    assert weights.sum() == 700 and weights.argmax() == 1
    lopsided = even_steps(2, hop=10, field=30, rate=100, first=-20, centre=8.0)
    np.testing.assert_array_equal(lopsided.centre, [8.0, 18.0])
    uneven = Steps(np.array([0, 2]), np.array([2, 7]), "character")
    np.testing.assert_array_equal(uneven.weights(1, 4), [1.0, 2.0])


def test_steps_that_are_none_are_refused():
    places = np.array([0, 5])
    with pytest.raises(GroundingError, match="a start and an end after it"):
        Steps(places, places, "sample", 16_000)
    with pytest.raises(GroundingError, match="counted by character have the rate 16000"):
        Steps(places, places + 1, "character", 16_000)
