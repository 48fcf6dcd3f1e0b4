"""Every script of `analyses/` runs end to end on toy data."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.stimuli import read_stimuli

FOLDER = Path(__file__).parents[1] / "analyses"
SCRIPTS = sorted(FOLDER.glob("*.py"))


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def related_folder(toy_folder, tmp_path_factory):
    """Return the toy set with made-up relations between its words."""
    folder = tmp_path_factory.mktemp("related") / "set"
    shutil.copytree(toy_folder, folder)
    words = sorted(set(read_stimuli(str(folder)).transcripts))
    rng = np.random.default_rng(1)
    lines = ["transcript 1\ttranscript 2\twu-palmer"]
    lines += [f"{a}\t{b}\t{rng.random():.3f}" for a, b in combinations(words, 2)]
    (folder / "relations").mkdir()
    (folder / "relations/wordnet.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def run(name, folder, store, **choices):
    script = load(name)
    config = script.Config(stimuli=str(folder), store=str(store), resamples=40, **choices)
    return {what: (value, low, high) for what, value, low, high in script.run(config)}


def test_c1_prints_trained_random_and_their_difference(related_folder, tmp_path):
    rows = run("c1_vocal_tract", related_folder, tmp_path, encoders=("toy",), random_seeds=(0, 1))
    trained, floor, gain = (
        rows[f"toy, {what}"] for what in ("trained", "random weights", "trained minus random")
    )
    assert gain[0] == pytest.approx(trained[0] - floor[0])
    assert all(low <= value <= high for value, low, high in rows.values())


def test_c4_gives_text_exactly_nothing_within_a_transcript(related_folder, tmp_path):
    rows = run("c4_platos_cave", related_folder, tmp_path, speech=("toy",), text=("toy-text",))
    assert rows["toy-text, within"] == (0.0, 0.0, 0.0)
    assert rows["phone string, within"] == (0.0, 0.0, 0.0)
    assert rows["ceiling, between"][0] > rows["toy-text, between"][0]


def test_c6_prints_the_lead_of_text_over_speech(related_folder, tmp_path):
    rows = run("c6_langue", related_folder, tmp_path, speech=("toy",), text=("toy-text",))
    lead = rows["toy-text"][0] - rows["toy"][0]
    assert rows["text minus speech"][0] == pytest.approx(lead)


def test_c7_shares_out_the_variance_of_a_result(toy_result):
    script = load("c7_modality")
    table = script.run(script.Config(), toy_result)
    assert set(table.factor) == {"modality", "model", "training"}
    assert ((table.alone >= -1e-9) & (table.alone <= 1 + 1e-9)).all()


def test_c7_says_what_it_needs(tmp_path):
    script = load("c7_modality")
    with pytest.raises(UserError, match=r"holds no scores\.csv"):
        script.run(script.Config(), tmp_path)
    with pytest.raises(SystemExit, match="usage"):
        script.main([])


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_a_script_is_short_says_how_to_run_it_and_is_tested(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    assert f"python analyses/{path.name}" in text
    tests = [one.read_text(encoding="utf-8") for one in Path(__file__).parent.glob("test_*.py")]
    assert any(f"{path.stem}" in one for one in tests)
