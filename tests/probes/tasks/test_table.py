"""Every task of the table runs on what it says, in its range; scores know where they come from."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.errors import StimulusMismatch, UnknownName, UserError
from grounding.probes.tasks import TASKS, Features, TaskScore, phone_recognition, run_task
from grounding.probes.tasks.record import balance
from grounding.stimuli import shipped_sets
from grounding.stimuli.toy import write_toy_set


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"word-order"}))
def test_every_task_gives_a_score_in_its_range(name, said, planted, rng):
    stimuli = said(12, languages=("de", "it"))
    task = TASKS[name]
    score = task.run(planted(stimuli, lambda s: s.transcript, noise=1.0), stimuli, rng)
    assert task.name == name == score.task and task.unit == score.unit and task.says.endswith("?")
    assert task.least <= score.value <= task.best and task.least <= score.chance < task.best
    assert score.encoder == "made-up" and score.layer == "layer-1" and score.split


def test_every_task_names_shipped_sets():
    known = set(shipped_sets())
    for task in TASKS.values():
        assert task.sets and set(task.sets) <= known
    assert TASKS["word-order"].unit == "accuracy of a choice of two"


def test_layers_are_scored_on_the_same_items(tmp_path):
    toys = write_toy_set(tmp_path / "toys", words=8, realisations=3, rng=np.random.default_rng(0))
    seen = []
    scores = run_task(
        "query-by-example",
        load_encoder("toy"),
        toys,
        layers=["embedding", "layer-2"],
        store=tmp_path / "store",
        rng=np.random.default_rng(0),
        progress=lambda *at: seen.append(at),
    )
    assert [score.layer for score in scores] == ["embedding", "layer-2"]
    assert scores[0].ids == scores[1].ids and seen == [(1, 2), (2, 2)]
    assert scores[0].value > scores[0].chance
    with pytest.raises(UnknownName, match=r"unknown task 'word-idea'. Did you mean 'word-"):
        run_task("word-idea", load_encoder("toy"), toys, store=tmp_path, rng=None)


def score(marks, weights, groups):
    ids = tuple(str(k) for k in range(len(marks)))
    return TaskScore(
        "task", "accuracy", 0.5, "words", "toy", "layer-1", ids, marks, weights, groups
    )


def test_samples_draw_whole_groups():
    rng = np.random.default_rng(0)
    marks, weights = rng.random(60), rng.uniform(0.5, 2.0, size=60)
    groups = tuple(f"{k:02}" for k in np.repeat(np.arange(20), 3))
    found = score(marks, weights, groups)
    assert found.value == pytest.approx((marks * weights).sum() / weights.sum())
    samples = found.sampled(50, np.random.default_rng(7)).samples
    drawn = np.random.default_rng(7).multinomial(20, np.full(20, 0.05), size=50)
    copies = np.repeat(drawn, 3, axis=1)
    slow = [np.average(marks, weights=weights * one) for one in copies]
    np.testing.assert_allclose(samples, slow)


def test_scores_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="2 items with 2 marks, 1 weights and 2 groups"):
        score(np.ones(2), np.ones(1), ("a", "b"))
    with pytest.raises(UserError, match="needed finite marks and weights above 0"):
        score(np.ones(2), np.array([1.0, 0.0]), ("a", "b"))


def test_balanced_weights_give_balanced_accuracy():
    from sklearn.metrics import balanced_accuracy_score

    rng = np.random.default_rng(0)
    truth = rng.choice(["a", "b", "c"], p=[0.7, 0.2, 0.1], size=80)
    answer = rng.choice(["a", "b", "c"], size=80)
    found = np.average(truth == answer, weights=balance(truth))
    assert found == pytest.approx(balanced_accuracy_score(truth, answer))


def test_features_that_do_not_fit_are_refused(said):
    with pytest.raises(UserError, match=r"have the widths \[\(2,\), \(3,\)\]"):
        Features({"a": np.ones((1, 2)), "b": np.ones((1, 3))}, "toy", "layer-1")
    for broken in (np.ones((0, 2)), np.array([[np.nan, 1.0]])):
        with pytest.raises(UserError, match=r"'a' .* needed one finite step or more"):
            Features({"a": broken}, "toy", "layer-1")
    with pytest.raises(StimulusMismatch, match=r"no features of stimulus 'en-.*' \(8 of 8"):
        Features({"a": np.ones((1, 2))}, "toy", "layer-1").mean(said(2))


def test_torch_is_imported_by_nothing_but_a_function():
    folder = Path(phone_recognition.__file__).parent
    for path in folder.glob("*.py"):
        top = [node for node in ast.parse(path.read_text()).body if "torch" in ast.dump(node)]
        assert not [node for node in top if isinstance(node, ast.Import | ast.ImportFrom)]
