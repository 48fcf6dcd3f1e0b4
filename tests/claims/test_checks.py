"""Controls whose answer is known pass when they should, and fail when they should."""

from __future__ import annotations

import pytest

from grounding.claims.checks import known_answers


@pytest.mark.parametrize(("noise", "passed"), [(0.0, True), (0.2, False), (-0.2, False)])
def test_noise_must_reach_nothing(make_answer, noise, passed):
    answer = make_answer("relations", {}, extra=[("noise", "control", noise)])
    (check,) = known_answers({"relations": answer}, "relations")
    assert check.passed is passed
    assert check.found.startswith(f"relations: {noise:.1f}"[:14])


@pytest.mark.parametrize(("oracle", "passed"), [(0.9, True), (0.79, True), (0.5, False)])
def test_the_oracle_must_reach_the_ceiling_within_its_interval(make_answer, oracle, passed):
    extra = [("oracle", "control", oracle), ("transcript ceiling", "reference", 0.8)]
    answers = {
        "physics": make_answer("physics", {}),
        "tract-between": make_answer("tract-between", {}, extra=extra),
    }
    (check,) = known_answers(answers)
    assert check.passed is passed
    assert "ceiling 0.8" in check.found


def test_without_controls_there_is_nothing_to_check(make_answer):
    assert known_answers({"physics": make_answer("physics", {})}) == ()
