"""The verdict on the whole: do speech and text part ways, and in opposite directions?"""

from __future__ import annotations

from collections.abc import Mapping

from grounding.claims.answer import Answer
from grounding.claims.rule import LEVEL, Estimate

__all__ = ["double_dissociation"]


def double_dissociation(answers: Mapping[str, Answer]) -> tuple[tuple[Estimate, ...], str]:
    """Return speech minus text on physics, on relations, and the difference of the two.

    Means over trained models; partial agreement, layers held out. One draw of stimuli serves both
    assays, so the difference is paired. The second value says why there is none, or is empty.
    """
    if not {"physics", "relations"} <= set(answers):
        return (), "both the physics and the relations assay are needed"
    gaps = []
    for answer in (answers["physics"], answers["relations"]):
        if answer.missing:
            return (), f"{answer.assay}: {answer.missing}"
        speech = answer.models("speech", "trained")
        text = answer.models("text", "trained")
        if not speech or not text:
            return (), "trained models of both modalities are needed"
        gaps.append(answer.mean(speech) - answer.mean(text))
    return (
        (gaps[0] - gaps[1]).estimate("double dissociation", LEVEL),
        gaps[0].estimate("speech minus text on physics", LEVEL),
        gaps[1].estimate("speech minus text on relations", LEVEL),
    ), ""
