"""A newcomer's walk: ten recordings of her own, from a folder to a verdict."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 16_000
WORDS = ("bee", "boat", "car", "door", "egg", "fish", "goat", "house", "ink", "jam")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Ten recordings that the project never saw, each with its .txt; made here."""
    folder = tmp_path / "mine"
    folder.mkdir()
    rng = np.random.default_rng(11)
    for k, word in enumerate(WORDS):
        time = np.arange(int(RATE * (0.35 + 0.02 * k))) / RATE
        burst = rng.standard_normal(len(time)) * np.exp(-time * (20 + 8 * k))
        voice = np.sin(2 * np.pi * (110 + 6 * k) * time) * (1 - np.exp(-time * 30))
        vowel = voice + 0.5 * np.sin(2 * np.pi * (600 + 40 * k) * time)
        sound = 0.3 * vowel + 0.2 * burst
        soundfile.write(folder / f"{word}.wav", sound.astype(np.float32), RATE)
        (folder / f"{word}.txt").write_text(f"{word}\n", encoding="utf-8")
    return folder


def grounding(*arguments: str, cwd: Path) -> str:
    """Run a command as she would, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "grounding", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "GROUNDING_CACHE": str(cwd / "cache")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_ten_recordings_go_from_a_folder_to_a_verdict(mine: Path) -> None:
    home = mine.parent

    said = grounding("stimuli", "add", "mine", "--language", "en", cwd=home)
    assert said.splitlines() == [
        "read as txt: a .txt beside each recording",
        "wrote mine/manifest.jsonl: 10 stimuli",
    ]

    said = grounding("stimuli", "validate", "mine", cwd=home)
    assert said.startswith("no faults in 10 stimuli: the manifest was read")
    said = grounding("stimuli", "validate", "--audio", "mine", cwd=home)
    assert said.startswith("no faults in 10 stimuli: every recording was decoded")

    said = grounding("stimuli", "describe", "mine", "--draw", "mine.png", cwd=home)
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in said.splitlines()}
    assert rows["stimuli"] == ["10"]
    assert rows["languages"] == ["en 10"]
    assert set(rows["Spearman"]) >= {"log-mel", "mfcc", "duration", "f0", "spelling"}
    # What these recordings lack is said before she waits for a run.
    assert rows["C1"][0] == rows["C6"][0] == "no"
    assert "has no articulation (10 of 10 have none)" in rows["C1"][2]
    assert (home / "mine.png").stat().st_size > 10_000

    said = grounding(
        *("run", "--stimuli", "mine", "--models", "toy,toy-text", "--out", "result"), cwd=home
    )
    assert "Report: " in said
    verdict = json.loads((home / "result/verdict.json").read_text())
    assert verdict["stimuli"][0]["n"] == 10
    for row in verdict["claims"]:
        assert row["outcome"] == "undecided"
        assert rows[row["claim"]][0] == "no"  # as `describe` had said
    scores = (home / "result/scores.csv").read_text()
    assert "log-mel" in scores and "toy-text" in scores
    assert (home / "result/report.html").stat().st_size > 10_000

    # Nothing of hers was changed.
    assert sorted(path.name for path in mine.iterdir()) == sorted(
        [*(f"{word}{ending}" for word in WORDS for ending in (".txt", ".wav")), "manifest.jsonl"]
    )
