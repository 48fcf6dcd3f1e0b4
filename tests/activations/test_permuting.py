"""Permuted stimuli: the numbers stay, the pairing goes, and with it all agreement."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.activations import extract
from grounding.activations.permuting import permuted_stimuli
from grounding.encoders import load_encoder
from grounding.errors import UserError
from grounding.rsa import compare, rdm


def test_each_stimulus_has_the_activations_of_another(toys):
    acts = extract(load_encoder("toy"), toys, "mean")
    permuted = permuted_stimuli(acts, seed=3)
    assert permuted.ids == acts.ids and permuted.layers == acts.layers
    for place in range(len(acts.ids)):
        same = (permuted.values[:, place, None] == acts.values).all(axis=(0, 2))
        assert same.sum() == 1 and not same[place]
    again, other = permuted_stimuli(acts, seed=3), permuted_stimuli(acts, seed=4)
    np.testing.assert_array_equal(permuted.values, again.values)
    assert (permuted.values != other.values).any()


def test_what_was_done_is_said(toys):
    acts = extract(load_encoder("toy", weights="random", seed=5), toys, "mean")
    permuted = permuted_stimuli(acts, seed=3)
    assert permuted.encoder == "toy, stimuli permuted"
    assert permuted.provenance["control"] == "permuted-stimuli"
    assert (permuted.provenance["seed"], permuted.provenance["control_seed"]) == (5, 3)


def test_agreement_is_gone(toys):
    acts = extract(load_encoder("toy"), toys, "mean")
    model = rdm(acts.layer(0), acts.ids, metric="euclidean")
    reference = rdm(acts.layer(1), acts.ids, metric="euclidean")
    assert compare(model, reference, measure="pearson") > 0.5
    found = []
    for seed in range(40):
        values = permuted_stimuli(acts, seed).layer(0)
        broken = rdm(values, acts.ids, metric="euclidean")
        found.append(compare(broken, reference, measure="pearson"))
    assert abs(np.mean(found)) < 0.1
    assert np.mean(np.abs(found)) < 0.3


def test_one_stimulus_cannot_be_permuted(toys):
    acts = extract(load_encoder("toy"), toys[:1], "mean")
    with pytest.raises(UserError, match="there are 1 stimuli run through toy; needed two or more"):
        permuted_stimuli(acts, seed=0)
