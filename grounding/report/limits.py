"""What a run cannot conclude, said from what the run did and did not do."""

from __future__ import annotations

from collections.abc import Iterator

from grounding.figures.method import window_words
from grounding.figures.numbers import listed
from grounding.figures.records import Result
from grounding.figures.scores import HELD_OUT
from grounding.report.verdict import failed_controls

__all__ = ["FEW_MODELS", "limits"]

FEW_MODELS = 10
"""Trained models of a modality; with fewer a mean over models says little of others."""

SIMULATED = "vocal-tract-words"


def limits(result: Result) -> Iterator[str]:
    """Yield one sentence or two a limit, the gravest first."""
    for words in failed_controls(result):
        yield f"A control failed, so the claims that carry it should not be read: {words}."
    yield from _windows(result)
    for item in result.stimuli:
        if item.n < item.of:
            yield (
                f"{item.name}: {item.n} of {item.of} stimuli were scored ({item.scored}). "
                "grounding run --full scores all."
            )
    yield from _models(result)
    yield from _random(result)
    for claim in result.claims:
        if claim.outcome == "undecided":
            yield f"{claim.name} is undecided: {claim.reason}."
    if SIMULATED in result.sets:
        yield (
            f"The physics of {SIMULATED} is that of a vocal-tract simulator: exact, but no "
            "recording of a human tongue."
        )
    yield (
        "Agreement of geometries is correlation over stimuli. It shows what a representation "
        "holds, not that the model uses it."
    )


def _windows(result: Result) -> Iterator[str]:
    for item in result.stimuli:
        rows = [row for row in result.scores if row.stimuli == item.name]
        words = window_words(result, item.name, rows)
        if "shorter" in words:
            yield f"On {item.name}, {words}. Upper layers may differ in the model's own window."


def _models(result: Result) -> Iterator[str]:
    trained: dict[str, set[str]] = {"speech": set(), "text": set()}
    for row in result.scores:
        if row.trained:
            trained.setdefault(row.modality, set()).add(row.model)
    if not any(trained.values()):
        yield "No model was scored, so nothing is said of any."
        return
    few = [
        f"{len(names)} {modality} model{'s' * (len(names) != 1)}"
        + (f" ({listed(sorted(names))})" if names else "")
        for modality, names in trained.items()
        if len(names) < FEW_MODELS
    ]
    if few:
        yield (
            f"The scores are of {listed(few)}. Intervals over stimuli say what other stimuli "
            "would show for these models, not what other models would."
        )


def _random(result: Result) -> Iterator[str]:
    held_out = [row for row in result.scores if row.quantity == HELD_OUT]
    seeds = {row.weights for row in held_out if row.random}
    trained = {row.model for row in held_out if row.trained}
    without = trained - {row.model for row in held_out if row.random}
    if seeds:
        yield (
            f"The floor of random weights rests on {len(seeds)} seed{'s' * (len(seeds) != 1)} "
            "a model."
        )
    if without:
        yield f"No random-weight control was run for {listed(sorted(without))}."
