"""The scripts that follow twins run end to end on tiny ones: in time, by dose, by try, and against
what twins are fed."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from grounding.claims.assays import ASSAYS, Assay
from grounding.claims.numbers import GAIN
from grounding.claims.twins import told_by
from grounding.encoders import load_encoder
from grounding.encoders.families.twin_front import inputs, read_front
from grounding.encoders.twin_input import input_of
from grounding.errors import UserError
from grounding.figures.courses import KINDS, courses_of, draw_courses
from grounding.figures.scores import EVERY_LAYER, HELD_OUT
from grounding.stimuli import read_stimuli

FOLDER = Path(__file__).parents[1] / "analyses"
PHONES = Assay("phone-string", "?", "phones", (), "between", bands=True)


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def quiet(what, done, total):
    """Report nothing."""


@pytest.fixture
def choices(toy_folder, toy_cache):
    return {"stimuli": str(toy_folder), "resamples": 40, "store": str(toy_cache / "activations")}


@pytest.fixture
def course(choices):
    script = load("twin_time_course")
    assays = (ASSAYS["physics"], ASSAYS["tract-between"], PHONES, ASSAYS["relations"])
    return script, script.Config(assays=assays, band_resamples=20, **choices)


@pytest.fixture
def checkpoints(twin_folder):
    return [str(twin_folder("audio", update=update, name="course")) for update in (1500, 0, 20)]


def test_a_time_course_has_every_layer_its_floor_and_its_ceiling(
    course, checkpoints, tmp_path, capsys
):
    script, config = course
    table = script.run(config, tmp_path / "course.csv", checkpoints, quiet)
    assert "relations: no space 'wordnet'" in capsys.readouterr().err
    assert set(table.assay) == {"physics", "tract-between", "phone-string"}
    trained = table[table.weights == "trained"]
    assert sorted(set(trained["update"])) == [0, 20, 1500]
    for (assay, _), part in trained.groupby(["assay", "update"]):
        every = part[part.quantity == EVERY_LAYER]
        assert list(every.layer) == ["embedding", "layer-1", "layer-2"], assay
        (held,) = part[part.quantity == HELD_OUT].to_dict("records")
        assert held["low"] <= held["value"] <= held["high"]
        (gain,) = part[part.quantity == GAIN].value
        (floor,) = table[
            (table.assay == assay) & (table.quantity == HELD_OUT) & (table.weights == "random-0")
        ].value
        assert gain == pytest.approx(held["value"] - floor)
    # At update 0 a twin is what its seed begins from.
    begun = trained[(trained["update"] == 0) & (trained.quantity == GAIN)]
    np.testing.assert_allclose(begun[["value", "low", "high"]].astype(float), 0.0, atol=1e-6)
    ceilings = table[table.model == "transcript ceiling"]
    assert list(ceilings.assay) == ["tract-between"]


def test_a_time_course_goes_on_where_it_stopped(course, checkpoints, tmp_path, monkeypatch):
    script, config = course
    whole = script.run(config, tmp_path / "whole.csv", checkpoints, quiet)
    asked, ask = [], script.ask
    monkeypatch.setattr(
        script, "ask", lambda assay, evidence: asked.append(assay.name) or ask(assay, evidence)
    )
    path = tmp_path / "parts.csv"
    script.run(config, path, checkpoints[1:], quiet)
    assert len(asked) == 2 * 4
    again = script.run(config, path, checkpoints, quiet)
    assert len(asked) == 3 * 4  # only what was not there
    rows = [frame.sort_values([*script.KEY, "update"]) for frame in (whole, again)]
    assert rows[0].to_csv(index=False) == rows[1].to_csv(index=False)
    before = path.read_bytes()
    script.run(config, path, checkpoints, quiet)
    assert len(asked) == 3 * 4 and path.read_bytes() == before
    other = script.Config(**{**vars(config), "seed": 1})
    assert len(script.run(other, path, checkpoints[1:2], quiet)) < len(again)
    assert len(asked) == 4 * 4  # other choices are other numbers


def test_a_time_course_is_drawn(course, checkpoints, tmp_path, monkeypatch, capsys):
    script, config = course
    monkeypatch.setattr(script, "Config", lambda: config)
    script.main([str(tmp_path / "course.csv"), *checkpoints])
    assert GAIN in capsys.readouterr().out
    assert (tmp_path / "course.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(SystemExit, match="usage"):
        script.main(["x"])


def test_courses_are_those_of_the_table(course, checkpoints, tmp_path):
    script, config = course
    table = script.run(config, tmp_path / "course.csv", checkpoints, quiet)
    courses = list(courses_of(table, "update"))
    assert {one.kind for one in courses} == set(KINDS)
    (held,) = [
        o for o in courses if (o.column, o.kind) == ("physics", "layer chosen on other stimuli")
    ]
    rows = table[(table.assay == "physics") & (table.quantity == HELD_OUT)]
    rows = rows[rows.weights == "trained"].sort_values("update")
    assert list(held.x) == [0, 20, 1500] and list(held.value) == list(rows.value)
    assert list(held.low) == list(rows.low) and list(held.high) == list(rows.high)
    figure = draw_courses(courses, "updates")
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(
        dict.fromkeys(o.column for o in courses)
    )
    lines = {line.get_gid(): line for axes in figure.axes for line in axes.lines}
    drawn = lines["audio, physics: layer chosen on other stimuli"]
    assert list(drawn.get_ydata()) == list(held.value)
    floor = lines["audio, physics: random weights"]
    assert len(set(floor.get_ydata())) == 1


def test_a_folder_that_is_no_checkpoint_is_refused(course, tmp_path):
    script, config = course
    with pytest.raises(UserError, match=r"training\.json does not say update"):
        script.run(config, tmp_path / "course.csv", [str(tmp_path)], quiet)


@pytest.fixture
def doses(twin_folder):
    def make(hours, seed):
        about = {"hours": hours, "update": int(10 * hours), "pair": f"{hours:g}" * 64}
        return str(twin_folder("audio", seed, name=f"{hours:g}-{seed}", **about))

    return [make(hours, seed) for hours in (1.0, 4.0) for seed in (0, 1)]


def test_a_dose_is_the_mean_of_its_seeds_and_a_doubling_the_slope(choices, doses, tmp_path):
    script = load("twin_dose")
    config = script.Config(assays=("physics",), band_resamples=20, **choices)
    table, found = script.run(config, doses, quiet)
    values = {one.name: one for one in found}
    held = table[(table.quantity == HELD_OUT) & (table.weights == "trained")]
    means = held.groupby("hours").value.mean()
    assert values["audio, physics, 1 h, 2 seeds"].value == pytest.approx(means[1.0])
    assert values["audio, physics, 4 h, 2 seeds"].value == pytest.approx(means[4.0])
    slope = values["audio, physics, a doubling adds"]
    assert slope.value == pytest.approx((means[4.0] - means[1.0]) / 2)
    assert all(one.low <= one.high for one in found)
    with pytest.raises(UserError, match="is a second twin of its input, hours and seed"):
        script.run(config, [doses[0], doses[0]], quiet)


def test_doses_are_drawn(choices, doses, tmp_path, monkeypatch, capsys):
    script = load("twin_dose")
    config = script.Config(assays=("physics",), band_resamples=20, **choices)
    monkeypatch.setattr(script, "Config", lambda: config)
    script.main([str(tmp_path / "dose.png"), *doses[:3]])
    assert "a doubling adds" in capsys.readouterr().out
    assert (tmp_path / "dose.png").read_bytes().startswith(b"\x89PNG")


def test_doses_say_what_a_set_lacks(choices, doses):
    script = load("twin_dose")
    with pytest.raises(UserError, match="cannot answer relations: no space 'wordnet'"):
        script.run(script.Config(assays=("relations",), **choices), doses[:1], quiet)


@pytest.fixture
def tries(twin_folder, tmp_path):
    """Return the folders of two ways to train; the second has no measurement at its update."""
    config = {"units_layer": 0, "dropout": 0.1, "density": 0.08, "batch": 3072, "updates": 600}
    folders = []
    for span, logged in ((10, 600), (5, 500)):
        folder = tmp_path / f"span-{span}" / "update-000600"
        shutil.copytree(twin_folder("audio", update=span, name=f"span-{span}"), folder)
        about = json.loads((folder / "training.json").read_text("utf-8"))
        own = {**config, "units_of": "somewhere/runs/first", "span": span, "seed": 0}
        about |= {"update": 600, "config": own, "neighbours": {"loss": 3.39}}
        (folder / "training.json").write_text(json.dumps(about), "utf-8")
        rows = [{"update": 0, "held_out_loss": 4.7}, {"update": logged, "held_out_loss": 3.4}]
        rows = [{"update": 0, "loss": 4.8}, *rows]
        (folder.parent / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
        folders.append(str(folder))
    return folders


def test_tries_say_what_was_tried_and_what_it_did(choices, tries, tmp_path, monkeypatch, capsys):
    script = load("twin_tries")
    config = script.Config(**choices)
    table = script.run(config, tries, quiet)
    assert list(table.span) == [10, 5] and list(table.units_of) == ["first"] * 2
    assert table.loss[0] == 3.4 and np.isnan(table.loss[1]) and table.neighbours_loss[0] == 3.39
    np.testing.assert_allclose(table.added, table.trained - table.random)
    assert (table.low <= table.added).all() and (table.added <= table.high).all()
    assert table.trained[0] != table.trained[1]
    monkeypatch.setattr(script, "Config", lambda: config)
    script.main([str(tmp_path / "tries.csv"), tries[0]])
    assert (tmp_path / "tries.csv").read_text().startswith("input,units_of,")
    assert "somewhere" not in (tmp_path / "tries.csv").read_text() + capsys.readouterr().out
    with pytest.raises(SystemExit, match="usage"):
        script.main(["x"])


@pytest.fixture
def against(choices):
    script = load("twin_against_input")
    return script, script.Config(assays=("physics", "tract-between"), band_resamples=20, **choices)


def test_a_twin_is_held_against_its_input_and_no_training(against, twin_folder):
    script, config = against
    twins = [str(twin_folder("audio", seed)) for seed in (0, 1)]
    rows, layers = script.run(config, twins, quiet)
    values = {(assay, what): value for assay, what, value, _, _ in rows}
    for assay in config.assays:
        twin, fed, random = (
            values[assay, what] for what in ("twin", "its input", "its random weights")
        )
        assert values[assay, "twin minus its input"] == pytest.approx(twin - fed)
        assert values[assay, "twin minus its random weights"] == pytest.approx(twin - random)
    shown = [what for assay, what, *_ in layers if assay == "physics"]
    assert len(shown) == 2 * (3 + 3 + 1)
    assert sum("input of" in what for what in shown) == 2


@pytest.mark.parametrize(
    ("models", "match"),
    [
        (lambda make: ["toy"], "toy is no twin, so what it is fed is not known"),
        (lambda make: [str(make("characters"))], "needed: twins fed audio that say their pair"),
        (
            lambda make: [str(make("audio", update=u, name="course")) for u in (0, 20)],
            "needed: twins fed audio that say their pair, one of each seed",
        ),
    ],
)
def test_what_is_no_twin_that_hears_is_refused(against, twin_folder, models, match):
    script, config = against
    with pytest.raises(UserError, match=match):
        script.run(config, models(twin_folder), quiet)


def test_against_its_input_is_drawn(against, twin_folder, tmp_path, monkeypatch, capsys):
    script, config = against
    config_of = script.Config
    monkeypatch.setattr(script, "Config", lambda: config)
    script.main([str(tmp_path / "against.png"), str(twin_folder("audio"))])
    assert "twin minus its input" in capsys.readouterr().out
    assert (tmp_path / "against.png").read_bytes().startswith(b"\x89PNG")
    other = config_of(**{**vars(config), "assays": ("relations",)})
    with pytest.raises(UserError, match="cannot answer relations"):
        script.run(other, [str(twin_folder("audio"))], quiet)


@pytest.mark.parametrize("fed", ["audio", "characters", "phonemes"])
def test_the_input_of_a_twin_is_what_its_front_end_makes(fed, twin_folder, toy_folder):
    folder, stimuli = twin_folder(fed), list(read_stimuli(str(toy_folder)))[:3]
    twin = load_encoder(folder)
    found = input_of(twin)
    for stimulus, made in zip(stimuli, found.encode(stimuli), strict=True):
        np.testing.assert_array_equal(made[0], inputs(stimulus, read_front(folder)))
        assert made.shape[1] == len(found.steps(stimulus)) == twin.encode([stimulus])[0].shape[1]
    assert (found.modality, found.sees, found.layers) == (twin.modality, twin.sees, ("input",))
    assert found.encode(stimuli, ())[0].shape[0] == 0


def test_what_a_folder_does_not_say_is_asked_for(twin_folder, tmp_path):
    assert told_by(twin_folder("audio"), "input", "seed") == {"input": "audio", "seed": 0}
    with pytest.raises(UserError, match="does not say epochs"):
        told_by(twin_folder("audio"), "epochs")
