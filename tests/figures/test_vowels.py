"""The drawn quadrilateral: every vowel where it is, joined as the grid is, axes reversed."""

from __future__ import annotations

import pytest

from grounding.errors import UserError
from grounding.figures.style import DARK
from grounding.figures.vowels import Vowel, draw_vowels, moved

TRUE = [
    Vowel("i", False, (0, 1), 2.0, 13.0),
    Vowel("ɨ", False, (0, 0), 2.0, 12.0),
    Vowel("e", False, (1, 1), 3.0, 13.0),
    Vowel("y", True, (0, 0), 2.0, 12.0),
    Vowel("u", True, (0, 3), 2.0, 7.0),
]


def test_every_vowel_stands_where_it_is_and_axes_run_backwards(by_gid):
    figure = draw_vowels({"true": TRUE, "model": TRUE[:3]})
    texts = by_gid(figure, "true: vowel")
    assert [t.get_text() for t in texts] == [v.ipa for v in TRUE]
    assert [t.get_position() for t in texts] == [(v.backness, v.height) for v in TRUE]
    assert len(by_gid(figure, "model: vowel")) == 3
    for axes in figure.axes:
        assert axes.xaxis_inverted()
        assert axes.yaxis_inverted()
        assert axes.get_xlim()[0] > 13.0 and axes.get_xlim()[1] < 7.0


def test_neighbours_of_one_rounding_are_joined_and_no_others(by_gid):
    lines = by_gid(draw_vowels({"true": TRUE}), "true: step")
    ends = {tuple(zip(*line.get_data(), strict=True)) for line in lines}
    assert ends == {((13.0, 2.0), (12.0, 2.0)), ((13.0, 2.0), (13.0, 3.0))}


def test_roundings_differ_in_dashes_and_not_in_colour_alone(by_gid):
    vowels = [
        Vowel("a", rounded, (0, k), 5.0, 9.0 + k) for rounded in (False, True) for k in (0, 1)
    ]
    lines = by_gid(draw_vowels({"true": vowels}, theme=DARK), "true: step")
    assert len({line.get_linestyle() for line in lines}) == 2


def test_panels_fill_rows_of_three_and_the_rest_is_hidden():
    figure = draw_vowels(dict.fromkeys("abcde", TRUE))
    assert [axes.get_visible() for axes in figure.axes] == [True] * 5 + [False]


def test_moved_vowels_keep_what_they_are_and_lie_elsewhere():
    here, *others = moved(TRUE, [(1.0, 2.0)] * len(TRUE))
    assert here == Vowel("i", False, (0, 1), 1.0, 2.0)
    assert len(others) == 4
    with pytest.raises(ValueError, match="shorter"):
        moved(TRUE, [(1.0, 2.0)])


def test_nothing_to_draw_is_refused():
    for panels in ({}, {"true": []}):
        with pytest.raises(UserError, match="there is no vowel to draw"):
            draw_vowels(panels)
