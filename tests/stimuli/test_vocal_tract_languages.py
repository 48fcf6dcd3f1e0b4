"""The shipped set of simulated words in five languages: whole, physical, and the same again."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from grounding.stimuli import read_stimuli
from grounding.stimuli.recorded.folders import read_rows
from grounding.stimuli.validate import validate

pytest.importorskip("vocaltractlab_cython", reason="needs the extra 'synthesis'")

from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.physics import closures, lines, measured

SET = Path(__file__).resolve().parents[2] / "stimuli" / "vocal-tract-languages"
LANGUAGES = ("de", "es", "it", "fr", "ru")


@pytest.fixture(scope="module")
def make():
    """Return the set's `make.py` as a module."""
    spec = importlib.util.spec_from_file_location("make_vocal_tract_languages", SET / "make.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shipped():
    """Return the set without reading its audio."""
    return read_stimuli(SET, check_audio=False)


def test_the_set_is_valid():
    assert validate(SET, audio=False, articulation=False) == []


def test_every_word_has_two_realisations_and_the_first_forty_concepts_a_third(make, shipped):
    assert [s.id for s in shipped] == list(make.items())
    names = defaultdict(set)
    for stimulus in shipped:
        names[stimulus.language, stimulus.concept].add(stimulus.realisation["name"])
    rows = read_rows(SET / "words.tsv")
    first = list(dict.fromkeys(row["concept"] for row in rows))[:40]
    assert {(row["language"], row["concept"]) for row in rows} == set(names)
    for (_, concept), found in names.items():
        assert found == {"plain", "reduced", *(["short-tract"] if concept in first else [])}


def test_every_language_names_the_same_concepts(shipped):
    concepts = {code: {s.concept for s in shipped if s.language == code} for code in LANGUAGES}
    assert {s.language for s in shipped} == set(LANGUAGES)
    assert len(concepts["de"]) >= 120
    assert all(found == concepts["de"] for found in concepts.values())


def test_every_phone_of_a_word_is_one_of_its_language(shipped):
    for stimulus in shipped:
        known = {phone.ipa for phone in inventory(stimulus.language).phones.values()}
        assert set(stimulus.phones) <= known
        stress = stimulus.attributes["stress"]
        assert len(stress) == len(stimulus.phones) == len(stimulus.attributes["segments"])
        assert Counter(stress)[1] == 1


def test_two_items_are_made_again_to_the_byte(make, tmp_path):
    shipped = {
        record["id"]: record
        for record in map(json.loads, (SET / "manifest.jsonl").read_text("utf-8").splitlines())
    }
    chosen = ["es-dog-plain", "fr-chick-reduced"]
    items = make.items()
    builder = make.Builder(items, make.planned, make.make)
    for name in chosen:
        make.make(items[name], tmp_path)
        assert builder.stands(name, shipped, SET)
        for key in ("audio", "articulation"):
            ours, theirs = (
                hashlib.sha256((folder / shipped[name][key]).read_bytes()).hexdigest()
                for folder in (tmp_path, SET)
            )
            assert ours == theirs, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_constrictions_and_velum_do_what_the_phones_ask_for(language, shipped):
    plain = [s for s in shipped if s.language == language and s.realisation["name"] == "plain"]
    found = measured(plain[::6], inventory(language))
    assert len(lines(found)) > 20
    for (title, phone), numbers in found.items():
        if title == "closes":
            assert np.mean(numbers) > 0.9, phone
        elif title == "narrowest, cm^2" and len(numbers) > 2:
            assert max(numbers) > 0.1, phone  # a closure beside it may fall into its time
        elif title == "velum, cm^2" and phone == "vowels away from nasals":
            assert np.percentile(numbers, 95) < 0.02
        elif title == "velum, cm^2":
            assert min(numbers) > 0.3, phone


def test_closures_are_counted_by_how_often_an_area_falls_to_nothing():
    assert closures(np.array([0.0, 0.0, 0.5, 0.0, 0.3, 0.009])) == 3
    assert closures(np.array([0.5, 0.3])) == 0
