"""What is planted as common to two languages is not lost between them; what is not, is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from grounding.errors import UnknownName, UserError
from grounding.probes.classify import draw
from grounding.probes.phone_rows import row_targets, segment_rows
from grounding.probes.phonetic import phonetic, signed, signs
from grounding.probes.splits import folds, labels_of
from grounding.probes.transfer import cross
from grounding.probes.transferred import difference_of_losses

SHARED, ENGLISH, GERMAN = ("p", "b", "t", "d", "m", "s"), ("θ", "w"), ("x", "ʁ")
VOWELS = ("a", "i", "u")


@dataclass(frozen=True)
class Path:
    """Three mixtures of the features of the phone that is being said."""

    names: tuple[str, ...] = ("one", "two", "three")
    units: tuple[str, ...] = ("mm",) * 3
    articulators: tuple[str, ...] = ("tongue",) * 3
    german: tuple[float, float] = (1.0, 0.0)  # scale and offset in German

    def at(self, stimulus, times):
        mixed = np.random.default_rng(3).standard_normal((22, 3))
        where = np.clip((times / 0.1).astype(int) - 1, 0, len(stimulus.phones) - 1)
        values = np.stack([signs(phone) for phone in stimulus.phones])[where] @ mixed
        scale, offset = self.german if stimulus.language == "de" else (1.0, 0.0)
        return scale * values + offset

    def slices(self, stimulus, count):
        raise NotImplementedError


@pytest.fixture
def words(say):
    return [
        *say([[c, v] for c in SHARED + ENGLISH for v in VOWELS], realisations=2),
        *say([[c, v] for c in SHARED + GERMAN for v in VOWELS], realisations=3, language="de"),
    ]


@pytest.fixture
def rows(words, planted):
    """Features: the path, the same everywhere, and the phone, in an order that languages choose."""
    phones = phonetic(words, "phone")
    path = Path()

    def make(stimulus, times, rng):
        order = np.random.default_rng(stimulus.language == "de").permutation(len(phones.columns))
        which = np.nan_to_num(phones.at(stimulus, times))[:, order]
        both = np.hstack([path.at(stimulus, times), 3 * which])
        return both + 0.3 * rng.standard_normal(both.shape)

    return segment_rows(planted(make), words, "embedding")


@pytest.fixture
def crossed(words, rows):
    """Return a function that crosses the two languages."""
    groups = labels_of(words, "transcript")
    parts = folds(groups, 4, np.random.default_rng(0))

    def run(targets, equal=False, penalties=(1.0, 30.0), rows=rows):
        labels = labels_of(words, "language")
        rng = np.random.default_rng(5)
        return cross(
            rows, targets, labels, parts, groups, penalties=penalties, equal=equal, rng=rng
        )

    run.drawn = draw(groups, 60, np.random.default_rng(1))
    run.parts = parts
    return run


def test_a_common_path_transfers_and_private_phones_do_not(words, crossed):
    path = crossed(Path()).score("shared", "r", crossed.drawn)
    phone = crossed(phonetic(words, "phone"))
    named = phone.score("shared", "balanced", crossed.drawn)
    assert (path.across > 0.85).all() and abs(path.mean_loss().estimate) < 0.15
    assert named.within.min() > 0.9 and named.mean_loss().estimate > 0.4
    low, _ = difference_of_losses(named, path, share=True).interval(0.95)
    assert low > 0.2
    # In one unit, too; and nothing where a task is held against itself.
    same_unit = phone.score("shared", "r", crossed.drawn)
    assert difference_of_losses(same_unit, path, share=False).interval(0.95)[0] > 0.2
    nothing = difference_of_losses(path, path, share=True)
    assert nothing.estimate == 0.0 and not nothing.samples.any()


def test_r_is_that_of_scikit_learn_within_folds(words, rows, crossed):
    path = Path()
    found = crossed(path, penalties=[3.0])
    scored = found.score("unshared", "r", crossed.drawn)
    y, x = row_targets(rows, path.at), rows.values.astype(float)
    language = np.array([s.language for s in words])[rows.place]
    kept = np.array([words[p].phones[0] in GERMAN for p in rows.place]) & (rows.start < 0.15)
    for source, cell in (("en", "across"), ("de", "within")):
        read, true = [], []
        for fold in crossed.parts:
            train = np.isin(rows.place, fold.train) & (language == source)
            test = np.isin(rows.place, fold.test) & (language == "de") & kept
            scaler = StandardScaler().fit(x[train])
            ridge = Ridge(3.0).fit(scaler.transform(x[train]), y[train])
            said = ridge.predict(scaler.transform(x[test]))
            read.append(said - said.mean(axis=0))
            true.append(y[test] - y[test].mean(axis=0))
        read, true = np.concatenate(read), np.concatenate(true)
        r = (read * true).sum(0) / np.sqrt((read**2).sum(0) * (true**2).sum(0))
        assert getattr(scored.cells["en", "de"], cell).estimate == pytest.approx(r.mean())
    assert scored.cells["en", "de"].rows == kept[language == "de"].sum() == 2 * 3 * 3
    assert ("de", "de") not in scored.cells and np.isnan(scored.across[1, 1])


def test_another_scale_and_offset_is_no_loss_and_another_sign_is(crossed):
    drawn = crossed.drawn
    plain = crossed(Path(), penalties=[1.0]).score("all", "r", drawn)
    moved = crossed(Path(german=(10.0, 50.0)), penalties=[1.0]).score("all", "r", drawn)
    np.testing.assert_allclose(moved.across, plain.across, atol=1e-9)
    turned = crossed(Path(german=(-1.0, 0.0)), penalties=[1.0]).score("all", "r", drawn)
    np.testing.assert_allclose(turned.within, plain.within, atol=1e-9)
    assert turned.mean_loss().estimate > 1.0 > plain.mean_loss().estimate


def test_noise_has_nothing_to_lose(words, planted, crossed):
    def noise(stimulus, times, rng):
        return rng.standard_normal((len(times), 8))

    losses = []
    for seed in range(4):
        rows = segment_rows(planted(noise, seed=seed), words, "embedding")
        found = crossed(phonetic(words, "manner"), penalties=[300.0], rows=rows)
        r = found.score("all", "r", crossed.drawn)
        assert np.abs(r.within).max() < 0.25 and np.abs(r.across).max() < 0.25
        losses.append(r.mean_loss().estimate)
    assert abs(np.mean(losses)) < 0.08


def test_unshared_phones_are_read_by_their_features(words, crossed):
    found = crossed(signed(words)).score("unshared", "balanced", crossed.drawn)
    assert set(found.cells) == {("en", "de"), ("de", "en")}
    assert found.cells["en", "de"].chance == 0.5
    rows = found.table(0.95)
    assert [row["fitted"] for row in rows] == ["en", "de"]
    assert rows[0]["loss"] == pytest.approx(rows[0]["within"] - rows[0]["across"])
    assert rows[0]["low"] <= rows[0]["loss"] <= rows[0]["high"]


def test_only_shared_phones_are_named_and_counted(words, crossed):
    found = crossed(phonetic(words, "phone"))
    scored = found.score("shared", "balanced", crossed.drawn)
    shared = len(SHARED) + len(VOWELS)
    assert scored.cells["en", "de"].chance == pytest.approx(1 / shared)
    assert scored.cells["de", "de"].chance == pytest.approx(1 / (shared + len(GERMAN)))
    assert scored.cells["en", "de"].rows == 3 * 3 * (2 * len(SHARED) + len(GERMAN))
    # The diagonal is a label's own map, and loses nothing.
    np.testing.assert_array_equal(np.diag(scored.loss), 0.0)


def test_equal_training_takes_as_many_stimuli_of_each(crossed):
    assert crossed(Path(), equal=False).trained == {"en": 48, "de": 72}
    found = crossed(Path(), equal=True)
    assert found.trained == {"en": 48, "de": 48}
    again = crossed(Path(), equal=True)
    np.testing.assert_array_equal(found.predicted["de"], again.predicted["de"])
    whole = crossed(Path(), equal=False)
    np.testing.assert_array_equal(found.predicted["en"], whole.predicted["en"])
    assert not np.allclose(found.predicted["de"], whole.predicted["de"])


def test_what_cannot_be_compared_is_refused(words, rows, crossed):
    drawn = crossed.drawn
    path, phone = crossed(Path()), crossed(phonetic(words, "phone"))
    with pytest.raises(UserError, match="are trajectories, which have no classes"):
        path.score("all", "balanced", drawn)
    with pytest.raises(UserError, match="cannot name a phone that it never heard"):
        phone.score("unshared", "r", drawn)
    with pytest.raises(UnknownName, match="unknown measure 'rr'"):
        path.score("all", "rr", drawn)
    with pytest.raises(UnknownName, match="unknown kind of rows 'some'"):
        path.score("some", "r", drawn)
    groups = labels_of(words, "transcript")
    rng = np.random.default_rng(0)
    how = {"penalties": [1.0], "equal": False, "rng": rng}
    with pytest.raises(UserError, match=r"120 labels \(one\) for 120 stimuli; needed one for each"):
        cross(rows, Path(), labels_of(words, "speaker"), crossed.parts, groups, **how)
    one = path.score("all", "r", drawn)
    with pytest.raises(UserError, match="come from other draws"):
        other = path.score("all", "r", draw(groups, 60, np.random.default_rng(2)))
        difference_of_losses(one, other, share=True)
    with pytest.raises(UserError, match="or over other groups"):
        difference_of_losses(one, replace(one, labels=("de", "en")), share=True)
    with pytest.raises(UserError, match="losses in 'r' and in 'balanced' have no difference"):
        balanced = phone.score("shared", "balanced", drawn)
        difference_of_losses(one, balanced, share=False)
    with pytest.raises(UserError, match="has no score from 'en' to 'fr'"):
        one.loss_of("en", "fr")
    with pytest.raises(UserError, match="no score between any two of en, de"):
        replace(one, cells={}).mean_loss()
