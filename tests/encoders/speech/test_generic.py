"""A model that nobody listed is run where its times are certain, and else refused with why."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.encoders import folders, load_encoder
from grounding.encoders.probing import Probe, measure
from grounding.errors import WeightsError

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}


@pytest.fixture
def unlisted(tmp_path):
    """A function that writes a tiny model of a type that no family lists."""
    import torch
    import transformers as tf

    def write(kind: str):
        makers = {
            "lasr": (
                lambda: tf.LasrEncoder(
                    tf.LasrEncoderConfig(**SIZES, subsampling_conv_channels=8, conv_kernel_size=5)
                ),
                lambda: tf.LasrFeatureExtractor(),
            ),
            "spectrogram": (
                lambda: tf.ASTModel(tf.ASTConfig(**SIZES, num_mel_bins=32, max_length=64)),
                lambda: tf.ASTFeatureExtractor(num_mel_bins=32, max_length=64),
            ),
        }
        model, extractor = makers[kind]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            model().save_pretrained(tmp_path / kind)
        extractor().save_pretrained(tmp_path / kind)
        return tmp_path / kind

    return write


def test_listed_convolutions_give_what_the_family_gives(tiny, record, monkeypatch):
    sounds = [record("generic-1", 8000), record("generic-2", 8321)]
    family = load_encoder(tiny("hubert-layer"))
    monkeypatch.setattr(folders, "listed_family", lambda kind: None)
    generic = load_encoder(tiny("hubert-layer"), batch=2)
    assert generic.provenance["step_times"] == "from the configuration's convolutions"
    asked = family.layers[:-1]
    expected, found = family.encode(sounds, asked), generic.encode(sounds, asked)
    for a, b, sound in zip(expected, found, sounds, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
        np.testing.assert_array_equal(family.steps(sound).centre, generic.steps(sound).centre)


def test_a_measured_model_has_the_times_that_its_parts_have(unlisted, record):
    encoder = load_encoder(unlisted("lasr"))
    assert encoder.provenance["step_times"] == "measured"
    sound = record("measured", 16_123)
    steps, encoded = encoder.steps(sound), encoder.encode([sound])[0]
    # Windows of 400 every 160, then two convolutions of five frames with stride two.
    field = 400 + 4 * 160 + 4 * 320
    assert steps.hop == 640 and len(steps) == encoded.shape[1]
    assert abs(steps.centre[0] - field / 2) <= 1 and abs(steps.end[0] - field) <= 2
    assert len(encoder.layers) == len(encoded) == 3


def test_a_model_whose_steps_do_not_follow_time_is_refused(unlisted):
    with pytest.raises(WeightsError, match="step times of spectrogram cannot be known: one second"):
        load_encoder(unlisted("spectrogram"))


class Extractor:
    do_normalize = True


def probe(front) -> Probe:
    """Return a probe of a model that is its front end alone."""
    from types import SimpleNamespace

    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.own = torch.nn.Parameter(torch.zeros(1))

        def forward(self, sound, output_hidden_states):
            hidden = front(sound)
            return SimpleNamespace(hidden_states=None if hidden is None else (hidden,))

    def prepare(extractor, heard):
        return {"sound": torch.from_numpy(np.stack(heard)).double()}

    from functools import partial

    return Probe(Model(), partial(prepare, Extractor()), "made-up")


def windows(sound, size=400, hop=320):
    return sound.unfold(1, size, hop)


def uneven(sound):
    import torch

    chosen = [0, *np.cumsum(np.resize([300, 340], sound.shape[1] // 320 - 1))]
    return torch.stack([sound[:, start : start + 300] for start in chosen], dim=1)


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        (lambda sound: None, "gives no hidden states"),
        (lambda sound: windows(sound)[:, :9], "one second makes 9 steps and two make 9"),
        (lambda sound: windows(sound) - sound.mean(), "a step hears the whole recording"),
        (lambda sound: windows(sound) * 0 + 1, "a step hears nothing"),
        (lambda sound: windows(sound).flip(1), "not evenly far"),  # from the end to the start
        (uneven, "not evenly far"),
    ],
)
def test_what_has_no_grid_is_refused_with_why(front, reason):
    with pytest.raises(WeightsError, match=rf"of made-up cannot be known: .*({reason})"):
        measure(probe(front), 16_000)


def test_windows_are_measured_exactly():
    found = measure(probe(windows), 16_000)
    assert (found.grid.hop, found.grid.field, found.grid.first) == (320, 400, 0)
    assert found.least == 400 and [found.count(n) for n in (400, 719, 720)] == [1, 1, 2]
    assert Extractor.do_normalize is True
