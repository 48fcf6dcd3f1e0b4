"""Sums over frames are those of all frames put together, whatever is stored and in which order."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.activations import gram, interpolate, products
from grounding.encoders import load_encoder
from grounding.errors import GroundingError, UserError
from grounding.stimuli import Stimulus


def flesh(stimulus, at):
    """The tract's own points at the steps' centres."""
    track = stimulus.articulation
    values = track.streams["flesh"].values[:, :5]
    return interpolate(np.arange(len(values)) / track.rate, values, at)


def together(encoder, stimuli, layer, targets=None):
    """Put all frames of stimuli under each other."""
    x = [encoder.encode([s])[0][layer].astype(np.float64) for s in stimuli]
    y = [np.zeros((len(one), 0)) for one in x]
    if targets:
        y = [targets(s, encoder.steps(s).centre / 16_000) for s in stimuli]
    x, y = np.concatenate(x), np.concatenate(y)
    kept = ~np.isnan(y).any(axis=1)
    return x[kept], y[kept], int((~kept).sum())


def check(sums, x, y):
    np.testing.assert_allclose(sums.x, x.sum(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.y, y.sum(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.xx, x.T @ x, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.xy, x.T @ y, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(sums.yy, y.T @ y, rtol=1e-9, atol=1e-9)
    assert sums.n == len(x) and sums.xx.dtype == np.float64


@pytest.mark.parametrize("targets", [None, flesh])
@pytest.mark.parametrize("block", [3, 1024])
def test_sums_are_those_of_all_frames(targets, block, toys, tmp_path, monkeypatch):
    monkeypatch.setattr(products, "BLOCK", block)
    encoder = load_encoder("toy")
    groups = [f"speaker-{place % 3}" for place in range(len(toys))]
    found = gram(encoder, toys, targets, groups, tmp_path)
    assert found.groups == ("speaker-0", "speaker-1", "speaker-2")
    for layer in (0, 2):
        check(found.sums(layer), *together(encoder, toys, layer, targets)[:2])
        for chosen in (["speaker-1"], ["speaker-2", "speaker-0"]):
            some = [s for s, group in zip(toys, groups, strict=True) if group in chosen]
            check(found.sums(layer, chosen), *together(encoder, some, layer, targets)[:2])
    assert sum(found.left_out) == together(encoder, toys, 0, targets)[2]


def test_a_linear_map_fitted_from_sums_is_the_one_fitted_from_frames(toys):
    encoder = load_encoder("toy")
    sums = gram(encoder, toys, flesh).sums("embedding")
    x, y, _ = together(encoder, toys, 0, flesh)
    xx = sums.xx - np.outer(sums.x, sums.x) / sums.n
    xy = sums.xy - np.outer(sums.x, sums.y) / sums.n
    expected = np.linalg.lstsq(x - x.mean(axis=0), y - y.mean(axis=0), rcond=None)[0]
    np.testing.assert_allclose(np.linalg.solve(xx, xy), expected, atol=1e-6)


def test_frames_without_a_target_are_left_out_and_counted(toys):
    def late(stimulus, at):
        return np.where(at[:, None] < 0.1, np.nan, 1.0)

    encoder = load_encoder("toy")
    found = gram(encoder, toys, late)
    early = sum(int((encoder.steps(s).centre < 1600).sum()) for s in toys)
    assert found.left_out == (early,) and early > 0
    assert found.sums(0).n == sum(len(encoder.steps(s)) for s in toys) - early


def test_stored_sums_are_read_and_layers_added(toys, counting, tmp_path):
    gram(load_encoder("toy"), toys, flesh, store=tmp_path, layers=["layer-1"])
    encoder = counting()
    found = gram(encoder, toys, flesh, store=tmp_path)
    assert {tuple(layers) for layers in encoder.layers_asked} == {("embedding", "layer-2")}
    encoder = counting()
    again = gram(encoder, toys, flesh, store=tmp_path)
    assert not encoder.asked
    for layer in found.layers:
        np.testing.assert_array_equal(found.products[layer], again.products[layer])
    other = counting()
    gram(other, toys, lambda s, at: flesh(s, at) + 1, store=tmp_path)
    assert len(other.asked) == len(toys)


def test_a_text_encoders_steps_are_given_in_characters(toys):
    seen = []
    gram(load_encoder("toy-text"), toys[:1], lambda s, at: seen.append(at) or np.ones((len(at), 1)))
    np.testing.assert_array_equal(seen[0], np.arange(3) + 0.5)


def test_progress_counts_to_the_end(toys, monkeypatch):
    monkeypatch.setattr(products, "BLOCK", 8)
    seen = []
    gram(load_encoder("toy"), toys, progress=lambda *at: seen.append(at))
    assert seen == [(0, 20), (8, 20), (16, 20), (20, 20)]


def test_lines_are_drawn_between_given_times_and_not_beyond():
    times, values = np.array([0.0, 1.0, 3.0]), np.array([[0.0, 1.0], [2.0, 1.0], [6.0, 5.0]])
    found = interpolate(times, values, np.array([-0.1, 0.5, 2.0, 3.0, 3.1]))
    nothing = [np.nan, np.nan]
    np.testing.assert_allclose(found, [nothing, [1, 1], [4, 3], [6, 5], nothing])
    assert interpolate(times, values[:, :0], np.array([0.5])).shape == (1, 0)
    for broken in (times[::-1], times[:2]):
        with pytest.raises(UserError, match="needed: rising times, and a row"):
            interpolate(broken, values, times)


def test_bad_wishes_are_refused(toys, monkeypatch):
    encoder = load_encoder("toy")
    with pytest.raises(UserError, match="2 groups for 20 stimuli; needed one for each"):
        gram(encoder, toys, groups=["a", "b"])
    with pytest.raises(UserError, match=r"targets of stimulus 'cat-0' have the shape \(2, 1\)"):
        gram(encoder, toys, lambda s, at: np.ones((2, 1)))
    widths = iter([1, 2])
    with pytest.raises(UserError, match=r"stimuli have \[1, 2\] targets; needed as many"):
        gram(encoder, toys[:2], lambda s, at: np.ones((len(at), next(widths))))
    with pytest.raises(UserError, match=r"no group 'nobody'. Known: all"):
        gram(encoder, toys[:1]).sums(0, ["nobody"])
    monkeypatch.setattr(products, "encoded", lambda *arguments: iter(()))
    with pytest.raises(GroundingError, match="toy gave nothing"):
        gram(encoder, toys)
    assert isinstance(toys[0], Stimulus)
