"""A few stimuli's RDMs, kept with the result so that a figure can show them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scipy.stats import rankdata

from grounding.claims.answer import Answer
from grounding.claims.evidence import Evidence
from grounding.claims.twins import together
from grounding.rsa import RDM
from grounding.spaces import why_missing

__all__ = ["panels"]

MOST = 96  # stimuli: a pixel or more each in print
SPACES = ("articulation", "log-mel", "wordnet")
DIGITS = 3


def panels(evidence: Evidence, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Return ranked RDMs (0 to 1) of one realisation a transcript, ordered by category.

    For each trained model, the layer that the physics assay chose on its first fold; of a twin,
    its first seed.
    """
    order = _order(evidence)
    shown = []
    for name in SPACES:
        if why_missing(name, evidence.stimuli) is None:
            shown.append((name, evidence.space(name)))
    physics = answers.get("physics")
    subjects = {subject.asked.key: subject for subject in evidence.subjects}
    for item, *_ in together([subject.asked for subject in evidence.subjects]):
        subject = subjects[item.key]
        if item.role != "model" or item.weights != "trained" or not evidence.can_take(subject):
            continue
        chosen = physics.chosen.get(item.key) if physics is not None else None
        layer = chosen[0] if chosen else item.layers[-1]
        rdms = evidence.layers(subject)
        shown.append((f"{item.name}, {layer}", rdms[item.layers.index(layer)]))
    kept = set(order)
    labels = {s.id: str(s.attributes.get("category", "")) for s in evidence.stimuli if s.id in kept}
    return {
        "ids": order,
        "categories": [labels[id] for id in order],
        "panels": [{"title": title, "ranks": _ranks(rdm, order)} for title, rdm in shown],
    }


def _order(evidence: Evidence) -> list[str]:
    first: dict[str, Any] = {}
    for stimulus in evidence.stimuli:
        first.setdefault(stimulus.transcript, stimulus)
    words = sorted(first.values(), key=lambda s: (str(s.attributes.get("category", "")), s.id))
    step = max(len(words) / MOST, 1.0)
    return [words[int(i * step)].id for i in range(min(MOST, len(words)))]


def _ranks(rdm: RDM, order: list[str]) -> list[float]:
    values = rdm.select(order).values
    return [round(float(r), DIGITS) for r in (rankdata(values) - 0.5) / len(values)]
