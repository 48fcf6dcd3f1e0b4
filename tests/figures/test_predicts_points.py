"""Every row of the table is a point where the table says, told apart by family and by weights."""

from __future__ import annotations

import pandas as pd
import pytest

from grounding.errors import UserError
from grounding.figures.predicts_points import MOST, SCORES, UsePoint, draw_predicts, points_of
from grounding.figures.style import DARK

WEIGHTS = ("trained", "step-300", "random-0")


def table(families=3):
    rows = []
    for f in range(families):
        for model in range(2):
            for layer in range(4):
                for k, weights in enumerate(WEIGHTS):
                    number = 0.01 * (7 * f + 5 * model + 3 * layer + k)
                    rows.append(
                        {
                            "model": f"m{f}.{model}",
                            "family": f"family {f}",
                            "layer": str(layer),
                            "weights": weights,
                            "downstream": 0.3 + number,
                            "articulatory": 0.5 - number,
                            "phonetic": 0.2 + number**2,
                            "acoustic": number,
                        }
                    )
    return pd.DataFrame(rows)


def markers(figure, axes):
    return [line for line in figure.axes[axes].lines if line.get_linestyle() == "None"]


def test_every_row_is_a_point_in_every_panel_and_nothing_else_is(by_gid):
    rows = table()
    figure = draw_predicts(list(points_of(rows)), "accuracy")
    assert len(figure.axes) == len(SCORES)
    for k, score in enumerate(SCORES):
        assert len(markers(figure, k)) == len(rows)
        for row in rows.to_dict("records"):
            gid = f"{score}: {row['model']} {row['layer']} {row['weights']}"
            (point,) = by_gid(figure, gid)
            assert point.axes is figure.axes[k]
            assert list(point.get_xdata()) == [row[score]]
            assert list(point.get_ydata()) == [row["downstream"]]
            low, high = figure.axes[k].get_xlim()
            assert low < row[score] < high


def test_families_differ_in_colour_or_shape_and_weights_in_filling(by_gid):
    rows = table(families=MOST)
    figure = draw_predicts(list(points_of(rows[rows.layer == "0"], ["phonetic"])), "accuracy")
    looks = set()
    for f in range(MOST):
        fills = []
        for weights in WEIGHTS:
            (point,) = by_gid(figure, f"phonetic: m{f}.0 0 {weights}")
            fills.append(point.get_fillstyle())
        assert fills == ["full", "left", "none"]
        looks.add((point.get_color(), point.get_marker()))
    assert len(looks) == MOST


def test_a_line_joins_the_layers_of_one_model_with_one_set_of_weights(by_gid):
    rows = table()
    figure = draw_predicts(list(points_of(rows)), "accuracy")
    own = rows[(rows.model == "m1.0") & (rows.weights == "step-300")]
    (line,) = by_gid(figure, "acoustic: m1.0 step-300 layers")
    assert list(line.get_xdata()) == list(own.acoustic)
    assert list(line.get_ydata()) == list(own.downstream)
    single = draw_predicts(list(points_of(rows[rows.layer == "2"])), "accuracy")
    assert by_gid(single, "acoustic: m1.0 step-300 layers") == []


def test_only_what_is_handed_in_is_written():
    points = list(points_of(table()))
    note, unit = "r = .61 [.40, .77]", "mean r of 12 channels"
    bare = draw_predicts(points, "accuracy")
    said = draw_predicts(
        points,
        "word accuracy",
        notes={"phonetic": note},
        units={"articulatory": unit},
        theme=DARK,
    )
    assert [axes.get_title(loc="left") for axes in said.axes] == ["", note, ""]
    assert [axes.get_title(loc="left") for axes in bare.axes] == [""] * 3
    assert [axes.get_xlabel() for axes in said.axes] == [
        f"articulatory score, {unit}",
        "phonetic score",
        "acoustic score",
    ]
    assert said.axes[0].get_ylabel() == "word accuracy"


def test_the_legend_names_families_and_fillings_once():
    figure = draw_predicts(list(points_of(table())), "accuracy")
    (legend,) = figure.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts[:3] == ["family 0", "family 1", "family 2"]
    assert texts[3:] == ["trained weights", "checkpoint", "random weights"]
    rows = table()
    figure = draw_predicts(list(points_of(rows[rows.weights == "trained"])), "accuracy")
    assert len(figure.legends[0].get_texts()) == 3


def test_what_cannot_be_drawn_is_refused():
    points = list(points_of(table()))
    with pytest.raises(UserError, match="there is no point to draw"):
        draw_predicts([], "accuracy")
    many = [UsePoint("p", f"f{k}", "m", "0", "trained", 0.0, 0.0) for k in range(MOST + 1)]
    with pytest.raises(UserError, match=f"{MOST + 1} families cannot be told apart"):
        draw_predicts(many, "accuracy")
    with pytest.raises(UserError, match="units or notes of spelling, and panels articulatory, ph"):
        draw_predicts(points, "accuracy", notes={"spelling": "r = 0"})
    with pytest.raises(UserError, match="no column phonetic; needed family, model, layer"):
        list(points_of(table().drop(columns="phonetic")))
