"""Turn answers into the rows of `scores.csv`: one number a row, readable alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grounding.claims.answer import Answer, Asked
from grounding.claims.assays import ASSAYS, METRIC, SELECTION, Assay
from grounding.claims.record import ClaimResult, Score
from grounding.claims.rule import LEVEL, estimate
from grounding.claims.twins import in_one_row

__all__ = ["rows"]

MEAN = "; mean over seeds, interval over stimuli and seeds"
MEAN_CURVE = "; mean over seeds, interval from the lowest to the highest of theirs"


def rows(
    stimuli: str,
    answers: Mapping[str, Answer],
    results: Sequence[ClaimResult],
    assays: Mapping[str, Assay] = ASSAYS,
) -> Iterator[Score]:
    """Yield every number of a stimulus set: held-out agreements, curves, claims' estimates.

    assays: what the answers answer, by name.

    The seeds of a twin are rows with the note "seed", and one further row stands for them all.
    """
    for asked in answers.values():
        if asked.missing:
            continue
        own, answer = {item.key for item in asked.asked}, in_one_row(asked)
        assay = assays[answer.assay]
        for column, item in enumerate(answer.asked):
            seeds = item.key not in own
            yield _held_out(stimuli, assay, answer, column, item, MEAN if seeds else "")
            yield from _curve(stimuli, assay, answer, item, MEAN_CURVE if seeds else "")
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


def _common(stimuli: str, assay: Assay, answer: Answer, item: Asked) -> dict:
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


def _held_out(
    stimuli: str, assay: Assay, answer: Answer, column: int, item: Asked, seeds: str
) -> Score:
    found = estimate(item.key, answer.value[column], answer.samples[:, column], LEVEL)
    return Score(
        **_common(stimuli, assay, answer, item),
        quantity="agreement, layer held out",
        value=found.value,
        low=found.low,
        high=found.high,
        level=LEVEL,
        p=answer.p.get(item.key),
        layer="|".join(answer.chosen[item.key]),
        selection=(SELECTION if len(item.layers) > 1 else "one layer") + seeds,
    )


def _curve(stimuli: str, assay: Assay, answer: Answer, item: Asked, seeds: str) -> Iterator[Score]:
    if len(item.layers) < 2:
        return
    bands = answer.bands.get(item.key, ((None, None),) * len(item.layers))
    for layer, value, (low, high) in zip(item.layers, answer.curves[item.key], bands, strict=True):
        yield Score(
            **_common(stimuli, assay, answer, item),
            quantity="agreement, every layer",
            value=value,
            low=low,
            high=high,
            level=None if low is None else LEVEL,
            layer=layer,
            selection=f"none: every layer on all stimuli{seeds}",
        )
