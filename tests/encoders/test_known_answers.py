"""The oracle is the tract, and noise is nothing but its seed."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.errors import ManifestError, UserError
from grounding.stimuli import Articulation, Stimulus, Stream, write_articulation


def test_oracle_gives_the_flesh_points_as_they_are(toys):
    for stimulus, steps in zip(toys, load_encoder("oracle").encode(list(toys)), strict=True):
        np.testing.assert_array_equal(steps[0], stimulus.articulation.streams["flesh"].values)


def test_oracle_refuses_a_stimulus_without_articulation_or_flesh_points(record, tmp_path):
    with pytest.raises(ManifestError, match="articulation"):
        load_encoder("oracle").encode([record("bare")])
    stream = Stream("area", np.ones((5, 1), dtype=np.float32), ("section-00",), ("log cm^2",))
    write_articulation(tmp_path / "a.npz", Articulation(100.0, {"area": stream}))
    other = record("other")
    (tmp_path / "other.wav").write_bytes((other.folder / "other.wav").read_bytes())
    blind = Stimulus("blind", "cat", "en", tmp_path, "other.wav", 16_000, articulation_path="a.npz")
    with pytest.raises(UserError, match=r"'blind' has no stream 'flesh'.*It has: area"):
        load_encoder("oracle").encode([blind])


def test_noise_depends_on_seed_and_id_alone(toys, record):
    noise = load_encoder("noise", seed=3)
    first = noise.encode(list(toys))
    backwards = load_encoder("noise", seed=3).encode(list(toys)[::-1])
    np.testing.assert_array_equal(first[0], backwards[-1])
    assert not np.allclose(first[0], load_encoder("noise", seed=4).encode([toys[0]])[0])
    everything = np.stack(first).reshape(len(toys), -1)
    correlations = np.corrcoef(everything)[np.triu_indices(len(toys), 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(everything.shape[1])
