"""`grounding models` and the options of `grounding extract` that come with it."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from grounding.commands.main import app
from grounding.encoders import ENCODERS, load_encoder
from grounding.encoders.checks import CHECKS
from grounding.encoders.families.table import FAMILIES
from grounding.encoders.families.text_table import TEXT_FAMILIES
from grounding.encoders.families.twin import shipped_folder
from grounding.encoders.packaged import PACKAGED, packaged_place
from grounding.errors import UserError
from grounding.stimuli.toy import write_toy_set


@pytest.fixture
def command(tmp_path, monkeypatch):
    """A function that runs a command with a cache of its own and gives its lines of cells."""
    monkeypatch.setenv("GROUNDING_CACHE", str(tmp_path / "cache"))

    def run(*arguments: object, status: int = 0) -> list[list[str]]:
        result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=True)
        if status == 2:
            assert isinstance(result.exception, UserError), result.output
            return [[str(result.exception)]]
        assert result.exit_code == status, (result.output, result.exception)
        return [line.split("\t") for line in result.stdout.splitlines()]

    return run


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "toys"
    write_toy_set(folder, words=5, realisations=1, rng=np.random.default_rng(0))
    return folder


def test_every_encoder_and_family_is_listed(command):
    lines = command("models")
    found = {line[0]: line for line in lines}
    for name, kind in ENCODERS.items():
        assert found[name][3:5] == [str(kind.layers), kind.step] and kind.layers and kind.step
        expected = "fetched when first used" if name in PACKAGED else "none needed"
        if kind.family == "twin":
            expected = "here" if shipped_folder(name).is_dir() else "not in this installation"
        assert found[name][5:7] == [expected, kind.licence]
    types = {kind for line in lines if len(line) == 4 for kind in line[1].split(", ")}
    for family in (*FAMILIES.values(), *TEXT_FAMILIES):
        assert set(family.types) <= types


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, kind in ENCODERS.items()
        if name not in PACKAGED and (kind.family != "twin" or shipped_folder(name).is_dir())
    ],
)
def test_the_table_says_how_many_layers_there_are(name):
    assert ENCODERS[name].layers == len(load_encoder(name).layers)


def test_weights_in_the_cache_are_seen_without_being_read(command):
    packaged_place("whisper-base").mkdir(parents=True)  # empty: reading it would fail
    found = {line[0]: line for line in command("models")}
    assert found["whisper-base"][5] == "here"
    assert found["whisper-tiny.en"][5] == "fetched when first used"


def test_one_is_shown_whole(command):
    found = {line[0]: line[-1] for line in command("models", "toy", "--random-seed", 3)}
    assert found["layers (3)"] == "embedding, layer-1, layer-2"
    assert (found["revision"], found["seed"], found["licence"]) == ("random-3", "3", "MIT")
    found = {line[0]: line[-1] for line in command("models", "whisper-tiny.en")}
    assert found["on this machine"] == "fetched when first used" and found["layers (5)"]


def test_a_folder_is_shown_and_checked(command, tmp_path):
    import torch
    import transformers as tf

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
        wave = {"conv_dim": (8,) * 7, "num_conv_pos_embeddings": 8}
        groups = {"num_conv_pos_embedding_groups": 2, "feat_extract_norm": "layer"}
        model = tf.HubertModel(tf.HubertConfig(**sizes, **wave, **groups, intermediate_size=32))
        model.save_pretrained(tmp_path / "tiny")
    tf.Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "tiny")
    found = {line[0]: line[-1] for line in command("models", tmp_path / "tiny")}
    assert found["name"] == "tiny" and found["layers (3)"]
    assert found["versions.transformers"] == tf.__version__
    lines = {line[0]: line for line in command("models", tmp_path / "tiny", "--check")}
    assert all(lines[check][1] in ("ok", "-") for check in CHECKS)
    assert lines["threads"][1] == "ok" and "none failed" in lines


def test_a_check_that_fails_is_named_and_gives_status_one(command, monkeypatch):
    toy = type(load_encoder("toy"))
    whole = toy._encode
    monkeypatch.setattr(toy, "_encode", lambda self, audio: whole(self, audio)[:, 1:])
    lines = {line[0]: line for line in command("models", "toy", "--check", status=1)}
    assert lines["steps"][1] == "FAILED" and "are told of" in lines["steps"][2]
    assert "2 failed: steps, lag" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--check",), "say which model, as in: grounding models whisper-tiny.en --check"),
        (("whisper-bass",), "Did you mean 'whisper-base'"),
        (("toy", "--window", "2"), "has no window"),
        (("mfcc", "--random-seed", "1", "--check"), "no random control"),
    ],
)
def test_bad_wishes_are_refused(arguments, message, command):
    assert message in command("models", *arguments, status=2)[0][0]


def test_controls_are_extracted_beside_the_model(command, toys, tmp_path):
    wish = ("--control", "random:2,shuffled-layers:1,acoustics", "--store", tmp_path / "store")
    rows = command("extract", "--stimuli", toys, "--models", "toy", *wish)[1:]
    assert [row[0] for row in rows] == [
        *("toy (1)", "toy (random-0)", "toy (random-1)", "toy, layers shuffled"),
        *("log-mel", "mfcc"),
    ]
    assert len(list((tmp_path / "store").glob("*/mean/*.safetensors"))) == 6
    both = command("extract", "--stimuli", toys, "--models", "toy,toy-text", *wish)[1:]
    assert len(both) == 6 + 4  # the acoustic ones once


@pytest.mark.parametrize(
    ("control", "message"),
    [
        ("random:x", "such as random:3; found 'random:x'"),
        ("random:0", "a number of seeds from 1"),
        ("acoustics:2", "if it has seeds"),
        ("randm:2", "unknown control 'randm'. Did you mean 'random'"),
        ("permuted-stimuli:2", "is no encoder and nothing of it is extracted"),
    ],
)
def test_bad_controls_are_refused(control, message, command, toys):
    wish = ("extract", "--stimuli", toys, "--models", "toy", "--control", control)
    assert message in command(*wish, status=2)[0][0]


@pytest.mark.parametrize("kept", [("--pooling", "max"), ("--spans", "utterance")])
def test_a_cluster_prints_and_stores_the_same(kept, command, toys, tmp_path, monkeypatch):
    from contextlib import contextmanager

    from grounding.activations import cluster
    from grounding.activations.trials import contents

    @contextmanager
    def connected(name):
        assert name == "local:2"
        yield "a client"

    sent = []

    def compute_on(client, wish, plan, store, progress):
        sent.append(wish)
        for work in plan.works:
            cluster.compute_shard(wish, work, store)

    monkeypatch.setattr(cluster, "connected", connected)
    monkeypatch.setattr(cluster, "compute_on", compute_on)
    shared = ("extract", "--stimuli", toys, "--models", "toy,toy-text", *kept)
    alone = command(*shared, "--store", tmp_path / "alone")
    assert command(*shared, "--store", tmp_path / "shared", "--cluster", "local:2") == alone
    assert [wish.name for wish in sent] == ["toy", "toy-text"]
    assert contents(tmp_path / "alone") == contents(tmp_path / "shared")


def test_frames_on_a_cluster_are_refused_where_there_is_no_room(command, toys, monkeypatch):
    import shutil
    from types import SimpleNamespace

    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10))
    wish = ("extract", "--stimuli", toys, "--models", "toy", "--frames", "float16")
    assert "GB free" in command(*wish, "--cluster", "local:1", status=2)[0][0]
