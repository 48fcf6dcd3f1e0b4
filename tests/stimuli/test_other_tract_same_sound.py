"""The pairs of other tract and same sound: their condition, and that they can be made again."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.spaces import space
from grounding.spaces.acoustics import log_mel
from grounding.stimuli import read_stimuli, validate
from grounding.stimuli.simulator.building import read_records
from grounding.stimuli.simulator.library import SimulatorError
from grounding.stimuli.simulator.postures import (
    LEVEL,
    Manner,
    flesh_points,
    level,
    posture_score,
    posture_speaker,
    sound,
)
from grounding.stimuli.simulator.shapes import TRACT_NAMES

SET = Path(__file__).resolve().parents[2] / "stimuli" / "other-tract-same-sound"
SOUND, TRACT = "log-mel", "articulation"
MEASURED = (SOUND, TRACT, "log-mel-mean", "articulation-mean")
MANNER = Manner(0.02, 0.15, 0.2, 0.06, 0.012, (110.0, 100.0), "modal", 8000.0)


@pytest.fixture(scope="module")
def stimuli():
    return read_stimuli(SET)


@pytest.fixture(scope="module")
def pairs():
    return [json.loads(line) for line in (SET / "pairs.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("make_other_tract", SET / "make.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def split(stimuli, name):
    """Return a space's distances within pairs, and square with NaN within pairs."""
    square = space(name, stimuli).rdm().square()
    labels = np.array([s.attributes["pair"] for s in stimuli])
    same = labels[:, None] == labels[None, :]
    within = {labels[i]: square[i, j] for i, j in zip(*np.nonzero(np.triu(same, 1)), strict=True)}
    return within, np.where(same, np.nan, square), labels


def test_the_set_is_valid():
    assert validate(SET) == []


def test_every_pair_has_two_members_with_one_transcript_length_and_manner(stimuli):
    by_pair = {}
    for stimulus in stimuli:
        by_pair.setdefault(stimulus.attributes["pair"], []).append(stimulus)
    for a, b in by_pair.values():
        assert (a.attributes["member"], b.attributes["member"]) == ("a", "b")
        for same in ("transcript", "phones", "samples", "realisation", "language", "speaker"):
            assert getattr(a, same) == getattr(b, same), same
        assert a.attributes["postures"] != b.attributes["postures"]
        assert np.array_equal(
            a.articulation["glottis"].values[:, 0], b.articulation["glottis"].values[:, 0]
        )


def test_each_pair_is_nearer_in_sound_than_any_stimulus_of_another_pair(stimuli):
    within, others, labels = split(stimuli, SOUND)
    nearest = np.nanmin(others, axis=1)
    for pair, distance in within.items():
        assert distance < nearest[labels == pair].min(), pair


def test_each_pair_is_farther_in_the_tract_than_the_median_pair_of_stimuli(stimuli):
    within, others, _ = split(stimuli, TRACT)
    median = np.nanmedian(others)
    for pair, distance in within.items():
        assert distance > median, pair


def test_with_partners_exchanged_the_condition_fails_for_every_pair(stimuli):
    """The control: each a-member beside the b-member of the next pair."""
    within, others, labels = split(stimuli, SOUND)
    a_rows, b_rows = range(0, len(stimuli), 2), np.roll(range(1, len(stimuli), 2), -1)
    for a, b in zip(a_rows, b_rows, strict=True):
        assert others[a, b] > within[labels[a]]


def test_the_distances_of_the_table_are_those_of_the_items(stimuli, pairs):
    for name in MEASURED:
        within, _, _ = split(stimuli, name)
        assert list(within) == [p["pair"] for p in pairs]
        for pair in pairs:
            assert pair["distances"][name] == pytest.approx(within[pair["pair"]], abs=1e-3)


def test_no_section_closes_while_there_is_voice(stimuli):
    for stimulus in stimuli:
        assert np.exp(stimulus.articulation["area"].values.min()) > 0.12, stimulus.id
        assert stimulus.articulation["formants_valid"].values.all(), stimulus.id


def test_held_states_hold_and_glides_move(stimuli):
    for stimulus in stimuli:
        flesh = stimulus.articulation["flesh"].values
        moved = np.linalg.norm(flesh[-1] - flesh[0])
        if stimulus.attributes["kind"] == "static":
            assert moved < 0.1, stimulus.id
        else:
            assert moved > 3, stimulus.id


def test_all_items_have_one_level(stimuli):
    for stimulus in stimuli:
        assert np.sqrt(np.mean(np.square(stimulus.audio))) == pytest.approx(LEVEL, rel=1e-3)


def test_make_rebuilds_shipped_items_byte_for_byte(make, tmp_path):
    builder, shipped = make.builder(), read_records(SET)
    assert list(builder.jobs) == list(shipped)
    kinds = {item.kind: item for item in builder.jobs.values()}  # the last of each kind
    assert set(kinds) == {"static", "glide"}
    for item in kinds.values():
        (record,) = builder.make(item, tmp_path)
        assert json.loads(json.dumps(record)) == shipped[item.id]
        for key in ("audio", "articulation"):
            assert (tmp_path / record[key]).read_bytes() == (SET / record[key]).read_bytes(), key
    assert all(builder.stands(name, shipped, SET) for name in builder.jobs)
    (tmp_path / record["audio"]).write_bytes(b"")
    assert not builder.stands(item.id, {item.id: record}, tmp_path)


def test_postures_that_cannot_be_made_are_refused():
    with pytest.raises(UserError, match=r"posture 1: no tract parameter 'JAW'; known: HX HY"):
        posture_speaker([{}, {"JAW": 1.0}])
    with pytest.raises(UserError, match="3 postures to sound; needed one, or two"):
        posture_score(["P0", "P1", "P2"], MANNER)


def test_level_refuses_silence_and_what_passes_full_scale():
    with pytest.raises(SimulatorError, match="made silence"):
        level(np.zeros(4410))
    click = np.zeros(44_100)
    click[22_050] = 1.0
    with pytest.raises(SimulatorError, match=r"largest sample is \d+\.\d+ of full scale"):
        level(click)
    tone = 1e-3 * np.sin(2 * np.pi * 300 * np.arange(44_100) / 44_100)
    audio = level(tone) / 32767
    assert np.sqrt(np.mean(np.square(audio))) == pytest.approx(LEVEL, rel=1e-3)


def test_a_glide_begins_as_its_first_posture_and_ends_as_its_second():
    a, i = ({"TCX": -0.5, "JA": -5.0}, {"TCX": 1.5, "JA": -2.0})
    glide, *held = (sound(p, MANNER) for p in ([a, i], [a], [i]))
    begin, end = (h.streams["flesh"][10] for h in held)
    assert np.allclose(glide.streams["flesh"][2], begin, atol=0.1)
    assert np.linalg.norm(glide.streams["flesh"][-1] - end) < 0.2 * np.linalg.norm(begin - end)
    assert len(glide.audio) == len(held[0].audio) == pytest.approx(0.2 * 16_000, abs=40)


def test_limits_move_the_tongue_alone_and_leave_a_vowel_of_the_speaker_where_it_is():
    simulator = posture_speaker([])
    vowel = simulator.tract_shape("a")
    root = [TRACT_NAMES.index(name) for name in ("TRX", "TRY")]
    assert np.allclose(np.delete(simulator.limited(vowel) - vowel, root), 0, atol=0.05)
    wild = vowel.copy()
    wild[TRACT_NAMES.index("TBY")] = 5.0
    tongue = [name[0] == "T" and name[1] in "CTBR" for name in TRACT_NAMES]
    moved = simulator.limited(wild) - wild
    assert abs(moved[TRACT_NAMES.index("TBY")]) > 0.5
    assert np.allclose(moved[~np.array(tongue)], 0)


def test_flesh_points_of_postures_are_those_of_the_sounded_ones():
    postures = [{"JA": -5.0}, {"TCX": 0.5, "LP": 0.8}]
    simulator = posture_speaker(postures)
    used, points = flesh_points(simulator, 2)
    held = sound(postures[1:], MANNER)
    order = [3, 4, 5, 2, 1, 0]
    assert np.allclose(10 * points[1][order].reshape(12), held.streams["flesh"][10], atol=0.3)
    assert used.shape == (2, 19)


def test_log_mel_of_members_agrees_in_the_middle_bands(stimuli):
    """Not by the space alone: the loudest band of the mean spectrum is nearly the same."""
    peaks = [int(log_mel(s.audio, s.rate).mean(0).argmax()) for s in stimuli]
    apart = np.abs(np.array(peaks[0::2]) - np.array(peaks[1::2]))
    assert np.median(apart) <= 1
