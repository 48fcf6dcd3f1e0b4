"""The picture of a set shows its counts and its matrix."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.figures import DARK, LIGHT
from grounding.figures.describing import READABLE, draw_description


def draw(names: int, theme=LIGHT):
    rng = np.random.default_rng(0)
    matrix = np.corrcoef(rng.normal(size=(max(names, 1), 30)))
    matrix = np.atleast_2d(matrix)[:names, :names]
    labels = [f"space {k}" for k in range(names)]
    return matrix, draw_description(
        [0.1, 0.2, 0.2, 0.4], [1, 3, 3], labels, matrix, "a set", theme=theme
    )


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_counts_and_matrix_are_drawn(by_gid, theme) -> None:
    matrix, figure = draw(4, theme)
    (image,) = by_gid(figure, "correlations")
    np.testing.assert_array_equal(image.get_array(), matrix)
    assert sum(patch.get_height() for patch in by_gid(figure, "durations")) == 4
    assert [bar.get_height() for bar in by_gid(figure, "realisations")] == [1, 0, 2]
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert len(texts) == 16 and "1.00" in texts


def test_a_large_matrix_has_no_numbers_in_it() -> None:
    _, figure = draw(READABLE + 1)
    assert not [text for axes in figure.axes for text in axes.texts]


def test_without_spaces_there_is_no_matrix(by_gid) -> None:
    _, figure = draw(0)
    assert not by_gid(figure, "correlations")
    assert len(figure.axes) == 2
