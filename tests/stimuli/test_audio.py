"""Resampling and mixing change what they should and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from grounding.stimuli import AudioError, mix_down, resample
from grounding.stimuli.audio import Header, decode, read_header


def test_resampling_keeps_a_tone() -> None:
    time = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 1000 * time).astype(np.float32)
    found = resample(tone, 44100, 16000)
    assert found.shape == (16000,)
    assert found.dtype == np.float32
    expected = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    np.testing.assert_allclose(found[1000:-1000], expected[1000:-1000], atol=1e-4)


def test_resampling_takes_away_what_the_new_rate_cannot_hold() -> None:
    time = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 10_000 * time).astype(np.float32)
    assert np.abs(resample(tone, 44100, 16000)[1000:-1000]).max() < 1e-4


def test_equal_rates_change_nothing() -> None:
    values = np.random.default_rng(0).normal(size=100).astype(np.float32)
    assert resample(values, 16000, 16000) is values
    with pytest.raises(AudioError, match=r"cannot resample from 0 Hz to 16000 Hz; needed rates"):
        resample(values, 0, 16000)


def test_mixing_down_is_the_mean_of_the_channels() -> None:
    values = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    slow = [float(np.mean([float(x) for x in row])) for row in values]
    np.testing.assert_allclose(mix_down(values), slow, atol=1e-7)
    with pytest.raises(AudioError, match=r"shape \(100,\) has no channels to mix"):
        mix_down(values[:, 0])


@pytest.mark.parametrize("kind", ["FLAC", "WAV", "WAVEX", "OGG"])
@pytest.mark.parametrize("samples", [1, 4095, 600_001])
@pytest.mark.parametrize("channels", [1, 2])
def test_decoding_agrees_with_soundfile(kind: str, samples: int, channels: int) -> None:
    rng = np.random.default_rng(samples)
    buffer = io.BytesIO()
    values = rng.uniform(-0.5, 0.5, size=(samples, channels))
    soundfile.write(buffer, values, 22050, format=kind)
    header, found = decode(buffer.getvalue())
    expected, _ = soundfile.read(io.BytesIO(buffer.getvalue()), dtype="float32", always_2d=True)
    np.testing.assert_array_equal(found, expected)
    assert header == Header(22050, channels, samples)


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(AudioError, match=r"cannot be read: No such file"):
        read_header(tmp_path / "x.wav")


def test_chunks_before_and_after_the_samples_are_passed_over() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(3), 8000, format="WAV", subtype="PCM_U8")
    plain = buffer.getvalue()
    note = b"LIST" + (4).to_bytes(4, "little") + b"INFO"
    longer = plain[:12] + note + plain[12:] + note
    header, values = decode(longer)
    assert header.samples == len(values) == 3
    with pytest.raises(AudioError, match=r"header that lies: chunk 'LIST' declares 4 bytes and 2"):
        decode(longer[:-2])
