"""What is plotted equals what `scores.csv` and `verdict.json` hold, number for number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from grounding.figures import FIGURES
from grounding.figures.scores import EVERY_LAYER, HELD_OUT

WORDS = "vocal-tract-words"
LAYERS = {"layers-physics": "physics", "layers-ceiling": "tract-between"}
LAYERS |= {"layers-relations": "relations"}


def drawn(result, name, stimuli=WORDS, **options):
    return FIGURES[name].draw(result, stimuli, **options)


def outline(band):
    """Return the lowest and highest height of a filled band at each of its places."""
    corners = band.get_paths()[0].vertices
    places = np.unique(corners[:, 0])
    heights = [corners[corners[:, 0] == place, 1] for place in places]
    return [h.min() for h in heights], [h.max() for h in heights]


@pytest.mark.parametrize("name", LAYERS)
def test_curves_bands_and_floor_are_those_of_the_scores(name, whole, by_gid):
    figure = drawn(whole, name)
    rows = whole.rows(WORDS, LAYERS[name], EVERY_LAYER)
    models = dict.fromkeys(row.model for row in rows if row.trained)
    assert len(models) == 4
    for model in models:
        trained = [row for row in rows if row.trained and row.model == model]
        (line,) = by_gid(figure, f"trained {model}")
        assert list(line.get_ydata()) == [row.value for row in trained]
        assert list(line.get_xdata()) == list(range(len(trained)))
        (band,) = by_gid(figure, f"band {model}")
        low, high = outline(band)
        np.testing.assert_array_equal(low, [row.low for row in trained])
        np.testing.assert_array_equal(high, [row.high for row in trained])
        seeds = [
            [row.value for row in rows if row.model == model and row.weights == f"random-{seed}"]
            for seed in range(3)
        ]
        for seed, values in enumerate(seeds):
            (line,) = by_gid(figure, f"random-{seed} {model}")
            assert list(line.get_ydata()) == values
        (floor,) = by_gid(figure, f"floor {model}")
        low, high = outline(floor)
        np.testing.assert_array_equal(low, np.min(seeds, axis=0))
        np.testing.assert_array_equal(high, np.max(seeds, axis=0))


def test_the_layers_that_folds_chose_are_marked(whole, by_gid):
    figure = drawn(whole, "layers-physics")
    for row in whole.rows(WORDS, "physics", HELD_OUT):
        if row.trained:
            (marks,) = by_gid(figure, f"chosen {row.model}")
            names = [
                r.layer
                for r in whole.rows(WORDS, "physics", EVERY_LAYER)
                if r.trained and r.model == row.model
            ]
            assert {names[int(x)] for x in marks.get_xdata()} == set(row.layer.split("|"))


def test_ceiling_and_phone_string_are_drawn_where_they_were_scored(whole, by_gid):
    figure = drawn(whole, "layers-ceiling")
    for name in ("transcript ceiling", "transcript ceiling, nothing left out", "phone string"):
        (row,) = [r for r in whole.rows(WORDS, "tract-between", HELD_OUT) if r.model == name]
        lines, spans = by_gid(figure, name), by_gid(figure, f"{name} interval")
        assert len(lines) == len(spans) == 4
        assert all(list(line.get_ydata()) == [row.value] * 2 for line in lines)
        assert all(span.get_y() == row.low for span in spans)
        assert all(span.get_y() + span.get_height() == pytest.approx(row.high) for span in spans)
    assert by_gid(drawn(whole, "layers-physics"), "transcript ceiling") == []


def test_layers_share_one_scale(whole):
    limits = {axes.get_ylim() for axes in drawn(whole, "layers-physics").axes}
    assert len(limits) == 1


def test_every_model_is_a_point_with_its_two_intervals(whole, by_gid):
    figure = drawn(whole, "plane")
    relational = {(r.model, r.weights): r for r in whole.rows(WORDS, "relations", HELD_OUT)}
    physical = whole.rows(WORDS, "physics", HELD_OUT)
    assert len(physical) == 4 * 4 + 2
    for row in physical:
        other = relational[row.model, row.weights]
        gid = f"{row.role} {row.model} {row.weights}".strip()
        (point,) = by_gid(figure, gid)
        assert list(point.get_xdata()) == [row.value]
        assert list(point.get_ydata()) == [other.value]
        (across,) = by_gid(figure, f"{gid} physical interval")
        assert list(across.get_xdata()) == [row.low, row.high]
        assert list(across.get_ydata()) == [other.value] * 2
        (upright,) = by_gid(figure, f"{gid} relational interval")
        assert list(upright.get_ydata()) == [other.low, other.high]
        hollow = point.get_markerfacecolor() != point.get_color()
        assert hollow == (row.weights != "trained")


def test_modalities_differ_in_shape_as_well_as_colour(whole, by_gid):
    figure = drawn(whole, "plane")
    (speech,) = by_gid(figure, "model whisper-base trained")
    (text,) = by_gid(figure, "model SmolLM2-135M trained")
    (control,) = by_gid(figure, "control oracle")
    assert len({a.get_marker() for a in (speech, text, control)}) == 3
    assert len({a.get_color() for a in (speech, text, control)}) == 3


def test_between_and_within_are_those_of_the_scores(whole, by_gid):
    figure = drawn(whole, "between-within")
    for assay in ("tract-between", "tract-within", "tract-within-beyond-sound"):
        rows = whole.rows(WORDS, assay, HELD_OUT)
        assert rows
        for row in rows:
            if row.model.startswith("transcript ceiling"):
                (line,) = by_gid(figure, row.model)
                assert list(line.get_xdata()) == [row.value] * 2
                (span,) = by_gid(figure, f"{row.model} interval")
                assert span.get_x() == row.low
                assert span.get_x() + span.get_width() == pytest.approx(row.high)
                continue
            gid = f"{assay} {row.model} {row.weights}".strip()
            (point,) = by_gid(figure, gid)
            assert list(point.get_xdata()) == [row.value]
            (bar,) = by_gid(figure, f"{gid} interval")
            assert list(bar.get_xdata()) == [row.low, row.high]


def test_lines_of_one_model_are_at_one_height_in_every_panel(whole, by_gid):
    figure = drawn(whole, "between-within")
    heights = {
        by_gid(figure, f"{assay} whisper-base trained")[0].get_ydata()[0]
        for assay in ("tract-between", "tract-within")
    }
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [labels[int(height)] for height in heights] == ["whisper-base"]


def test_the_forest_is_that_of_the_verdict(whole, by_gid):
    figure = drawn(whole, "forest")
    named = [(c.name, e) for c in whole.claims for e in c.estimates]
    named += [("all models", e) for e in whole.dissociation]
    for owner, estimate in named:
        (point,) = by_gid(figure, f"{owner}: {estimate.name}")
        assert list(point.get_xdata()) == [estimate.value]
        (bar,) = by_gid(figure, f"{owner}: {estimate.name} interval")
        assert list(bar.get_xdata()) == [estimate.low, estimate.high]
    bounds = [c for claim in whole.claims for c in claim.criteria]
    assert len(bounds) == 8
    for criterion in bounds:
        (tick,) = by_gid(figure, f"bound {criterion.estimate}")
        assert list(tick.get_xdata()) == [criterion.bound] * 2


def test_outcomes_are_told_by_word_as_well_as_colour(whole):
    figure = drawn(whole, "forest")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    for claim in whole.claims:
        assert f"{claim.name}: {claim.outcome}" in labels


@pytest.mark.parametrize("stimuli", [WORDS, "spoken-prompts"])
def test_panels_show_their_ranks_with_the_diagonal_left_out(stimuli, whole, by_gid):
    figure = drawn(whole, "rdms", stimuli)
    for panel in whole.panels[stimuli].panels:
        (image,) = by_gid(figure, panel.title)
        shown = image.get_array()
        apart = ~np.eye(len(shown), dtype=bool)
        np.testing.assert_array_equal(shown[apart], squareform(panel.ranks)[apart])
        assert np.ma.getmaskarray(shown).diagonal().all()
        assert image.get_clim() == (0, 1)


def test_too_many_categories_are_not_named(whole):
    panels = whole.panels[WORDS]
    many = replace(panels, categories=tuple(f"c{i:02}" for i in range(len(panels.ids))))
    crowded = replace(whole, panels={WORDS: many})
    assert [a.get_yticks(minor=True).size for a in drawn(crowded, "rdms").axes[:1]] == [0]
    assert "40 are too many to be named" in FIGURES["rdms"].caption(crowded, WORDS)
    assert drawn(whole, "rdms").axes[0].get_yticks(minor=True).size == 5


def test_a_single_seed_is_a_line_and_no_band(results, by_gid):
    figure = drawn(results["one-modality"], "layers-physics", "mine")
    assert len(by_gid(figure, "random-0 whisper-tiny.en")) == 1
    assert by_gid(figure, "floor whisper-tiny.en") == []


def test_a_curve_without_intervals_says_so(whole, by_gid):
    bare = replace(whole, scores=tuple(replace(s, low=None, high=None) for s in whole.scores))
    for name in FIGURES:
        if not FIGURES[name].missing(bare, WORDS):
            drawn(bare, name)
    assert by_gid(drawn(bare, "layers-physics"), "band whisper-base") == []
    assert "Layers have no interval here" in FIGURES["layers-physics"].caption(bare, WORDS)


def test_the_overview_is_that_of_the_scores(whole, by_gid):
    figure = drawn(whole, "overview")
    rows = [row for row in whole.rows(WORDS, "overview", EVERY_LAYER) if row.trained]
    spaces = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert spaces == list(dict.fromkeys(row.space for row in rows))
    scales = set()
    for model in dict.fromkeys(row.model for row in rows):
        (image,) = by_gid(figure, model)
        own = [row for row in rows if row.model == model]
        layers = list(dict.fromkeys(row.layer for row in own))
        shown = image.get_array()
        assert shown.shape == (len(spaces), len(layers))
        for row in own:
            assert shown[spaces.index(row.space), layers.index(row.layer)] == row.value
        scales.add(image.get_clim())
    (scale,) = scales
    assert -scale[0] == scale[1] == max(abs(row.value) for row in rows)
