"""The command line: exit status, one sentence for bad input, and nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from grounding.stimuli import write_manifest

RATE = 16_000


def grounding(*arguments, cwd, cache):
    environment = {**os.environ, "GROUNDING_CACHE": str(cache)}
    return subprocess.run(
        [sys.executable, "-m", "grounding", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        check=False,
    )


@pytest.fixture
def recordings(tmp_path):
    """Six recordings that the project never saw: made here, of no shipped set."""
    folder = tmp_path / "mine"
    folder.mkdir()
    rng = np.random.default_rng(5)
    records = []
    for i, word in enumerate(("one", "two", "three", "four", "five", "six")):
        time = np.arange(RATE // 2) / RATE
        sound = np.sin(2 * np.pi * (150 + 40 * i) * time) + 0.1 * rng.standard_normal(len(time))
        soundfile.write(folder / f"{word}.wav", (0.2 * sound).astype(np.float32), RATE)
        record = {"id": word, "transcript": word, "language": "en"}
        records.append({**record, "audio": f"{word}.wav", "rate": RATE})
    write_manifest(folder, records)
    return folder


def test_six_recordings_run_through(recordings, tmp_path):
    run = grounding(
        *("run", "--stimuli", recordings, "--models", "toy", "--out", "out"),
        cwd=tmp_path,
        cache=tmp_path / "cache",
    )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    verdict = json.loads((tmp_path / "out/verdict.json").read_text())
    assert {row["outcome"] for row in verdict["claims"]} == {"undecided"}
    assert all(row["reason"] for row in verdict["claims"])
    assert "report.html" in run.stdout and (tmp_path / "out/report.html").is_file()
    # Too few for a claim, but every layer's plain agreement with what the set has is there.
    scores = (tmp_path / "out/scores.csv").read_text()
    assert "log-mel" in scores and "spelling" in scores


def break_line(text, change):
    lines = text.splitlines()
    lines[2] = change(lines[2])
    return "\n".join(lines) + "\n"


def edited(**fields):
    def change(line):
        record = {**json.loads(line), **fields}
        return json.dumps({k: v for k, v in record.items() if v is not None})

    return change


BROKEN = {
    "no JSON": (lambda line: line[:-4], "manifest.jsonl:3"),
    "unknown field": (edited(colour="red"), "colour"),
    "missing field": (edited(language=None), "language"),
    "duplicate id": (edited(id="one"), "one"),
    "empty transcript": (edited(transcript=""), "transcript"),
    "audio missing": (edited(audio="gone.wav"), "gone.wav"),
    "path that leaves the folder": (edited(audio="../mine/three.wav"), "folder"),
    "another rate": (edited(rate=8000), "8000"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_manifest_is_one_sentence_and_status_2(recordings, tmp_path, fault):
    change, found = BROKEN[fault]
    manifest = recordings / "manifest.jsonl"
    manifest.write_text(break_line(manifest.read_text(), change))
    refused(recordings, tmp_path, "manifest.jsonl:3", found)


@pytest.mark.parametrize("fault", ["empty", "truncated", "not finite", "stereo"])
def test_broken_audio_is_one_sentence_and_status_2(recordings, tmp_path, fault):
    path = recordings / "three.wav"
    values, rate = soundfile.read(path, dtype="float32")
    if fault == "empty":
        path.write_bytes(b"")
    elif fault == "truncated":
        path.write_bytes(path.read_bytes()[:-2000])
    elif fault == "not finite":
        soundfile.write(path, np.where(np.arange(len(values)) == 9, np.nan, values), rate, "FLOAT")
    else:
        soundfile.write(path, np.stack([values, values], 1), rate)
    refused(recordings, tmp_path, "manifest.jsonl:3", "three.wav")


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--models", "whisper-tinny"), "whisper-tiny.en"),
        (("--models", "toy", "--claims", "C9"), "unknown claim 'C9'"),
        (("--models", "toy", "--stimuli", "no-such-set"), "no-such-set"),
        (("--models", "toy", "--seed", "-1"), "seed"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_status_2(recordings, tmp_path, options, found):
    refused(recordings, tmp_path, found, options=options)


def refused(folder, tmp_path, *found, options=("--models", "toy")):
    if "--stimuli" not in options:
        options = ("--stimuli", folder, *options)
    run = grounding("run", *options, "--out", "out", cwd=tmp_path, cache=tmp_path / "cache")
    assert run.returncode == 2, (run.returncode, run.stderr)
    assert "Traceback" not in run.stderr
    message = run.stderr.strip()
    for part in found:
        assert part in message, message
    assert not (tmp_path / "out").exists() and not (tmp_path / "cache").exists()
    assert run.stdout == ""


def test_a_result_in_the_way_is_status_2(recordings, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/verdict.json").write_text("{}")
    run = grounding(
        *("run", "--stimuli", recordings, "--models", "toy", "--out", "out"),
        cwd=tmp_path,
        cache=tmp_path / "cache",
    )
    assert run.returncode == 2 and "never overwritten" in run.stderr
    assert (tmp_path / "out/verdict.json").read_text() == "{}"


def test_rsa_and_extract_print_every_layer(recordings, tmp_path):
    shared = ("--stimuli", recordings, "--models", "toy", "--pooling", "mean")
    cache = tmp_path / "cache"
    run = grounding("extract", *shared, cwd=tmp_path, cache=cache)
    assert run.returncode == 0 and "toy" in run.stdout
    choices = ("--space", "log-mel", "--measure", "spearman", "--metric", "correlation")
    run = grounding("rsa", *shared, *choices, "--resamples", 40, cwd=tmp_path, cache=cache)
    assert run.returncode == 0, run.stderr
    assert "embedding" in run.stdout and "layer-2" in run.stdout


def test_models_are_listed(tmp_path):
    run = grounding("models", cwd=tmp_path, cache=tmp_path)
    assert run.returncode == 0
    assert "whisper-tiny.en" in run.stdout and "SmolLM2-135M" in run.stdout


def test_bench_times_a_row_and_calibrates_a_row(tmp_path):
    quick = grounding("bench", "--only", "no such work", cwd=tmp_path, cache=tmp_path)
    assert quick.returncode == 2
    assert "no row's name holds 'no such work'" in quick.stderr
    rates = grounding(
        *("bench", "--calibration", "--only", "pairs within groups", "--simulations", 4),
        cwd=tmp_path,
        cache=tmp_path,
    )
    assert rates.returncode == 0, rates.stderr
    assert "permutation, pairs within groups" in rates.stdout
    assert "false positives" in rates.stdout
