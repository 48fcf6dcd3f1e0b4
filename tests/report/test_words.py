"""Verdict, limits and origin in words follow the numbers that they are about."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from grounding.figures.numbers import number
from grounding.report.limits import FEW_MODELS, limits
from grounding.report.origin import command, model_rows, origin_rows, set_rows, timing_rows
from grounding.report.verdict import failed_controls, verdict_sentences


def moved(result, name, low, high):
    """Return the result with one estimate of the dissociation set to an interval."""
    changed = tuple(
        replace(e, value=(low + high) / 2, low=low, high=high) if e.name == name else e
        for e in result.dissociation
    )
    return replace(result, dissociation=changed)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.1, 0.2, "its 95% interval lies above 0."),
        (-0.2, -0.1, "its 95% interval lies below 0."),
        (-0.1, 0.1, "its 95% interval holds 0."),
        (0.0, 0.1, "its 95% interval holds 0."),
    ],
)
def test_the_dissociation_is_told_by_where_its_interval_lies(low, high, words, results):
    first, _ = verdict_sentences(moved(results["whole"], "double dissociation", low, high))
    assert first.endswith(words)
    assert f"is {number((low + high) / 2)} [{number(low)}, {number(high)}]" in first


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.1, 0.2, "the vocal tract more than models"),
        (-0.2, -0.1, "the vocal tract less than models"),
        (-0.1, 0.1, "the vocal tract neither clearly more nor clearly less than models"),
    ],
)
def test_a_difference_is_told_only_where_its_interval_is_clear(low, high, words, results):
    first, _ = verdict_sentences(moved(results["whole"], "speech minus text on physics", low, high))
    assert words in first


def test_no_dissociation_is_told_with_its_reason(results):
    first, _ = verdict_sentences(results["toy"])
    assert first == (
        "No double dissociation could be estimated: physics: 6 transcripts; an interval needs 20."
    )


def test_outcomes_are_counted_and_named(results):
    _, second = verdict_sentences(results["whole"])
    assert second == (
        "Of four claims, three are supported (C1, C4 and C6), none is refuted and one is "
        "undecided (C7)."
    )
    whole = results["whole"]
    refuted = replace(whole, claims=(replace(whole.claims[0], outcome="refuted"),))
    assert verdict_sentences(refuted)[1] == (
        "Of one claim, none is supported, one is refuted (C1) and none is undecided."
    )
    many = replace(whole, claims=whole.claims * 3)
    assert verdict_sentences(many)[1].startswith("Of 12 claims, nine are supported")
    assert verdict_sentences(replace(whole, claims=()))[1] == "No claim was asked."


def test_a_control_that_passed_is_no_limit_and_one_that_failed_comes_first(results):
    whole = results["whole"]
    assert failed_controls(whole) == ()
    claims = tuple(
        replace(c, checks=tuple(replace(check, passed=False) for check in c.checks))
        for c in whole.claims
    )
    failed = replace(whole, claims=claims)
    assert [words.rpartition("(carried by ")[2] for words in failed_controls(failed)] == [
        "C1, C4 and C7)",
        "C1 and C4)",
        "C6)",
    ]
    assert next(limits(failed)).startswith("A control failed")


def test_a_default_run_says_what_it_left_out(results):
    said = " ".join(limits(results["whole"]))
    for words in (
        "On vocal-tract-words, whisper-tiny.en and whisper-base heard a window of 5 s, shorter",
        "vocal-tract-words: 620 of 980 stimuli were scored (two realisations a word)",
        "2 speech models (whisper-base and whisper-tiny.en) and 2 text models",
        "rests on 3 seeds a model",
        "C7 is undecided: ",
        "vocal-tract simulator",
        "not that the model uses it",
    ):
        assert words in said


def test_a_full_run_does_not_claim_to_have_left_anything_out(results):
    said = " ".join(limits(results["one-modality"]))
    for words in ("shorter", "were scored", "simulator", "No random-weight control"):
        assert words not in said
    assert "1 speech model (whisper-tiny.en) and 0 text models" in said
    assert "rests on 1 seed a model" in said


def test_models_without_a_random_control_are_named(results):
    whole = results["whole"]
    without = replace(whole, scores=tuple(s for s in whole.scores if not s.random))
    assert any(
        words.startswith("No random-weight control was run for SmolLM2-135M")
        for words in limits(without)
    )


def test_many_models_are_no_limit(results):
    whole = results["whole"]
    trained = [s for s in whole.scores if s.trained]
    many = tuple(replace(s, model=f"{s.model}-{i}") for s in trained for i in range(FEW_MODELS))
    assert not any("would show for these models" in w for w in limits(replace(whole, scores=many)))


def test_a_run_that_scored_nothing_says_so(results):
    assert "No model was scored, so nothing is said of any." in list(limits(results["toy"]))


def test_the_command_is_one_that_the_run_command_reads(results):
    seen = {}
    app = typer.Typer()

    @app.command()
    def run(stimuli: str, models: str, claims: str, seed: int, full: bool = False):
        seen.update(stimuli=stimuli, models=models, claims=claims, seed=seed, full=full)

    words = shlex.split(command(results["one-modality"]))
    assert words[:2] == ["grounding", "run"]
    values = [w for w in words[2:] if not w.startswith("--")]
    done = CliRunner().invoke(app, [*values, "--full"])
    assert done.exit_code == 0
    assert seen == {
        "stimuli": "mine",
        "models": "whisper-tiny.en,whisper-base,all-MiniLM-L6-v2,SmolLM2-135M",
        "claims": "C1,C4,C6,C7",
        "seed": 0,
        "full": True,
    }
    assert "--full" not in command(results["whole"])


def test_origin_names_commit_seed_packages_models_and_timings(results):
    whole = results["whole"]
    found = dict(origin_rows(whole))
    assert found["commit"].endswith("cdef01234567, with uncommitted changes")
    assert found["seed"] == "0"
    assert found["packages"] == "torch 2.13.0, numpy 2.4.6"
    assert "full no" in found["settings"]
    clean = replace(whole, provenance={**whole.provenance, "dirty": False})
    assert "uncommitted" not in dict(origin_rows(clean))["commit"]
    rows = list(model_rows(whole))
    assert len(rows) == 16  # models of both sets, each once
    assert rows[0]["revision"] == "ef" * 8
    assert [row["window"] for row in set_rows(whole)] == ["5 s", "10 s"]
    assert [row["window"] for row in set_rows(results["one-modality"])] == ["the models' own"]
    assert ("vocal-tract-words", "physics", "12.5") in list(timing_rows(whole))
