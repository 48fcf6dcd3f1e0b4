"""The grids of vowels and syllables: whole, near their targets, and physically what they say."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from grounding.stimuli import read_stimuli
from grounding.stimuli.validate import validate

SETS = Path(__file__).resolve().parents[2] / "stimuli"
VOWELS, SYLLABLES = SETS / "vowel-grid", SETS / "syllable-grid"

pytest.importorskip("vocaltractlab_cython", reason="needs the extra 'synthesis'")

from grounding.stimuli.simulator.building import read_records  # noqa: E402


def load(folder, script, monkeypatch):
    """Return a script of a set as a module; it may import others of its folder."""
    monkeypatch.syspath_prepend(str(folder))
    name = f"{script}_{folder.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, folder / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    monkeypatch.delitem(sys.modules, "search", raising=False)
    return module


@pytest.fixture(scope="module")
def vowels():
    return read_stimuli(VOWELS)


@pytest.fixture(scope="module")
def syllables():
    return read_stimuli(SYLLABLES)


@pytest.mark.parametrize(
    "folder, size", [(VOWELS, 6e6), (SYLLABLES, 9e6)], ids=["vowels", "syllables"]
)
def test_a_grid_is_whole_small_and_follows_from_its_plan(folder, size, monkeypatch):
    assert validate(folder) == []
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < size
    builder, found = load(folder, "make", monkeypatch).builder(), read_records(folder)
    planned = [r["id"] for job in builder.jobs.values() for r in builder.plan(job)]
    assert list(found) == planned
    assert all(builder.stands(name, found, folder) for name in builder.jobs)


@pytest.mark.parametrize(
    "folder, name", [(VOWELS, "u-1-08-short"), (SYLLABLES, "glottal-stop-e-plain")]
)
def test_a_rebuilt_item_has_the_shipped_bytes(folder, name, tmp_path, monkeypatch):
    builder, shipped = load(folder, "make", monkeypatch).builder(), read_records(folder)
    (record,) = builder.make(builder.jobs[name], tmp_path)
    assert json.loads(json.dumps(record)) == shipped[name]  # with the hashes of sound and arrays
    for key in ("audio", "articulation"):
        assert (tmp_path / record[key]).read_bytes() == (folder / record[key]).read_bytes()


def test_every_vowel_is_held_by_three_anatomies_under_one_label(vowels):
    by_vowel = {}
    for stimulus in vowels:
        by_vowel.setdefault(stimulus.attributes["vowel"], []).append(stimulus)
    for ones in by_vowel.values():
        assert [s.speaker for s in ones] == ["short", "medium", "long"]
        assert len({s.transcript for s in ones}) == len({tuple(s.phones) for s in ones}) == 1
        assert all(s.phones == (s.transcript,) for s in ones)


def test_points_of_the_grid_are_a_bark_apart_and_reach_their_targets(vowels, monkeypatch):
    search = load(VOWELS, "search", monkeypatch)
    points = [s for s in vowels if s.attributes["kind"] == "grid" and s.speaker == "medium"]
    assert 45 <= len(points) <= 75
    for rounding in search.LIPS:
        here = [s for s in points if s.attributes["rounding"] == rounding]
        target = search.bark(np.array([s.attributes["target"][:2] for s in here]))
        apart = np.abs(target[:, None] - target).max(-1) + 9 * np.eye(len(here))
        np.testing.assert_allclose(apart.min(1), search.STEP, atol=0.01)
        reached = search.bark(np.array([s.attributes["reached"][:2] for s in here]))
        assert np.linalg.norm(target - reached, axis=1).max() <= search.MISS + 1e-3
        for s in here:
            for name, (low, high) in search.LIPS[rounding].items():
                assert low - 1e-3 <= s.attributes["state"][name] <= high + 1e-3
            np.testing.assert_allclose(
                search.bark(np.array(s.attributes["reached"][:2])), s.attributes["bark"], atol=2e-3
            )


def test_the_arrays_hold_the_formants_that_the_manifest_says(vowels):
    for stimulus in vowels:
        formants = stimulus.articulation["formants"]
        assert stimulus.articulation["formants_valid"].values.all()
        ratio = formants.values[27, :3] / stimulus.attributes["reached"]
        scale = stimulus.realisation["anatomy_scale"]
        # Walls and radiation do not scale: other anatomies are near, not equal.
        np.testing.assert_allclose(ratio * scale, 1.0, atol=0.005 if scale == 1 else 0.08)


def test_linear_prediction_finds_the_formants_of_the_tract_in_the_sound(vowels, monkeypatch):
    measure = load(VOWELS, "measure_set", monkeypatch)
    grid = [s for s in vowels if s.speaker == "long"]
    heard = np.array([measure.predicted(s.audio, s.rate) for s in grid])
    tract = np.array([measure.held(s) for s in grid])
    miss = np.abs(measure.bark(heard) - measure.bark(tract))
    assert np.nanmedian(miss, axis=0).max() < 0.35
    shuffled = np.abs(measure.bark(heard[::-1]) - measure.bark(tract))
    assert np.nanmedian(shuffled[:, 1]) > 3 * np.nanmedian(miss[:, 1])  # the control


def test_nearest_names_a_point_after_a_vowel_of_its_rounding_and_never_after_r(monkeypatch):
    search = load(VOWELS, "search", monkeypatch)
    named = [
        {"ipa": ipa, "rounding": search.rounding(ipa), "reached": reached}
        for ipa, reached in (("ɛː", [530, 1900]), ("œ", [520, 1500]), ("ɝ", [480, 1350]))
    ]
    assert search.nearest([500.0, 1400.0], "unrounded", named) == "ɛ"
    assert search.nearest([500.0, 1400.0], "rounded", named) == "œ"
    f = np.array([200.0, 1000.0, 3000.0])
    np.testing.assert_allclose(search.hertz(search.bark(f)), f)


def test_every_consonant_stands_before_five_vowels_in_two_ways(syllables):
    count = Counter(s.attributes["consonant"] for s in syllables)
    assert set(count.values()) == {10}
    assert len(count) == 31
    pairs = Counter((s.attributes["consonant"], s.attributes["vowel"]) for s in syllables)
    assert set(pairs.values()) == {2}
    for stimulus in syllables:
        assert "nonsense-syllable" in stimulus.marks
        assert stimulus.transcript == "".join(stimulus.phones)
        assert stimulus.phones[0] == stimulus.attributes["consonant"]


def test_closures_close_slits_stay_open_and_the_velum_opens_for_nasals_alone(
    syllables, monkeypatch
):
    check = load(SYLLABLES, "check_physics", monkeypatch)
    wrong = {s.id: found for s in syllables if (found := check.faults(s))}
    assert wrong == {}


def test_the_check_notices_a_consonant_that_is_not_what_it_is_called(syllables, monkeypatch):
    check = load(SYLLABLES, "check_physics", monkeypatch)
    here = {s.attributes["consonant"]: s for s in syllables}

    def found(one, **told):
        stimulus = here[one]
        other = type("Told", (), {
            "attributes": {**stimulus.attributes, **told},
            "articulation": stimulus.articulation, "realisation": stimulus.realisation,
        })  # fmt: skip
        return " ".join(check.faults(other))

    assert "no closure of the tip" in found("s", manner="plosive")
    assert "no closure of the body" in found("p", place="velar")
    assert "no slit of the tip" in found("t", manner="fricative")
    assert "a closure" in found("d", manner="approximant")
    assert "velum open" in found("m", manner="plosive")
    assert "velum open" in found("b", manner="nasal")
    assert "glottis not closed" in found("h", consonant="ʔ")
