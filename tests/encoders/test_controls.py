"""Controls are other encoders than the model, each in the way that its kind says."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from grounding.activations import extract
from grounding.activations.store import collection
from grounding.encoders import Encoder, load_encoder
from grounding.encoders.controls import (
    CONTROLS,
    control_wishes,
    controls,
    derangement,
    has_random_weights,
)
from grounding.encoders.request import Request
from grounding.errors import UnknownName, UserError

ENCODERS = [name for name, kind in CONTROLS.items() if kind.make is not None]


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("model", ["toy", "toy-text"])
def test_no_control_is_found_in_the_store_as_the_model_or_as_another(model, kind, tmp_path):
    made = [load_encoder(model), *controls(model, [kind], seeds=(0, 1, 2))]
    assert all(isinstance(encoder, Encoder) for encoder in made)
    folders = {collection(tmp_path, encoder, "mean").folder for encoder in made}
    assert len(folders) == len(made) == 1 + (3 if CONTROLS[kind].seeded else 2)
    assert len({(encoder.name, encoder.revision) for encoder in made}) == len(made)


def test_random_weights_are_those_of_load_encoder(tiny_model, toys):
    folder = tiny_model("bert")
    (control,) = controls(str(folder), ["random"], seeds=(3,))
    expected = load_encoder(folder, weights="random", seed=3)
    assert (control.name, control.revision) == (expected.name, "random-3")
    assert control.provenance == expected.provenance
    for a, b in zip(control.encode(toys[:2]), expected.encode(toys[:2]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_wishes_for_the_model_hold_for_its_controls(tiny_model):
    request = Request(str(tiny_model("whisper")), window=2.0)
    random, shuffled = controls(request, ["random", "shuffled-layers"])
    assert random.provenance["window"] == shuffled.provenance["window"] == 2.0


def test_no_layer_keeps_its_own_activations(toys):
    model, stimuli = load_encoder("toy"), toys[:3]
    (shuffled,) = controls("toy", ["shuffled-layers"], seeds=(4,))
    assert shuffled.layers == model.layers and not (shuffled.order == np.arange(3)).any()
    for own, dealt in zip(model.encode(stimuli), shuffled.encode(stimuli), strict=True):
        np.testing.assert_array_equal(dealt, own[shuffled.order])
        assert all(np.abs(a - b).max() > 0.1 for a, b in zip(own, dealt, strict=True))
    some = shuffled.encode(stimuli, ["layer-2", "embedding"])[0]
    np.testing.assert_array_equal(some, shuffled.encode(stimuli)[0][[2, 0]])
    np.testing.assert_array_equal(shuffled.steps(toys[0]).start, model.steps(toys[0]).start)


def test_shuffled_layers_extract_and_resume_like_any_encoder(toys, tmp_path):
    (shuffled,) = controls("toy", ["shuffled-layers"], seeds=(4,))
    model = extract(load_encoder("toy"), toys, "mean", tmp_path)
    for _ in range(2):
        found = extract(shuffled, toys, "mean", tmp_path)
        np.testing.assert_array_equal(found.values, model.values[shuffled.order])
    assert found.provenance["control"] == "shuffled-layers" and found.provenance["of"] == "toy"


def test_wishes_pickle_small_and_give_the_same_encoder_elsewhere():
    for kind in ENCODERS:
        for wish in control_wishes("toy", [kind], seeds=(5,)):
            sent = pickle.dumps(wish)
            assert len(sent) < 1000
            back = pickle.loads(sent)
            assert back == wish  # in this process, the same one
    with_weights = control_wishes("toy", ["shuffled-layers"], seeds=(5,))[0]
    assert with_weights is control_wishes("toy", ["shuffled-layers"], seeds=(5,))[0]


@pytest.mark.parametrize("count", [2, 3, 7])
def test_every_derangement_is_as_likely_and_comes_again(count):
    found = [tuple(derangement(count, seed, "things").tolist()) for seed in range(400)]
    assert found[:5] == [tuple(derangement(count, seed, "things").tolist()) for seed in range(5)]
    assert not any(a == b for order in found for a, b in enumerate(order))
    assert all(sorted(order) == list(range(count)) for order in found)
    if count == 3:  # the two rotations
        assert 150 < found.count((1, 2, 0)) < 250


def test_who_has_random_weights():
    known = {name: has_random_weights(name) for name in ("toy", "log-mel", "noise", "owner/model")}
    assert known == {"toy": True, "log-mel": False, "noise": False, "owner/model": True}


@pytest.mark.parametrize(
    ("model", "kinds", "message"),
    [
        ("toy", ["permuted-stimuli"], "is no encoder and nothing of it is extracted"),
        ("toy", ["shuffled-layer"], "unknown control 'shuffled-layer'. Did you mean"),
        ("oracle", ["shuffled-layers"], "there are 1 layers of oracle; needed two or more"),
        ("log-mel", ["random"], "has no weights, so there is no random control"),
        (Request("toy", weights="random", seed=1), ["random"], "are those of trained weights"),
    ],
)
def test_controls_that_cannot_be_are_refused(model, kinds, message):
    with pytest.raises((UserError, UnknownName), match=message):
        controls(model, kinds)
