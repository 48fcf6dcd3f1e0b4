"""Folds share no label; that frames must not be shuffled is shown on noise that knows nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from grounding.errors import UnknownName, UserError
from grounding.probes.ridge import add, errors, leave_each_out, sums_of
from grounding.probes.splits import LABELS, Fold, folds, labels_of
from grounding.stimuli import Stimulus

PENALTIES = (1.0, 100.0, 10000.0)


def stimulus(name, transcript="cat", language="en", **more):
    return Stimulus(name, transcript, language, ".", f"{name}.wav", 16000, **more)


def held_out_r(x, y, places):
    """The mean r over targets and folds, of rows at `places`, one array a fold."""
    groups = [sums_of(x[rows], y[rows]) for rows in places]
    found = leave_each_out(groups, PENALTIES)
    return np.mean([errors(g, one.ridge).r for g, one in zip(groups, found, strict=True)])


def smooth_noise(rng, utterances, steps, width, cutoff):
    """Independent low-passed noise, 50 Hz: "row width", the utterances under each other."""
    sos = butter(3, cutoff, fs=50, output="sos")
    return np.concatenate(
        [sosfiltfilt(sos, rng.normal(size=(steps, width)), axis=0) for _ in range(utterances)]
    )


@pytest.mark.parametrize(("cutoff", "least"), [(2, 0.7), (5, 0.3), (10, 0.1)])
def test_a_split_by_frames_finds_what_is_not_there_and_ours_does_not(cutoff, least):
    rng = np.random.default_rng(cutoff)
    utterances, steps = 30, 100
    x = smooth_noise(rng, utterances, steps, 200, cutoff)
    y = smooth_noise(rng, utterances, steps, 6, cutoff)
    shuffled = np.array_split(rng.permutation(len(x)), 5)
    assert held_out_r(x, y, shuffled) > least
    row = np.repeat(np.arange(utterances), steps)
    ours = folds([f"utterance-{k}" for k in range(utterances)], 5, rng)
    assert abs(held_out_r(x, y, [np.flatnonzero(np.isin(row, f.test)) for f in ours])) < 0.07


def test_a_split_by_stimuli_leaks_what_a_transcripts_realisations_share():
    rng = np.random.default_rng(3)
    words = [f"en:{k}" for k in range(60) for _ in range(4)]
    code = np.repeat(rng.normal(size=(60, 80)), 4, axis=0)  # names the word, and says nothing of it
    posture = np.repeat(rng.normal(size=(60, 3)), 4, axis=0) + 0.1 * rng.normal(size=(240, 3))
    leaky = held_out_r(code, posture, [f.test for f in folds(range(240), 5, rng)])
    ours = held_out_r(code, posture, [f.test for f in folds(words, 5, rng)])
    assert leaky > 0.8 and abs(ours) < 0.25


def test_there_is_no_way_to_split_by_frame():
    assert not [name for name in LABELS if "frame" in name or "step" in name]


@pytest.mark.parametrize("seed", range(5))
def test_labels_stay_whole_and_every_stimulus_is_tested_once(seed):
    rng = np.random.default_rng(seed)
    labels = [f"word-{k}" for k in rng.integers(40, size=200)]
    found = folds(labels, 6, rng)
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(200))
    for fold in found:
        train, test = ({labels[k] for k in part} for part in (fold.train, fold.test))
        assert not train & test and len(fold.train) + len(fold.test) == 200
    sizes = [len(fold.test) for fold in found]
    assert max(sizes) - min(sizes) <= max(map(labels.count, labels))


def test_one_large_label_gets_a_fold_to_itself():
    labels = ["much"] * 50 + [f"little-{k}" for k in range(50)]
    found = folds(labels, 2, np.random.default_rng(0))
    assert sorted(len(fold.test) for fold in found) == [50, 50]
    assert {len({labels[k] for k in fold.test}) for fold in found} == {1, 50}


def test_the_generator_decides_and_nothing_else():
    labels = [f"word-{k // 2}" for k in range(60)]
    first, same, other = (
        [f.test.tolist() for f in folds(labels, 5, np.random.default_rng(s))] for s in (0, 0, 1)
    )
    assert first == same != other


def test_labels_are_those_of_the_manifest():
    realisation = {"voice": "breathy", "name": "plain", "anatomy_scale": 0.8}
    some = [
        stimulus("a", "gift", "en", speaker="short", concept="present", realisation=realisation),
        stimulus("b", "Gift", "de", speaker="short", concept="poison", realisation=realisation),
    ]
    assert labels_of(some, "transcript") == ("en:gift", "de:Gift")
    expected = {
        "language": ("en", "de"),
        "concept": ("present", "poison"),
        "speaker": ("short",) * 2,
        "anatomy": ("short",) * 2,
        "phonation": ("breathy",) * 2,
        "realisation": ("plain",) * 2,
    }
    assert {name: labels_of(some, name) for name in expected} == expected
    assert set(expected) | {"transcript"} == set(LABELS)


def test_a_recorded_speaker_is_no_anatomy():
    with pytest.raises(UserError, match=r"stimulus 'a' has no anatomy \(1 of 1 have none\)"):
        labels_of([stimulus("a", speaker="Allison")], "anatomy")


@pytest.mark.parametrize("by", sorted(set(LABELS) - {"transcript", "language"}))
def test_what_a_stimulus_lacks_is_said(by):
    with pytest.raises(UserError, match=rf"stimulus 'a' has no {by} .* needed the manifest field"):
        labels_of([stimulus("a")], by)


def test_bad_wishes_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(UnknownName, match="unknown label 'frame'"):
        labels_of([stimulus("a")], "frame")
    with pytest.raises(UserError, match="1 folds were asked for; needed 2 or more"):
        folds(["a", "b"], 1, rng)
    with pytest.raises(
        UserError, match="3 folds need 3 labels or more, found 2 in 3 stimuli: a, b"
    ):
        folds(["a", "b", "a"], 3, rng)
    with pytest.raises(UserError, match="2 stimuli and tests on 1, 1 of them the same"):
        Fold(np.array([0, 1]), np.array([1]))
    with pytest.raises(UserError, match="groups of sums have the shapes"):
        add([])
