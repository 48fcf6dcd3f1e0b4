"""A toy set on disk and a run over it, and made-up results: each made once, for all tests."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest

from grounding.claims.settings import Settings
from grounding.stimuli.toy import write_toy_set

QUICK = Settings(random_seeds=2, resamples=60, band_resamples=30, permutations=40)


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory):
    """Return the folder of 30 toy words in three realisations, with articulation."""
    folder = tmp_path_factory.mktemp("toy") / "set"
    write_toy_set(folder, words=30, realisations=3, rng=np.random.default_rng(0))
    return folder


@pytest.fixture(scope="session")
def toy_cache(tmp_path_factory):
    """Return a cache folder of the tests' own."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def run_toy(toy_folder, toy_cache):
    """Return a function that runs the toy set into a folder."""
    from grounding.claims.run import run

    def run_into(out, *, seed=0, cache=toy_cache, models=("toy", "toy-text"), report=None):
        settings = Settings(**{**vars(QUICK), "seed": seed})
        return run(
            [str(toy_folder)],
            models,
            ("C1", "C4", "C6", "C7"),
            out,
            settings=settings,
            cache=cache,
            report=report or (lambda what, done, total: None),
        )

    return run_into


@pytest.fixture(scope="session")
def toy_result(run_toy, tmp_path_factory):
    """Return the folder of a finished toy run."""
    out = tmp_path_factory.mktemp("result") / "out"
    run_toy(out)
    return out


@pytest.fixture(scope="session")
def twin_folder(tmp_path_factory):
    """Return a function that gives the folder of a tiny twin with shaken weights, made once."""
    root = tmp_path_factory.mktemp("twins")

    def make(fed, seed=0, *, pair="ab" * 32, update=1500, hours=4.0, name=""):
        folder = root / (name or f"{fed}-{seed}-{pair[:2]}") / f"update-{update:06}"
        if not folder.is_dir():
            write_tiny_twin(folder, fed, seed, update)
            about = {"pair": pair, "seed": seed, "input": fed, "update": update, "hours": hours}
            (folder / "training.json").write_text(json.dumps(about), encoding="utf-8")
        return folder

    return make


def write_tiny_twin(folder, fed, seed, update):
    import torch
    from transformers import Wav2Vec2BertConfig

    from grounding.encoders.families.twin import initial_trunk
    from grounding.encoders.families.twin_front import Front, write_front

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 32, "feature_projection_input_dim": 160}
    trunk = initial_trunk(Wav2Vec2BertConfig(position_embeddings_type="rotary", **sizes), seed)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1000 + update)
        for values in trunk.parameters():  # at update 0 it is what the seed begins from
            values.add_(0.1 * min(update, 1) * torch.randn(values.shape))
    trunk.save_pretrained(folder)
    bands = {"mean": np.zeros(80), "scale": np.full(80, 4.0)}
    symbols = {
        "characters": tuple("abcdefghijklmnopqrstuvwxyz "),
        "phonemes": (*"ptkbdgmnŋfvθðszʃʒhɹjwlɡɪiɛæɑɒʌʊuəeaoɔɜɐ", "tʃ", "dʒ"),
    }
    text = {"symbols": symbols.get(fed), "steps_per_symbol": 4.0}
    write_front(folder, Front(fed, **(bands if fed == "audio" else text)))


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Return the folder of every made-up result, by name; not to be changed."""
    made_up = runpy.run_path(str(Path(__file__).parent / "figures" / "made_up.py"))
    at = tmp_path_factory.mktemp("results")
    return {name: write(at / name) for name, write in made_up["RESULTS"].items()}


@pytest.fixture(scope="session")
def results(folders):
    """Return every made-up result as records, by name."""
    from grounding.figures import read_result

    return {name: read_result(folder) for name, folder in folders.items()}


@pytest.fixture
def whole(results):
    """Return the result in which one set has everything."""
    return results["whole"]


@pytest.fixture
def copy(folders, tmp_path):
    """Return a function that copies a result's folder, to be changed."""

    def make(name="whole"):
        return Path(shutil.copytree(folders[name], tmp_path / name))

    return make


@pytest.fixture
def change():
    """Return a function that changes a JSON file in place."""

    def edit(path, how):
        found = json.loads(path.read_text())
        how(found)
        path.write_text(json.dumps(found))

    return edit
