"""A result folder is read as it was written, or refused in one sentence."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, fields

import numpy as np
import pytest

from grounding.claims.record import Score as Written
from grounding.errors import UserError
from grounding.figures import read_result
from grounding.figures.scores import EVERY_LAYER, HELD_OUT, Score


def test_the_reader_knows_every_column_that_the_writer_writes():
    assert {f.name for f in fields(Score)} == {f.name for f in fields(Written)}


def test_scores_are_those_of_the_file(folders, whole):
    with (folders["whole"] / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    read = [{k: "" if v is None else str(v) for k, v in asdict(s).items()} for s in whole.scores]
    assert read == rows


def test_the_quantities_that_figures_use_are_those_that_the_writer_writes(whole):
    assert {HELD_OUT, EVERY_LAYER} <= {score.quantity for score in whole.scores}


def test_the_verdict_is_that_of_the_file(folders, whole):
    verdict = json.loads((folders["whole"] / "verdict.json").read_text())
    for claim, row in zip(whole.claims, verdict["claims"], strict=True):
        assert (claim.name, claim.outcome, claim.reason) == (
            row["claim"],
            row["outcome"],
            row["reason"],
        )
        assert [asdict(e) for e in claim.estimates] == row["estimates"]
        assert [asdict(c) for c in claim.criteria] == row["rule"]["criteria"]
        assert [asdict(c) for c in claim.checks] == row["checks"]
        assert claim.rule == row["rule"]["sentence"]
    assert [asdict(e) for e in whole.dissociation] == verdict["dissociation"]["estimates"]
    assert whole.sets == tuple(item["name"] for item in verdict["stimuli"])


def test_panels_are_those_of_the_file(folders, whole):
    found = json.loads((folders["whole"] / "panels.json").read_text())
    for name, item in found.items():
        panels = whole.panels[name]
        assert list(panels.ids) == item["ids"]
        for panel, plain in zip(panels.panels, item["panels"], strict=True):
            np.testing.assert_array_equal(panel.ranks, plain["ranks"])


def test_what_a_claim_says_of_each_set_is_found(whole):
    c1 = whole.claims[0]
    assert c1.reason_on("vocal-tract-words") == c1.reason
    assert "no stimulus has articulation" in c1.reason_on("spoken-prompts")
    assert c1.reason_on("unheard") == ""


def test_a_result_without_panels_is_read(copy):
    folder = copy()
    (folder / "panels.json").unlink()
    assert read_result(folder).panels == {}


def drop(key):
    return lambda found: found.pop(key)


def put(**items):
    return lambda found: found.update(items)


def first(part, how):
    return lambda found: how(found[part][0])


FAULTS = {
    "schema gone": (drop("schema"), "verdict.json: no 'schema'"),
    "schema of tomorrow": (put(schema=2), "schema 2, needed 1"),
    "schema no number": (put(schema="one"), "'schema' is 'one', needed a whole number"),
    "seed true": (lambda f: f["settings"].update(seed=True), "'seed' is True, needed a whole"),
    "claims no list": (put(claims={}), "'claims' is {}, needed a list"),
    "claim no object": (put(claims=[3]), "no 'claim'"),
    "outcome unknown": (first("claims", put(outcome="maybe")), "outcome 'maybe', needed one of"),
    "estimate no number": (
        lambda f: f["claims"][0]["estimates"][0].update(value="high"),
        "claim C1: 'value' is 'high', needed a number",
    ),
    "set named by a path": (first("stimuli", put(name="../up")), "'../up' is no file name"),
    "set without a name": (first("stimuli", put(name="")), "'' is no file name"),
    "dissociation gone": (drop("dissociation"), "no 'dissociation'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_verdict_that_is_not_as_written_is_refused(fault, copy, change):
    how, words = FAULTS[fault]
    folder = copy()
    change(folder / "verdict.json", how)
    with pytest.raises(UserError, match=words):
        read_result(folder)


def test_a_criterion_without_a_bound_is_refused(copy, change):
    folder = copy()
    change(
        folder / "verdict.json", lambda f: f["claims"][0]["rule"]["criteria"][0].update(above=None)
    )
    criterion = read_result(folder).claims[0].criteria[0]
    with pytest.raises(UserError, match="has no bound"):
        _ = criterion.bound


PANEL_FAULTS = {
    "a label too few": (lambda item: item["categories"].pop(), "40 ids and 39 categories"),
    "a rank too few": (lambda item: item["panels"][0]["ranks"].pop(), "779 ranks, needed one a"),
    "no title": (lambda item: item["panels"][0].pop("title"), "no 'title'"),
}


@pytest.mark.parametrize("fault", PANEL_FAULTS)
def test_panels_that_do_not_fit_are_refused(fault, copy, change):
    how, words = PANEL_FAULTS[fault]
    folder = copy()
    change(folder / "panels.json", lambda f: how(f["vocal-tract-words"]))
    with pytest.raises(UserError, match=words):
        read_result(folder)


@pytest.mark.parametrize("name", ["verdict.json", "scores.csv", "provenance.json"])
def test_a_folder_without_one_of_the_files_is_refused(name, copy):
    folder = copy()
    (folder / name).unlink()
    with pytest.raises(UserError, match=f"holds no {name}; give a folder that grounding run"):
        read_result(folder)


def test_a_path_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="is no folder"):
        read_result(tmp_path / "absent")


@pytest.mark.parametrize(
    ("text", "words"), [("{", "is not JSON"), ("[]", "holds list, needed an object")]
)
def test_a_file_that_is_no_json_object_is_refused(text, words, copy):
    folder = copy()
    (folder / "provenance.json").write_text(text)
    with pytest.raises(UserError, match=words):
        read_result(folder)


ROW_FAULTS = {
    "column gone": (lambda head, row: (head.replace("low,", ""), row), "1: no column low"),
    "value no number": (lambda h, r: (h, r.replace("0.125", "high")), "2: value is 'high'"),
    "value not finite": (lambda h, r: (h, r.replace("0.125", "nan")), "2: value is 'nan'"),
    "window no number": (lambda h, r: (h, r.replace(",5,", ",5 s,")), "2: window is '5 s'"),
    "row cut off": (lambda h, r: (h, ",".join(r.split(",")[:4])), "2: the row ends before column"),
}


@pytest.mark.parametrize("fault", ROW_FAULTS)
def test_scores_that_are_not_as_written_are_refused(fault, copy):
    folder = copy()
    names = [f.name for f in fields(Score)]
    row = dict.fromkeys(names, "") | {"value": "0.125", "n_stimuli": "3", "n_groups": "2"}
    row["window"] = "5"
    how, words = ROW_FAULTS[fault]
    head, line = how(",".join(names), ",".join(row.values()))
    (folder / "scores.csv").write_text(f"{head}\n{line}\n")
    with pytest.raises(UserError, match=words):
        read_result(folder)


def test_a_column_that_is_not_known_does_no_harm(copy):
    folder = copy()
    lines = (folder / "scores.csv").read_text().splitlines()
    more = [f"{lines[0]},later", *(f"{line},1" for line in lines[1:])]
    before = read_result(folder).scores
    (folder / "scores.csv").write_text("\n".join(more) + "\n")
    assert read_result(folder).scores == before
