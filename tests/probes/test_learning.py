"""More articulation to learn from gives better maps, and smaller sets lie within larger ones."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.encoders import load_encoder
from grounding.errors import UserError
from grounding.probes.learning import learning_curve, take_minutes
from grounding.probes.maps import articulatory_map
from grounding.stimuli import read_stimuli

HOW = {
    "stream": "flesh",
    "layer": "layer-2",
    "folds": 4,
    "penalties": (1.0, 100.0, 1e4),
    "lag": (0.0,),
    "context": 0,
    "samples": 60,
}


@pytest.fixture(scope="module")
def toys(toy_folder):
    return list(read_stimuli(toy_folder))


def curve(toys, store, minutes, name="toy", inner=3, seed=0):
    encoder, rng = load_encoder(name), np.random.default_rng(seed)
    return learning_curve(encoder, toys, minutes=minutes, inner=inner, store=store, rng=rng, **HOW)


def test_more_minutes_give_more_and_noise_gives_nothing(toys, tmp_path):
    # Which few words are learnt from is chance: only the mean over orders need rise.
    little, much = zip(*(curve(toys, tmp_path, (0.06, 0.4), seed=s) for s in range(3)), strict=True)
    assert np.mean([p.mean.estimate for p in little]) < np.mean([p.mean.estimate for p in much])
    for point in (*little, *much):
        assert point.asked <= point.minutes < point.asked + 0.05
        assert point.low < point.mean.estimate < point.high
    assert little[0].stimuli < much[0].stimuli
    noise = curve(toys, tmp_path, (0.06, 0.4), "noise")
    assert all(abs(point.mean.estimate) < 0.15 for point in noise)


def test_all_the_minutes_give_what_the_map_of_all_data_gives(toys, tmp_path):
    (point,) = curve(toys, tmp_path, (0.4,))
    how = {name: value for name, value in HOW.items() if name != "layer"}
    whole = articulatory_map(
        load_encoder("toy"), toys, layers=["layer-2"], store=tmp_path,
        rng=np.random.default_rng(0), **how,
    )  # fmt: skip
    assert point.mean.estimate == pytest.approx(whole.chosen.mean.estimate, abs=0.03)


def test_the_order_in_which_minutes_are_asked_moves_nothing(toys, tmp_path):
    up, down = curve(toys, tmp_path, (0.1, 0.3)), curve(toys, tmp_path, (0.3, 0.1))[::-1]
    assert [point.mean.estimate for point in up] == [point.mean.estimate for point in down]


def test_labels_are_taken_whole_in_order():
    labels, seconds = list("aabbccd"), np.full(7, 30.0)
    train = np.array([0, 1, 2, 3, 4, 5])
    take = [take_minutes(labels, seconds, train, list("bca"), m).tolist() for m in (0.5, 1, 1.1, 3)]
    assert take == [[2, 3], [2, 3], [2, 3, 4, 5], [0, 1, 2, 3, 4, 5]]


def test_minutes_that_are_not_there_are_refused(toys, tmp_path):
    with pytest.raises(UserError, match="9 minutes of training data were asked for, and a fold's"):
        curve(toys, tmp_path, (9.0,))
    with pytest.raises(UserError, match="needed a number above 0 and at most that"):
        take_minutes(["a"], np.ones(1), np.array([0]), ["a"], 0.0)
    with pytest.raises(UserError, match="5 folds need 5 labels or more, found 1"):
        curve(toys, tmp_path, (0.01,), inner=5)
