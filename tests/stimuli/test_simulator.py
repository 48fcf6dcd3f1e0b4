"""The vocal-tract simulator's bridge: its rules, its physics, and that it repeats itself."""

from __future__ import annotations

import importlib.util
import json
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from grounding.errors import UnknownName, UserError
from grounding.stimuli.simulator import BASE, RECIPES, Simulator, SimulatorError, realise, speak
from grounding.stimuli.simulator import library as library_module
from grounding.stimuli.simulator.articulation import AREA_FLOOR, STREAMS, measure
from grounding.stimuli.simulator.building import read_records
from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.library import Tube, installed_speaker
from grounding.stimuli.simulator.phones import GLOTTIS_SHAPES
from grounding.stimuli.simulator.score import TAIL, gestural_score
from grounding.stimuli.simulator.shapes import (
    TRACT_NAMES,
    formants,
    search,
    tract_shapes,
)
from grounding.stimuli.simulator.speak import PEAK, finish
from grounding.stimuli.simulator.speakers import speaker_xml
from grounding.stimuli.simulator.timing import segments

ENGLISH = inventory("en")
PHONES, TARGETS = ENGLISH.phones, ENGLISH.targets
SET = Path(__file__).resolve().parents[2] / "stimuli" / "vocal-tract-words"
SHAPES = json.loads((SET / "shapes.json").read_text(encoding="utf-8"))
MAP = ("M", "AE1", "P")


@pytest.fixture(scope="module")
def spoken():
    """Return /mæp/ in the plain realisation, with the realisation."""
    drawn = realise("plain", "map-plain")
    return speak(MAP, drawn, SHAPES), drawn


@pytest.fixture
def speaker(tmp_path):
    """Return a function that loads a speaker of a given scale with the found shapes."""

    def load(scale):
        path = tmp_path / "made.speaker"
        added = inventory("en").tract_shapes(SHAPES)
        path.write_text(speaker_xml(scale, added, GLOTTIS_SHAPES), encoding="utf-8")
        return Simulator(path)

    return load


def column(streams, name):
    channels, _ = STREAMS["variables"]
    return streams["variables"][:, channels.index(name)]


def requested(spoken, phone):
    """Return the frames of a phone's requested time."""
    segment = next(s for s in spoken.segments if s.phone == phone)
    return slice(round(segment.start * 100), round(segment.end * 100) + 1)


def vowel_seconds(*phones, rate=1.0):
    return next(s.end - s.start for s in segments(phones, rate) if PHONES[s.phone].tract)


def test_segments_follow_each_other_without_gap():
    placed = segments(("S", "T", "R", "IY1", "T"), 1.0)
    assert all(a.end == pytest.approx(b.start, abs=1e-9) for a, b in pairwise(placed))


@pytest.mark.parametrize("phones", [MAP, ("B", "AH0", "N", "AE1", "N", "AH0"), ("AO1", "L")])
def test_a_faster_rate_shortens_every_segment(phones):
    slow, fast = segments(phones, 0.8), segments(phones, 1.4)
    assert all(f.end - f.start < s.end - s.start for s, f in zip(slow, fast, strict=True))


def test_a_voiceless_coda_shortens_the_vowel_and_a_voiceless_onset_does_not():
    assert vowel_seconds("B", "AE1", "T") < 0.8 * vowel_seconds("B", "AE1", "D")
    assert vowel_seconds("P", "AE1", "D") == pytest.approx(vowel_seconds("B", "AE1", "D"))


def test_a_stop_is_aspirated_at_the_start_and_not_after_s():
    first = segments(("P", "IY1"), 1.0)[0]
    after_s = segments(("S", "P", "IY1"), 1.0)[1]
    assert first.release > 2 * after_s.release > 0


def test_unknown_phones_and_words_without_a_vowel_are_refused():
    with pytest.raises(UserError, match="'QQ' is no phone of 'en'; known: IY IH"):
        segments(("QQ",), 1.0)
    with pytest.raises(UserError, match="no vowel in 'S T'; a word needs at least one"):
        segments(("S", "T"), 1.0)


def test_every_phone_has_a_gesture_or_a_shape_and_its_own_ipa():
    symbols = {phone.said(1) for phone in PHONES.values()}
    assert len(symbols) == len(PHONES) == 39
    for phone, made in PHONES.items():
        assert made.tract or made.gesture or made.kind == "breath", phone


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_tiers_of_a_score_end_together_and_leave_no_gap(recipe):
    drawn = realise(recipe, f"stretch-{recipe}")
    placed = segments(("S", "T", "R", "EH1", "CH"), drawn.style.rate)
    root = ET.fromstring(gestural_score(placed, drawn.style))
    end = placed[-1].end + TAIL
    for tier in root:
        length = sum(float(gesture.get("duration_s")) for gesture in tier)
        assert length == 0 or length == pytest.approx(end, abs=2e-3), tier.get("type")


def test_a_realisation_depends_on_its_id_alone():
    alone = realise("reduced", "cat-reduced")
    list(map(realise, RECIPES, RECIPES))
    assert realise("reduced", "cat-reduced") == alone
    assert realise("reduced", "dog-reduced").style != alone.style


@pytest.mark.parametrize("name", RECIPES)
def test_drawn_values_stay_in_their_recipes_ranges_and_fill_them(name):
    recipe = RECIPES[name]
    drawn = [realise(name, f"word{k}") for k in range(60)]
    for low_high, values in (
        (recipe.scale, [d.scale for d in drawn]),
        (recipe.rate, [d.style.rate for d in drawn]),
        (recipe.overlap, [d.style.overlap for d in drawn]),
        (recipe.slack, [d.style.slack for d in drawn]),
        (recipe.f0, [d.style.f0 for d in drawn]),
    ):
        low, high = low_high
        assert low <= min(values) and max(values) <= high
        assert max(values) - min(values) > 0.8 * (high - low)
    assert {d.style.voice for d in drawn} == set(recipe.voices)


def test_the_base_realisations_differ_in_what_moves_and_not_in_voice_alone():
    plain, reduced, short = (RECIPES[name] for name in BASE)
    assert reduced.rate[0] > plain.rate[1] and reduced.slack[0] > plain.slack[1]
    assert short.scale[1] < plain.scale[0]


def test_the_anatomy_is_named_by_its_scale():
    names = {"short": (0.0, 0.94), "medium": (0.94, 1.05), "long": (1.05, 2.0)}
    drawn = [realise("reduced", f"word{k}") for k in range(60)]
    assert {d.anatomy for d in drawn} == set(names)
    for d in drawn:
        low, high = names[d.anatomy]
        assert low <= d.scale <= high


def test_an_unknown_recipe_is_refused():
    with pytest.raises(UnknownName, match=r"unknown realisation 'plan'\. Did you mean 'plain'"):
        realise("plan", "cat")


def test_a_missing_library_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(library_module, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'speech-grounding\[synthesis\]'"):
        installed_speaker()


def test_importing_the_stimuli_does_not_load_the_simulator():
    import subprocess

    code = (
        "import sys, grounding.stimuli; "
        "print([m for m in sys.modules if 'simulator' in m or 'vocaltract' in m])"
    )
    root = str(SET.parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert done.stdout.strip() == "[]"


def test_speaker_files_refuse_what_cannot_be_made(monkeypatch, tmp_path):
    with pytest.raises(UserError, match=r"anatomy scale 2.0 is outside 0.8 to 1.2"):
        speaker_xml(2.0, {}, {})
    with pytest.raises(UserError, match="no shape 'none', on which 'XX' is based"):
        speaker_xml(1.0, {"XX": ("none", {})}, {})
    with pytest.raises(UserError, match="no found shape for AA, AE"):
        tract_shapes({}, TARGETS)
    bare = tmp_path / "bare.speaker"
    bare.write_text("<speaker/>")
    monkeypatch.setattr("grounding.stimuli.simulator.speakers.installed_speaker", lambda: bare)
    with pytest.raises(SimulatorError, match="speaker file has no vocal_tract_model/anatomy"):
        speaker_xml(1.0, {}, {})


def test_the_library_says_which_call_failed(speaker):
    simulator = speaker(1.0)
    with pytest.raises(SimulatorError, match="vtlGetTractParams failed with status 2"):
        simulator.tract_shape("no such shape")
    with pytest.raises(SimulatorError, match="2 tract states but 3 glottis states"):
        simulator.synthesise(np.zeros((2, 19)), np.zeros((3, 11)))


@pytest.mark.parametrize("name", TARGETS)
def test_found_shapes_have_their_formants_and_stay_open(name, speaker):
    simulator = speaker(1.0)
    tract = simulator.tract_shape(name)
    found = formants(simulator, tract)[:3]
    assert np.allclose(found, TARGETS[name].formants, rtol=0.07)
    assert simulator.tube(tract).area.min() > 0.5 * TARGETS[name].narrowest


def lossless_formants(length, area):
    """Resonances of hard-walled tubes, closed at the glottis: zeros of the chain matrix' D."""
    c = 35_000.0
    length = length.copy()
    length[-1] += 0.8 * np.sqrt(area[-1] / np.pi)  # the open end's correction
    frequency = np.arange(100.0, 4000.0, 2.0)
    chain = np.tile(np.eye(2, dtype=complex), (len(frequency), 1, 1))
    for section, size in zip(length, area, strict=True):
        kl = 2 * np.pi * frequency * section / c
        one = np.empty_like(chain)
        one[:, 0, 0] = one[:, 1, 1] = np.cos(kl)
        one[:, 0, 1] = 1j * np.sin(kl) / size
        one[:, 1, 0] = 1j * np.sin(kl) * size
        chain = chain @ one
    last = chain[:, 1, 1].real
    return frequency[:-1][np.diff(np.sign(last)) != 0]


@pytest.mark.parametrize("name", ["a", "AE", "E", "@"])
def test_formants_agree_with_a_chain_of_lossless_tubes(name, speaker):
    simulator = speaker(1.0)
    tract = simulator.tract_shape(name)
    tube = simulator.tube(tract)
    expected = lossless_formants(tube.length, tube.area)
    # Soft walls raise F1 and losses move the rest a little; a wrong tube would be far off.
    assert np.allclose(formants(simulator, tract)[:3], expected[:3], rtol=0.13)


def test_a_scaled_speaker_has_scaled_lengths_and_formants(speaker):
    whole = speaker(1.0)
    shape = whole.tract_shape("AE")
    tube, found = whole.tube(shape), formants(whole, shape)
    small = speaker(0.88)
    shape = small.tract_shape("AE")
    assert small.tube(shape).length.sum() == pytest.approx(0.88 * tube.length.sum(), rel=0.01)
    assert np.allclose(formants(small, shape)[1:3], found[1:3] / 0.88, rtol=0.04)
    for consonant in ("ll-labial-closure(a)", "tt-alveolar-closure(i)", "tb-velar-closure(u)"):
        assert small.tube(small.tract_shape(consonant)).area.min() < 1e-3


def test_scaling_leaves_angles_and_ratios_alone_and_squares_areas():
    def parameters(scale):
        root = ET.fromstring(speaker_xml(scale, {}, {}))
        shape = next(s for s in root.iter("shape") if s.get("name") == "a")
        return {p.get("name"): float(p.get("value")) for p in shape}

    whole, small = parameters(1.0), parameters(0.9)
    assert small["JA"] == whole["JA"] and small["VS"] == whole["VS"]
    assert small["VO"] == pytest.approx(0.81 * whole["VO"], abs=1e-6)
    assert small["TCX"] == pytest.approx(0.9 * whole["TCX"], abs=1e-6)


def test_the_search_is_the_same_twice_and_gets_nearer(speaker):
    target, simulator = TARGETS["AH"], speaker(1.0)
    start = simulator.tract_shape(target.start)
    found, again = (
        search(simulator, target, np.random.default_rng(1), generations=4) for _ in range(2)
    )

    def miss(changes):
        tract = start.copy()
        for name, value in changes.items():
            tract[TRACT_NAMES.index(name)] = value
        return np.abs(np.log(formants(simulator, tract)[:3] / np.array(target.formants))).max()

    assert found == again
    assert miss(found) < 0.5 * miss({})


def test_lips_close_in_m_and_p_and_open_between(spoken):
    word, _ = spoken
    lips = column(word.streams, "lip.area")
    assert lips[requested(word, "M")].min() == 0 and lips[requested(word, "P")].min() == 0
    assert lips[requested(word, "AE")].max() > 1.0
    floor = np.log(AREA_FLOOR)
    assert word.streams["area"].min() == pytest.approx(floor, abs=0.01)


def test_the_velum_opens_in_m_alone(spoken):
    word, _ = spoken
    velum = column(word.streams, "velum.area")
    assert velum[requested(word, "M")].max() > 0.5
    assert velum[requested(word, "P")].max() < 0.02


def test_the_vowel_has_the_formants_that_its_anatomy_gives(spoken):
    word, drawn = spoken
    frames = requested(word, "AE")
    middle = (frames.start + frames.stop) // 2 + 3
    assert word.streams["formants_valid"][middle, 0] == 1
    found = word.streams["formants"][middle, :3] * drawn.scale
    assert np.allclose(found, TARGETS["AE"].formants, rtol=0.06)


def test_formants_are_masked_in_a_closure_and_always_finite(spoken):
    word, _ = spoken
    closed = column(word.streams, "lip.area") == 0
    assert closed.any() and not word.streams["formants_valid"][closed].any()
    assert all(np.isfinite(values).all() for values in word.streams.values())


def test_streams_have_named_channels_and_run_as_long_as_the_audio(spoken):
    word, _ = spoken
    assert set(word.streams) == set(STREAMS)
    for name, (channels, units) in STREAMS.items():
        values = word.streams[name]
        assert values.dtype == np.float32
        assert values.shape == (-(-len(word.audio) // 160), len(channels))
        assert len(channels) == len(units) == len(set(channels))


def test_sound_and_arrays_start_together(spoken):
    """While the lips are closed in the last /p/ it is quiet; its burst comes as they open."""
    word, _ = spoken
    closed = np.flatnonzero(column(word.streams, "lip.area") == 0)
    opens = int(closed[-1]) + 1
    padded = np.pad(word.audio.astype(float), (0, -len(word.audio) % 160))
    power = np.mean(padded.reshape(-1, 160) ** 2, axis=1)  # of the 10 ms that start at the frame
    assert closed[-3] == opens - 3
    burst, quiet = power[opens - 1 : opens + 2].max(), power[opens - 3 : opens - 1].max()
    assert burst > 10 * quiet


def test_the_same_word_is_the_same_to_the_bit_after_another_anatomy(spoken):
    word, drawn = spoken
    speak(("B", "IY1"), realise("short-tract", "bee-short-tract"), SHAPES)
    again = speak(MAP, drawn, SHAPES)
    assert np.array_equal(again.audio, word.audio)
    assert all(np.array_equal(again.streams[k], word.streams[k]) for k in STREAMS)


def test_finish_sets_the_peak_and_refuses_silence():
    tone = 1e-3 * np.sin(2 * np.pi * 300 * np.arange(44_100) / 44_100)
    audio = finish(tone)
    assert len(audio) == 16_000
    assert np.abs(audio).max() == pytest.approx(PEAK * 32767, abs=1)
    with pytest.raises(SimulatorError, match="made silence"):
        finish(np.zeros(4410))


def test_arrays_that_make_no_sense_are_refused(speaker):
    simulator = speaker(1.0)
    closed = np.tile(simulator.tract_shape("ll-labial-closure(a)"), (9, 1))
    with pytest.raises(SimulatorError, match="no frame has an open oral tube"):
        measure(simulator, closed, np.zeros((9, 11)), np.zeros((4, 6, 2)), 2, 1.0)

    class Odd:
        def tube(self, tract):
            return Tube(np.full(40, 0.01), np.ones(40), np.full(40, 4), 5.0, 0.0)

    with pytest.raises(SimulatorError, match="no tube section lies at the lips"):
        measure(Odd(), closed, np.zeros((9, 11)), np.zeros((4, 6, 2)), 2, 1.0)


@pytest.fixture(scope="module")
def shipped():
    """Return the records of the shipped manifest."""
    lines = (SET / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_shipped_set_has_three_realisations_a_word_and_eight_of_forty(shipped):
    names = {}
    for record in shipped:
        names.setdefault(record["transcript"], set()).add(record["realisation"]["name"])
    assert len(names) >= 240 and all(set(BASE) <= found for found in names.values())
    assert sum(len(found) >= 8 for found in names.values()) >= 40


def test_the_shipped_set_follows_from_its_recipes(shipped):
    for record in shipped:
        drawn = realise(record["realisation"]["name"], record["id"])
        assert record["realisation"] == drawn.record()
        assert record["speaker"] == drawn.anatomy


def test_every_shipped_item_was_listened_to_and_marked_where_it_was_not_recognised(shipped):
    for record in shipped:
        heard = record["intelligibility"]
        assert heard["model"] == "whisper-tiny.en"
        assert heard["recognised"] == (heard["correct"] or heard["rank"] == 1)
        assert record["marks"] == ([] if heard["recognised"] else ["not-recognised"])


def test_the_median_shipped_word_is_recognised(shipped):
    by_word = {}
    for record in shipped:
        by_word.setdefault(record["transcript"], []).append(record["intelligibility"]["recognised"])
    assert np.median([np.mean(found) for found in by_word.values()]) > 0.5


def test_shipped_closures_close_where_they_should(shipped):
    place = {"m": "lip", "p": "lip", "b": "lip", "t": "tip", "d": "tip", "n": "tip"}
    checked = 0
    for record in shipped[::12]:
        with np.load(SET / record["articulation"], allow_pickle=False) as arrays:
            names, values = list(arrays["variables.channels"]), arrays["variables"]
        for phone, start, end in record["attributes"]["segments"]:
            if phone in place:
                frames = slice(max(0, round(start * 100) - 2), round(end * 100) + 1)
                assert values[frames, names.index(f"{place[phone]}.area")].min() < AREA_FLOOR
                checked += 1
    assert checked > 50


def test_make_rebuilds_shipped_items_byte_for_byte(tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("make_vocal_tract_words", SET / "make.py")
    make = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = make  # dataclasses look their module up
    spec.loader.exec_module(make)
    builder, standing = make.builder(), read_records(SET)
    assert list(builder.jobs) == list(standing)
    item = next(i for i in builder.jobs.values() if i.recipe == "reduced")
    (record,) = builder.make(item, tmp_path)
    for key in ("audio", "articulation"):
        assert (tmp_path / record[key]).read_bytes() == (SET / record[key]).read_bytes(), key
    assert builder.told(record) == standing[item.id]  # with what was heard of it
    assert "intelligibility" not in builder.told(record | {"sha256": "other"})
    assert builder.stands(item.id, standing, SET)
    (tmp_path / record["audio"]).write_bytes(b"")
    assert not builder.stands(item.id, {item.id: record}, tmp_path)
    with pytest.raises(SystemExit):
        make.main(["--only", "no-such-item", "--out", str(tmp_path)])
    assert "nothing is called no-such-item" in capsys.readouterr().err
