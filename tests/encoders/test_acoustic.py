"""Acoustic baselines: known spectra, exact times, and independent computations beside them."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from grounding.encoders import load_encoder
from grounding.encoders.acoustic import FRAMES
from grounding.errors import AudioError, UserError
from grounding.spectra import PREEMPHASIS, deltas, envelope

RATE = 16_000


@pytest.fixture
def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(6000)


@pytest.mark.parametrize("name", FRAMES)
def test_an_impulse_moves_the_frames_that_hold_it_and_the_nearest_most(name, record):
    tail = 0.1 * np.random.default_rng(1).standard_normal(160)
    sound = np.resize(tail, 8000)
    still = load_encoder(name).encode([record(f"{name}-still", sound)], ["static"])[0][0]
    for position in (3210, 3333, 4000):
        disturbed = sound.copy()
        disturbed[position] += 0.5
        stimulus = record(f"{name}-{position}", disturbed)
        encoder = load_encoder(name)
        moved = np.abs(encoder.encode([stimulus], ["static"])[0][0] - still).max(axis=1)
        steps = encoder.steps(stimulus)
        assert len(steps) == len(moved) == 50 and steps.hop == 160
        centre = steps.centre
        np.testing.assert_array_equal(centre[:3], [0.0, 160.0, 320.0])
        inside = (steps.start + 20 <= position) & (position < steps.end - 20)
        outside = (position + 1 < steps.start) | (position >= steps.end)
        floor = 1e-3 * moved.max()
        assert (moved[inside] > floor).all() and (moved[outside] <= floor).all()
        assert abs(centre[moved.argmax()] - position) <= 80
        shifted = centre + 160  # a clock one frame late would put it elsewhere
        assert abs(shifted[moved.argmax()] - position) > 80


def test_slopes_are_those_of_librosa_inside(noise):
    frames = np.random.default_rng(2).standard_normal((30, 4))
    expected = librosa.feature.delta(frames.T, width=5, mode="nearest").T
    np.testing.assert_allclose(deltas(frames), expected, atol=1e-10)


def test_the_envelope_is_that_of_the_normal_equations(noise):
    filtered = lfilter([1.0], [1.0, -1.2, 0.8], noise)
    found = envelope(filtered, RATE)
    sharpened = np.append(filtered[:1], filtered[1:] - PREEMPHASIS * filtered[:-1])
    padded = np.pad(sharpened, 200)
    frames = [padded[start : start + 400] * np.hanning(401)[:400] for start in range(0, 6000, 160)]
    lags = [np.correlate(frame, frame, "full")[399 : 399 + 19] for frame in frames]
    loudest = max(lag[0] for lag in lags)
    for frame, lag in enumerate(lags):
        lag[0] += loudest * 1e-8
        polynomial = np.append(1.0, -solve_toeplitz(lag[:-1], lag[1:]))
        log_power = -2.0 * np.log(np.abs(np.fft.rfft(polynomial, 8192)))
        cepstrum = np.fft.irfft(log_power)[1:25]
        np.testing.assert_allclose(found[frame], cepstrum, atol=1e-6)


def test_the_envelope_knows_resonances_and_no_pitch():
    def vowel(pitch: int, resonance: float) -> np.ndarray:
        pulses = np.zeros(8000)
        pulses[::pitch] = 1.0
        angle, radius = 2 * np.pi * resonance / RATE, 0.97
        return lfilter([1.0], [1.0, -2 * radius * np.cos(angle), radius**2], pulses)

    low, high, other = (
        envelope(sound, RATE)[10:40].mean(axis=0)
        for sound in (vowel(140, 700.0), vowel(100, 700.0), vowel(140, 1800.0))
    )
    assert np.linalg.norm(low - other) > 4 * np.linalg.norm(low - high)


@pytest.mark.parametrize("name", FRAMES)
def test_what_cannot_be_heard_is_refused(name, record):
    encoder = load_encoder(name)
    with pytest.raises(AudioError, match=r"is at 8000 Hz and .* hears 16000 Hz"):
        encoder.encode([record("slow-acoustic", 4000, rate=8000)])
    with pytest.raises(AudioError, match=r"has 300 samples; .* needs 400"):
        encoder.steps(record("brief-acoustic", 300))
    with pytest.raises(AudioError, match="silent"):
        encoder.encode([record("quiet-acoustic", np.zeros(1000))])
    with pytest.raises(UserError, match=f"'{name}' has no weights"):
        load_encoder(name, weights="random", seed=0)
    other = record("fast-acoustic", 4410, rate=44_100)
    assert encoder.steps(other).hop == 441
    assert encoder.encode([other])[0].shape[:2] == (2, len(encoder.steps(other)))


def test_an_envelope_needs_a_rate_and_a_sound(noise):
    with pytest.raises(UserError, match="audio at 8000 Hz holds nothing above 4000 Hz"):
        envelope(noise, 8000)
    with pytest.raises(AudioError, match="digital silence"):
        envelope(np.zeros(1000), RATE)
