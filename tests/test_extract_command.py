"""`grounding extract` and `grounding prune`: what they print, store, find and free."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from grounding.activations.shards import read_shard
from grounding.activations.trials import contents
from grounding.commands.main import app
from grounding.errors import UserError
from grounding.stimuli.toy import write_toy_set


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six toy words with segments."""
    folder = tmp_path_factory.mktemp("sets") / "toys"
    write_toy_set(folder, words=6, realisations=1, rng=np.random.default_rng(0))
    manifest = folder / "manifest.jsonl"
    records = [json.loads(line) for line in manifest.read_text("utf-8").splitlines()]
    for record in records:
        record["attributes"] = {"segments": [["a", 0.0, 0.1], ["b", 0.1, 0.25]]}
    manifest.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    return folder


@pytest.fixture
def command(folder, tmp_path):
    """A function that runs the command with a store of its own and gives what it prints."""

    def run(*arguments: object, fails: bool = False) -> str:
        call = [*map(str, arguments), "--store", str(tmp_path / "store")]
        result = CliRunner().invoke(app, call, catch_exceptions=True)
        if fails:
            assert isinstance(result.exception, UserError), result.output
            return str(result.exception)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    return run


def test_each_way_of_keeping_is_a_row(command, folder):
    shared = ("extract", "--stimuli", folder, "--models", "toy,toy-text")
    rows = command(*shared, "--layers", "layer-1,embedding").splitlines()
    assert rows[0].split("\t") == ["model", "layers", "stimuli", "rows", "features", "kept as"]
    assert rows[1].split("\t") == ["toy", "2", "6", "6", "32", "mean"]
    assert rows[2].split("\t") == ["toy-text", "2", "6", "6", "32", "mean"]
    assert command(*shared, "--pooling", "moments").splitlines()[1].split("\t")[4] == "64"
    shared = ("extract", "--stimuli", folder, "--models", "toy")
    spans = command(*shared, "--spans", "phone").splitlines()[1]
    assert spans.split("\t") == ["toy", "3", "6", "12", "32", "phone means"]
    frames = command(*shared, "--frames", "float16", "--layers", "layer-2").splitlines()[1]
    assert frames.split("\t")[:3] == ["toy", "1", "6"]
    assert frames.split("\t")[4:] == ["32", "frames, float16"]


def test_a_flipped_byte_is_named_and_removed_on_request(command, folder, tmp_path):
    work = ("extract", "--stimuli", folder, "--models", "toy")
    command(*work)
    before = contents(tmp_path / "store")
    assert "1 shards" in (said := command("extract", "--verify")) and "0 damaged" in said
    (shard,) = (tmp_path / "store").rglob("*.safetensors")
    bytes_ = bytearray(shard.read_bytes())
    bytes_[read_shard(shard).base + 5] ^= 1
    shard.write_bytes(bytes_)
    assert "1 shards of" in (said := command("extract", "--verify", fails=True))
    assert "With --remove-damaged they go" in said
    assert f"{shard.name} are damaged" in command(*work, fails=True)
    assert f"removed: {shard}" in command("extract", "--verify", "--remove-damaged")
    command(*work)
    assert contents(tmp_path / "store") == before


def test_prune_says_what_it_would_free_and_frees_it(command, folder, tmp_path):
    command("extract", "--stimuli", folder, "--models", "toy,toy-text")
    sizes = {p: len(c) for p, c in contents(tmp_path / "store").items()}
    text = sum(n for p, n in sizes.items() if p.startswith("toy-text") and "mean" in p)
    said = command("prune", "--models", "toy-text", "--dry-run")
    assert f"{text} bytes would be freed" in said and "toy-text" in said
    assert contents(tmp_path / "store").keys() == sizes.keys()
    assert f"{text} bytes freed" in command("prune", "--models", "toy-text")
    assert not any(p.startswith("toy-text") for p in contents(tmp_path / "store"))
    assert command("prune", "--older-than", 1).strip() == "0 bytes freed"
    assert command("prune", "--unknown").strip() == "0 bytes freed"


def test_folders_of_another_version_are_mentioned(command, tmp_path):
    older = tmp_path / "store" / ("toy-" + "0" * 24) / "mean"
    older.mkdir(parents=True)
    (older / "x.safetensors").write_bytes(b"old")
    assert "1 folders of another version were not read" in command("extract", "--verify")
    assert "3 bytes freed" in command("prune", "--unknown")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("extract",), "say what to extract: --stimuli and --models"),
        (("extract", "--stimuli", "x"), "say what to extract"),
        (("extract", "--remove-damaged"), "removes what --verify finds; give both"),
        (("extract", "--verify", "--models", "toy"), "give neither --stimuli nor --models"),
        (("extract", "--stimuli", "x", "--models", "toy", "--spans", "phone", "--frames", "float32")
         , "give one of them"),
        (("extract", "--verify"), "there is no store at"),
        (("extract", "--stimuli", "x", "--models", "toy", "--dtype", "int8"), "found 'int8'"),
        (("extract", "--stimuli", "x", "--models", "toy", "--script", "ipa"), "found 'ipa'"),
        (("prune",), "say what to free"),
    ],
)  # fmt: skip
def test_bad_wishes_are_refused(arguments, found, command):
    assert found in command(*arguments, fails=True)


@pytest.mark.parametrize(
    ("option", "model"),
    [
        *((option, "toy") for option in ("context", "script", "dtype")),
        *((option, "toy-text") for option in ("context", "script", "dtype")),
        *(("script", model) for model in ("mfcc", "noise", "oracle")),
        ("window", "toy"),
    ],
)
def test_a_wish_that_a_model_does_not_have_is_refused(option, model, command, folder):
    value = {"context": "carrier", "script": "phones", "dtype": "bfloat16", "window": 2.0}[option]
    said = command(
        "extract", "--stimuli", folder, "--models", model, f"--{option}", value, fails=True
    )
    assert f"{model!r} has no {option}; found {value!r}" in said and "\n" not in said


def test_wishes_reach_the_model(command, folder, monkeypatch):
    from grounding.encoders import load_encoder, loading

    asked, toy = [], load_encoder("toy")
    monkeypatch.setattr(loading, "load_request", lambda request: asked.append(request) or toy)
    wishes = {"context": "carrier", "script": "phones", "dtype": "bfloat16", "window": 2.0}
    options = [part for name, value in wishes.items() for part in (f"--{name}", value)]
    command("extract", "--stimuli", folder, "--models", "m", *options, "--trust-remote-code")
    assert {name: getattr(asked[0], name) for name in wishes} == wishes
    assert asked[0].trust_remote_code and asked[0].weights == "trained"


def test_it_runs_as_a_command_and_resumes(folder, tmp_path):
    environment = {**os.environ, "GROUNDING_CACHE": str(tmp_path / "cache")}
    call = [sys.executable, "-m", "grounding", "extract", "--stimuli", folder, "--models", "toy"]
    run = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr
    assert "toy: done in" in run.stderr
    assert list((tmp_path / "cache" / "activations").glob("toy-*/mean/*.safetensors"))
