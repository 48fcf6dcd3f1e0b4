"""Duration, F0 and level: known values, librosa's YIN, and what each leaves unchanged."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from grounding.errors import AudioError, UserError
from grounding.spaces import prosody
from grounding.spaces.articulation import articulation_rdm

OCTAVE = 12.0


# Duration


def test_twice_as_long_is_log_two_away_at_any_rate_of_speech(make_set, hiss):
    made = prosody.duration_rdm(make_set([hiss(0, 0.2), hiss(1, 0.4), hiss(2, 0.8)]))
    assert made.values == pytest.approx([np.log(2), np.log(4), np.log(2)])
    # The difference in seconds is another one each time.
    again = prosody.duration_rdm(make_set([hiss(0, 0.1), hiss(1, 0.2), hiss(2, 0.4)]))
    assert again.values == pytest.approx(made.values)


# F0 of one stimulus


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
@pytest.mark.parametrize("hertz", [75.0, 110.0, 233.0, 440.0])
def test_the_f0_of_a_buzz_is_found_within_half_a_percent(tone, hertz, rate):
    track = prosody.f0_track(tone(hertz, rate=rate), rate)[5:-5]
    assert (track > 0).all()
    assert track == pytest.approx(np.full(len(track), hertz), rel=0.005)


def test_a_missing_fundamental_is_heard_and_a_pure_tone_too(tone):
    time = np.arange(8000) / 16_000
    without = sum(np.sin(2 * np.pi * 150.0 * k * time) for k in range(2, 8))
    pure = np.sin(2 * np.pi * 150.0 * time)
    for sound in (without, pure):
        assert np.median(prosody.f0_track(sound, 16_000)) == pytest.approx(150.0, rel=0.005)


def test_a_glide_is_tracked_as_librosas_yin_tracks_it():
    rate = 16_000
    phase = 2 * np.pi * np.cumsum(np.linspace(100.0, 200.0, rate)) / rate
    sound = sum(np.sin(k * phase) / k for k in range(1, 8))
    ours = prosody.f0_track(sound, rate)
    theirs = librosa.yin(
        sound, fmin=60, fmax=500, sr=rate, frame_length=1024, hop_length=160, trough_threshold=0.2
    )
    inside = slice(10, 90)
    assert ours[inside] == pytest.approx(theirs[inside], rel=0.02)
    assert ours[inside] == pytest.approx(np.linspace(100, 200, len(ours))[inside], rel=0.02)


def test_noise_has_next_to_no_f0_and_a_buzz_nothing_else(tone, hiss):
    assert (prosody.f0_track(hiss(0, 2.0), 16_000) > 0).mean() < 0.05
    assert (prosody.f0_track(tone(120.0, 2.0), 16_000) > 0).mean() > 0.97


def test_silence_has_no_f0_and_a_hum_far_below_the_voice_neither(tone):
    assert not prosody.f0_track(np.zeros(16_000, np.float32), 16_000).any()
    quiet = 0.005 * tone(100.0)
    track = prosody.f0_track(np.concatenate([tone(200.0), quiet]), 16_000)
    assert not track[45:].any()
    # Alone, the same hum is the loudest thing there is.
    assert np.median(prosody.f0_track(quiet, 16_000)) == pytest.approx(100.0, rel=0.005)


def test_a_gain_leaves_f0_as_it_is(tone, hiss):
    sound = (tone(140.0) + 0.2 * hiss(4)).astype(np.float64)
    assert (prosody.f0_track(sound, 16_000) == prosody.f0_track(8.0 * sound, 16_000)).all()


def test_a_rate_too_low_for_f0_is_refused(make_set, hiss):
    with pytest.raises(UserError, match="audio at 1600 Hz is too coarse to track F0 up to 500 Hz"):
        prosody.f0_track(np.ones(160, np.float32), 1600)
    stimuli = make_set([hiss(i, 0.1, 1600) for i in range(3)], rate=1600)
    reason = prosody.f0_missing(stimuli)
    assert "stimulus 's0' is sampled at 1600 Hz (3 of 3 are below 2000 Hz)" in reason
    assert prosody.f0_missing(make_set(3)) is None


# Distances of F0 contours


def slow_f0_distance(one, other, bins=20):
    slices = []
    for track in (one, other):
        fine = np.repeat(track, bins).reshape(bins, len(track))
        share = (fine > 0).mean(1)
        mean = [12 * np.log2(row[row > 0] / 100).mean() if (row > 0).any() else 0 for row in fine]
        slices.append((share, np.array(mean)))
    (a, f), (b, g) = slices
    pitch = sum(a * b * (f - g) ** 2) / sum(a * b) if sum(a * b) > 0 else 0.0
    return np.sqrt(pitch + (12.0 * (a.mean() - b.mean())) ** 2)


def test_f0_distances_agree_with_a_slow_loop():
    rng = np.random.default_rng(0)
    tracks = []
    for n in (7, 31, 50, 64):
        track = rng.uniform(80.0, 300.0, n)
        track[rng.random(n) < 0.4] = 0.0
        tracks.append(track)
    expected = [slow_f0_distance(tracks[i], tracks[j]) for i in range(4) for j in range(i + 1, 4)]
    assert prosody.f0_distances(tracks) == pytest.approx(expected)


def test_an_octave_is_twelve_semitones_whatever_the_pitch_and_length():
    low, high, higher = np.full(30, 90.0), np.full(55, 180.0), np.full(41, 360.0)
    assert prosody.f0_distances([low, high, higher]) == pytest.approx([12.0, 24.0, 12.0])


def test_no_pitch_is_made_up_for_a_whisper():
    low, high = np.full(30, 90.0), np.full(30, 300.0)
    whisper, other_whisper = np.zeros(30), np.zeros(44)
    made = prosody.f0_distances([low, high, whisper, other_whisper])
    weight = prosody.VOICING_WEIGHT
    assert made[1:] == pytest.approx([weight, weight, weight, weight, 0.0])


def test_where_one_is_unvoiced_its_pitch_is_not_compared():
    whole = np.full(40, 120.0)
    first_half = np.where(np.arange(40) < 20, 120.0, 0.0)
    rising_later = np.where(np.arange(40) < 20, 120.0, 240.0)
    made = prosody.f0_distances([first_half, whole, rising_later])
    half_voiced = prosody.VOICING_WEIGHT / 2
    assert made == pytest.approx([half_voiced, half_voiced, OCTAVE * np.sqrt(0.5)])


def test_voiced_at_different_times_alone_leaves_nothing_to_compare():
    first, last = np.repeat([120.0, 0.0], 20), np.repeat([0.0, 240.0], 20)
    assert prosody.f0_distances([first, last, first])[0] == 0.0


def test_another_f0_on_the_same_articulation_moves_f0_and_nothing_physical(make_set, tone, hiss):
    same = {"flesh": np.random.default_rng(0).standard_normal((40, 12))}
    stimuli = make_set([tone(100.0), tone(200.0), hiss(0)], [same] * 3)
    assert not articulation_rdm(stimuli).values.any()
    octave, *whispers = prosody.f0_rdm(stimuli).values
    assert octave == pytest.approx(OCTAVE, abs=0.2)
    # The noise is unvoiced but for a few chance frames.
    assert whispers == pytest.approx([prosody.VOICING_WEIGHT] * 2, abs=2.0)


# Level


def test_level_is_a_hand_computed_rms():
    time = np.arange(16_000) / 16_000
    sine = 0.5 * np.sin(2 * np.pi * 400.0 * time)
    level = prosody.intensity(sine, 16_000)
    assert level[2:-2] == pytest.approx(np.full(len(level) - 4, 10 * np.log10(0.125)), abs=1e-9)


def test_level_agrees_with_librosas_rms(tone, hiss):
    sound = np.concatenate([tone(130.0, 0.2), hiss(3, 0.3)])
    theirs = librosa.feature.rms(y=sound.astype(np.float64), frame_length=400, hop_length=160)
    assert prosody.intensity(sound, 16_000) == pytest.approx(
        20 * np.log10(theirs[0, :50]), abs=1e-5
    )


def test_a_gain_moves_the_level_by_itself_and_a_stretch_does_not(make_set, tone):
    ramp = np.concatenate([tone(150.0, 0.4), 0.1 * tone(150.0, 0.4)])
    slow = np.concatenate([tone(150.0, 0.8), 0.1 * tone(150.0, 0.8)])
    made = prosody.intensity_rdm(make_set([ramp, 2 * ramp, slow])).values
    assert made[0] == pytest.approx(20 * np.log10(2.0), rel=1e-6)
    assert made[1] < 1.5


def test_digital_silence_has_no_level_and_is_refused_by_name(make_set, hiss):
    stimuli = make_set([hiss(0), hiss(1), np.zeros(1600, np.float32)])
    with pytest.raises(AudioError, match="stimulus 's2': the audio is digital silence"):
        prosody.intensity_rdm(stimuli)


def test_every_set_has_a_duration_and_a_level(make_set):
    assert prosody.nothing_missing(make_set(3)) is None
