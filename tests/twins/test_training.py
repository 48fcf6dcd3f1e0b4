"""Training: the same weights however it is stopped, learning where there is something to learn."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from grounding.encoders import load_encoder
from grounding.errors import UserError
from grounding.twins.batches import held_out_batches
from grounding.twins.keeping import read_log
from grounding.twins.neighbours import fit_neighbours, score_neighbours
from grounding.twins.objective import first_predictor
from grounding.twins.training import Machine, checkpoints, train

ONE = Machine(threads=1, kept=0.0)


def silent(what, done, total):
    """Report nothing."""


@pytest.fixture
def trained(arm, words, cache, tmp_path):
    """A function that trains a tiny arm into a folder of the test and returns the folder."""

    def make(name, folder, *, stop_after=None, machine=ONE, **changes):
        out = tmp_path / folder
        train(arm(name, **changes), words, out, machine, silent, stop_after=stop_after)
        return out

    return make


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", ["audio", "characters"])
def test_stopped_and_run_again_gives_the_same_bytes(trained, name):
    whole = trained(name, "whole", dropout=0.2)
    for stop in (3, 1, 5):
        trained(name, "cut", stop_after=stop, dropout=0.2)
    cut = trained(name, "cut", dropout=0.2)
    one, other = files(whole), files(cut)
    assert set(one) == set(other)
    for path in one:
        if path.name != "log.jsonl":  # holds how fast it went
            assert one[path] == other[path], path


def test_work_after_the_last_saved_state_is_done_again(trained):
    late = Machine(threads=1, kept=1e9)
    trained("audio", "lost", stop_after=5, machine=late)
    again = trained("audio", "lost", machine=late)
    assert files(again).keys() == files(trained("audio", "whole", machine=late)).keys()
    assert (again / "state.safetensors").read_bytes() == (
        trained("audio", "whole") / "state.safetensors"
    ).read_bytes()


def test_the_log_of_a_resumed_run_has_each_row_once(trained):
    trained("audio", "cut", stop_after=7)
    rows = read_log(trained("audio", "cut"), 10**9)
    whole = read_log(trained("audio", "whole"), 10**9)
    for row in (*rows, *whole):
        row.pop("speech_per_second", None)
    assert rows == whole
    assert {"loss", "gradient", "rate"} <= set(rows[1])


@pytest.mark.parametrize("seed", [0, 3])
def test_training_begins_at_the_random_weights_of_its_seed(trained, words, seed):
    folder = trained("audio", f"first-{seed}", updates=1, seed=seed) / "update-000000"
    some = words[:2]
    begun = load_encoder(str(folder)).encode(some)
    random = load_encoder(str(folder), weights="random", seed=seed).encode(some)
    other = load_encoder(str(folder), weights="random", seed=seed + 1).encode(some)
    assert all(np.array_equal(a, b) for a, b in zip(begun, random, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(begun, other, strict=True))


def test_both_sides_of_a_pair_begin_at_the_same_trunk(trained):
    one, other = (
        load_file(trained(name, name, updates=1) / "update-000000/model.safetensors")
        for name in ("audio", "characters")
    )
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_text_is_learned_beyond_its_neighbours_and_shuffled_targets_are_not(corpus, arm):
    config = arm("characters", updates=150, rate=1e-2, width=32, layers=1, density=0.04, span=4)
    text = corpus("characters")
    shuffled = replace(text, targets=np.random.default_rng(0).permutation(text.targets))
    losses = [_loss_after(config, one) for one in (text, shuffled)]
    counts = np.bincount(text.targets[text.targets >= 0])
    chance = counts[counts > 0] / counts.sum()
    entropy = -(chance * np.log(chance)).sum()
    assert losses[0] < 0.85 * entropy
    assert losses[1] > 0.95 * entropy


def _loss_after(config, corpus):
    from grounding.twins.training import _measure, _update

    predictor = first_predictor(config, corpus.classes)
    optimiser = torch.optim.AdamW(predictor.parameters(), lr=config.rate)
    for update in range(config.updates):
        _update(predictor, optimiser, corpus, config, update, ONE)
    batches = list(held_out_batches(corpus, config))
    return _measure(predictor, batches, config, ONE)["held_out_loss"]


def test_what_is_kept_says_what_made_it(trained, arm, corpus):
    out = trained("audio", "told")
    config = arm("audio")
    last = json.loads((out / "update-000012/training.json").read_text("utf-8"))
    assert last["config"] == json.loads(json.dumps(vars(config)))
    assert (last["update"], last["seed"], last["input"]) == (12, 0, "audio")
    assert last["hours"] == pytest.approx(corpus().hours, abs=1e-4)
    batches = list(held_out_batches(corpus(), config))
    assert last["neighbours"]["steps"] == sum(int(b.masked.sum()) for b in batches)
    assert sorted(p.name for p in out.glob("update-*")) == [
        f"update-{update:06}" for update in checkpoints(12)
    ]


def test_another_arm_is_not_continued_in_the_folder(trained):
    trained("audio", "own", stop_after=2)
    with pytest.raises(UserError, match="was written under another config"):
        trained("audio", "own", seed=1)


def test_a_folder_of_another_corpus_is_refused(trained, words, arm, cache, tmp_path):
    trained("audio", "own", stop_after=2)
    fewer = words.where(lambda one: not one.id.endswith("-2"))
    with pytest.raises(UserError, match="was written under another corpus"):
        train(arm("audio"), fewer, tmp_path / "own", ONE, silent)


def test_a_masked_step_is_hidden_from_the_trunk(corpus, arm):
    config = arm("characters")
    predictor = first_predictor(config, corpus("characters").classes).eval()
    batch = next(held_out_batches(corpus("characters"), config))
    inputs = batch.inputs.copy()
    inputs[batch.masked] = 7.0
    with torch.no_grad():
        told, other = predictor(batch), predictor(replace(batch, inputs=inputs))
        unmasked = batch.inputs.copy()
        unmasked[batch.real & ~batch.masked] = 7.0
        seen = predictor(replace(batch, inputs=unmasked))
    assert float(told.loss) == float(other.loss)
    assert float(told.loss) != float(seen.loss)


def test_neighbours_of_training_tell_what_is_measured(corpus, arm):
    text, config = corpus("characters"), arm("characters")
    own = [
        text.targets[text.starts[k] : text.starts[k + 1]] for k in np.flatnonzero(~text.held_out)
    ]
    batches = list(held_out_batches(text, config))
    score = score_neighbours(fit_neighbours(own, text.classes, 20, batches), batches)
    assert score.loss < np.log(text.classes)
