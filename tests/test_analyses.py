"""Every script of `analyses/` runs end to end on toy data."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

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


@pytest.fixture(scope="module")
def grid_folder(toy_folder, tmp_path_factory):
    """Return the toy set as a grid of vowels: the mean formants of a word are its place."""
    folder = tmp_path_factory.mktemp("grid") / "set"
    shutil.copytree(toy_folder, folder)
    stimuli, lines = read_stimuli(str(folder)), []
    manifest = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    words = list(dict.fromkeys(stimuli.transcripts))
    for stimulus, line in zip(stimuli, manifest, strict=True):
        k, record = words.index(stimulus.transcript), json.loads(line)
        first = next(s for s in stimuli if s.transcript == stimulus.transcript)
        f1, f2, _ = first.articulation["formants"].values.mean(0).tolist()
        record["speaker"] = record["realisation"]["name"]
        record["attributes"] |= {"kind": "grid", "rounding": "rounded", "row": k // 5,
                                 "column": k % 5, "bark": [f1 / 100, f2 / 200]}  # fmt: skip
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    (folder / "manifest.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def test_the_quadrilateral_is_scored_by_axis_beside_random_weights_and_spaces(
    grid_folder, tmp_path, monkeypatch, capsys
):
    script = load("vowel_quadrilateral")
    config = script.Config(
        stimuli=str(grid_folder), encoder="toy", window=None, seeds=(0, 1), splits=2, resamples=40,
        store=str(tmp_path / "store"),
    )  # fmt: skip
    rows, panels = script.run(config)
    told = {what: value for what, value, _, _ in rows}
    for axis in ("F1, height", "F2, backness"):
        floor = np.mean([told[f"{axis}: random {seed}"] for seed in (0, 1)])
        gain = told[f"{axis}: trained minus random"]
        assert gain == pytest.approx(told[f"{axis}: trained"] - floor)
    assert all(low <= high for _, _, low, high in rows)
    spaces = ("log-mel-mean", "articulation-mean")
    assert list(panels) == ["formants of the tract", "trained", "random 0", *spaces]
    assert {len(vowels) for vowels in panels.values()} == {30}
    monkeypatch.setattr(script, "run", lambda _: (rows, panels))
    script.main([str(tmp_path / "picture.png")])
    assert "F2, backness: trained minus random" in capsys.readouterr().out
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(find_spec("pocketsphinx") is None, reason="needs the extra 'alignment'")
def test_aligner_error_holds_what_was_found_against_what_is_known(tmp_path, capsys, monkeypatch):
    script = load("aligner_error")
    table = script.measured(script.Config(every=120))
    assert set(table.known) == {"requested", "acoustic", "edge"}
    assert {"aligner", "equal", "typical"} < set(table[table.known == "acoustic"].what)
    assert table.ms.abs().max() < 300
    monkeypatch.setattr(script, "measured", lambda config: table)
    script.main(["vocal-tract-words", str(tmp_path / "picture.png")])
    assert "typical, own ends" in capsys.readouterr().out
    assert (tmp_path / "picture.png").stat().st_size > 1000


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_a_script_is_short_says_how_to_run_it_and_is_tested(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    assert f"python analyses/{path.name}" in text
    tests = [one.read_text(encoding="utf-8") for one in Path(__file__).parent.glob("test_*.py")]
    assert any(f"{path.stem}" in one for one in tests)
