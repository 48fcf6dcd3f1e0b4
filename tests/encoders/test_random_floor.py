"""Random weights are a floor for models that hear: what they give must follow the sound."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.activations import POOLINGS
from grounding.encoders import load_encoder
from grounding.rsa import RDM, compare, rdm

WINDOW = 2.0


@pytest.fixture
def sounds(record):
    """Twelve recordings of three tones, whose lengths have nothing to do with the tone."""
    made = []
    for i, seconds in enumerate(np.linspace(0.4, 1.2, 12)):
        time = np.arange(round(16_000 * seconds)) / 16_000
        hertz = (200.0, 900.0, 3000.0)[i % 3]
        sound = 0.2 * np.sin(2 * np.pi * hertz * time) + 0.01 * np.sin(2 * np.pi * 50 * time)
        made.append(record(f"tone-{i}", sound))
    return made


def geometry(encoder, sounds):
    pooled = [POOLINGS["mean"].pool(steps)[0] for steps in encoder.encode(sounds)]
    return rdm(np.stack(pooled), tuple(s.id for s in sounds), metric="correlation")


def differences(values, ids):
    i, j = np.triu_indices(len(ids), 1)
    return RDM(np.abs(np.asarray(values)[i] - np.asarray(values)[j]), ids, "difference")


def test_a_random_whisper_follows_the_sound_and_not_the_length(tiny_model, sounds):
    encoder = load_encoder(tiny_model("whisper"), weights="random", seed=0, window=WINDOW)
    assert encoder.provenance["position_code"] is False
    found = geometry(encoder, sounds)
    same = differences([0.0, 1.0, 2.0] * 4, found.ids).values == 0.0
    length = differences([s.duration for s in sounds], found.ids)
    assert found.values[same].mean() < 0.3 * found.values[~same].mean()
    assert compare(found, length, measure="spearman") < 0.2


def test_with_its_position_code_it_would_follow_the_length(tiny_model, sounds):
    encoder = load_encoder(tiny_model("whisper"), weights="random", seed=0, window=WINDOW)
    code = encoder._model.embed_positions.weight
    steps, width = code.shape
    angles = np.arange(steps)[:, None] / 10_000 ** (np.arange(width // 2) / (width // 2 - 1))
    sinusoids = np.hstack([np.sin(angles), np.cos(angles)]).astype(np.float32)
    code.data.copy_(code.new_tensor(sinusoids))
    found = geometry(encoder, sounds)
    length = differences([s.duration for s in sounds], found.ids)
    assert compare(found, length, measure="spearman") > 0.8


def test_trained_weights_keep_their_position_code(tiny_model):
    encoder = load_encoder(tiny_model("whisper"), window=WINDOW)
    assert encoder.provenance["position_code"] is True
    assert encoder._model.embed_positions.weight.abs().sum() > 0
