"""The main job, end to end, on toy stimuli and encoders without weights."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from grounding.claims.memo import Memo
from grounding.errors import UserError


def test_a_result_folder_is_whole(toy_result):
    names = {path.name for path in toy_result.iterdir()}
    assert names == {
        "verdict.json",
        "scores.csv",
        "provenance.json",
        "panels.json",
        "figures",
        "report.html",
    }


def test_one_seed_gives_the_same_bytes_with_and_without_the_cache(run_toy, toy_result, tmp_path):
    run_toy(tmp_path / "cold", cache=tmp_path / "cache")
    run_toy(tmp_path / "warm", cache=tmp_path / "cache")
    for name in ("verdict.json", "scores.csv", "panels.json"):
        expected = (toy_result / name).read_bytes()
        assert (tmp_path / "cold" / name).read_bytes() == expected
        assert (tmp_path / "warm" / name).read_bytes() == expected


def test_another_seed_gives_other_intervals(run_toy, toy_result, tmp_path):
    run_toy(tmp_path / "other", seed=1)
    assert (tmp_path / "other/scores.csv").read_bytes() != (toy_result / "scores.csv").read_bytes()


def test_a_killed_run_leaves_nothing_half_written_and_goes_on(
    run_toy, toy_result, tmp_path, monkeypatch
):
    calls = []
    recall = Memo.recall

    def killed(self, name, key, compute):
        calls.append(name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return recall(self, name, key, compute)

    monkeypatch.setattr(Memo, "recall", killed)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run_toy(out, cache=tmp_path / "cache")
    assert not out.exists()
    monkeypatch.undo()
    extracted = []
    run_toy(out, cache=tmp_path / "cache", report=lambda what, *_: extracted.append(what))
    assert (out / "verdict.json").read_bytes() == (toy_result / "verdict.json").read_bytes()
    assert "set: tract-within: bootstrap" in extracted
    assert "set: physics: bootstrap" not in extracted  # finished before the kill, found again


def test_a_result_is_never_overwritten(run_toy, toy_result):
    before = (toy_result / "verdict.json").read_bytes()
    with pytest.raises(UserError, match="never overwritten"):
        run_toy(toy_result)
    assert (toy_result / "verdict.json").read_bytes() == before


def test_every_claim_has_a_row_with_rule_reason_and_controls(toy_result):
    verdict = json.loads((toy_result / "verdict.json").read_text())
    rows = {row["claim"]: row for row in verdict["claims"]}
    assert list(rows) == ["C1", "C4", "C6", "C7"]
    for row in rows.values():
        assert row["outcome"] in {"supported", "refuted", "undecided"}
        assert row["rule"]["sentence"] and row["reason"]
    assert {check["name"] for check in rows["C1"]["checks"]} == {
        "noise encoder reaches nothing",
        "oracle encoder reaches the transcript ceiling",
    }
    assert all(check["passed"] for check in rows["C1"]["checks"])
    assert rows["C6"]["outcome"] == "undecided"  # the toy set has no relations
    assert "wordnet" in rows["C6"]["reason"]


def test_text_scores_exactly_nothing_within_a_transcript_and_hearing_scores(toy_result):
    scores = pd.read_csv(toy_result / "scores.csv", keep_default_na=False)
    within = scores[(scores.assay == "tract-within") & scores.quantity.str.contains("held out")]
    text = within[within.modality == "text"]
    assert (text.value == 0.0).all()
    assert (text.low.astype(float) == 0.0).all() and (text.high.astype(float) == 0.0).all()
    assert within[within.model == "oracle"].value.item() > 0.5


def test_every_held_out_number_has_its_interval_n_and_selection(toy_result):
    scores = pd.read_csv(toy_result / "scores.csv", keep_default_na=False)
    held = scores[scores.quantity == "agreement, layer held out"]
    assert len(held)
    for column in ("low", "high", "level", "layer", "selection", "space", "measure", "stimuli"):
        assert (held[column].astype(str) != "").all(), column
    assert (held.n_stimuli == 90).all() and (held.n_groups == 30).all()
    assert (held.low.astype(float) <= held.value).all()
    assert (held.value <= held.high.astype(float)).all()


def test_provenance_names_what_made_the_numbers(toy_result):
    origin = json.loads((toy_result / "provenance.json").read_text())
    assert origin["seed"] == 0
    (stimuli,) = origin["stimuli"]
    assert len(stimuli["digest"]) == 64
    assert origin["packages"]["numpy"] == np.__version__
    models = origin["models"]["set"]
    assert {"toy (trained)", "toy (random-1)"} <= {m["asked"]["key"] for m in models}
    assert all(model["revision"] for model in models)


@pytest.mark.parametrize(
    ("models", "match"),
    [
        (("toy", "toy"), "named twice"),
        ((), "no model is named"),
        (("noise",), "is a control that is in every run"),
        (("whisper-tinny",), "Did you mean 'whisper-tiny.en'"),
    ],
)
def test_a_wrong_list_of_models_is_refused_before_any_work(run_toy, tmp_path, models, match):
    with pytest.raises(UserError, match=match):
        run_toy(tmp_path / "out", models=models)
    assert not (tmp_path / "out").exists()


def test_a_stimulus_set_that_is_broken_is_refused_before_any_work(
    toy_folder, tmp_path, monkeypatch
):
    from grounding.claims.run import run
    from grounding.claims.settings import Settings

    broken = tmp_path / "broken"
    shutil.copytree(toy_folder, broken)
    audio = next((broken / "audio").iterdir())
    audio.write_bytes(audio.read_bytes()[:200])
    with pytest.raises(UserError, match=r"manifest\.jsonl:\d+"):
        run(
            [str(broken)],
            ("toy",),
            ("C1",),
            tmp_path / "out",
            settings=Settings(),
            cache=tmp_path / "cache",
            report=lambda *_: None,
        )
    assert not (tmp_path / "out").exists() and not (tmp_path / "cache").exists()
