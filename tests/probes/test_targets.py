"""Channels of the articulation are read at any time, with their units, and never guessed."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.errors import UnknownName, UserError
from grounding.probes.targets import ARTICULATORS, articulator_of, channels
from grounding.rsa import time_normalise
from grounding.spaces.articulation import CLOSED
from grounding.stimuli import Stimulus, read_stimuli
from grounding.stimuli.articulation import Articulation, Stream, write_articulation

SIMULATED = ("flesh", "variables", "tract", "glottis", "area", "section_length", "formants")


@pytest.fixture(scope="module")
def toys(toy_folder):
    return read_stimuli(toy_folder)


@pytest.fixture
def made(tmp_path):
    """A function that makes a stimulus from streams: name, (values, units); 10 frames a second."""

    def make(name="a", **streams):
        track = Articulation(
            10.0,
            {
                stream: Stream(
                    stream, values, tuple(f"c{k}" for k in range(values.shape[1])), units
                )
                for stream, (values, units) in streams.items()
            },
        )
        write_articulation(tmp_path / f"{name}.npz", track)
        return Stimulus(
            name, "cat", "en", tmp_path, "a.wav", 16000, articulation_path=f"{name}.npz"
        )

    return make


def test_values_lie_on_lines_between_frames_and_are_unknown_outside(toys):
    found = channels(toys, "flesh")
    one = toys[3]
    track = one.articulation
    frames = np.arange(track.frames) / track.rate
    times = np.array([-0.001, 0.0, 0.0512, frames[-1], frames[-1] + 0.001])
    values = found.at(one, times)
    assert values.shape == (5, 12) and np.isnan(values[[0, 4]]).all()
    for at, column in enumerate(track["flesh"].values.T):
        np.testing.assert_allclose(
            values[1:4, at], np.interp(times[1:4], frames, column), rtol=1e-6
        )
    assert found.units == ("mm",) * 12 and found.names[6] == "TT.x"


def test_slices_are_means_over_equal_parts(toys):
    found = channels(toys, "flesh", ["TT.y", "UL.x"])
    frames = toys[0].articulation["flesh"].values[:, [7, 0]].astype(float)
    np.testing.assert_allclose(found.slices(toys[0], 1)[0], frames.mean(axis=0))
    np.testing.assert_allclose(found.slices(toys[0], 4), time_normalise(frames, 4))


def test_some_channels_in_any_order(toys):
    both = channels(toys, "flesh")
    some = channels(toys, "flesh", ["TT.y", "UL.x"])
    times = np.array([0.1, 0.2])
    np.testing.assert_array_equal(some.at(toys[0], times), both.at(toys[0], times)[:, [7, 0]])
    assert some.articulators == ("tongue tip", "upper lip")


@pytest.fixture(scope="module")
def word():
    return read_stimuli("vocal-tract-words")[0]


@pytest.mark.parametrize("stream", SIMULATED)
def test_every_channel_of_the_simulator_has_an_articulator(stream, word):
    one = word
    found = channels([one], stream)
    assert len(found.names) == one.articulation[stream].values.shape[1]
    known = set(ARTICULATORS[stream].values()) | {"velum", "glottis", "larynx"}
    assert set(found.articulators) <= known
    assert np.isfinite(found.at(one, np.array([0.2]))).all() or stream == "formants"


def test_the_longest_start_names_the_articulator():
    assert articulator_of("tract", "TTX") == "tongue tip" and articulator_of("tract", "JA") == "jaw"
    assert articulator_of("own", "thumb.x") == "thumb"


def test_closures_are_equal_whatever_is_written_for_zero(made):
    area = np.array([[-20.0], [0.0], [-9.0]])
    one = made(area=(area, ("log cm^2",)))
    found = channels([one], "area").at(one, np.array([0.0, 0.1, 0.2]))
    np.testing.assert_allclose(found[:, 0], [CLOSED, 0.0, CLOSED])
    other = made("b", own=(area, ("log cm^2",)))  # another stream is left as it is
    np.testing.assert_allclose(
        channels([other], "own").at(other, np.array([0.0, 0.1, 0.2])), area, rtol=1e-6
    )


def test_masked_formants_are_unknown(made):
    values = np.array([[500.0], [600.0], [700.0], [800.0]])
    valid = np.array([[1.0], [1.0], [0.0], [1.0]])
    one = made(formants=(values, ("Hz",)), formants_valid=(valid, ("1",)))
    found = channels([one], "formants")
    read = found.at(one, np.array([0.05, 0.15, 0.2, 0.25]))[:, 0]
    np.testing.assert_allclose(read, [550.0, np.nan, np.nan, np.nan])
    with pytest.raises(UserError, match="1 of 4 frames of 'formants' are masked"):
        found.slices(one, 1)
    whole = made("b", formants=(values, ("Hz",)))
    assert np.isfinite(channels([whole], "formants").at(whole, np.array([0.15, 0.2]))).all()


def test_stimuli_that_were_measured_otherwise_are_refused(made):
    values = np.zeros((3, 2))
    mm, cm = made("a", flesh=(values, ("mm", "mm"))), made("b", flesh=(values, ("mm", "cm")))
    fewer = made("c", flesh=(values[:, :1], ("mm",)))
    found = channels([mm, cm, fewer], "flesh")
    with pytest.raises(UserError, match="'b': channel 'c1' of 'flesh' is in cm; needed mm"):
        found.at(cm, np.zeros(1))
    with pytest.raises(
        UserError, match="'c': channel 'c1' of 'flesh' is in no unit: it is missing"
    ):
        found.at(fewer, np.zeros(1))


def test_bad_wishes_are_refused(toys, made):
    with pytest.raises(UserError, match="no stimuli to take channels from"):
        channels([], "flesh")
    with pytest.raises(UserError, match=r"'a' has no articulation \(1 of 1 have none\)"):
        channels([Stimulus("a", "cat", "en", ".", "a.wav", 16000)], "flesh")
    with pytest.raises(UserError, match=r"has no stream 'fish' in its articulation. It has: area"):
        channels(toys, "fish")
    with pytest.raises(UnknownName, match=r"unknown channel of 'flesh' 'TT.z'"):
        channels(toys, "flesh", ["TT.z"])
    for bad in ([], ["TT.x", "TT.x"]):
        with pytest.raises(UserError, match="needed one or more, each once"):
            channels(toys, "flesh", bad)
