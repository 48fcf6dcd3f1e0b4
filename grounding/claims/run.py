"""The main job: stimuli and models in, a verdict with its figures and report out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from grounding.claims.answer import Answer
from grounding.claims.ask import ask
from grounding.claims.assays import ASSAYS, METRIC, POOLING, SELECTION, Assay
from grounding.claims.dissociation import double_dissociation
from grounding.claims.evidence import Evidence, describe
from grounding.claims.memo import Memo
from grounding.claims.overview import overview
from grounding.claims.panels import panels
from grounding.claims.provenance import provenance
from grounding.claims.record import ClaimResult, Score
from grounding.claims.results import check_free, new_folder, write_json, write_scores
from grounding.claims.rows import rows
from grounding.claims.settings import Settings
from grounding.claims.subjects import load_subjects
from grounding.claims.subset import chosen_stimuli, chosen_window
from grounding.claims.table import CLAIMS, Claim
from grounding.errors import UserError
from grounding.progress import Report
from grounding.stimuli import read_stimuli, shipped_sets
from grounding.stimuli.sets import TRAINING
from grounding.tables import lookup

__all__ = ["run"]

QUESTION = (
    "When a model is fed audio, does it recover the physics that made the audio, where a model "
    "fed the transcript only recovers how words relate; and is it the modality that decides?"
)


@dataclass(frozen=True)
class SetResult:
    """What one stimulus set says."""

    entry: dict[str, Any]
    """Name, digest, numbers and what was chosen."""
    models: list[dict[str, Any]]
    results: tuple[ClaimResult, ...]
    scores: tuple[Score, ...]
    dissociation: dict[str, Any]
    missing: dict[str, str]
    """Why an assay could not be run, by its name."""
    panels: dict[str, Any]
    seconds: dict[str, float]


def run(
    sets: Sequence[str],
    models: Sequence[str],
    claims: Sequence[str],
    out: Path,
    *,
    settings: Settings,
    cache: Path,
    report: Report,
) -> dict[str, Any]:
    """Score `models` on stimulus sets, decide `claims`, and write the folder `out`.

    sets: shipped names or folders. models: names, hub ids or folders. cache: where features and
    finished answers are kept. Returns what `verdict.json` holds.

    Raises `UserError` before any work is done for whatever is wrong with the input.
    """
    check_free(out)
    wanted = [lookup("claim", name, CLAIMS) for name in claims]
    for name in sets:
        if name in TRAINING:
            raise UserError(f"{name!r} is a set to train on: twins have heard it. Name another.")
    read = [(name, read_stimuli(name, check_articulation=True)) for name in sets]
    if not read:
        raise UserError("no stimulus set is named; give one or more with --stimuli")
    found = []
    for name, stimuli in read:
        chosen, words = chosen_stimuli(stimuli, settings, shipped=name in shipped_sets())
        entry: dict[str, Any] = {
            "name": stimuli.name,
            "scored": words,
            "n": len(chosen),
            "of": len(stimuli),
            "transcripts": len(set(chosen.transcripts)),
            "languages": sorted({s.language for s in chosen}),
            "digest": chosen.digest,
            "window": chosen_window(chosen, settings),
        }
        subjects = load_subjects(models, settings, entry["window"])
        told = partial(_tell, report, stimuli.name)
        evidence = Evidence(chosen, subjects, settings, cache / "activations", told)
        found.append(_one_set(evidence, entry, wanted, Memo(cache / "answers")))
    verdict = {
        "schema": 1,
        "question": QUESTION,
        "settings": asdict(settings),
        "metric": METRIC,
        "pooling": _poolings(found),
        "selection": SELECTION,
        "stimuli": [item.entry for item in found],
        "claims": [_row(claim.name, found) for claim in wanted],
        "missing": {item.entry["name"]: item.missing for item in found},
        "dissociation": next(
            (i.dissociation for i in found if i.dissociation["estimates"]), found[0].dissociation
        ),
    }
    origin = {
        **provenance(),
        "arguments": {"stimuli": list(sets), "models": list(models), "claims": list(claims)},
        "seed": settings.seed,
        "settings": asdict(settings),
        "stimuli": [item.entry for item in found],
        "models": {item.entry["name"]: item.models for item in found},
        "seconds": {item.entry["name"]: item.seconds for item in found},
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    with new_folder(out) as folder:
        write_json(folder / "verdict.json", verdict)
        write_scores(folder / "scores.csv", (row for item in found for row in item.scores))
        write_json(folder / "provenance.json", origin)
        write_json(folder / "panels.json", {i.entry["name"]: i.panels for i in found})
        # Figures and page read what was just written; they are no part of the statistics.
        from grounding.figures import draw_all
        from grounding.report import write_report

        draw_all(folder)
        write_report(folder)
    return verdict


def _one_set(
    evidence: Evidence, entry: dict[str, Any], wanted: Sequence[Claim], memo: Memo
) -> SetResult:
    key: dict[str, Any] = {
        "stimuli": entry["digest"],
        # Relations are no part of a stimulus, and decide numbers all the same.
        "relations": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((evidence.stimuli.folder / "relations").glob("*.tsv"))
        },
        "models": describe(evidence.subjects),
        "settings": asdict(evidence.settings),
    }
    answers: dict[str, Answer] = {}
    seconds: dict[str, float] = {}
    for name in dict.fromkeys(need for claim in wanted for need in claim.needs):
        started = time.monotonic()
        plain = memo.recall(name, key, partial(_ask_plain, ASSAYS[name], evidence))
        answers[name] = Answer.from_json(plain)
        seconds[name] = round(time.monotonic() - started, 2)
    results = tuple(claim.decide(answers) for claim in wanted)
    estimates, why = double_dissociation(answers)
    plain = memo.recall("overview", key, lambda: [asdict(row) for row in overview(evidence)])
    return SetResult(
        entry=entry,
        models=key["models"],
        results=results,
        scores=(*rows(entry["name"], answers, results), *(Score(**row) for row in plain)),
        missing={name: answer.missing for name, answer in answers.items() if answer.missing},
        dissociation={"estimates": [asdict(e) for e in estimates], "missing": why},
        panels=memo.recall("panels", key, lambda: panels(evidence, answers)),
        seconds=seconds,
    )


def _tell(report: Report, stimuli: str, what: str, done: int, total: int) -> None:
    report(f"{stimuli}: {what}", done, total)


def _ask_plain(assay: Assay, evidence: Evidence) -> dict[str, Any]:
    return ask(assay, evidence).to_json()


def _poolings(found: Sequence[SetResult]) -> dict[str, str]:
    twins = any("twin" in model["asked"] for item in found for model in item.models)
    return {**POOLING, **({"twins": POOLING["speech"]} if twins else {})}


def _row(claim: str, found: Sequence[SetResult]) -> dict[str, Any]:
    """Return the claim's row from the first set that can estimate what its rule turns on."""
    rows = [
        {**result.to_json(), "stimuli": item.entry["name"]}
        for item in found
        for result in item.results
        if result.claim == claim
    ]
    leading = next((row for row in rows if row["estimates"]), rows[0])
    others = {row["stimuli"]: row["reason"] for row in rows if row is not leading}
    return {**leading, "elsewhere": others}
