"""Maps find what is in an encoder, at its lag and in its neighbours, and else nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Peer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from grounding.encoders import load_encoder
from grounding.errors import UserError
from grounding.probes import rows as rows_module
from grounding.probes.maps import articulatory_map, map_rows, word_map
from grounding.probes.rows import frame_rows, stacked, word_rows
from grounding.probes.splits import folds, labels_of
from grounding.probes.targets import channels
from grounding.stimuli import read_stimuli
from grounding.stimuli.articulation import Articulation

HOW = {"folds": 4, "penalties": (0.1, 10.0, 1000.0), "samples": 60, "store": None}


@pytest.fixture(scope="module")
def toys(toy_folder):
    return list(read_stimuli(toy_folder))


@dataclass
class Shown:
    """The oracle with features of another time: `late` frames later, or noise beside them."""

    late: int = 0
    noise: float = 0.0
    inner: object = field(default_factory=lambda: load_encoder("oracle"))

    def __post_init__(self):
        self.name, self.modality, self.sees = "shown", "speech", "stimulus"
        self.revision, self.layers = f"{self.late} {self.noise}", ("nothing", "tract")
        self.provenance = {}

    def steps(self, stimulus):
        return self.inner.steps(stimulus)

    def encode(self, stimuli, layers=None):
        found = []
        for stimulus, array in zip(stimuli, self.inner.encode(stimuli), strict=True):
            rng = np.random.default_rng(list(stimulus.id.encode()))
            tract = array[0][np.clip(np.arange(array.shape[1]) + self.late, 0, array.shape[1] - 1)]
            tract = tract + self.noise * rng.normal(size=tract.shape)
            both = {"nothing": rng.normal(size=tract.shape), "tract": tract}
            wanted = self.layers if layers is None else layers
            found.append(np.stack([both[name] for name in wanted]).astype(np.float32))
        return found


def frame_map(encoder, stimuli, *, seed=0, lag=(0.0,), context=0, layers=None, **more):
    how = {**HOW, "stream": "flesh", **more}
    rng = np.random.default_rng(seed)
    return articulatory_map(
        encoder, stimuli, lag=lag, context=context, layers=layers, rng=rng, **how
    )


def test_the_tract_itself_is_read_out_and_noise_is_not(toys):
    found = frame_map(Shown(), toys)
    nothing, tract = found.layers["nothing"], found.layers["tract"]
    assert tract.mean.estimate > 0.999 and all(c.error < 0.2 for c in tract.channels)
    assert abs(nothing.mean.estimate) < 0.1
    assert all(c.explained < 0.02 and c.error > 1.0 for c in nothing.channels)
    assert found.chosen.layer == ", ".join(["tract"] * 4)
    assert found.chosen.mean.estimate == tract.mean.estimate


def test_noise_scores_nothing_on_average(toys):
    found = [frame_map(load_encoder("noise"), toys, seed=s, layers=[0]) for s in range(6)]
    assert abs(np.mean([one.chosen.mean.estimate for one in found])) < 0.05


def test_an_encoder_that_hears_the_tones_scores_between(toys):
    found = frame_map(load_encoder("toy"), toys)
    assert 0.1 < found.chosen.mean.estimate < 0.99
    assert found.chosen.mean.interval(0.95)[0] > 0.0


def test_scores_are_those_of_scikit_learn_on_the_same_folds(toys, tmp_path):
    encoder, rng = load_encoder("toy"), np.random.default_rng(0)
    targets = channels(toys, "flesh", ["TT.y", "JAW.x"])
    rows = frame_rows(
        encoder, toys, targets, layers=["layer-1"], lags=(0.0,), context=1, store=tmp_path
    )
    parts = folds(labels_of(toys, "transcript"), 4, rng)
    over = labels_of(toys, "transcript")
    found = map_rows(
        rows, parts, over, penalties=[20.0], samples=30, level=0.9, rng=rng, settings={}
    )
    x = [stacked(encoder.encode([s])[0][1], 1) for s in toys]
    y = [targets.at(s, encoder.steps(s).centre / 16_000) for s in toys]
    products, sizes = np.zeros(2), np.zeros((2, 2))
    kept = [~np.isnan(one[:, 0]) for one in y]
    x, y = ([v[k] for v, k in zip(both, kept, strict=True)] for both in (x, y))
    for fold in parts:
        a, b = (np.concatenate([v[k] for k in fold.train]).astype(float) for v in (x, y))
        c, d = (np.concatenate([v[k] for k in fold.test]).astype(float) for v in (x, y))
        read = make_pipeline(StandardScaler(), Peer(20.0)).fit(a, b).predict(c)
        read, true = read - read.mean(axis=0), d - d.mean(axis=0)
        products += (read * true).sum(axis=0)
        sizes += [(read**2).sum(axis=0), (true**2).sum(axis=0)]
    expected = products / np.sqrt(sizes.prod(axis=0))
    np.testing.assert_allclose([c.r for c in found.chosen.channels], expected, rtol=1e-6)
    assert [c.channel for c in found.chosen.channels] == ["TT.y", "JAW.x"]


@pytest.mark.parametrize("late", [-3, 0, 4])
def test_the_lag_is_found_within_its_bounds(late, toys):
    lags = tuple(k / 100 for k in range(-5, 6))
    found = frame_map(Shown(late), toys[:40], lag=lags, layers=["tract"]).layers["tract"]
    assert found.lags == (late / 100,) * 4
    assert found.mean.estimate > 0.99
    if late:  # and without the lag something is lost
        without = frame_map(Shown(late), toys[:40], layers=["tract"]).layers["tract"]
        assert without.mean.estimate < found.mean.estimate - 0.005


def test_neighbours_help_where_steps_are_noisy_and_score_the_same_rows(toys):
    alone, beside = (frame_map(Shown(noise=6.0), toys, context=c, layers=["tract"]) for c in (0, 3))
    assert beside.chosen.mean.estimate > alone.chosen.mean.estimate + 0.03
    counts = {c.n_frames for found in (alone, beside) for c in found.chosen.channels}
    assert len(counts) == 1


def test_lags_are_compared_on_the_same_rows_and_those_left_out_are_counted(toys):
    short, long = (frame_map(Shown(), toys[:40], lag=lag) for lag in ((0.0,), (0.0, 0.05)))
    held = [found.chosen.channels[0].n_frames for found in (short, long)]
    assert held[0] - held[1] == 5 * 40 and short.left_out == 0 and long.left_out == 5 * 40


def test_pieces_of_any_size_give_the_same_numbers(toys, monkeypatch):
    whole = frame_map(load_encoder("toy"), toys[:40], layers=[1])
    monkeypatch.setattr(rows_module, "CHUNK", 50)
    pieces = frame_map(load_encoder("toy"), toys[:40], layers=[1])
    assert pieces.chosen.mean.estimate == pytest.approx(whole.chosen.mean.estimate, rel=1e-9)


def test_equal_generators_give_equal_numbers_with_or_without_a_store(toys, tmp_path):
    first = frame_map(load_encoder("toy"), toys[:40])
    again = frame_map(load_encoder("toy"), toys[:40], store=tmp_path)
    assert first.table() == again.table()
    other = frame_map(load_encoder("toy"), toys[:40], seed=1)
    assert first.table() != other.table()


def test_the_table_is_tidy_and_the_provenance_whole(toys):
    found = frame_map(load_encoder("toy"), toys[:40], lag=(0.0, 0.01), context=1)
    table = found.table()
    assert len(table) == 4 * (1 + 6 + 12)  # three layers and the one chosen
    assert {row["what"] for row in table} == {"mean", "articulator", "channel"}
    assert all(row["low"] <= row["r"] <= row["high"] for row in table)
    assert {row["unit"] for row in table if row["what"] == "channel"} == {"mm"}
    about = found.provenance
    expected = {"encoder": "toy", "stream": "flesh", "by": "transcript", "over": "transcript"}
    expected |= {"folds": 4, "lags": (0.0, 0.01), "context": 1, "level": 0.95, "samples": 60}
    assert {name: about[name] for name in expected} == expected and len(about["stimuli"]) == 64


def test_words_have_postures_and_courses_for_speech_and_text(toys):
    how = {**HOW, "stream": "flesh", "layers": None}
    rng = np.random.default_rng
    for name in ("toy", "toy-text"):
        found = word_map(load_encoder(name), toys, slices=1, rng=rng(0), **how)
        assert [c.channel for c in found.chosen.channels][:2] == ["UL.x", "UL.y"]
        assert found.chosen.channels[0].n_frames == len(toys)
    course = word_map(Shown(), toys, slices=3, rng=rng(0), **how).layers["tract"]
    assert len(course.channels) == 36 and course.channels[0].channel == "UL.x 1/3"
    assert [len(part.channels) for part in course.articulators] == [6] * 6
    posture = word_map(Shown(), toys, slices=1, rng=rng(0), **how).layers["tract"]
    assert posture.mean.estimate > 0.99 > course.mean.estimate > 0.3


def test_a_reader_of_the_transcript_predicts_no_word_that_it_never_read(toys):
    # Toy paths know nothing of their words; only a split that shares words could find them.
    how = {**HOW, "stream": "flesh", "layers": [0], "slices": 1}
    text = load_encoder("toy-text")
    apart = word_map(text, toys, by="transcript", rng=np.random.default_rng(0), **how)
    shared = word_map(
        text, toys, by="realisation", rng=np.random.default_rng(0), **{**how, "folds": 3}
    )
    assert shared.chosen.mean.estimate > 0.4 > 0.3 > abs(apart.chosen.mean.estimate)


def test_other_trajectories_may_be_read_out(toys):
    class Ramps:
        names, units, articulators = ("time",), ("s",), ("clock",)

        def at(self, stimulus, times):
            return np.where(times >= 0, times, np.nan)[:, None]

        def slices(self, stimulus, count):
            return np.arange(count, dtype=float)[:, None]

    found = frame_map(Shown(), toys[:40], stream=Ramps())
    assert [c.unit for c in found.chosen.channels] == ["s"] and found.provenance[
        "stream"
    ] == "Ramps"


def test_bad_wishes_are_refused(toys, tmp_path, monkeypatch):
    few = toys[:40]
    with pytest.raises(UserError, match="toy-text reads text, and its steps have no time"):
        frame_map(load_encoder("toy-text"), few)
    for lags in ((), (0.0, 0.0), (np.inf,)):
        with pytest.raises(UserError, match="needed one number of seconds or more, each once"):
            frame_map(Shown(), few, lag=lags)
    with pytest.raises(UserError, match="the context is -1 steps to either side"):
        frame_map(Shown(), few, context=-1)
    with pytest.raises(UserError, match="no step of shown has targets at all lags from -9 to 0 s"):
        frame_map(Shown(), few, lag=(-9.0, 0.0))
    with pytest.raises(UserError, match="2 groups; needed 3 or more"):
        frame_map(Shown(), few, folds=2)
    with pytest.raises(UserError, match="cut into 0 slices; needed 1 or more"):
        word_rows(Shown(), few, channels(few, "flesh"), layers=None, slices=0, store=None)
    rows = frame_rows(
        Shown(), few, channels(few, "flesh"), layers=None, lags=[0.0], context=0, store=tmp_path
    )
    with pytest.raises(UserError, match="none of 0 stimuli has a row with targets at 'tract'"):
        rows.sums("tract", np.array([], dtype=int))
    still = few[0].articulation["formants_valid"]
    assert isinstance(few[0].articulation, Articulation) and still.values.min() == 1
    with pytest.raises(UserError, match="F1, F2, F3 never moves in these stimuli"):
        frame_map(Shown(), few, stream="formants_valid")
