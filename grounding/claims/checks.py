"""Controls whose answer is known beforehand: an encoder that is the tract, and one of noise."""

from __future__ import annotations

from collections.abc import Mapping

from grounding.claims.answer import Answer
from grounding.claims.record import Check

__all__ = ["known_answers"]

LEVEL = 0.95


def known_answers(answers: Mapping[str, Answer]) -> tuple[Check, ...]:
    """Return what the noise and the oracle encoder came to on the articulatory assays.

    Noise: the interval of its partial agreement holds 0. Oracle: between transcripts, where a
    function of the transcript reaches the transcript ceiling, the articulation itself reaches it
    too (the upper end of its interval is at the ceiling or above).
    """
    checks = []
    physics, between = answers.get("physics"), answers.get("tract-between")
    if physics is not None and (noise := physics.keys(role="control", name="noise")):
        found = physics.mean(noise).estimate("noise", LEVEL)
        checks.append(
            Check(
                "noise encoder reaches nothing",
                found.low <= 0.0 <= found.high,
                f"partial agreement {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]",
            )
        )
    if between is None:
        return tuple(checks)
    oracle = between.keys(role="control", name="oracle")
    ceiling = between.keys(role="reference", name="transcript ceiling")
    if oracle and ceiling:
        found = between.mean(oracle).estimate("oracle", LEVEL)
        bound = between.mean(ceiling).value
        checks.append(
            Check(
                "oracle encoder reaches the transcript ceiling",
                found.high >= bound,
                f"agreement {found.value:.3f} [{found.low:.3f}, {found.high:.3f}], "
                f"ceiling {bound:.3f}",
            )
        )
    return tuple(checks)
