"""What every encoder promises, for each that needs no download."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.encoders import ENCODERS, Encoder, known_encoders, load_encoder
from grounding.encoders.folders import from_package
from grounding.encoders.packaged import PACKAGED

WEIGHTLESS = [
    name
    for name, kind in ENCODERS.items()
    if not kind.loader.endswith(("from_package", "twin:shipped"))
]
SPEECH = (
    "wav2vec2-group",
    "wav2vec2-layer",
    "hubert",
    "wavlm",
    "data2vec-audio",
    "wav2vec2-bert",
    "whisper",
)
TEXT = ("bert", "gpt2", "llama", "t5", "sentence")
MODELS = SPEECH + TEXT


def load(name, tiny_model, **wishes) -> Encoder:
    return load_encoder(name if name in ENCODERS else tiny_model(name), **wishes)


def windowed(name: str) -> dict:
    """Keep Whisper cheap in tests."""
    return {"window": 2.0} if name == "whisper" else {}


@pytest.mark.parametrize("name", [*WEIGHTLESS, *MODELS])
def test_gives_every_layer_of_every_step_in_order(name, tiny_model, toys):
    encoder = load(name, tiny_model, **windowed(name))
    assert isinstance(encoder, Encoder)
    assert len(set(encoder.layers)) == len(encoder.layers) >= 1
    assert encoder.revision and encoder.modality in ("speech", "text")
    for stimulus, steps in zip(toys, encoder.encode(list(toys)), strict=True):
        assert steps.dtype == np.float32 and steps.ndim == 3
        assert len(steps) == len(encoder.layers) and steps.shape[1] > 0
        assert np.isfinite(steps).all()
        np.testing.assert_array_equal(steps.shape, encoder.encode([stimulus])[0].shape)


@pytest.mark.parametrize("name", [*WEIGHTLESS, *MODELS])
def test_steps_are_told_without_a_pass_and_layers_come_as_asked(name, tiny_model, toys):
    encoder = load(name, tiny_model, **windowed(name))
    told = [encoder.steps(stimulus) for stimulus in toys]
    assert "_model" not in encoder.__dict__
    whole = encoder.encode(list(toys))
    asked = [encoder.layers[-1], encoder.layers[0]]
    some = encoder.encode(list(toys), asked)
    for stimulus, steps, every, few in zip(toys, told, whole, some, strict=True):
        assert len(steps) == every.shape[1] == few.shape[1]
        np.testing.assert_allclose(few, every[[-1, 0]], rtol=1e-4, atol=1e-5)
        length = len(stimulus.transcript) if steps.unit == "character" else len(stimulus.audio)
        assert (steps.unit == "sample") == (encoder.modality == "speech")
        assert (np.diff(steps.centre) > 0).all() or steps.unit == "character"
        assert (steps.start < length).all() and (steps.end > 0).all()
        if steps.unit == "sample":
            assert steps.rate == stimulus.rate
            assert 0.8 * length < steps.weights(0, length).sum() <= length
        else:
            assert (steps.end <= length).all()


@pytest.mark.parametrize("name", MODELS)
def test_the_company_of_a_stimulus_moves_nothing(name, tiny_model, record):
    stimuli = [
        record("long", 6000, "a longer text"),
        record("short", 3000, "two"),
        record("same-length", np.random.default_rng(5).standard_normal(3000) / 9, "six"),
        record("middle", 4321, "middling"),
    ]
    encoder = load(name, tiny_model, batch=4, **windowed(name))
    alone = load(name, tiny_model, batch=1, **windowed(name))
    together = encoder.encode(stimuli)
    for stimulus, steps in zip(stimuli, together, strict=True):
        single = alone.encode([stimulus])[0]
        assert np.abs(single - steps).max() <= 1e-4 * np.abs(single).max()
    assert np.abs(together[1][0, 0] - together[2][0, 0]).max() > 1e-3  # they do differ


@pytest.mark.parametrize("name", [*MODELS, "toy", "toy-text"])
def test_random_weights_are_others_and_come_again_from_their_seed(name, tiny_model, toys):
    stimuli = list(toys)[:2]

    def first(**wishes) -> np.ndarray:
        return load(name, tiny_model, **wishes, **windowed(name)).encode(stimuli)[0]

    trained, zero, one = first(), first(weights="random", seed=0), first(weights="random", seed=1)
    np.testing.assert_array_equal(zero, first(weights="random", seed=0))
    assert trained.shape == zero.shape
    for other in (trained, one):
        assert np.abs(zero - other).max() > 1e-3
    control = load(name, tiny_model, weights="random", seed=1, **windowed(name))
    assert control.revision.startswith("random-1")
    assert control.revision != load(name, tiny_model, **windowed(name)).revision


def test_random_weights_leave_the_global_generator_alone(tiny_model, toys):
    import torch

    tiny_model("bert")  # made before, since making it draws
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    load("bert", tiny_model, weights="random", seed=9).encode(list(toys))
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.parametrize("name", ["toy-text", *TEXT])
def test_a_transcript_gives_the_same_numbers_whoever_says_it(name, tiny_model, toys):
    encoded = load(name, tiny_model).encode(list(toys))
    assert toys[0].transcript == toys[1].transcript != toys[2].transcript
    np.testing.assert_array_equal(encoded[0], encoded[1])
    assert encoded[0].shape != encoded[2].shape or np.abs(encoded[0] - encoded[2]).max() > 0


def test_the_table_is_whole():
    assert known_encoders() == tuple(ENCODERS)
    packaged = {name for name, kind in ENCODERS.items() if kind.loader.endswith("from_package")}
    assert packaged == set(PACKAGED) and callable(from_package)
    for name, kind in ENCODERS.items():
        assert name == kind.name and kind.licence and kind.description and kind.source
