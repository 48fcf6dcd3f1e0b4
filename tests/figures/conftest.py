"""Finished results on disk and as records, each made once."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

import pytest

from grounding.figures import read_result

MADE_UP = runpy.run_path(str(Path(__file__).with_name("made_up.py")))


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Return the folder of every made-up result, by name; not to be changed."""
    at = tmp_path_factory.mktemp("results")
    return {name: write(at / name) for name, write in MADE_UP["RESULTS"].items()}


@pytest.fixture(scope="session")
def results(folders):
    """Return every made-up result as records, by name."""
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


@pytest.fixture
def by_gid():
    """Return a function that finds what is drawn under a name, in the order of drawing."""

    def find(figure, gid):
        return [artist for artist in figure.findobj() if artist.get_gid() == gid]

    return find
