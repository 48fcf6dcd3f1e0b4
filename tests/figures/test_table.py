"""Every figure of the table, in every result: drawn well, or named as missing with the reason."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import matplotlib
import pytest
from matplotlib.text import Text

from grounding.figures import DARK, DOUBLE, FIGURES, LIGHT, SINGLE, plan
from grounding.figures.missing import why
from grounding.figures.scores import EVERY_LAYER, HELD_OUT

WORDS = "vocal-tract-words"
HERE = {name: "spoken-prompts" if name == "layers-translation" else WORDS for name in FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_a_full_result_has_every_figure(name, whole):
    assert FIGURES[name].missing(whole, HERE[name]) == ""


@pytest.mark.parametrize("width", [SINGLE, DOUBLE])
@pytest.mark.parametrize("name", FIGURES)
def test_all_text_is_on_the_page_and_large_enough(name, width, results):
    for result in results.values():
        for item in plan(result):
            if item.kind.name == name and not item.missing:
                figure = item.kind.draw(result, item.stimuli, theme=LIGHT, width=width)
                check_text(figure, width)


def check_text(figure, width):
    assert figure.get_size_inches()[0] <= width
    across, up = figure.get_size_inches()
    drawn = figure.get_tightbbox()  # of all that is in the layout, in inches
    assert -0.01 <= drawn.x0 <= drawn.x1 <= across + 0.01
    assert -0.01 <= drawn.y0 <= drawn.y1 <= up + 0.01
    for axes in figure.axes:
        for text in axes.texts:  # names beside points are not in the layout
            box = text.get_window_extent()
            assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert texts
    assert min(text.get_fontsize() for text in texts) >= 5.5


@pytest.mark.parametrize("width", [SINGLE, DOUBLE])
@pytest.mark.parametrize("name", FIGURES)
def test_the_legend_covers_no_axes(name, width, whole):
    figure = FIGURES[name].draw(whole, HERE[name], theme=LIGHT, width=width)
    for legend in figure.legends:
        box = legend.get_window_extent().padded(-1)
        assert not any(box.overlaps(axes.get_tightbbox()) for axes in figure.axes)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", FIGURES)
def test_no_axes_are_empty(name, theme, results):
    for result in results.values():
        for item in plan(result):
            if item.kind.name == name and not item.missing:
                figure = item.kind.draw(result, item.stimuli, theme=theme, width=item.kind.width)
                assert figure.get_facecolor() == matplotlib.colors.to_rgba(theme.paper)
                assert figure.axes
                assert all(a.lines or a.images or a.collections for a in figure.axes)


def test_what_cannot_be_drawn_says_why(results):
    missing = {item.stem: item.missing for item in plan(results["toy"]) if item.missing}
    assert set(missing) == {
        *(f"{name}-six" for name in FIGURES if name not in ("forest", "rdms")),
        "forest",
    }
    for words in missing.values():
        free = "overview" in words  # no assay, so nothing says why
        assert ("6 transcripts; an interval needs 20" in words) != free
    missing = {item.stem: item.missing for item in plan(results["one-modality"]) if item.missing}
    assert missing["rdms-mine"] == (
        "panels.json holds no RDM for mine: it has no space and no trained model"
    )


def test_a_claim_that_was_not_asked_is_named(results):
    silent = replace(results["toy"], claims=(), missing={})
    assert FIGURES["layers-physics"].missing(silent, "six") == (
        "no trained model has a score for physics on six (C1 was not asked)"
    )
    assert FIGURES["forest"].missing(silent, "six") == "no claim was asked"


def test_the_reason_is_the_assays_own(whole):
    assert why(whole, WORDS, "C6") == ""
    assert FIGURES["layers-translation"].missing(whole, WORDS) == (
        f"no trained model has a score for translation on {WORDS} (one language)"
    )


def test_a_plane_needs_both_axes_of_one_model(whole):
    halves = replace(
        whole,
        scores=tuple(
            s
            for s in whole.scores
            if s.quantity == HELD_OUT
            and s.assay == ("physics" if s.modality == "speech" else "relations")
        ),
    )
    assert FIGURES["plane"].missing(halves, WORDS) == (
        f"no trained model has a score for both physics and relations on {WORDS}"
    )


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (lambda panels: {}, "panels.json holds nothing for vocal-tract-words"),
        (
            lambda panels: {WORDS: replace(panels[WORDS], ids=("a", "b"))},
            "holds 2 stimuli of vocal-tract-words; an RDM needs three",
        ),
    ],
)
def test_rdms_that_are_not_there_are_named(kept, words, whole):
    poor = replace(whole, panels=kept(whole.panels))
    assert words in FIGURES["rdms"].missing(poor, WORDS)


@pytest.mark.parametrize("name", [n for n in FIGURES if n not in ("rdms", "forest")])
def test_captions_state_n_level_measure_metric_pooling_selection_and_window(name, whole):
    caption = FIGURES[name].caption(whole, HERE[name])
    n = "n = 620 stimuli in " if HERE[name] == WORDS else "n = 500 stimuli in 100 groups"
    for words in (
        n,
        "No intervals" if name in ("layers-translation", "overview") else "Intervals: 95%",
        "Measure: ",
        "Metric of the models' RDMs: correlation",
        "Pooling: speech trajectory and text mean",
        "whisper-tiny.en and whisper-base heard a window of 5 s, shorter than the one",
    ):
        assert words in caption
    by_layer = name.startswith(("layers", "overview"))
    assert ("every layer on all stimuli" if by_layer else "best layer on one half") in caption


@pytest.mark.parametrize("name", ["rdms", "forest"])
def test_captions_that_mix_assays_state_pooling_metric_and_window(name, whole):
    caption = FIGURES[name].caption(whole, WORDS)
    for words in ("correlation", "speech trajectory and text mean", "a window of 5 s, shorter"):
        assert words in caption
    assert ("no interval" if name == "rdms" else "95% intervals") in caption


def test_the_faithful_window_is_stated_and_not_called_short(results):
    caption = FIGURES["plane"].caption(results["one-modality"], "mine")
    assert "whisper-tiny.en heard a window of 30 s." in caption
    assert "shorter" not in caption


def test_missing_panels_are_named_in_the_caption(results):
    caption = FIGURES["between-within"].caption(results["one-modality"], "mine")
    assert "Not drawn, no model was scored on it: within a transcript: no reader" in caption
    assert "(tract-within-beyond-sound)" in caption


def test_no_ceiling_is_named_in_the_caption(whole):
    without = replace(
        whole, scores=tuple(s for s in whole.scores if s.model != "transcript ceiling")
    )
    assert "There is no transcript ceiling" in FIGURES["between-within"].caption(without, WORDS)


def test_models_on_one_axis_only_are_named_in_the_caption(whole):
    without = replace(
        whole,
        scores=tuple(
            s for s in whole.scores if not (s.model == "oracle" and s.assay == "relations")
        ),
    )
    assert "scored on one axis only: oracle" in FIGURES["plane"].caption(without, WORDS)


def test_no_random_control_is_said(whole):
    without = replace(whole, scores=tuple(s for s in whole.scores if not s.random))
    caption = FIGURES["layers-physics"].caption(without, WORDS)
    assert "No model here has a random-weight control." in caption


@pytest.mark.parametrize("name", FIGURES)
def test_text_alternatives_name_what_is_shown(name, whole):
    words = FIGURES[name].alt(whole, HERE[name])
    shown = [c.name for c in whole.claims] if name == "forest" else ["whisper-base", "SmolLM2-135M"]
    assert all(known in words for known in shown)


def test_a_model_without_layers_has_no_curve(whole):
    flat = replace(whole, scores=tuple(s for s in whole.scores if s.quantity != EVERY_LAYER))
    assert "no trained model has a score" in FIGURES["layers-physics"].missing(flat, WORDS)


def test_drawing_leaves_no_setting_behind(whole):
    before = dict(matplotlib.rcParams)
    FIGURES["plane"].draw(whole, WORDS, theme=DARK)
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_loaded():
    code = (
        "import sys, grounding.figures, grounding.report; print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
