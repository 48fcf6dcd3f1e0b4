"""What a twin is fed: filter banks or stretched symbols, and the file that says which."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from grounding.encoders.families import twin_front as fronts
from grounding.encoders.families.twin_front import Front, read_front, write_front
from grounding.errors import AudioError, UserError, WeightsError

HEARS = Front("audio", mean=np.linspace(10, 20, 80), scale=np.linspace(2, 4, 80))
READS = Front("characters", symbols=(" ", "a", "c", "t"), steps_per_symbol=2.5)


@pytest.mark.parametrize("front", [HEARS, READS, replace(READS, input="phonemes")])
def test_a_front_end_comes_back_as_it_was_written(front, tmp_path):
    write_front(tmp_path, front)
    again = read_front(tmp_path)
    assert (again.input, again.symbols) == (front.input, front.symbols)
    assert again.steps_per_symbol == front.steps_per_symbol
    for name in ("mean", "scale"):
        np.testing.assert_array_equal(getattr(again, name), getattr(front, name))
    said = json.loads((tmp_path / "front.json").read_text("utf-8"))
    assert (said["rate"], said["width"], said["steps_per_second"]) == (16_000, 160, 50)


TWICE = ["a", "c", "a"]
MANY = [chr(0x4E00 + k) for k in range(161)]


@pytest.mark.parametrize(
    ("front", "change", "message"),
    [
        (HEARS, {"mean": ...}, r"front.json lacks \['mean'\]"),
        (HEARS, {"pace": 1}, r"\['pace'\] mean nothing there. Needed: input, mean, rate"),
        (HEARS, {"width": 80}, "width is 160 in every twin; found 80"),
        (HEARS, {"rate": 8000}, "rate is 16000 in every twin; found 8000"),
        (HEARS, {"schema": 2}, "schema is 1 in every twin; found 2"),
        (HEARS, {"steps_per_second": 25}, "steps_per_second is 50 in every twin; found 25"),
        (HEARS, {"input": "sound"}, "one of audio, characters, phonemes; found 'sound'"),
        (HEARS, {"scale": None}, "fed audio has mean and scale and nothing else; see scale"),
        (HEARS, {"symbols": ["a"]}, "fed audio has mean and scale and nothing else; see symbols"),
        (READS, {"mean": [0.0] * 80}, "has symbols and steps_per_symbol and nothing else"),
        (HEARS, {"mean": [0.0] * 79}, r"mean is 80 finite numbers; found \(79,\)"),
        (HEARS, {"mean": [float("nan")] * 80}, "mean is 80 finite numbers"),
        (HEARS, {"mean": "loud"}, "could not convert string to float"),
        (HEARS, {"scale": [1.0] * 79 + [0]}, "each scale is above 0; found 0 in band 79"),
        (READS, {"symbols": TWICE}, "1 to 160 symbols, each once; found 3, twice: a"),
        (READS, {"symbols": MANY}, "1 to 160 symbols, each once; found 161, twice: none"),
        (READS, {"symbols": []}, "1 to 160 symbols, each once; found 0"),
        (READS, {"symbols": ["a", 3]}, "each of the symbols is a text"),
        (READS, {"symbols": 3}, "not iterable"),
        (READS, {"steps_per_symbol": 0}, "steps_per_symbol is a number above 0; found 0"),
        (READS, {"steps_per_symbol": "3"}, "steps_per_symbol is a number above 0; found '3'"),
    ],
)
def test_a_wrong_file_is_refused(front, change, message, tmp_path):
    write_front(tmp_path, front)
    path = tmp_path / "front.json"
    changed = json.loads(path.read_text("utf-8")) | change
    path.write_text(json.dumps({k: v for k, v in changed.items() if v is not ...}), "utf-8")
    with pytest.raises(WeightsError, match=message) as refused:
        read_front(tmp_path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(("text", "message"), [("{", "cannot be read as JSON"), ("[]", "lacks")])
def test_what_is_no_record_is_refused(text, message, tmp_path):
    (tmp_path / "front.json").write_text(text)
    with pytest.raises(WeightsError, match=message):
        read_front(tmp_path)


def test_frames_are_those_of_the_extractor_at_rms_one():
    from transformers import SeamlessM4TFeatureExtractor

    sound = np.random.default_rng(0).standard_normal(5003).astype(np.float32)
    made = SeamlessM4TFeatureExtractor()(
        [sound / np.sqrt(np.mean(sound**2))],
        sampling_rate=16_000,
        do_normalize_per_mel_bins=False,
        pad_to_multiple_of=None,
        return_tensors="np",
    )["input_features"][0]
    frames = fronts.log_mel(sound)
    assert frames.shape == made.shape == (fronts.count_steps(5003), 160)
    np.testing.assert_allclose(frames, made, atol=1e-4)
    np.testing.assert_allclose(fronts.log_mel(0.01 * sound), frames, atol=1e-3)  # level is gone


def test_digital_silence_is_no_more_than_80_db_below_the_loudest():
    rng = np.random.default_rng(0)
    sound = np.concatenate([rng.standard_normal(8000), np.zeros(8000)])
    frames = fronts.log_mel(sound)
    quiet = frames[-5:]
    np.testing.assert_allclose(frames.max() - quiet, 8 * np.log(10), atol=1e-5)
    # A room 70 dB down is within the range, and is heard as it is.
    room = fronts.log_mel(sound + 10 ** (-70 / 20) * rng.standard_normal(16_000))
    assert (room[-5:] > quiet).mean() > 0.9


@pytest.mark.parametrize("samples", [560, 879, 880, 1199, 1200, 16_000])
def test_as_many_frames_as_are_counted(samples):
    sound = np.random.default_rng(samples).standard_normal(samples)
    assert len(fronts.log_mel(sound)) == fronts.count_steps(samples) == (samples - 560) // 320 + 1


def test_the_training_set_standardises_each_band_of_both_frames():
    frames = fronts.log_mel(np.random.default_rng(1).standard_normal(160_000))
    bands = frames.reshape(-1, 80)
    front = Front("audio", mean=bands.mean(axis=0), scale=bands.std(axis=0))
    made = fronts.standardised(frames, front)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made.reshape(-1, 80).mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(made.reshape(-1, 80).std(axis=0), 1, atol=1e-3)


@pytest.mark.parametrize("sound", [np.zeros(4000), np.ones(559), np.ones(0)])
def test_silence_and_scraps_are_refused(sound):
    with pytest.raises(AudioError, match="makes no step; needed 560 samples or more"):
        fronts.log_mel(sound)


TEXTS = (
    "Cat",
    "A  small Red house",
    "Straße",
    "İstanbul ΐ ǰ J\u030c x\u0323\u0307 ﬁn",
    "Ёлка — да!",
    "ทดสอบ",
)


@pytest.mark.parametrize("text", TEXTS)
def test_characters_are_folded_and_each_knows_its_letter(text):
    text = unicodedata.normalize("NFC", text)
    stimulus = SimpleNamespace(id="one", transcript=text)
    symbols = fronts.symbols_of(stimulus, "characters")
    places = fronts.places_of(stimulus, "characters")
    folded = unicodedata.normalize("NFC", text.casefold())
    assert "".join(symbols) == " ".join(folded.split())
    assert len(places) == len(symbols)
    for symbol, (start, end) in zip(symbols, places, strict=True):
        assert symbol in unicodedata.normalize("NFC", text[start:end].casefold())
    read = {k for start, end in places for k in range(start, end)}
    assert all(k in read for k in range(len(text)) if not text[k].isspace())


def test_phonemes_are_segments_and_each_knows_its_phone():
    stimulus = SimpleNamespace(id="one", transcript="joy", phones=("dʒ", "ɔɪ"))
    assert fronts.symbols_of(stimulus, "phonemes") == ("d͡ʒ", "ɔ", "ɪ")
    assert fronts.places_of(stimulus, "phonemes").tolist() == [[0, 1], [1, 2], [1, 2]]


@pytest.mark.parametrize(
    ("stimulus", "fed", "message"),
    [
        ({"transcript": "cat", "phones": None}, "phonemes", "'one' has nothing in its phones"),
        ({"transcript": ""}, "characters", "'one' has nothing in its transcript, which a twin fed"),
        ({"transcript": "a", "phones": ("?",)}, "phonemes", "is not IPA"),
        ({"transcript": "a"}, "audio", "unknown input of symbols 'audio'"),
    ],
)
def test_what_cannot_be_read_is_refused(stimulus, fed, message):
    with pytest.raises(UserError, match=message):
        fronts.symbols_of(SimpleNamespace(id="one", **stimulus), fed)


def test_symbols_are_stretched_evenly_and_unknown_ones_are_zeros():
    indices = fronts.stretched(("c", "x", "t"), 8, READS)
    assert indices.tolist() == [2, 2, 2, -1, -1, -1, 3, 3]  # floor(t 3 / 8)
    made = fronts.one_hot(indices)
    assert made.dtype == np.float32 and made.shape == (8, 160)
    assert made.sum(axis=1).tolist() == [1, 1, 1, 0, 0, 0, 1, 1] and made[0, 2] == 1


def test_the_number_of_steps_of_a_text_follows_from_the_text(record):
    short, long = record("front-short", 4000, "cat"), record("front-long", 16_000, "cat")
    for stimulus in (short, long):
        np.testing.assert_array_equal(
            fronts.inputs(stimulus, READS), fronts.inputs(short, READS, steps=8)
        )
    assert len(fronts.inputs(long, READS, steps=49)) == 49
    slow = replace(READS, steps_per_symbol=0.3)
    assert len(fronts.inputs(long, slow)) == 3  # never less than a step a symbol


def test_audio_makes_the_steps_that_it_makes(record):
    stimulus = record("front-audio", 16_000)
    made = fronts.inputs(stimulus, HEARS)
    np.testing.assert_array_equal(made, fronts.inputs(stimulus, HEARS, steps=49))
    with pytest.raises(UserError, match="'front-audio' makes 49 steps of audio, not 48"):
        fronts.inputs(stimulus, HEARS, steps=48)
    with pytest.raises(AudioError, match="is at 8000 Hz and a twin hears 16000 Hz"):
        fronts.inputs(record("front-slow", 16_000, rate=8000), HEARS)
