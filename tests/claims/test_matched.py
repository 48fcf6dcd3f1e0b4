"""Pairs are found from provenance, and their contrasts are over stimuli and over seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grounding.claims.answer import Answer, Asked, Twin
from grounding.claims.c7 import CONTRASTS, PAIR, RULE
from grounding.claims.matched import contrast, unpaired
from grounding.claims.rule import Outcome
from grounding.claims.table import CLAIMS
from grounding.claims.twins import draw_seeds

(CRITERION,) = [one for one in RULE.criteria if one.estimate == PAIR]
INPUTS = ("audio", "characters")
NULL = (0.1, 0.1, 0.1)


def column(input, seed, weights="trained", pair="aa", name=None):
    name = name or f"{input} under {seed}"
    kind = weights if weights == "trained" else f"random-{seed}"
    modality = "speech" if input == "audio" else "text"
    twin = Twin(input, seed, pair)
    return Asked(f"{name} ({kind})", name, modality, kind, "model", "twin", 1, twin=twin)


@pytest.fixture
def twins():
    """Return a function that makes an answer of twins: a value for each input, kind and seed."""

    def make(values, *, pairs=None, noise=0.02, shared=0.0, samples=600):
        asked, value = [], []
        for key, its in values.items():
            input, kind = key if isinstance(key, tuple) else (key, "trained")
            for seed, one in enumerate(its):
                asked.append(column(input, seed, kind, (pairs or {}).get(input, "aa")))
                value.append(one)
        rng, value = np.random.default_rng(0), np.array(value)
        common = rng.normal(0, shared, (samples, 1))
        drawn = value + common + rng.normal(0, noise, (samples, len(value)))
        curves = {item.key: (0.0,) for item in asked}
        return Answer("physics", "", 480, 240, tuple(asked), value, drawn, curves=curves)

    return make


def found(answer, name=PAIR):
    return contrast(answer, CONTRASTS[name])


def seeds(answer):
    return [tuple(one) for one in found(answer).by_seed]


def estimate(answer, name=PAIR):
    return found(answer, name).contrast.estimate(name, 0.95)


def width(answer):
    return estimate(answer).high - estimate(answer).low


@pytest.mark.parametrize(
    ("audio", "outcome"),
    [
        ((0.30, 0.33, 0.31), Outcome.SUPPORTED),
        ((0.10, 0.10, 0.10), Outcome.REFUTED),  # less than the smallest effect of interest
        ((0.50, 0.02, 0.10), Outcome.UNDECIDED),  # one seed does not carry it
    ],
)
def test_the_pair_is_supported_by_a_planted_effect_and_not_by_none(twins, audio, outcome):
    answer = twins({"audio": audio, "characters": NULL})
    assert CRITERION.judge(estimate(answer)) is outcome


def test_the_value_is_the_mean_over_seeds_of_differences_within_a_seed(twins):
    answer = twins({"audio": (0.3, 0.5, 0.1), "characters": (0.2, 0.1, 0.0)})
    assert found(answer).contrast.value == pytest.approx((0.1 + 0.4 + 0.1) / 3)


def test_samples_are_those_of_a_loop_over_draws_of_seeds(twins):
    answer = twins({"audio": (0.3, 0.5, 0.1), "characters": (0.2, 0.1, 0.0)}, samples=50)
    expected = []
    for row, seeds in zip(answer.samples, draw_seeds(3, 50), strict=True):
        expected.append(np.mean([row[seed] - row[3 + seed] for seed in seeds]))
    np.testing.assert_allclose(found(answer).contrast.samples, expected)


def test_seeds_are_drawn_with_replacement_and_evenly():
    drawn = draw_seeds(3, 3000)
    assert drawn.shape == (3000, 3)
    np.testing.assert_allclose(np.bincount(drawn.ravel()) / drawn.size, 1 / 3, atol=0.02)
    whole = np.mean([len(set(row)) == 3 for row in drawn.tolist()])
    assert whole == pytest.approx(2 / 9, abs=0.03)


def test_seeds_that_differ_wildly_widen_the_interval_and_equal_ones_do_not(twins):
    characters = (0.1, 0.1, 0.1)
    equal = twins({"audio": (0.4, 0.4, 0.4), "characters": characters})
    wild = twins({"audio": (0.0, 0.4, 0.8), "characters": characters})
    one = twins({"audio": (0.4,), "characters": (0.1,)})
    assert estimate(equal).value == pytest.approx(estimate(wild).value)
    assert width(wild) > 5 * width(equal)
    # Equal seeds average what their stimuli do not share, and that is all they do.
    assert 0.5 * width(one) < width(equal) < width(one)


def test_what_moves_both_sides_alike_moves_no_difference(twins):
    answer = twins({"audio": (0.4,) * 3, "characters": (0.1,) * 3}, shared=0.5)
    alone = twins({"audio": (0.4,) * 3, "characters": (0.1,) * 3})
    assert width(answer) == pytest.approx(width(alone), rel=0.2)


def test_seeds_that_move_both_sides_alike_move_no_difference(twins):
    answer = twins({"audio": (0.3, 0.6, 0.9), "characters": (0.0, 0.3, 0.6)})
    alone = twins({"audio": (0.3,) * 3, "characters": (0.0,) * 3})
    assert width(answer) == pytest.approx(width(alone), rel=0.2)


def test_with_one_seed_there_is_an_estimate_and_the_note_says_what_it_lacks(twins):
    one = found(twins({"audio": (0.4,), "characters": (0.1,)}))
    assert one.contrast.value == pytest.approx(0.3)
    assert (
        one.note
        == "0.300 under seed 0; interval over stimuli, not over seeds, of which one is too few"
    )
    two = found(twins({"audio": (0.4, 0.5), "characters": (0.1, 0.1)}))
    assert two.note == "0.300, 0.400 under seeds 0, 1; interval over stimuli and seeds"


def test_only_seeds_that_both_sides_have_count(twins):
    answer = twins({"audio": (0.4, 0.5, 0.9), "characters": (0.1, 0.1)})
    assert seeds(answer) == [(0, 1)]
    assert unpaired(answer.asked, INPUTS) == (
        "audio under 2: no twin fed characters of seed 2 is among the models",
    )


def test_twins_that_were_not_trained_alike_are_never_paired(twins):
    answer = twins({"audio": (0.4, 0.5), "characters": (0.1, 0.1)}, pairs={"characters": "bb" * 32})
    assert found(answer) is None
    told = "; ".join(unpaired(answer.asked, INPUTS))
    assert "audio under 0, audio under 1: not trained as characters under 0" in told
    assert "pair digest aa against bbbbbbbbbbbb" in told
    result = CLAIMS["C7"].decide({"physics": answer})
    assert result.decision.outcome is not Outcome.SUPPORTED
    assert PAIR not in {one.name for one in result.estimates}
    assert "pair digest aa against bbbbbbbbbbbb" in result.decision.reason


def test_two_configurations_are_averaged_each_by_its_own_seeds(twins):
    first = twins({"audio": (0.4, 0.4), "characters": (0.0, 0.0)})
    second = twins({"audio": (0.2,), "characters": (0.0,)}, pairs=dict.fromkeys(INPUTS, "cc"))
    renamed = [replace(i, key=f"other {i.key}", name=f"other {i.name}") for i in second.asked]
    both = replace(
        first,
        asked=(*first.asked, *renamed),
        value=np.append(first.value, second.value),
        samples=np.hstack([first.samples, second.samples]),
    )
    assert found(both).contrast.value == pytest.approx(0.3)
    assert seeds(both) == [(0, 1), (0,)]
    assert "not over seeds" in found(both).note


def test_names_play_no_part(twins):
    answer = twins({"audio": (0.4, 0.5), "characters": (0.1, 0.1)})
    names = ("characters-9", "x", "audio-0", "twin-phonemes")
    other = replace(
        answer,
        asked=tuple(replace(i, name=n) for i, n in zip(answer.asked, names, strict=True)),
    )
    np.testing.assert_array_equal(found(other).contrast.samples, found(answer).contrast.samples)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"seed": None}, "no pair digest or no seed in training.json"),
        ({"pair": ""}, "no pair digest or no seed in training.json"),
        ({"seed": 0}, "each is the audio twin of seed 0; name one of them"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(twins, change, match):
    answer = twins({"audio": (0.4, 0.5), "characters": (0.1, 0.1)})
    odd = replace(answer.asked[1], twin=replace(answer.asked[1].twin, **change))
    changed = replace(answer, asked=(answer.asked[0], odd, *answer.asked[2:]))
    assert match in "; ".join(unpaired(changed.asked, INPUTS))
    if change.get("seed") == 0:  # which of the two is meant?
        assert found(changed) is None
    else:
        assert seeds(changed) == [(0,)]


def test_without_another_side_it_is_said(twins):
    answer = twins({"audio": (0.4, 0.5)})
    assert unpaired(answer.asked, INPUTS) == (
        "audio under 0, audio under 1: no twin fed characters is among the models",
    )


def test_what_stands_beside_the_rule_is_what_its_name_says(twins):
    answer = twins(
        {
            ("audio", "trained"): (0.5, 0.4),
            ("audio", "random"): (0.2, 0.2),
            ("characters", "trained"): (0.1, 0.2),
            ("characters", "random"): (0.0, 0.1),
            ("phonemes", "trained"): (0.3, 0.3),
        }
    )
    result = CLAIMS["C7"].decide({"physics": answer})
    values = {one.name: one.value for one in result.estimates}
    expected = {
        PAIR: 0.3,
        "matched pair, audio minus phonemes": 0.15,
        "twin fed audio, trained minus random weights": 0.25,
        "twin fed characters, trained minus random weights": 0.1,
        "what training adds to twins, audio minus transcripts": 0.15,
    }
    for name, value in expected.items():
        assert values[name] == pytest.approx(value), name
    assert "twin fed phonemes, trained minus random weights" not in values
    assert set(expected) | {"twin fed phonemes, trained minus random weights"} == set(CONTRASTS)
    assert [one.name for one in result.estimates][:2] == [c.estimate for c in RULE.criteria]
    assert f"{PAIR}: 0.400, 0.200 under seeds 0, 1; interval over stimuli and seeds" in result.notes
    assert result.to_json()["notes"] == result.notes


def test_the_rule_is_that_which_was_committed():
    assert {(c.estimate, c.above, c.below) for c in RULE.criteria} == {
        ("share of variance that only modality explains", 0.5, None),
        ("matched pair, audio minus transcripts", 0.05, None),
    }
