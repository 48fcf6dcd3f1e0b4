"""Distances over a small hand-drawn noun hierarchy, in WordNet's own file format."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "stimuli" / "vocal-tract-words" / "wordnet_nouns.py"

# entity > animal > (pet, dog > puppy); entity > tool; the puppy is also a pet.
PARENTS = {"entity": [], "animal": ["entity"], "tool": ["entity"], "pet": ["animal"]}
PARENTS |= {"dog": ["animal"], "puppy": ["dog", "pet"]}


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("wordnet_nouns", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def nouns(module, tmp_path):
    offset = {name: 100 + i for i, name in enumerate(PARENTS)}
    head = ["  1 A licence of two  ", "  2 lines.  "]
    data, index = list(head), list(head)
    for name, parents in PARENTS.items():
        up = " ".join(f"@ {offset[p]:08d} n 0000" for p in parents)
        pointers = f"{len(parents) + 1:03d} {up} ~ 00000999 n 0000".replace("  ", " ")
        data.append(f"{offset[name]:08d} 03 n 02 {name} 0 other_{name} 1 {pointers} | a {name} @")
        index.append(f"{name} n 1 2 @ ~ 1 0 {offset[name]:08d}")
    index.append(f"hammer n 2 1 @ 2 0 {offset['dog']:08d} {offset['tool']:08d}")
    (tmp_path / "data.noun").write_text("\n".join(data) + "\n", "utf-8")
    (tmp_path / "index.noun").write_text("\n".join(index) + "\n", "utf-8")
    return module.read_wordnet(tmp_path)


def test_senses_are_numbered_as_in_the_index(nouns):
    assert nouns.synset("hammer.n.02") == nouns.synset("tool.n.01")
    assert nouns.synset("hammer.n.01") == nouns.synset("dog.n.01")
    assert nouns.licence == "A licence of two\nlines.\n"


@pytest.mark.parametrize("name", ["dog.n.02", "cat.n.01", "dog.v.01"])
def test_a_sense_that_is_not_there_is_refused(nouns, name):
    with pytest.raises(KeyError, match=f"no noun sense '{name}'"):
        nouns.synset(name)


def test_distances_are_those_worked_by_hand(nouns):
    found = nouns.distances(["puppy.n.01", "dog.n.01", "pet.n.01", "tool.n.01"])
    # Edges: puppy-dog 1, puppy-pet 1, dog-pet 2, puppy-tool 4, dog-tool 3, pet-tool 3.
    np.testing.assert_allclose(
        found["path"],
        [[0, 1 / 2, 1 / 2, 4 / 5], [1 / 2, 0, 2 / 3, 3 / 4], [1 / 2, 2 / 3, 0, 3 / 4],
         [4 / 5, 3 / 4, 3 / 4, 0]],
    )  # fmt: skip
    # Depth in nodes: entity 1, animal and tool 2, dog and pet 3, puppy 4.
    np.testing.assert_allclose(found["wu-palmer"][0], [0, 1 - 6 / 7, 1 - 6 / 7, 1 - 2 / 6])
    np.testing.assert_allclose(found["wu-palmer"][1, 2], 1 - 4 / 6)


def test_information_counts_kinds_and_lin_uses_it(nouns):
    def content(name):
        return nouns.information[nouns.synset(name)]

    assert content("entity.n.01") == pytest.approx(0)
    assert content("puppy.n.01") == content("tool.n.01") == 1
    assert content("dog.n.01") == pytest.approx(1 - math.log(2) / math.log(6))
    assert content("animal.n.01") == pytest.approx(1 - math.log(4) / math.log(6))
    found = nouns.distances(["dog.n.01", "pet.n.01", "tool.n.01"])["lin"]
    wanted = 1 - content("animal.n.01") / content("dog.n.01")
    np.testing.assert_allclose(found[0], [0, wanted, 1])
