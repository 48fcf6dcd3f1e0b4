"""What is extracted, under which labels, and how steps are pooled."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.activations import POOLINGS, Activations, extract, extract_many, extract_stored
from grounding.encoders import load_encoder
from grounding.errors import GroundingError, UnknownName, UserError
from grounding.rsa.trajectory import time_normalise
from grounding.stimuli import Stimulus


@pytest.mark.parametrize("name", ["toy", "toy-text", "oracle", "noise"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_values_are_labelled_and_in_order(name, pooling, toys):
    encoder = load_encoder(name)
    acts = extract(encoder, toys, pooling=pooling)
    assert acts.values.dtype == np.float32 and acts.values.flags.c_contiguous
    assert acts.values.shape[:2] == (len(encoder.layers), len(toys))
    assert (acts.ids, acts.layers) == (toys.ids, encoder.layers)
    assert (acts.pooling, acts.encoder) == (pooling, name)
    for position, steps in enumerate(encoder.encode(list(toys))):
        pooled = POOLINGS[pooling].pool(steps)
        np.testing.assert_allclose(acts.values[:, position], pooled, rtol=1e-6)
    backwards = extract(encoder, list(toys)[::-1], pooling=pooling)
    np.testing.assert_allclose(backwards.values[:, ::-1], acts.values, rtol=1e-6)


def test_each_pooling_does_what_a_slow_loop_does():
    steps = np.random.default_rng(0).standard_normal((3, 11, 4)).astype(np.float32)
    for layer in range(3):
        frames = steps[layer].astype(np.float64)
        expected = {
            "mean": np.array([sum(column) / 11 for column in frames.T]),
            "trajectory": time_normalise(frames, 8).ravel(),
            "last": frames[10],
            "max": np.array([max(column) for column in frames.T]),
            "moments": np.array(
                [sum(column) / 11 for column in frames.T]
                + [(sum((column - sum(column) / 11) ** 2) / 11) ** 0.5 for column in frames.T]
            ),
        }
        assert set(expected) == set(POOLINGS)
        for name, values in expected.items():
            np.testing.assert_allclose(POOLINGS[name].pool(steps)[layer], values, atol=1e-6)


def test_order_of_steps_matters_to_the_trajectory_alone():
    steps = np.random.default_rng(0).standard_normal((2, 9, 4)).astype(np.float32)
    for name in ("mean", "max", "moments"):
        pool = POOLINGS[name].pool
        np.testing.assert_allclose(pool(steps), pool(steps[:, ::-1]), atol=1e-6)
    pool = POOLINGS["trajectory"].pool
    assert np.abs(pool(steps) - pool(steps[:, ::-1])).max() > 0.1


def test_one_pass_serves_several_poolings(toys, counting):
    encoder = counting("toy")
    both = extract_many(encoder, toys, ("mean", "trajectory"))
    assert sorted(encoder.asked) == sorted(toys.ids)
    for pooling, acts in both.items():
        np.testing.assert_array_equal(acts.values, extract(encoder, toys, pooling).values)


def test_a_text_encoder_reads_each_transcript_once(toys, counting):
    encoder = counting("toy-text")
    acts = extract(encoder, toys, "mean")
    assert len(encoder.asked) == len(set(toys.transcripts)) == len(toys) // 2
    np.testing.assert_array_equal(acts.values[:, 0], acts.values[:, 1])


def changed(stimuli, **fields):
    return [Stimulus.from_record({**s.record(), **fields}, s.folder) for s in stimuli]


@pytest.mark.parametrize(
    ("name", "fields", "again"),
    [
        ("toy", {"marks": ["odd"]}, 0),  # it only hears
        ("toy", {"transcript": "other"}, 0),
        ("toy-text", {"marks": ["odd"]}, 0),  # it only reads
        ("toy-text", {"transcript": "other"}, 1),
        ("oracle", {"marks": ["odd"]}, 20),  # it is given the whole stimulus
    ],
)
def test_only_what_an_encoder_sees_makes_it_look_again(
    name, fields, again, toys, counting, tmp_path
):
    extract(load_encoder(name), toys, "mean", tmp_path)
    encoder = counting(name)
    extract(encoder, changed(toys, **fields), "mean", tmp_path)
    assert len(encoder.asked) == again


def test_progress_counts_to_the_end(toys, counting, tmp_path):
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        extract(counting(), toys, "mean", tmp_path, lambda *at: seen.append(at))
    once = [(0, 20), *((done, 20) for done in range(20)), (20, 20)]
    assert seen == [*once, (20, 20)]


def test_provenance_says_what_decided_the_numbers(toys):
    acts = extract(load_encoder("toy", weights="random", seed=2), toys, "mean")
    expected = {"encoder": "toy", "revision": "random-2", "pooling": "mean", "seed": 2}
    assert expected.items() <= acts.provenance.items()
    assert acts.provenance["stimuli"] == toys.digest
    assert extract(load_encoder("toy"), toys[:2], "mean").provenance["stimuli"] != toys.digest


def test_a_layer_is_found_by_place_and_by_name(toys):
    acts = extract(load_encoder("toy"), toys, "mean")
    np.testing.assert_array_equal(acts.layer(1), acts.layer("layer-1"))
    np.testing.assert_array_equal(acts.layer(np.int64(2)), acts.values[2])


@pytest.mark.parametrize("which", [3, -1, "layer-3", 1.0])
def test_a_layer_that_is_not_there_is_refused(which, toys):
    acts = extract(load_encoder("toy"), toys, "mean")
    with pytest.raises(UserError, match="from 0 to 2: embedding, layer-1, layer-2"):
        acts.layer(which)


def test_bad_wishes_are_refused(toys):
    encoder = load_encoder("toy")
    with pytest.raises(UnknownName, match=r"unknown pooling 'means'. Did you mean 'mean'"):
        extract(encoder, toys, "means")
    with pytest.raises(UserError, match="no pooling was asked for; known: last, max, mean"):
        extract_many(encoder, toys, ())
    assert list(extract_many(encoder, toys, ("mean", "mean"))) == ["mean"]
    with pytest.raises(UserError, match="no stimuli to run through toy"):
        extract(encoder, [], "mean")
    with pytest.raises(UserError, match=f"{toys[0].id!r} occurs more than once"):
        extract(encoder, [toys[0], toys[1], toys[0]], "mean")


def test_numbers_that_are_not_finite_are_refused(toys, counting, monkeypatch):
    encoder = counting()
    first = min(toys, key=lambda s: (len(encoder.steps(s)), toys.ids.index(s.id)))
    broken = encoder.inner.encode([first])[0] * np.float32(np.nan)
    monkeypatch.setattr(encoder, "encode", lambda stimuli, layers: [broken] * len(stimuli))
    with pytest.raises(GroundingError, match=f"not finite for stimulus {first.id!r}"):
        extract(encoder, toys, "mean")


@pytest.mark.parametrize("shape", [(3, 99, 4), (2, 7, 4), (3, 4)])
def test_steps_that_are_not_those_announced_are_refused(shape, toys, counting, monkeypatch):
    encoder = counting()
    wrong = np.zeros(shape, dtype=np.float32)
    monkeypatch.setattr(encoder, "encode", lambda stimuli, layers: [wrong] * len(stimuli))
    with pytest.raises(GroundingError, match=r"gave an array of .* needed 3 layers of \d+ steps"):
        extract(encoder, toys, "mean")


def test_layers_are_given_in_the_order_asked_and_the_encoder_is_asked_for_no_more(toys, counting):
    encoder = counting()
    acts = extract(encoder, toys, "mean", layers=["layer-1", 0])
    assert acts.layers == ("layer-1", "embedding")
    assert {tuple(layers) for layers in encoder.layers_asked} == {("embedding", "layer-1")}
    whole = extract(load_encoder("toy"), toys, "mean")
    np.testing.assert_array_equal(acts.values, whole.values[[1, 0]])


@pytest.mark.parametrize("layers", [[], ["layer-1", 1]])
def test_layers_are_asked_for_once_each(layers, toys):
    with pytest.raises(UserError, match="needed: one or more, each once"):
        extract(load_encoder("toy"), toys, "mean", layers=layers)


def test_stored_activations_are_those_in_memory(toys, tmp_path):
    acts = extract(load_encoder("toy"), toys, "trajectory")
    stored = extract_stored(load_encoder("toy"), toys, "trajectory", tmp_path)
    for layer in (0, "layer-1", np.int64(2)):
        np.testing.assert_array_equal(stored.layer(layer), acts.layer(layer))
    for field in ("ids", "layers", "pooling", "encoder", "provenance"):
        assert getattr(stored, field) == getattr(acts, field) == getattr(stored.load(), field)
    with pytest.raises(UserError, match="toy has no layer 3"):
        stored.layer(3)


def test_a_record_checks_itself():
    values = np.zeros((1, 2, 3), dtype=np.float32)
    with pytest.raises(GroundingError, match="have the shape"):
        Activations(values, ("a",), ("embedding",), "mean", "toy", {})
    with pytest.raises(GroundingError, match="float64, not float32"):
        Activations(values.astype(float), ("a", "b"), ("embedding",), "mean", "toy", {})
    with pytest.raises(UserError, match="'a' occurs more than once"):
        Activations(values, ("a", "a"), ("embedding",), "mean", "toy", {})
