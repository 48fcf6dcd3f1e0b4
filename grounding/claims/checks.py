"""Controls whose answer is known beforehand: an encoder that is the tract, and one of noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grounding.claims.answer import Answer
from grounding.claims.record import Check
from grounding.claims.rule import LEVEL

__all__ = ["known_answers"]


def known_answers(answers: Mapping[str, Answer], partial: str = "physics") -> tuple[Check, ...]:
    """Return what the noise and the oracle encoder came to.

    Noise: the interval of its agreement in the assay `partial` holds 0. Oracle: between
    transcripts, where a function of the transcript reaches the transcript ceiling, the
    articulation itself reaches it too (the upper end of its interval is at the ceiling or above).
    """
    return (*_noise(answers[partial]), *_oracle(answers.get("tract-between")))


def _noise(answer: Answer) -> Iterator[Check]:
    if keys := answer.keys(role="control", name="noise"):
        found = answer.mean(keys).estimate("noise", LEVEL)
        yield Check(
            "noise encoder reaches nothing",
            found.low <= 0.0 <= found.high,
            f"{answer.assay}: {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]",
        )


def _oracle(between: Answer | None) -> Iterator[Check]:
    if between is None:
        return
    oracle = between.keys(role="control", name="oracle")
    ceiling = between.keys(role="reference", name="transcript ceiling")
    if oracle and ceiling:
        found = between.mean(oracle).estimate("oracle", LEVEL)
        bound = between.mean(ceiling).value
        yield Check(
            "oracle encoder reaches the transcript ceiling",
            found.high >= bound,
            f"agreement {found.value:.3f} [{found.low:.3f}, {found.high:.3f}], ceiling {bound:.3f}",
        )
