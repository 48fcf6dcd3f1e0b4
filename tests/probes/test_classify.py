"""Classes are read out of features that hold them, and out of nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from grounding.encoders import load_encoder
from grounding.errors import UserError
from grounding.probes.classify import classify, confusion, draw, score, threshold
from grounding.probes.control_tasks import random_labels
from grounding.probes.phone_rows import fold_of, frame_rows, held_out, row_targets, segment_rows
from grounding.probes.phonetic import phonetic, signed
from grounding.probes.splits import Fold, folds, labels_of

CONSONANTS, VOWELS = ("p", "b", "t", "d", "s", "z", "m", "n"), ("a", "i", "u", "ɛ")
PENALTIES = (1.0, 100.0)


@pytest.fixture
def words(say):
    return say([[c, v, o] for c in CONSONANTS for v in VOWELS for o in ("k",)], realisations=2)


@pytest.fixture
def groups(words):
    return labels_of(words, "transcript")


@pytest.fixture
def parts(groups):
    return folds(groups, 4, np.random.default_rng(0))


def holds_phones(task, noise):
    """Return features that are the one-hot targets, turned, with noise; only noise in silence."""

    def make(stimulus, times, rng):
        turn = np.random.default_rng(9).standard_normal((len(task.columns), 12))
        return np.nan_to_num(task.at(stimulus, times)) @ turn + noise * rng.standard_normal(
            (len(times), 12)
        )

    return make


def nothing(stimulus, times, rng):
    return rng.standard_normal((len(times), 12))


@pytest.mark.parametrize("take", [frame_rows, segment_rows])
def test_planted_classes_are_read_and_noise_is_not(take, words, groups, parts, planted):
    task = phonetic(words, "manner")
    drawn = draw(groups, 100, np.random.default_rng(1))
    rows = take(planted(holds_phones(task, 0.5)), words, "embedding")
    found = score(classify(rows, task, parts, groups, penalties=PENALTIES), drawn)
    assert found.balanced.estimate > 0.95 and found.unit == take.__name__.partition("_")[0]
    assert all(recall > 0.9 for recall in found.recall.values()) and len(found.recall) == 4
    rows = take(planted(nothing), words, "embedding")
    found = score(classify(rows, task, parts, groups, penalties=PENALTIES), drawn)
    assert found.accuracy.estimate < found.chance + 0.05
    assert abs(found.balanced.estimate - 0.25) < 0.07


def test_what_is_said_is_what_scikit_learn_says(words, groups, parts, planted):
    """One penalty, one fold after the other, with scikit-learn's scaler, ridge and scores."""
    task = phonetic(words, "phone")
    rows = frame_rows(planted(holds_phones(task, 3.0)), words, "embedding")
    found = classify(rows, task, parts, groups, penalties=[30.0])
    y = row_targets(rows, task.at)
    known = ~np.isnan(y).any(axis=1)
    x, y, place = rows.values[known].astype(float), y[known], rows.place[known]
    said = np.zeros(len(y), dtype=int)
    for fold in parts:
        train, test = np.isin(place, fold.train), np.isin(place, fold.test)
        scaler = StandardScaler().fit(x[train])
        ridge = Ridge(30.0).fit(scaler.transform(x[train]), y[train])
        said[test] = ridge.predict(scaler.transform(x[test])).argmax(axis=1)
    true = y.argmax(axis=1)
    drawn = draw(groups, 30, np.random.default_rng(0))
    accuracy, balanced = found.accuracy(drawn), found.balanced(drawn)
    assert accuracy.estimate == pytest.approx(accuracy_score(true, said))
    assert balanced.estimate == pytest.approx(balanced_accuracy_score(true, said))
    assert 0.15 < accuracy.estimate < 0.9  # neither trivial nor hopeless
    # A bootstrap sample is the score of rows that are copied as often as their group is drawn.
    copies = np.repeat(np.arange(len(true)), drawn.counts[7][drawn.number(groups)][place])
    assert accuracy.samples[7] == pytest.approx(accuracy_score(true[copies], said[copies]))
    expected = balanced_accuracy_score(true[copies], said[copies])
    assert balanced.samples[7] == pytest.approx(expected)


def test_signs_are_read_feature_by_feature(words, groups, parts, planted):
    task = signed(words)
    rows = segment_rows(planted(holds_phones(task, 0.2)), words, "embedding")
    found = threshold(rows, task, parts, groups, penalties=PENALTIES)
    drawn = draw(groups, 20, np.random.default_rng(0))
    assert "velaric" not in found and {"voi", "nas", "syl", "back"} <= set(found)
    assert found["nas"].classes == ("-nas", "+nas")
    assert all(one.balanced(drawn).estimate > 0.9 for one in found.values())
    # Consonants are neither tense nor lax: they are not scored on it.
    assert found["tense"].counts.sum() < found["voi"].counts.sum() == len(rows.values)


def test_selectivity_is_paired_and_needs_the_same_rows(words, groups, parts, planted):
    task = phonetic(words, "manner")
    drawn = draw(groups, 40, np.random.default_rng(1))
    rows = segment_rows(planted(holds_phones(task, 0.5)), words, "embedding")
    real = classify(rows, task, parts, groups, penalties=PENALTIES)
    controls = [
        classify(
            rows,
            random_labels(task, words, "phone", np.random.default_rng(seed)),
            parts,
            groups,
            penalties=PENALTIES,
        )
        for seed in (0, 1)
    ]
    found = score(real, drawn, controls)
    assert found.selectivity.estimate > 0.2  # these features hold manner, not which phone
    mean = np.mean([one.accuracy(drawn).samples for one in controls], axis=0)
    np.testing.assert_allclose(found.selectivity.samples, found.accuracy.samples - mean)
    fewer = classify(rows, phonetic(words, "voicing"), parts, groups, penalties=PENALTIES)
    with pytest.raises(UserError, match=r"'voicing' is of \d+ segments and 'manner' of \d+"):
        score(real, drawn, [fewer])


def test_a_map_that_always_says_one_of_a_pair_gets_half_of_it(say, planted):
    """Place tells only which pair it is; in unequal pairs that says which member is likely."""
    often = [[c, v] for c in "pɡ" for v in VOWELS]
    some = say([*often, ["b", "a"], ["k", "a"]], realisations=3)
    labels = labels_of(some, "transcript")
    task, place = phonetic(some, "voicing"), phonetic(some, "place")

    def place_only(stimulus, times, rng):
        values = np.nan_to_num(place.at(stimulus, times))
        return values + 0.01 * rng.standard_normal(values.shape)

    rows = segment_rows(planted(place_only), some, "embedding")
    cut = folds(labels, 4, np.random.default_rng(0))
    drawn = draw(labels, 20, np.random.default_rng(0))
    strata = {"p": "lips", "b": "lips", "k": "velum", "ɡ": "velum"}
    within = classify(rows, task, cut, labels, penalties=[1.0], strata=strata)
    across = classify(rows, task, cut, labels, penalties=[1.0])
    assert within.balanced(drawn).estimate == 0.5
    assert across.balanced(drawn).estimate == 0.8  # without strata, place seems to tell voice
    del strata["k"]
    with pytest.raises(UserError, match="phone 'k' has a class of 'voicing' and no stratum"):
        classify(rows, task, cut, labels, penalties=[1.0], strata=strata)


def test_segments_have_the_mean_target_and_frames_that_of_their_centre(words, planted):
    def ramp(stimulus, times):
        return times[:, None]

    frames = frame_rows(planted(nothing), words, "embedding")
    np.testing.assert_allclose(row_targets(frames, ramp)[:, 0], frames.start)
    segments = segment_rows(planted(nothing), words, "embedding")
    middle = (segments.start + segments.end) / 2
    np.testing.assert_allclose(row_targets(segments, ramp)[:, 0], middle)
    np.testing.assert_allclose(segments.end - segments.start, 0.1)
    assert len(segments.values) == 3 * len(words) and segments.left_out == 0


def test_rows_without_targets_are_predicted_but_not_trained_on(words, groups, parts, planted):
    rows = segment_rows(planted(nothing), words, "embedding")
    y = np.random.default_rng(0).standard_normal((len(rows.values), 1))
    first = np.arange(len(y)) % 3 == 0
    found = held_out(rows, np.where(first[:, None], np.nan, y), parts, groups, penalties=[1.0])
    masked = held_out(rows, y, parts, groups, penalties=[1.0], train=~first)
    np.testing.assert_allclose(found, masked)
    assert np.isfinite(found).all()
    assert not np.allclose(found, held_out(rows, y, parts, groups, penalties=[1.0]))


def test_what_does_not_fit_is_refused(words, groups, parts, planted):
    rows = segment_rows(planted(nothing), words, "embedding")
    manner = phonetic(words, "manner")
    with pytest.raises(UserError, match="is on both sides of a fold"):
        classify(rows, manner, parts, labels_of(words, "speaker"), penalties=[1.0])
    with pytest.raises(UserError, match="test on 48 stimuli, and 64 have a group"):
        fold_of(parts[:3], groups)
    two = folds(groups, 2, np.random.default_rng(0))
    with pytest.raises(UserError, match="2 folds test on 64"):
        fold_of([Fold(fold.train[:5], fold.test) for fold in two], groups)
    with pytest.raises(UserError, match="'features' is signed"):
        classify(rows, signed(words), parts, groups, penalties=[1.0])
    with pytest.raises(UserError, match="'manner' is one-hot"):
        threshold(rows, manner, parts, groups, penalties=[1.0])
    with pytest.raises(UserError, match="3 targets for 192 rows"):
        held_out(rows, np.zeros((3, 1)), parts, groups, penalties=[1.0])
    found = classify(rows, manner, parts, groups, penalties=[1.0])
    with pytest.raises(UserError, match="is not among the 1 that are drawn"):
        found.accuracy(draw(["en:other"], 20, np.random.default_rng(0)))
    with pytest.raises(UserError, match="which have no time"):
        frame_rows(load_encoder("toy-text"), words, 0)
    none = np.zeros(len(rows.values), dtype=bool)
    with pytest.raises(UserError, match="no segment of planted has a class of 'manner'"):
        confusion(rows, "manner", manner.columns, groups, none * 1, none * 1, none, None)
