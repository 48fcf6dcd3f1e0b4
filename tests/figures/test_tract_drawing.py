"""The drawn tract: points and errors where they are, and constants that shipped words bear out."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.errors import UnknownName, UserError
from grounding.figures.style import DARK
from grounding.figures.tract_drawing import (
    PALATE,
    STREAMS,
    Posture,
    draw_quadrilaterals,
    draw_tracts,
    sketch,
)
from grounding.figures.vowels import Vowel
from grounding.stimuli import read_stimuli

VOWELS = [
    Vowel("i", False, (0, 0), 2.0, 13.0),
    Vowel("a", False, (1, 0), 6.0, 10.0),
    Vowel("u", True, (0, 1), 2.0, 7.0),
]


@pytest.fixture(scope="module")
def words():
    """Return some shipped words with their anatomy's scale."""
    return [
        (s.articulation, s.realisation["anatomy_scale"])
        for s in read_stimuli("vocal-tract-words")[::100]
    ]


def posture(articulation, stream, frame):
    held = articulation[stream]
    return Posture(stream, held.channels, held.units, held.values[frame].astype(float))


def moved(one, by):
    return Posture(one.stream, one.channels, one.units, one.values + by)


def away(outline, place):
    """Return the distance of a place from the nearest one of an outline, in mm."""
    return np.linalg.norm(outline - place, axis=1).min()


@pytest.mark.parametrize("stream", STREAMS)
def test_true_and_predicted_stand_where_they_are_in_every_panel(stream, words, by_gid):
    articulation, scale = words[0]
    true = posture(articulation, stream, 27)
    rng = np.random.default_rng(0)
    predicted = {f"layer {k}": moved(true, 0.05 * rng.normal(size=true.values.shape)) for k in "01"}
    figure = draw_tracts(true, predicted, scale=scale, theme=DARK)
    truth = sketch(true, scale)
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == ["true", *predicted]
    for title, one in predicted.items():
        found = sketch(one, scale)
        for what, shown in (("true", truth), ("predicted", found)):
            (line,) = by_gid(figure, f"{title}: {what} tongue")
            np.testing.assert_array_equal(line.get_xydata(), shown.outline)
            for name, place in shown.points.items():
                (point,) = by_gid(figure, f"{title}: {what} {name}")
                assert tuple(point.get_xydata()[0]) == place
        for name in found.points:
            (line,) = by_gid(figure, f"{title}: error {name}")
            ends = [found.points[name], truth.points[name]]
            np.testing.assert_array_equal(line.get_xydata(), ends)
    assert by_gid(figure, "true: predicted tongue") == []
    for axes in figure.axes:
        (low_x, high_x), (low_y, high_y) = axes.get_xlim(), axes.get_ylim()
        for line in axes.lines:
            x, y = line.get_xydata().T
            assert low_x < x.min() and x.max() < high_x and low_y < y.min() and y.max() < high_y
        assert axes.get_aspect() == 1.0


def test_true_and_predicted_differ_in_dashes_and_not_in_colour_alone(words, by_gid):
    true = posture(words[0][0], "flesh", 27)
    figure = draw_tracts(true, {"layer": moved(true, 1.0)}, scale=1.0)
    kinds = [by_gid(figure, f"layer: {what} tongue")[0] for what in ("true", "predicted")]
    assert len({line.get_linestyle() for line in kinds}) == 2


def test_flesh_points_are_drawn_as_measured_and_the_tongue_passes_its_own(words):
    articulation, _ = words[1]
    for frame in range(0, articulation.frames, 10):
        one = posture(articulation, "flesh", frame)
        drawn = sketch(one, 1.1)  # of measured places, the scale changes nothing
        held = dict(zip(one.channels, one.values, strict=True))
        assert drawn.points == {n: (held[f"{n}.x"], held[f"{n}.y"]) for n in drawn.points}
        assert set(drawn.points) == {"UL", "LL", "JAW", "TT", "TB", "TD"}
        np.testing.assert_allclose(drawn.outline[0], drawn.points["TD"])
        np.testing.assert_allclose(drawn.outline[-1], drawn.points["TT"])
        assert away(drawn.outline, drawn.points["TB"]) < 1.0
        assert away(drawn.outline, drawn.points["LL"]) > 5.0


def test_a_sketch_from_parameters_lies_near_the_flesh_points(words):
    found = {name: [] for name in ("JAW", "LL", "UL", "TT", "TB", "TD")}
    for articulation, scale in words:
        for frame in range(0, articulation.frames, 7):
            drawn = sketch(posture(articulation, "tract", frame), scale)
            true = sketch(posture(articulation, "flesh", frame)).points
            for name in found:
                near = [drawn.points[name]] if name in drawn.points else drawn.outline
                found[name].append(away(np.array(near), true[name]) / scale)
    median = {name: np.median(distances) for name, distances in found.items()}
    assert median["JAW"] < 0.05
    assert max(median["LL"], median["UL"]) < 0.7
    assert max(median["TT"], median["TB"], median["TD"]) < 2.5


def test_a_sketch_of_another_moment_lies_farther(words):
    near, far = [], []
    for articulation, scale in words:
        for frame in range(20, articulation.frames - 15, 7):
            true = sketch(posture(articulation, "flesh", frame)).points
            for distances, other in ((near, frame), (far, frame + 10)):
                drawn = sketch(posture(articulation, "tract", other), scale)
                distances.append(np.mean([away(drawn.outline, true[n]) for n in ("TT", "TD")]))
    assert np.mean(far) > 1.3 * np.mean(near)


def test_no_tongue_pierces_the_palate_and_some_touch_it(words):
    gaps = []
    for articulation, scale in words:
        places = articulation["flesh"].values[:, 6:].reshape(-1, 2) / scale  # TT, TB, TD
        inside = (places[:, 0] > PALATE[0, 0]) & (places[:, 0] < PALATE[-1, 0])
        gaps.append(np.interp(places[inside, 0], *PALATE.T) - places[inside, 1])
    assert -1.0 < np.concatenate(gaps).min() < 1.0


def test_a_larger_anatomy_makes_a_larger_drawing_of_the_same_shape(words):
    one = posture(words[0][0], "tract", 20)
    lengths = np.array([unit == "cm" for unit in one.units])
    larger = Posture(one.stream, one.channels, one.units, np.where(lengths, 1.2, 1.0) * one.values)
    small, large = sketch(one, 1.0), sketch(larger, 1.2)
    np.testing.assert_allclose(large.outline, 1.2 * small.outline, atol=1e-9)
    for name, place in small.points.items():
        np.testing.assert_allclose(large.points[name], 1.2 * np.array(place))
    assert not np.allclose(sketch(larger, 1.0).outline, large.outline)


def test_each_layer_has_a_quadrilateral_beside_the_true_one(by_gid):
    places = {"layer 0": [(3.0, 12.0)] * 3, "layer 1": [(v.height, v.backness) for v in VOWELS]}
    figure = draw_quadrilaterals(VOWELS, places)
    for title, wanted in (("true", places["layer 1"]), *places.items()):
        drawn = by_gid(figure, f"{title}: vowel")
        assert [text.get_text() for text in drawn] == ["i", "a", "u"]
        assert [text.get_position() for text in drawn] == [(f2, f1) for f1, f2 in wanted]


def test_postures_that_cannot_be_drawn_are_refused(words):
    true = posture(words[0][0], "flesh", 20)
    with pytest.raises(UnknownName, match="unknown stream to draw 'fleshy'"):
        Posture("fleshy", ("TT.x",), ("mm",), np.zeros(1))
    for values in (np.zeros(3), np.full(12, np.nan), np.zeros((12, 1))):
        with pytest.raises(UserError, match="one unit and one finite value a channel"):
            Posture("flesh", true.channels, true.units, values)
    with pytest.raises(UserError, match="'tract' has no channel JX, JA, LP"):
        sketch(Posture("tract", true.channels, true.units, true.values))
    with pytest.raises(UserError, match=r"has no channel TB\.y; found TT\.x, TT\.y, TB\.x"):
        sketch(Posture("flesh", ("TT.x", "TT.y", "TB.x"), ("mm",) * 3, np.zeros(3)))
    with pytest.raises(UserError, match=r"UL\.x is in '1'; needed one of cm, mm, deg"):
        sketch(Posture("flesh", true.channels, ("1",) * 12, true.values))
    lips = slice(0, 6)
    with pytest.raises(UserError, match="needs two of the points TD, TB, TT; found UL, LL, JAW"):
        sketch(Posture("flesh", true.channels[lips], true.units[lips], true.values[lips]))


def test_figures_that_cannot_be_drawn_are_refused(words):
    true, other = (posture(words[0][0], stream, 20) for stream in ("flesh", "tract"))
    with pytest.raises(UserError, match="there is no predicted posture"):
        draw_tracts(true, {}, scale=1.0)
    with pytest.raises(UserError, match="stream 'flesh' and a predicted one of 'tract'"):
        draw_tracts(true, {"layer 0": other}, scale=1.0)
    with pytest.raises(UserError, match="a predicted posture is called 'true'"):
        draw_tracts(true, {"true": true}, scale=1.0)
    with pytest.raises(UserError, match="a layer is called 'true'"):
        draw_quadrilaterals(VOWELS, {"true": [(1.0, 2.0)] * 3})
