"""A twin put up for shipping, the command that trains it, and its loss curve."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from grounding.commands.main import app
from grounding.encoders import load_encoder
from grounding.errors import UserError
from grounding.figures.training import draw_training
from grounding.twins import ARMS
from grounding.twins.shipping import write_shipped
from grounding.twins.training import Machine, train


def silent(what, done, total):
    """Report nothing."""


@pytest.fixture
def out(arm, words, cache, tmp_path):
    """The folder of a tiny trained arm."""
    train(arm("audio"), words, tmp_path / "out", Machine(threads=1), silent, name="tiny")
    return tmp_path / "out"


def test_shipped_weights_are_half_as_large_and_give_the_same_to_their_precision(
    out, words, tmp_path
):
    write_shipped(out / "update-000012", tmp_path / "shipped")
    sizes = [
        (folder / "model.safetensors").stat().st_size
        for folder in (out / "update-000012", tmp_path / "shipped")
    ]
    assert sizes[1] < 0.65 * sizes[0]
    one, other = (
        load_encoder(str(folder)).encode(words[:3])
        for folder in (out / "update-000012", tmp_path / "shipped")
    )
    for a, b in zip(one, other, strict=True):
        assert 0 < np.linalg.norm(a - b) < 2e-3 * np.linalg.norm(a)


def test_the_card_says_what_was_measured(out, tmp_path):
    write_shipped(out / "update-000012", tmp_path / "shipped")
    card = (tmp_path / "shipped" / "README.md").read_text("utf-8")
    rows = [json.loads(row) for row in (out / "log.jsonl").read_text("utf-8").splitlines()]
    last = [row for row in rows if "held_out_loss" in row][-1]
    assert f"{last['held_out_loss']:.3f} nats" in card
    assert "| updates | 12," in card


def test_nothing_to_ship(tmp_path):
    with pytest.raises(UserError, match="holds no finished twin"):
        write_shipped(tmp_path / "none", tmp_path / "shipped")
    assert not (tmp_path / "shipped").exists()


def test_the_curve_is_drawn_from_the_log(out, tmp_path):
    path = draw_training(out)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match="holds no log of training"):
        draw_training(tmp_path / "none")


def test_the_command_lists_trains_and_ships(toy_folder, cache, tmp_path, monkeypatch):
    monkeypatch.setattr("grounding.twins.corpus.refuse_scored", lambda stimuli: None)
    text = ARMS.read_text("utf-8")
    for old, new in (
        ('"spoken-training"', json.dumps(str(toy_folder))),
        ("units = 100", "units = 4"),
        ("layers = 4", "layers = 1"),
        ("width = 192", "width = 8"),
        ("heads = 4", "heads = 1"),
        ("updates = 3000", "updates = 2"),
        ("batch = 1536", "batch = 256"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "arms.toml").write_text(text, encoding="utf-8")
    run, config = CliRunner().invoke, ["--config", str(tmp_path / "arms.toml")]
    listed = run(app, ["twins", "arms", *config], catch_exceptions=False)
    assert "audio-ru" in listed.stdout
    out, arm = ["--out", str(tmp_path / "new")], ["--arm", "characters", "--seed", "2"]
    told = run(
        app, ["twins", "train", *config, *out, *arm, "--threads", "1"], catch_exceptions=False
    )
    assert told.exit_code == 0, told.output
    assert "update-000002" in told.stdout.replace("\n", "")
    assert (tmp_path / "new" / "loss.png").is_file()
    shipped = run(
        app,
        ["twins", "ship", str(tmp_path / "new/update-000002"), str(tmp_path / "shipped")],
        catch_exceptions=False,
    )
    assert shipped.exit_code == 0
    assert load_encoder(str(tmp_path / "shipped")).modality == "text"
    with pytest.raises(UserError, match="is there already"):
        run(
            app,
            ["twins", "ship", str(tmp_path / "new/update-000002"), str(tmp_path / "shipped")],
            catch_exceptions=False,
        )
