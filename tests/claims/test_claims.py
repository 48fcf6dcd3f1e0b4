"""Each claim is supported, refuted or undecided by what its assays found."""

from __future__ import annotations

import pytest

from grounding.claims.answer import Answer
from grounding.claims.assays import ASSAYS
from grounding.claims.rule import Outcome
from grounding.claims.table import CLAIMS
from grounding.rsa import MEASURES, METRICS
from grounding.spaces import SPACES

S, T, R = "speech", "text", "random"
TRAINED = "trained"
CEILING = [("transcript ceiling", "reference", 0.8), ("phone string", "reference", 0.3)]


@pytest.fixture
def answers(make_answer):
    def make(**scores):
        made = {}
        for name, found in scores.items():
            name = name.replace("_", "-")
            extra = CEILING if name == "tract-between" else ()
            made[name] = make_answer(name, found, extra=extra)
        for name in ASSAYS:
            made.setdefault(name, Answer(name, missing="no such space"))
        return made

    return make


def outcome(claim, answers):
    return CLAIMS[claim].decide(answers).decision.outcome


def physics(speech, floor):
    return {(S, TRAINED): speech, (S, R): floor, (T, TRAINED): 0.01, (T, R): 0.0}


@pytest.mark.parametrize(
    ("speech", "floor", "expected"),
    [
        (0.40, 0.10, Outcome.SUPPORTED),
        (0.40, 0.38, Outcome.REFUTED),  # training adds nothing: the architecture had it
        (0.03, -0.20, Outcome.REFUTED),  # better than random, but there is nothing
        (0.155, 0.10, Outcome.UNDECIDED),
    ],
)
def test_c1_needs_agreement_and_a_gain_over_random_weights(answers, speech, floor, expected):
    assert outcome("C1", answers(physics=physics(speech, floor))) is expected


def test_c1_without_a_random_control_is_undecided(answers):
    made = answers(physics={(S, TRAINED): 0.4})
    result = CLAIMS["C1"].decide(made)
    assert result.decision.outcome is Outcome.UNDECIDED
    assert "no random-weight control" in result.decision.reason


@pytest.mark.parametrize(
    ("text", "heard", "expected"),
    [
        (0.05, 0.30, Outcome.SUPPORTED),
        (0.60, 0.30, Outcome.REFUTED),  # text has most of what the transcript could tell
        (0.05, 0.00, Outcome.REFUTED),  # and those who hear hear nothing more
        (0.40, 0.30, Outcome.UNDECIDED),
    ],
)
def test_c4_needs_a_small_share_of_the_ceiling_and_ears_that_hear(answers, text, heard, expected):
    made = answers(
        physics=physics(0.4, 0.1),
        tract_between={(T, TRAINED): text},
        tract_within={(S, TRAINED): heard},
    )
    assert outcome("C4", made) is expected


def test_c4_share_is_of_the_ceiling(answers):
    made = answers(tract_between={(T, TRAINED): 0.2}, tract_within={(S, TRAINED): 0.3})
    share = CLAIMS["C4"].decide(made).estimates[0]
    assert share.value == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("text", "floor", "speech", "expected"),
    [
        (0.40, 0.05, 0.02, Outcome.SUPPORTED),
        (0.40, 0.39, 0.02, Outcome.REFUTED),
        (0.40, 0.05, 0.42, Outcome.REFUTED),
    ],
)
def test_c6_needs_text_above_random_and_above_speech(answers, text, floor, speech, expected):
    found = {(T, TRAINED): text, (T, R): floor, (S, TRAINED): speech, (S, R): 0.0}
    assert outcome("C6", answers(relations=found)) is expected


def test_c7_is_undecided_where_every_architecture_has_one_modality(answers):
    result = CLAIMS["C7"].decide(answers(physics=physics(0.4, 0.1)))
    assert result.decision.outcome is Outcome.UNDECIDED
    assert "every architecture among the models has one modality" in result.decision.reason
    assert result.estimates[0].name.startswith("share of variance that modality explains alone")


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_without_answers_is_undecided_and_says_why(name, answers):
    result = CLAIMS[name].decide(answers())
    assert result.decision.outcome is Outcome.UNDECIDED
    assert "no such space" in result.decision.reason
    assert result.to_json()["outcome"] == "undecided"


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_asks_only_known_assays_and_its_rule_uses_known_names(name):
    claim = CLAIMS[name]
    assert set(claim.needs) <= set(ASSAYS)
    assert claim.rule.measure in MEASURES
    assert claim.rule.metric in METRICS


@pytest.mark.parametrize("assay", ASSAYS.values(), ids=lambda a: a.name)
def test_an_assay_uses_known_names_and_no_space_twice(assay):
    assert assay.measure in MEASURES
    assert {assay.space, *assay.controls} <= set(SPACES)
    assert assay.space not in assay.controls
    assert len(set(assay.controls)) == len(assay.controls)


def test_an_answer_survives_json(make_answer):
    made = make_answer("physics", physics(0.4, 0.1))
    made.samples[0, 0] = float("nan")
    back = Answer.from_json(made.to_json())
    assert back.to_json() == made.to_json()
    assert back.asked == made.asked


def test_a_mean_over_no_models_is_refused(make_answer):
    with pytest.raises(ValueError, match="a mean over no models"):
        make_answer("physics", physics(0.4, 0.1)).mean(())
