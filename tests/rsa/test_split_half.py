"""Split-half reliability: against every possible split in a slow loop, and a known truth."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from grounding.errors import UnknownName, UserError
from grounding.rsa.agreement import compare
from grounding.rsa.measures import MEASURES
from grounding.rsa.rdm import RDM, rdm
from grounding.rsa.split_half import split_half

COSINES = [name for name, measure in MEASURES.items() if measure.direct is None]
WORDS = ["bit", "bat", "bit", "beat", "bat", "boot", "beat", "beat", "boot", "bat", "beat"]
SPEAKERS = ["a", "a", "b", "a", "b", "c", "b", "c", "a", "c", "d"]  # "d" has one word


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def slow_half(reference: RDM, words: list[str], half: set[int], kept: list[str]) -> RDM:
    square = reference.square()
    values = [
        np.mean([square[i, j] for i in half for j in half if (words[i], words[j]) == pair])
        for pair in combinations(kept, 2)
    ]
    return RDM(np.array(values), tuple(kept), "x")


def slow_agreements(
    reference: RDM, words: list[str], halves: list[set[int]], measure: str
) -> list[float]:
    """Return the agreement of every half with its complement, where three words are in both."""
    found = []
    for half in halves:
        rest = set(range(reference.n)) - half
        kept = sorted({words[i] for i in half} & {words[i] for i in rest})
        if len(kept) >= 3:
            one, other = (slow_half(reference, words, part, kept) for part in (half, rest))
            found.append(compare(one, other, measure=measure))
    return found


def even_halves(members: list[int]) -> list[tuple[int, ...]]:
    sizes = {len(members) // 2, len(members) - len(members) // 2}
    return [half for size in sizes for half in combinations(members, size)]


def same_set(found: np.ndarray, possible: list[float]) -> bool:
    found, possible = np.unique(found.round(9)), np.unique(np.round(possible, 9))
    return found.shape == possible.shape and np.allclose(found, possible, atol=1e-8)


@pytest.mark.parametrize("measure", ["pearson", "cosine", "rho-a"])
def test_halves_are_those_of_every_way_to_deal_the_realisations(measure, random_rdm):
    reference = random_rdm(0, 11)
    of_each = [even_halves([i for i, w in enumerate(WORDS) if w == word]) for word in set(WORDS)]
    possible = [set().union(*chosen) for chosen in product(*of_each)]
    found = split_half(reference, WORDS, measure=measure, splits=1500, rng=rng())
    assert same_set(found.halves, slow_agreements(reference, WORDS, possible, measure))
    assert (found.used == 4).all() and found.transcripts == 4 and found.excluded == ()
    assert found.estimate == pytest.approx(found.halves.mean())
    assert found.spread == pytest.approx(found.halves.std(ddof=1))


def test_every_way_to_deal_is_as_likely(random_rdm):
    words = [f"w{i // 2}" for i in range(8)]
    found = split_half(random_rdm(0, 8), words, measure="pearson", splits=4000, rng=rng())
    times = np.unique(found.halves.round(9), return_counts=True)[1]
    assert len(times) == 8  # of 16 ways, since the halves may change places
    assert (abs(times - 500) < 100).all()


def test_across_speakers_halves_are_those_of_every_way_to_deal_the_speakers(random_rdm):
    reference = random_rdm(0, 11)
    halves = [
        {i for i, speaker in enumerate(SPEAKERS) if speaker in chosen}
        for chosen in combinations("abcd", 2)
    ]
    how = {"measure": "pearson", "splits": 400, "rng": rng()}
    found = split_half(reference, WORDS, across=SPEAKERS, **how)
    possible = slow_agreements(reference, WORDS, halves, "pearson")
    assert same_set(found.halves[~np.isnan(found.halves)], possible)
    # Where "a" and "b" are apart from "c" and "d", "bit" is in one half only.
    assert set(found.used) == {3, 4}
    assert found.transcripts == 4
    assert found.estimate == pytest.approx(np.nanmean(found.halves))


def additive(
    seed: int, words: int, realisations: int, noise: float, speaker: float = 0.0, speakers: int = 1
) -> tuple[RDM, list[int], list[int]]:
    """Return an RDM of known error: signal of variance 1, and an error for each realisation.

    The error of a pair is the sum of both. A word has `realisations` by each of the speakers,
    who share an error of their own (for the word).
    """
    draw = rng(seed)
    word = np.repeat(np.arange(words), realisations * speakers)
    by = np.tile(np.repeat(np.arange(speakers), realisations), words)
    signal = np.triu(draw.normal(size=(words, words)), 1)
    signal = (signal + signal.T)[np.ix_(word, word)]
    error = noise * draw.normal(size=len(word))
    error += speaker * draw.normal(size=(words, speakers))[word, by]
    i, j = np.triu_indices(len(word), 1)
    values = 10.0 + signal[i, j] + error[i] + error[j]
    ids = tuple(f"s{k}" for k in range(len(word)))
    return RDM(values, ids, "planted"), list(word), list(by)


@pytest.mark.parametrize(("realisations", "gain"), [(2, 2.0), (3, 2.25), (4, 2.0), (5, 25 / 12)])
def test_corrected_value_is_the_true_reliability_of_all_realisations(realisations, gain):
    words, noise = 80, 0.7
    # The variance of a sum over pairs of `words` draws is 2 (words - 2) / words of theirs.
    truth = 1.0 / (1.0 + 2.0 * noise**2 * (words - 2) / words / realisations)
    found = []
    for seed in range(60):
        made, word, _ = additive(seed, words, realisations, noise)
        found.append(split_half(made, word, measure="pearson", splits=6, rng=rng(seed)))
    assert found[0].gain == pytest.approx(gain)
    assert np.mean([one.corrected for one in found]) == pytest.approx(truth, abs=0.01)
    assert np.mean([one.estimate for one in found]) < truth - 0.1
    if realisations == 3:  # halves of an odd number have fewer than half: doubling falls short
        doubled = np.mean([2.0 * one.estimate / (1.0 + one.estimate) for one in found])
        assert doubled < truth - 0.02


@pytest.mark.parametrize("measure", COSINES)
def test_correction_holds_for_every_measure_that_has_it(measure):
    words, realisations = 30, 4
    ids = [str(i) for i in range(words)]
    word = np.repeat(ids, realisations)
    truth, corrected, halved = [], [], []
    for seed in range(40):
        draw = rng(seed)
        place = np.repeat(draw.normal(size=(words, 6)), realisations, axis=0)
        points = place + 0.4 * draw.normal(size=(2, *place.shape))
        names = [f"s{i}" for i in range(2 * len(word))]
        known = rdm(np.concatenate(points), names, metric="squared-euclidean")
        # The reliability itself: all realisations against as many others.
        square = known.square().reshape(2, words, realisations, 2, words, realisations).mean((2, 5))
        one, other = (
            RDM(square[part, :, part][np.triu_indices(words, 1)], ids, "x") for part in (0, 1)
        )
        truth.append(compare(one, other, measure=measure))
        made = known.select(names[: len(word)])
        found = split_half(made, list(word), measure=measure, splits=6, rng=draw)
        corrected.append(found.corrected)
        halved.append(found.estimate)
    off = abs(np.mean(corrected) - np.mean(truth))
    assert off < 0.01
    assert np.mean(truth) - np.mean(halved) > 4.0 * off


def test_speakers_who_are_in_both_halves_make_the_reference_look_reliable():
    words, speaker, noise, speakers = 60, 1.0, 0.2, 4
    over, within = [], []
    for seed in range(40):
        made, word, by = additive(seed, words, 2, noise, speaker, speakers)
        how = {"measure": "pearson", "splits": 6}
        over.append(split_half(made, word, across=by, rng=rng(seed), **how))
        within.append(split_half(made, word, rng=rng(seed), **how))
    error = 2.0 * (speaker**2 + noise**2 / 2) * (words - 2) / words
    truth = 1.0 / (1.0 + error / speakers)
    assert np.mean([one.corrected for one in over]) == pytest.approx(truth, abs=0.015)
    assert over[0].gain == 2.0
    assert all(
        one.corrected > other.corrected + 0.05 for one, other in zip(within, over, strict=True)
    )


def test_labels_are_names_only_and_the_reference_has_no_unit(random_rdm):
    reference = random_rdm(0, 11)

    def run(made=reference, words=WORDS, measure="pearson", seed=1):
        return split_half(made, words, measure=measure, splits=20, rng=rng(seed)).halves

    assert (run() == run(words=[(word, 3) for word in WORDS])).all()
    moved = RDM(3.0 * reference.values + 5.0, reference.ids, "x")
    assert run(moved) == pytest.approx(run())
    assert run(moved, measure="cosine") != pytest.approx(run(measure="cosine"))
    assert not np.allclose(run(words=WORDS[::-1]), run())
    assert not np.allclose(run(seed=2), run())


def test_values_of_half_precision_are_summed_in_double(random_rdm):
    reference = random_rdm(0, 11)
    single = RDM(reference.values.astype(np.float32), reference.ids, "x")
    how = {"measure": "pearson", "splits": 5}
    one, other = (split_half(made, WORDS, rng=rng(), **how) for made in (single, reference))
    assert one.halves == pytest.approx(other.halves, abs=1e-6)


def test_single_realisations_are_left_out_and_named(random_rdm):
    reference = random_rdm(0, 13)
    words = ["solo", *WORDS, "alone"]
    found = split_half(reference, words, measure="spearman", splits=1500, rng=rng())
    assert found.excluded == ("s000", "s012")
    assert found.transcripts == 4
    without = split_half(
        reference.select(reference.ids[1:-1]), WORDS, measure="spearman", splits=1500, rng=rng()
    )
    assert same_set(found.halves, list(without.halves))
    one_speaker = split_half(
        reference,
        words,
        measure="spearman",
        splits=9,
        rng=rng(),
        across=["a", *SPEAKERS[:10], "a", "b"],
    )
    assert one_speaker.excluded == ("s000", "s012")


def test_without_repetitions_there_is_no_number_and_a_reason(random_rdm):
    reference = random_rdm(0, 11)
    how = {"measure": "pearson", "splits": 6, "rng": rng()}
    found = split_half(reference, list("abcdefghhii"), **how)
    assert (found.estimate, found.corrected, found.spread) == (None, None, None)
    assert found.why == "none: 2 of 9 transcripts have a second realisation, and 3 are needed"
    assert found.transcripts == 2 and len(found.excluded) == 7
    assert np.isnan(found.halves).all() and (found.used == 0).all()
    found = split_half(reference, WORDS, across=["a"] * 11, **how)
    assert found.estimate is None
    assert "0 of 4 transcripts have a second speaker" in found.why


def test_speakers_that_never_share_three_words_give_no_number_and_a_reason(random_rdm):
    # Any half of three speakers is one of them, who shares but two words with the others.
    words, speakers = ["p", "p", "q", "q", "r", "r"], ["a", "b", "a", "c", "b", "c"]
    found = split_half(
        random_rdm(0, 6), words, measure="pearson", splits=30, rng=rng(), across=speakers
    )
    assert found.estimate is None and found.corrected is None
    assert found.why == "none: no split has 3 transcripts in both of its halves"
    assert (found.used == 2).all() and found.transcripts == 3


def test_a_single_defined_split_has_no_spread(random_rdm):
    found = split_half(random_rdm(0, 11), WORDS, measure="pearson", splits=1, rng=rng())
    assert found.estimate == found.halves[0]
    assert found.spread is None


@pytest.mark.parametrize("measure", [*MEASURES, "made up"])
def test_measures_that_are_no_cosine_are_not_corrected(measure, random_rdm, monkeypatch):
    if measure == "made up":
        how = {"name": measure, "direct": lambda a, b: -abs(a[:, None] - b[None]).mean(-1)}
        monkeypatch.setitem(MEASURES, measure, replace(MEASURES["pearson"], **how))
    points = np.repeat(rng().normal(size=(20, 6)), 2, axis=0) + 0.4 * rng(1).normal(size=(40, 6))
    made = rdm(points, random_rdm(0, 40).ids, metric="squared-euclidean")
    word = [i // 2 for i in range(40)]
    found = split_half(made, word, measure=measure, splits=4, rng=rng())
    assert found.estimate is not None
    if measure in COSINES:
        assert found.corrected > found.estimate and found.why == ""
    else:
        assert found.corrected is None
        assert found.why == (f"uncorrected only: Spearman and Brown's formula is not for {measure}")


def test_halves_that_disagree_are_not_corrected(random_rdm):
    words = [f"w{i // 2}" for i in range(8)]
    how = {"measure": "pearson", "splits": 9}
    found = [split_half(random_rdm(seed, 8), words, rng=rng(), **how) for seed in range(20)]
    assert {one.estimate < 0.0 for one in found} == {True, False}
    for one in found:
        assert (one.corrected is None) == (one.estimate < 0.0) == ("halves disagree" in one.why)


def test_what_cannot_be_split_is_refused(random_rdm):
    reference = random_rdm(0, 11)
    how = {"measure": "pearson", "splits": 5, "rng": rng()}
    with pytest.raises(UnknownName, match="unknown measure 'pearsons'"):
        split_half(reference, WORDS, **{**how, "measure": "pearsons"})
    with pytest.raises(UserError, match="need one split or more, found splits=0"):
        split_half(reference, WORDS, **{**how, "splits": 0})
    with pytest.raises(UserError, match="11 stimuli need one group label each, found 10"):
        split_half(reference, WORDS[1:], **how)
    with pytest.raises(UserError, match="11 stimuli need one group label each, found 12"):
        split_half(reference, WORDS, across=[*SPEAKERS, "a"], **how)
    flat = RDM(np.ones(55), reference.ids, "x", "tract")
    with pytest.raises(UserError, match=r"half of tract\) is constant"):
        split_half(flat, WORDS, **how)
