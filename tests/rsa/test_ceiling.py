"""The transcript ceiling: against a slow loop, and what it bounds."""

from __future__ import annotations

import numpy as np
import pytest

from grounding.errors import UserError
from grounding.rsa import MEASURES, RDM, Undercoverage, compare, oracle_rdm, transcript_ceiling

PLAIN = [name for name, one in MEASURES.items() if not one.whole and one.direct is None]
WORDS = ["bit", "bat", "bit", "beat", "bat", "bit", "beat", "beat", "boot", "boot", "bat", "bit"]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def slow_oracle(reference: RDM, words: list[str], leave_out: bool) -> np.ndarray:
    square = reference.square()
    n = reference.n
    inside = np.mean(
        [square[i, j] for i in range(n) for j in range(i + 1, n) if words[i] == words[j]]
    )
    values = []
    for i in range(n):
        for j in range(i + 1, n):
            if words[i] == words[j]:
                values.append(inside)
                continue
            here = [k for k in range(n) if words[k] == words[i] and not (leave_out and k == i)]
            there = [k for k in range(n) if words[k] == words[j] and not (leave_out and k == j)]
            values.append(np.mean([square[k, m] for k in here for m in there]))
    return np.array(values)


@pytest.mark.parametrize("leave_out", [True, False])
def test_oracle_equals_a_slow_loop(leave_out, random_rdm):
    reference = random_rdm(0, name="tract")
    found = oracle_rdm(reference, WORDS, leave_out=leave_out)
    assert np.allclose(found.values, slow_oracle(reference, WORDS, leave_out), atol=1e-12)
    assert found.name == "transcript oracle of tract"
    assert found.ids == reference.ids


def test_neither_stimulus_of_a_pair_has_a_say_in_its_guess(random_rdm):
    reference = random_rdm(0)
    before = oracle_rdm(reference, WORDS, leave_out=True).square()
    square = reference.square()
    square[0, :] += 5.0
    square[:, 0] += 5.0
    i, j = np.triu_indices(12, 1)
    after = oracle_rdm(
        RDM(square[i, j], reference.ids, "x"), WORDS, leave_out=True
    ).square()  # fmt: skip
    other = np.array(WORDS) != WORDS[0]
    assert np.allclose(before[0, other], after[0, other])
    assert not np.allclose(before[2, other], after[2, other])  # stimulus 0 speaks for others


@pytest.mark.parametrize("measure", PLAIN)
def test_ceiling_splits_pairs_and_the_reference_itself_is_above_it(measure, random_rdm, mixed_rdm):
    words = [i // 3 for i in range(30)]
    place = np.random.default_rng(3).normal(size=(10, 4))[words]
    place = place + 0.5 * np.random.default_rng(4).normal(size=(30, 4))
    i, j = np.triu_indices(30, 1)
    tract = RDM(np.linalg.norm(place[i] - place[j], axis=1), random_rdm(0, 30).ids, "x", "tract")
    found = transcript_ceiling(tract, words, measure=measure, n=100, rng=rng())
    how = {"measure": measure, "groups": words}
    assert found.between.estimate == pytest.approx(
        compare(found.oracle, tract, pairs="between", **how)
    )
    assert found.all.estimate == pytest.approx(compare(found.oracle, tract, **how))
    assert found.within == 0.0 == compare(found.oracle, tract, pairs="within", **how)
    assert found.between.estimate < found.between_upper < 1.0
    low, high = found.between.interval(0.95)
    assert low < found.between.estimate < high
    for pairs in ("between", "all", "within"):
        assert compare(tract, tract, pairs=pairs, **how) == pytest.approx(1.0)
    assert found.excluded == ()


def test_no_function_of_the_transcript_is_above_the_upper_bound(random_rdm, transcript_rdm):
    words = [i // 3 for i in range(30)]
    tract = random_rdm(1, 30)
    found = transcript_ceiling(tract, words, measure="pearson", n=1, rng=rng())
    how = {"measure": "pearson", "pairs": "between", "groups": words}
    best = max(compare(transcript_rdm(words, seed), tract, **how) for seed in range(200))
    assert best < found.between_upper


def test_controls_are_partialled_out_of_the_ceiling_too(random_rdm, transcript_rdm):
    words = [i // 3 for i in range(30)]
    tract, phones = random_rdm(1, 30), transcript_rdm(words, 2)
    found = transcript_ceiling(tract, words, measure="spearman", controls=[phones], n=1, rng=rng())
    assert found.between.estimate == pytest.approx(
        compare(
            found.oracle,
            tract,
            measure="spearman",
            controls=[phones],
            pairs="between",
            groups=words,
        )
    )


def test_both_kinds_of_pairs_have_the_same_samples_and_progress_goes_on(random_rdm):
    seen = []
    how = {"measure": "cosine", "n": 30, "rng": rng()}
    transcript_ceiling(
        random_rdm(0), WORDS, progress=lambda done, total: seen.append((done, total)), **how
    )
    assert seen == [(30, 60), (60, 60)]


def test_single_realisations_are_left_out_and_named(random_rdm):
    reference, control = random_rdm(0, 14), random_rdm(1, 14)
    words = ["solo", *WORDS, "alone"]
    found = transcript_ceiling(
        reference, words, measure="pearson", controls=[control], n=25, rng=rng()
    )
    assert found.excluded == ("s000", "s013")
    some = list(reference.ids[1:-1])
    without = transcript_ceiling(
        reference.select(some),
        WORDS,
        measure="pearson",
        controls=[control.select(some)],
        n=25,
        rng=rng(),
    )
    assert found.oracle.ids == tuple(some)
    for one, other in ((found.between, without.between), (found.all, without.all)):
        assert one.estimate == pytest.approx(other.estimate)
        assert np.allclose(one.samples, other.samples, atol=1e-12, equal_nan=True)


def test_a_ceiling_without_repetitions_is_refused(random_rdm):
    words = ["a", "a", "b", "b", *"cdefghij"]
    with pytest.raises(UserError, match=r"3 transcripts or more .* found 2 of 10"):
        transcript_ceiling(random_rdm(0), words, measure="pearson", n=5, rng=rng())
    with pytest.raises(UserError, match="transcript 'c' has one realisation only"):
        oracle_rdm(random_rdm(0), words, leave_out=True)
    assert oracle_rdm(random_rdm(0), list("abcdefghijkl"), leave_out=False).n == 12


def test_the_ceiling_says_that_its_interval_is_narrow(random_rdm):
    with pytest.warns(Undercoverage, match="the oracle is the same in every sample"):
        transcript_ceiling(random_rdm(0), WORDS, measure="pearson", n=20, rng=rng())
