"""What the importers share: filtering, spreads, labels in IPA, cutting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grounding.errors import UserError
from grounding.stimuli.importers import IMPORTERS
from grounding.stimuli.importers.cutting import LeftOut, cut
from grounding.stimuli.importers.phones import from_arpabet, from_mngu0, in_ipa
from grounding.stimuli.importers.record import FLESH, Sound, Utterance
from grounding.stimuli.importers.smoothing import runs, smooth
from grounding.stimuli.importers.survey import Spread
from grounding.stimuli.toy import FLESH as TOY_FLESH

RATE = 500.0
TIMES = np.arange(1000) / RATE


def wave(hz: float, rate: float = RATE, frames: int = 1000) -> np.ndarray:
    """Return 5 mm of movement at `hz`."""
    return 5 * np.sin(2 * np.pi * hz * np.arange(frames) / rate)[:, None]


@pytest.mark.parametrize("rate", [500.0, 200.0])
def test_smoothing_keeps_speech_and_removes_hum(rate: float) -> None:
    slow, fast = wave(2, rate), wave(60, rate)
    out = smooth(slow + fast, rate, 10)
    middle = slice(200, 800)
    assert np.abs(out - slow)[middle].max() < 0.02  # of 5 mm
    assert np.abs(smooth(fast, rate, 10))[middle].max() < 0.005


def test_smoothing_has_no_delay() -> None:
    bump = 5 * np.exp(-(((TIMES - 1.0) / 0.05) ** 2))[:, None]
    out = smooth(bump, RATE, 10)
    assert abs(int(np.argmax(out)) - int(np.argmax(bump))) == 0
    np.testing.assert_allclose(out, smooth(bump[::-1], RATE, 10)[::-1], atol=1e-9)


def test_smoothing_halves_the_amplitude_at_its_cut_off() -> None:
    out = smooth(wave(10), RATE, 10)[200:800]
    assert np.abs(out).max() == pytest.approx(2.5, abs=0.02)


def test_smoothing_bridges_no_gap() -> None:
    values = wave(2)
    values[300:350] = np.nan
    out = smooth(values, RATE, 10)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(values))
    # What lies behind a gap changes nothing before it.
    other = values.copy()
    other[350:] += 40
    np.testing.assert_array_equal(smooth(other, RATE, 10)[:300], out[:300])
    assert np.abs(out - wave(2))[~np.isnan(values)].max() < 0.5


@given(st.integers(1, 60), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_runs_of_any_length_are_smoothed(length: int, gap: int) -> None:
    values = np.full((length + gap + 5, 1), 3.0)
    values[length : length + gap] = np.nan
    out = smooth(values, RATE, 10)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(values))
    np.testing.assert_allclose(out[~np.isnan(out)], 3.0, atol=1e-9)


def test_no_smoothing_leaves_the_values() -> None:
    values = wave(60)
    assert smooth(values, RATE, 0) is values


@pytest.mark.parametrize("hz", [-1, 250, 300, np.nan])
def test_a_cut_off_beyond_half_the_rate_is_refused(hz: float) -> None:
    with pytest.raises(
        UserError, match=r"cut-off of .* Hz for movement at 500 Hz; needed one abov"
    ):
        smooth(wave(2), RATE, hz)


def test_runs_are_found() -> None:
    assert runs(np.array([False, True, True, False, True])) == [(1, 3), (4, 5)]
    assert runs(np.array([False, False])) == []


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_a_spread_gathered_by_files_is_that_of_all(sizes: list[int], random) -> None:
    rng = np.random.default_rng(random.randrange(2**32))
    files = [rng.normal(100, 3, size=(n + 1, 3)) for n in sizes]
    for values in files:
        values[rng.random(values.shape) < 0.2] = np.nan
    gathered = Spread.of(files[0])
    for values in files[1:]:
        gathered.add(Spread.of(values))
    everything = np.concatenate(files)
    for k in range(3):
        known = everything[~np.isnan(everything[:, k]), k]
        assert gathered.count[k] == len(known)
        if len(known):
            np.testing.assert_allclose(gathered.mean[k], known.mean())
            np.testing.assert_allclose(gathered.deviation[k], known.std(), atol=1e-9)


def test_arpabet_without_stress_is_not_certain() -> None:
    assert [from_arpabet(p) for p in ("AH0", "AH1", "ER0", "ER2", "HH", "NG")] == [
        *("ə", "ʌ", "ɚ", "ɝ", "h", "ŋ")
    ]
    assert [from_arpabet(p) for p in ("AH", "HH1", "ah1", "spn", "", "1", "AH3")] == [None] * 7


def test_one_uncertain_label_takes_all_phones_away() -> None:
    labels = (("#", 0.0, 0.1), ("k", 0.1, 0.2), ("?", 0.2, 0.3))
    assert in_ipa(labels, from_mngu0, frozenset("#")) == (None, {"?"})
    assert in_ipa(labels[:2], from_mngu0, frozenset("#")) == (["k"], set())
    assert in_ipa(labels[:1], from_mngu0, frozenset("#")) == (None, set())


def test_flesh_points_are_named_as_in_the_shipped_sets() -> None:
    assert FLESH == TOY_FLESH


@pytest.mark.parametrize("name", IMPORTERS)
def test_a_record_of_the_table_is_whole(name: str) -> None:
    one = IMPORTERS[name]
    assert one.name == name
    assert set(one.channels.values()) == {"mm"}
    assert set(FLESH) <= set(one.channels)
    assert {c for bad in one.known_bad.values() for c in bad} <= set(one.channels)
    assert set(one.known_bad) <= set(one.speakers)
    assert 0 < one.smoothing_hz < one.rate / 2
    for text in (one.corpus, one.axes, one.head, one.phones, one.licence, one.reference):
        assert text and text == " ".join(text.split())
    assert one.source.startswith("http")
    with pytest.raises(TypeError, match=r"does not support item assignment"):
        one.channels["XX.x"] = "mm"


def utterance(**changes) -> Utterance:
    """Return two seconds of one channel at 500 Hz, and of sound at 8 kHz."""
    fields = {
        "id": "u",
        "speaker": "s",
        "files": ("u.ema",),
        "channels": ("TT.x",),
        "values": wave(2),
        "rate": RATE,
        "sound": Sound(8000, np.zeros(16000, dtype=np.int16)),
        "transcript": "u",
    }
    return Utterance(**(fields | changes))


MOCHA = IMPORTERS["mocha"]


def test_movement_beyond_the_sound_is_dropped_and_counted() -> None:
    sound = Sound(8000, np.zeros(8000, dtype=np.int16))
    one = cut(MOCHA, utterance(sound=sound), ("TT.x",), 0)
    assert (len(one.values), one.unheard, one.part) == (500, 500, None)
    early = cut(MOCHA, utterance(start=-0.08), ("TT.x",), 0)
    assert (len(early.values), early.unheard, early.part) == (960, 40, None)
    assert early.offset == pytest.approx(0, abs=1e-9)


def test_sound_and_movement_must_overlap() -> None:
    with pytest.raises(LeftOut, match=r"its sound and its movement do not overlap"):
        cut(MOCHA, utterance(start=3.0), ("TT.x",), 0)
    with pytest.raises(LeftOut, match=r"its sound and its movement do not overlap"):
        cut(MOCHA, utterance(start=-3.0), ("TT.x",), 0)
    with pytest.raises(LeftOut, match=r"nothing was measured in it"):
        cut(MOCHA, utterance(values=np.full((100, 1), np.nan)), ("TT.x",), 0)


def test_a_window_cuts_sound_movement_and_labels_alike() -> None:
    labels = (("sil", 0.0, 0.5), ("k", 0.5, 1.0), ("sil", 1.0, 2.0))
    one = cut(MOCHA, utterance(window=(0.401, 1.1), labels=labels), ("TT.x",), 0)
    assert one.part == pytest.approx((0.402, 1.1))
    assert len(one.sound.samples) == round(8000 * (1.1 - 0.402))
    np.testing.assert_array_equal(one.values, wave(2)[201:550])
    assert [(label, pytest.approx((a, b))) for label, a, b in one.labels] == [
        ("k", (0.5 - 0.402, 1.0 - 0.402))
    ]


def test_a_pause_may_lack_movement_and_speech_may_not() -> None:
    said = (("sil", 0.0, 0.5), ("k", 0.5, 1.8), ("sil", 1.8, 2.0))
    one = cut(MOCHA, utterance(values=wave(2)[:900], labels=said), ("TT.x",), 0)
    assert one.part == (0.0, 1.8)
    assert one.labels == said[:2]
    with pytest.raises(LeftOut, match=r"'k' is said from 0.50 to 1.80 s, and movement was meas"):
        cut(MOCHA, utterance(values=wave(2)[:880], labels=said), ("TT.x",), 0)
