"""Turn answers into the rows of `scores.csv`: one number a row, readable alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grounding.claims.answer import Answer, Asked
from grounding.claims.assays import ASSAYS, METRIC, SELECTION
from grounding.claims.record import ClaimResult, Score
from grounding.claims.rule import LEVEL, estimate

__all__ = ["rows"]


def rows(
    stimuli: str, answers: Mapping[str, Answer], results: Sequence[ClaimResult]
) -> Iterator[Score]:
    """Yield every number of a stimulus set: held-out agreements, curves, claims' estimates."""
    for answer in answers.values():
        if answer.missing:
            continue
        for column, item in enumerate(answer.asked):
            yield _held_out(stimuli, answer, column, item)
            yield from _curve(stimuli, answer, item)
    for result in results:
        for found in result.estimates:
            yield Score(
                assay=result.claim,
                quantity=found.name,
                value=found.value,
                low=found.low,
                high=found.high,
                level=found.level,
                stimuli=stimuli,
                n_stimuli=result.n_stimuli,
                n_groups=result.n_groups,
                selection=result.rule.selection,
                measure=result.rule.measure,
                metric=result.rule.metric,
            )


def _common(stimuli: str, answer: Answer, item: Asked) -> dict:
    assay = ASSAYS[answer.assay]
    return {
        "assay": assay.name,
        "model": item.name,
        "modality": item.modality,
        "weights": item.weights,
        "stimuli": stimuli,
        "n_stimuli": answer.n_stimuli,
        "n_groups": answer.n_groups,
        "space": assay.space,
        "controls": "|".join(assay.controls),
        "pairs": assay.pairs,
        "measure": assay.measure,
        "metric": "" if item.role == "reference" else METRIC,
        "pooling": item.pooling,
        "window": item.window,
        "note": "" if item.role == "model" else item.role,
    }


def _held_out(stimuli: str, answer: Answer, column: int, item: Asked) -> Score:
    found = estimate(item.key, answer.value[column], answer.samples[:, column], LEVEL)
    return Score(
        **_common(stimuli, answer, item),
        quantity="agreement, layer held out",
        value=found.value,
        low=found.low,
        high=found.high,
        level=LEVEL,
        p=answer.p.get(item.key),
        layer="|".join(answer.chosen[item.key]),
        selection=SELECTION if len(item.layers) > 1 else "one layer",
    )


def _curve(stimuli: str, answer: Answer, item: Asked) -> Iterator[Score]:
    if len(item.layers) < 2:
        return
    bands = answer.bands.get(item.key, ((None, None),) * len(item.layers))
    for layer, value, (low, high) in zip(item.layers, answer.curves[item.key], bands, strict=True):
        yield Score(
            **_common(stimuli, answer, item),
            quantity="agreement, every layer",
            value=value,
            low=low,
            high=high,
            level=None if low is None else LEVEL,
            layer=layer,
            selection="none: every layer on all stimuli",
        )
