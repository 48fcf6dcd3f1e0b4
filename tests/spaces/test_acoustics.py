"""Log-mel and cepstral spaces against librosa's own front end, and what they leave unchanged."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from grounding.errors import AudioError, UserError
from grounding.spaces import acoustics

SPACES = {
    "log-mel": acoustics.log_mel_rdm,
    "log-mel-mean": acoustics.log_mel_mean_rdm,
    "mfcc": acoustics.mfcc_rdm,
}
GAIN = 20 * np.log10(2.0)  # dB of twice the amplitude


def librosa_log_mel(audio, rate):
    size, hop = round(0.025 * rate), round(0.010 * rate)
    power = librosa.feature.melspectrogram(
        y=audio.astype(np.float64), sr=rate, n_fft=size, hop_length=hop, n_mels=80, fmax=8000.0
    )
    # The last of librosa's frames may be centred on the moment after the last sample.
    power = power[:, : -(-len(audio) // hop)]
    return librosa.power_to_db(power, ref=1.0, amin=1e-30, top_db=80.0).T


# Independent oracle


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_log_mel_is_librosas(tone, hiss, rate):
    audio = tone(120.0, rate=rate) + hiss(0, rate=rate)
    ours, theirs = acoustics.log_mel(audio, rate), librosa_log_mel(audio, rate)
    assert ours.shape == theirs.shape == (len(ours), acoustics.BANDS)
    assert np.allclose(ours, theirs, atol=1e-6)


def test_mfcc_is_librosas(tone, hiss):
    audio = tone(120.0) + hiss(0)
    theirs = librosa.feature.mfcc(S=librosa_log_mel(audio, 16_000).T, n_mfcc=14).T[:, 1:]
    assert np.allclose(acoustics.mfcc(audio, 16_000), theirs, atol=1e-6)


def test_trajectory_distances_agree_with_a_slow_loop(make_set, tone, hiss):
    stimuli = make_set([tone(100.0, 0.31), hiss(1, 0.4), tone(220.0, 0.5)])
    slices = []
    for stimulus in stimuli:
        frames = librosa_log_mel(stimulus.audio, stimulus.rate)
        fine = np.repeat(frames, 20, axis=0)
        slices.append(fine.reshape(20, len(frames), 80).mean(1))
    expected = [np.sqrt(np.mean((slices[i] - slices[j]) ** 2)) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert acoustics.log_mel_rdm(stimuli).values == pytest.approx(expected, rel=1e-6)


def test_a_pure_tone_is_loudest_in_the_band_that_holds_it():
    time = np.arange(8000) / 16_000
    centres = librosa.mel_frequencies(n_mels=82, fmin=0.0, fmax=8000.0)[1:-1]
    for hertz in (300.0, 1000.0, 4000.0):
        mean = acoustics.log_mel(np.sin(2 * np.pi * hertz * time), 16_000).mean(0)
        assert abs(centres[mean.argmax()] - hertz) < 0.06 * hertz


# What a gain, a stretch and a filter do


def test_a_gain_moves_every_band_alike_and_the_distance_says_how_far(make_set, tone):
    buzz = tone(120.0)
    stimuli = make_set([buzz, 2 * buzz, 4 * buzz])
    for name in ("log-mel", "log-mel-mean"):
        assert SPACES[name](stimuli).values == pytest.approx([GAIN, 2 * GAIN, GAIN], rel=1e-6)
    assert SPACES["mfcc"](stimuli).values == pytest.approx([0.0, 0.0, 0.0], abs=1e-5)


def test_a_filter_is_no_gain(tone, hiss):
    audio = tone(120.0) + hiss(3)
    flat, tilted = acoustics.log_mel(audio, 16_000), acoustics.log_mel(np.diff(audio), 16_000)
    steps = min(len(flat), len(tilted))
    assert np.ptp((tilted[:steps] - flat[:steps]).mean(0)) > 10.0
    cepstra = acoustics.mfcc(audio, 16_000)[:steps], acoustics.mfcc(np.diff(audio), 16_000)[:steps]
    assert np.abs(cepstra[0].mean(0) - cepstra[1].mean(0)).max() > 10.0


def test_a_spoken_stretch_moves_the_trajectory_less_than_another_sound(make_set, tone, hiss):
    two = [np.concatenate([tone(110.0, t), hiss(2, t)]) for t in (0.2, 0.4)]
    swapped = np.concatenate([hiss(2, 0.2), tone(110.0, 0.2)])
    made = acoustics.log_mel_rdm(make_set([*two, swapped])).values
    assert made[0] < 0.25 * made[1]
    # The mean over time cannot tell the order of sounds.
    mean = acoustics.log_mel_mean_rdm(make_set([*two, swapped])).values
    assert mean[1] < 0.25 * made[1]


def test_silence_at_the_edges_is_part_of_the_sound(make_set, tone):
    buzz = tone(120.0)
    padded = np.concatenate([np.zeros(3200, np.float32), buzz])
    assert acoustics.log_mel_rdm(make_set([buzz, padded, tone(121.0)])).values[0] > 10.0


def test_nothing_lies_more_than_the_dynamic_range_below_the_loudest(tone):
    sound = np.concatenate([tone(120.0), np.zeros(8000, np.float32)])
    levels = acoustics.log_mel(sound, 16_000)
    assert levels.min() == pytest.approx(levels.max() - acoustics.DYNAMIC_RANGE)


def test_windows_are_centred_on_every_ten_milliseconds():
    ramp = np.arange(1.0, 1001.0)
    frames = acoustics.windows(ramp, 16_000, 5)
    assert frames.shape == (7, 5)
    assert frames[0].tolist() == [0, 0, 1, 2, 3]
    assert frames[:, 2].tolist() == ramp[::160].tolist()


def test_one_sample_of_sound_is_one_frame():
    assert acoustics.log_mel(np.array([0.5], dtype=np.float32), 16_000).shape == (1, 80)


# What cannot be had


def test_a_low_rate_is_a_reason_that_names_the_first_stimulus(make_set, hiss):
    stimuli = make_set([hiss(i, 0.1, 8000) for i in range(3)], rate=8000)
    reason = acoustics.log_mel_missing(stimuli)
    assert "stimulus 's0' is sampled at 8000 Hz (3 of 3 are below 16000 Hz)" in reason
    assert acoustics.log_mel_missing(make_set(3)) is None


@pytest.mark.parametrize("function", [acoustics.log_mel, acoustics.mfcc])
def test_a_low_rate_is_refused(function):
    with pytest.raises(UserError, match="audio at 8000 Hz holds nothing above 4000 Hz"):
        function(np.ones(800, dtype=np.float32), 8000)


@pytest.mark.parametrize("build", SPACES.values(), ids=SPACES)
def test_digital_silence_is_refused_by_name(make_set, hiss, build):
    stimuli = make_set([hiss(0), np.zeros(1600, np.float32), hiss(1)])
    with pytest.raises(AudioError, match="stimulus 's1': the audio is digital silence"):
        build(stimuli)
