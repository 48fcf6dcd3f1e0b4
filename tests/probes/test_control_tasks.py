"""Control tasks have no answer beyond what they are made to have."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.errors import UnknownName, UserError
from grounding.probes.classify import classify, draw, score
from grounding.probes.control_tasks import (
    TYPES,
    random_labels,
    random_trajectories,
    recurring,
    shuffled,
)
from grounding.probes.phone_rows import held_out, row_targets, segment_rows
from grounding.probes.phone_string import phone_string
from grounding.probes.phonetic import phonetic, signed, signs
from grounding.probes.splits import folds, labels_of
from grounding.probes.unseen import CONTRASTS, contrast, contrast_groups, contrast_strata
from grounding.stimuli import Stimulus

WORDS = [[c, v] for c in ("p", "b", "t", "d", "m", "n") for v in ("a", "i", "u")]


@pytest.fixture
def words(say):
    return say(WORDS, realisations=2)


def identity(stimuli):
    """Return features that are the phone itself, and nothing else."""
    task = phonetic(stimuli, "phone")
    return lambda stimulus, times, rng: np.nan_to_num(task.at(stimulus, times))


@pytest.mark.parametrize("types", TYPES)
def test_random_labels_hang_on_the_type_and_on_nothing_else(types, words):
    task = phonetic(words, "manner")
    control = random_labels(task, words, types, np.random.default_rng(0))
    drawn: dict = {}
    for stimulus in words:
        for at, row in enumerate(control.values[stimulus.id]):
            key = TYPES[types](stimulus, stimulus.phones, at)
            np.testing.assert_array_equal(drawn.setdefault(key, row), row)
    others = random_labels(task, words, types, np.random.default_rng(1))
    assert any((others.values[s.id] != control.values[s.id]).any() for s in words)
    assert control.columns == task.columns and control.spans == task.spans


def test_random_labels_come_as_often_as_the_true_ones(say):
    words = say([[c, "a"] for c in ("p", "t", "k", "b", "d", "ɡ", "s", "f", "m")])
    task = phonetic(words, "manner")
    rng = np.random.default_rng(0)
    tries = [random_labels(task, words, "word", rng) for _ in range(200)]
    share = np.mean([np.concatenate(list(one.values.values())).mean(axis=0) for one in tries], 0)
    true = np.concatenate(list(task.values.values())).mean(axis=0)
    np.testing.assert_allclose(share, true, atol=0.03)


def test_what_has_no_class_gets_none(words):
    task = phonetic(words, "place")
    control = random_labels(task, words, "phone", np.random.default_rng(0))
    for stimulus in words:
        empty = [np.isnan(one.values[stimulus.id]).any(axis=1) for one in (task, control)]
        np.testing.assert_array_equal(*empty)


def test_a_probe_of_phone_identity_does_as_well_on_the_control(words, planted):
    """Features that tell phones apart, and no manner, have no selectivity for it."""
    groups = labels_of(words, "transcript")
    parts = folds(groups, 3, np.random.default_rng(0))
    rows = segment_rows(planted(identity(words)), words, "embedding")
    task = phonetic(words, "manner")
    controls = [
        classify(
            rows,
            random_labels(task, words, "phone", np.random.default_rng(seed)),
            parts,
            groups,
            penalties=[0.01],
        )
        for seed in range(3)
    ]
    found = score(
        classify(rows, task, parts, groups, penalties=[0.01]),
        draw(groups, 20, np.random.default_rng(0)),
        controls,
    )
    assert found.accuracy.estimate == 1.0 and found.selectivity.estimate == 0.0


def test_types_recur_where_transcripts_do(words):
    task = phonetic(words, "manner")
    by_word = folds(labels_of(words, "transcript"), 3, np.random.default_rng(0))
    assert recurring(task, words, "phone", by_word) == 1.0
    assert recurring(task, words, "word", by_word) == 0.0
    by_realisation = folds([s.id[-1] for s in words], 2, np.random.default_rng(0))
    assert recurring(task, words, "word", by_realisation) == 1.0


def test_random_trajectories_are_phones_smoothed(words):
    path = random_trajectories(words, 3, 0.02, np.random.default_rng(0))
    times = np.linspace(0, 0.4, 4001)
    first = path.at(words[0], times)
    points = np.stack([path.points[phone] for phone in words[0].phones])
    steps = np.where(times[:, None] < 0.2, points[0], points[1])
    kernel = np.exp(-0.5 * (np.arange(-1000, 1001) * 1e-4 / 0.02) ** 2)  # a slow convolution
    kernel /= kernel.sum()
    slow = [np.convolve(np.pad(c, 1000, "edge"), kernel, "valid") for c in steps.T]
    np.testing.assert_allclose(first, np.stack(slow, axis=1), atol=0.01)
    np.testing.assert_allclose(path.at(words[1], times), first)  # another realisation
    assert not np.allclose(path.at(words[2], times), first)
    assert path.units == ("1",) * 3 and path.slices(words[0], 4).shape == (4, 3)
    alone = random_trajectories(words, 3, 0.02, np.random.default_rng(0)).at(words[0], times)
    np.testing.assert_array_equal(alone, first)


def test_partners_have_another_label_and_their_time_is_stretched(say):
    words = [*say(WORDS, realisations=3), *say([["p", "a", "t"]], realisations=2)]
    labels = labels_of(words, "transcript")
    label = dict(zip((s.id for s in words), labels, strict=True))
    inner = random_trajectories(words, 2, 0.02, np.random.default_rng(0))
    for seed in range(5):
        found = shuffled(inner, words, labels, np.random.default_rng(seed))
        assert all(label[one] != label[other.id] for one, other in found.partner.items())
        assert sorted(s.id for s in found.partner.values()) == sorted(label)
    (long,) = [s for s in words if s.id == found.partner[words[-1].id].id]
    times = np.array([0.1, 0.25]) * words[-1].duration
    expected = inner.at(long, np.array([0.1, 0.25]) * long.duration)
    np.testing.assert_allclose(found.at(words[-1], times), expected)
    np.testing.assert_allclose(found.slices(words[-1], 2), inner.slices(long, 2))
    assert found.names == inner.names and found.units == inner.units
    assert found.articulators == inner.articulators


def test_the_phone_string_reads_its_phones_and_not_those_of_others(words):
    """Random trajectories of phones are read out of timed phones; shuffled ones are not."""
    groups = labels_of(words, "transcript")
    parts = folds(groups, 3, np.random.default_rng(0))
    path = random_trajectories(words, 2, 0.02, np.random.default_rng(0))
    rows = segment_rows(phone_string(words, timing=True), words, "identity")

    def r(targets):
        y = row_targets(rows, targets.at)
        said = held_out(rows, y, parts, groups, penalties=[0.1, 10.0])
        return np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(y.T, said.T, strict=True)])

    others = shuffled(path, words, groups, np.random.default_rng(0))
    assert r(path) > 0.95 and r(others) < 0.5


@pytest.mark.parametrize("timing", [True, False])
def test_the_phone_string_is_drawn_from_middle_to_middle(timing, words):
    encoder = phone_string(words, timing=timing)
    stimulus = words[0]
    features, which = encoder.encode([stimulus])[0]
    times = encoder.steps(stimulus).centre / stimulus.rate
    middles = np.array([0.15, 0.25]) if timing else np.array([0.25, 0.75]) * stimulus.duration
    for at in range(len(signs("p"))):
        points = [signs(phone)[at] for phone in stimulus.phones]
        np.testing.assert_allclose(features[:, at], np.interp(times, middles, points), atol=1e-6)
    np.testing.assert_allclose(which.sum(axis=1), 1.0, atol=1e-6)
    assert (times < stimulus.duration + 0.02).all() and encoder.provenance["timing"] == timing


def test_only_with_timing_does_the_phone_string_know_when(words):
    stimulus = words[0]
    record = {**stimulus.record(), "attributes": {"segments": [["p", 0, 0.3], ["a", 0.3, 0.4]]}}
    later = Stimulus.from_record(record, stimulus.folder)
    for timing in (True, False):
        encoder = phone_string(words, timing=timing)
        same = np.array_equal(*(encoder.encode([one])[0] for one in (stimulus, later)))
        assert same == (not timing)


def test_a_contrast_is_its_pairs_and_pairs_stay_together(words):
    task = contrast(words, "voice")
    for stimulus in words:
        classes = task.values[stimulus.id]
        assert np.isnan(classes[1]).all()
        side = {"p": 1, "t": 1, "b": 0, "d": 0}.get(stimulus.phones[0])
        if side is None:
            assert np.isnan(classes[0]).all()
        else:
            assert classes[0].argmax() == side and task.columns == ("with", "without")
    groups = contrast_groups(words, "voice")
    by_word = {s.transcript: group for s, group in zip(words, groups, strict=True)}
    assert by_word["pa"] == by_word["ba"] == "en:p/b a" and by_word["ma"] == "en:m a"


def test_held_out_members_of_a_pair_are_read_backwards_and_whole_pairs_not(words, planted):
    """The trap: features that know all but voice come out below one half by transcript."""
    strata = contrast_strata("voice")
    same = {phone: pair.partition("/")[0] for phone, pair in strata.items()}
    where = phonetic(words, "phone")

    def mute(stimulus, times, rng):
        """Which pair, and which vowel comes after it."""
        pair = where.columns.index(same.get(stimulus.phones[0], stimulus.phones[0]))
        vowel = where.columns.index(stimulus.phones[1])
        row = np.zeros(len(where.columns) ** 2)
        row[pair * len(where.columns) + vowel] = 1.0
        return np.tile(row, (len(times), 1))

    rows = segment_rows(planted(mute), words, "embedding")
    task = contrast(words, "voice")

    def found(groups):
        parts = folds(groups, 6, np.random.default_rng(0))
        drawn = draw(groups, 20, np.random.default_rng(0))
        told = classify(rows, task, parts, groups, penalties=[1.0], strata=strata)
        return told.balanced(drawn).estimate

    assert found(labels_of(words, "transcript")) < 0.35
    assert found(contrast_groups(words, "voice")) == 0.5


@pytest.mark.parametrize("name", CONTRASTS)
def test_a_phone_is_in_one_pair_of_a_contrast(name):
    phones = [phone for pair in CONTRASTS[name] for phone in pair]
    assert len(phones) == len(set(phones))


def test_what_would_control_nothing_is_refused(words, say):
    rng = np.random.default_rng(0)
    phone = phonetic(words, "phone")
    with pytest.raises(UserError, match="controls nothing of 'phone'"):
        random_labels(phone, words, "phone", rng)
    with pytest.raises(UnknownName, match="unknown type 'triphone'"):
        random_labels(phone, words, "triphone", rng)
    with pytest.raises(UserError, match="'features' is signed"):
        random_labels(signed(words), words, "phone", rng)
    two = say([["s", "z"]])
    with pytest.raises(UserError, match="2 types of 'phone' all drew one class"):
        for _ in range(50):
            random_labels(phonetic(two, "voicing"), two, "phone", rng)
    with pytest.raises(UserError, match="0 channels smoothed over"):
        random_trajectories(words, 0, 0.02, rng)
    with pytest.raises(UserError, match="smoothed over 0 s"):
        random_trajectories(words, 1, 0, rng)
    path = random_trajectories(words, 1, 0.02, rng)
    with pytest.raises(UserError, match=r"label 'one' holds 36 of 36 stimuli"):
        shuffled(path, words, labels_of(words, "speaker"), rng)
    vowels = say([["a", "i"]])
    with pytest.raises(UserError, match=r"no pair of the contrast 'voice'.*p/b"):
        contrast(vowels, "voice")
    with pytest.raises(UserError, match=r"phone 'p', which is not among the 2"):
        phone_string(vowels, timing=False).encode(words[:1])
    bare = Stimulus.from_record(
        {k: v for k, v in words[0].record().items() if k != "phones"}, words[0].folder
    )
    with pytest.raises(UserError, match="has no phones, which phone-string reads"):
        phone_string(words, timing=False).encode([bare])
    with pytest.raises(UserError, match="none of 1 stimuli has phones"):
        phone_string([bare], timing=False)
