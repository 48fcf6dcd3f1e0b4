"""The table of spaces: what holds for every entry, and what a set that lacks something hears."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from grounding.errors import UnknownName, UserError
from grounding.rsa import RDM
from grounding.spaces import KINDS, SPACES, SpaceKind, space, spaces, why_missing

WORDS = {"cat": "k æ t", "frog": "f ɹ ɔ ɡ", "hat": "h æ t"}
NEEDS_NOTHING = ("duration", "f0", "intensity", "length", "log-mel", "log-mel-mean", "mfcc")


def relations(words):
    lines = ["transcript 1\ttranscript 2\twu-palmer"]
    lines += [f"{a}\t{b}\t0.{i + j}" for i, a in enumerate(words) for j, b in enumerate(words[:i])]
    return "\n".join(lines) + "\n"


@pytest.fixture
def full_set(make_set, tone, hiss):
    """Six stimuli, three words said twice, that can have every space."""
    rng = np.random.default_rng(0)
    sounds, streams, fields = [], [], []
    for i, (word, phones) in enumerate([*WORDS.items()] * 2):
        seconds = 0.2 + 0.03 * i
        sounds.append(np.concatenate([tone(100.0 + 15 * i, seconds), hiss(i, 0.1)]))
        walks = {
            name: np.cumsum(rng.standard_normal((30 + i, width)), axis=0)
            for name, width in (("flesh", 12), ("area", 40), ("variables", 9))
        }
        walks["section_length"] = np.full((30 + i, 40), 0.4 + 0.01 * i)
        streams.append(walks)
        fields.append(
            {
                "transcript": word,
                "phones": phones.split(),
                "concept": word,
                "language": ("en", "fr")[i % 2],
                "speaker": ("mary", "jean")[i % 2],
            }
        )
    stimuli = make_set(sounds, streams, fields)
    (stimuli.folder / "relations").mkdir()
    (stimuli.folder / "relations/wordnet.tsv").write_text(relations([*WORDS]), encoding="utf-8")
    return stimuli


def test_a_set_with_everything_has_every_space(full_set):
    assert spaces(full_set) == tuple(SPACES)


@pytest.mark.parametrize("name", SPACES)
def test_every_space_says_what_it_is(full_set, name):
    found = space(name, full_set)
    assert found.name == name == SPACES[name].name
    assert found.kind in KINDS
    assert found.units and found.reference
    assert found.derived_from == ()


@pytest.mark.parametrize("name", SPACES)
def test_every_rdm_is_named_and_of_all_stimuli_in_order(full_set, name):
    made = space(name, full_set).rdm()
    assert isinstance(made, RDM)
    assert (made.name, made.ids) == (name, full_set.ids)
    assert (made.values >= 0.0).all()
    assert np.ptp(made.values) > 0.0


@pytest.mark.parametrize("name", SPACES)
def test_another_order_of_stimuli_gives_the_same_distances_in_that_order(full_set, name):
    order = [full_set.ids[i] for i in (3, 0, 5, 1, 4, 2)]
    before, after = (space(name, s).rdm() for s in (full_set, full_set.select(order)))
    assert after.ids == tuple(order)
    assert after.values == pytest.approx(before.select(order).values, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", [n for n, s in SPACES.items() if s.kind == "physical"])
def test_physics_is_measured_on_the_articulation_and_the_sound_is_never_read(full_set, name):
    for stimulus in full_set:
        (stimulus.folder / stimulus.audio_path).unlink()
    assert space(name, full_set).rdm().n == 6


def test_an_rdm_is_made_once_and_only_when_asked_for(full_set):
    calls = []

    def build(stimuli):
        calls.append(stimuli)
        return SPACES["duration"].build(stimuli)

    found = replace(space("duration", full_set), build=build)
    assert not calls
    assert found.rdm() is found.rdm()
    assert calls == [full_set]


def test_recordings_and_transcripts_alone_have_the_spaces_of_sound_and_spelling(make_set):
    stimuli = make_set(4)
    assert set(spaces(stimuli)) == {*NEEDS_NOTHING, "spelling"}
    lacking = set(SPACES) - set(spaces(stimuli))
    assert all(why_missing(name, stimuli) for name in lacking)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("articulation", "stimulus 's0' has no articulation"),
        ("area-function", "stimulus 's0' has no articulation"),
        ("tract-variables", "stimulus 's0' has no articulation"),
        ("tract-length", "stimulus 's0' has no articulation"),
        ("phones", "s0"),
        ("concept", "s0"),
        ("wordnet", "wordnet"),
    ],
)
def test_a_space_that_a_set_cannot_have_is_refused_with_the_reason(make_set, name, reason):
    stimuli = make_set(3)
    with pytest.raises(UserError, match=f"'set0' has no space '{name}': .*{reason}"):
        space(name, stimuli)


def test_two_stimuli_have_no_geometry(make_set):
    stimuli = make_set(2)
    assert spaces(stimuli) == ()
    with pytest.raises(UserError, match="it has 2 stimuli, and a geometry needs 3 or more"):
        space("duration", stimuli)


def test_an_unknown_name_is_met_with_the_nearest(make_set):
    with pytest.raises(UnknownName, match=r"unknown space 'artculation'. Did you mean 'articulat"):
        space("artculation", make_set(3))


def test_a_record_of_another_kind_or_without_units_is_refused():
    good = SPACES["duration"]
    with pytest.raises(ValueError, match=r"kind 'acoustic'. Known: physical, relational, control"):
        replace(good, kind="acoustic")
    for what in ("units", "reference"):
        with pytest.raises(ValueError, match=f"space 'duration' has no {what}"):
            replace(good, **{what: " "})
    assert isinstance(replace(good, derived_from=("some-model",)), SpaceKind)


def test_the_table_loads_no_model_plotting_or_audio_analysis_library():
    heavy = ["torch", "transformers", "matplotlib", "librosa", "numba", "panphon"]
    code = f"import sys, grounding.spaces; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
