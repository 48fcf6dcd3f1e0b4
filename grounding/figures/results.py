"""Read a result folder into records; figures and page take every number from here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from grounding.errors import UserError
from grounding.figures.plain import read_object, take
from grounding.figures.records import (
    Check,
    Claim,
    Criterion,
    Estimate,
    Panel,
    Panels,
    Result,
    Scored,
)
from grounding.figures.scores import read_scores

__all__ = ["read_result"]

SCHEMA = 1
OUTCOMES = ("supported", "refuted", "undecided")


def read_result(folder: Path) -> Result:
    """Read the folder that a run wrote.

    `panels.json` may be absent; the figure that needs it is then named as missing.
    Raises `UserError`, with file and place, for anything that is not as `grounding run` writes it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; give one that grounding run wrote")
    at = str(folder / "verdict.json")
    verdict = read_object(folder / "verdict.json")
    schema = take(at, verdict, "schema", int)
    if schema != SCHEMA:
        raise UserError(f"{at}: schema {schema}, needed {SCHEMA}; run again")
    settings = take(at, verdict, "settings", dict)
    both = take(at, verdict, "dissociation", dict)
    panels = folder / "panels.json"
    return Result(
        folder=folder,
        question=take(at, verdict, "question", str),
        seed=take(f"{at}: settings", settings, "seed", int),
        full=take(f"{at}: settings", settings, "full", bool),
        stimuli=tuple(_scored(at, item) for item in take(at, verdict, "stimuli", list)),
        claims=tuple(_claim(at, item) for item in take(at, verdict, "claims", list)),
        dissociation=_estimates(f"{at}: dissociation", both),
        no_dissociation=take(f"{at}: dissociation", both, "missing", str),
        missing=take(at, verdict, "missing", dict),
        scores=read_scores(folder / "scores.csv"),
        panels=_all_panels(panels) if panels.exists() else {},
        settings=settings,
        pooling=take(at, verdict, "pooling", dict),
        provenance=read_object(folder / "provenance.json"),
    )


def _scored(at: str, found: Any) -> Scored:
    at = f"{at}: stimuli"
    name = take(at, found, "name", str)
    if not name or Path(name).name != name or "\\" in name:
        raise UserError(f"{at}: the name {name!r} is no file name, and figures are named after it")
    window = found.get("window")
    return Scored(
        name=name,
        window=None if window is None else take(at, found, "window", float),
        languages=tuple(take(at, found, "languages", list)),
        **{key: take(at, found, key, str) for key in ("scored", "digest")},
        **{key: take(at, found, key, int) for key in ("n", "of", "transcripts")},
    )


def _claim(at: str, found: Any) -> Claim:
    name = take(f"{at}: claims", found, "claim", str)
    at = f"{at}: claim {name}"
    rule = take(at, found, "rule", dict)
    outcome = take(at, found, "outcome", str)
    if outcome not in OUTCOMES:
        raise UserError(f"{at}: outcome {outcome!r}, needed one of {', '.join(OUTCOMES)}")
    return Claim(
        name=name,
        outcome=outcome,
        rule=take(at, rule, "sentence", str),
        criteria=tuple(
            Criterion(take(at, c, "estimate", str), c.get("above"), c.get("below"))
            for c in take(at, rule, "criteria", list)
        ),
        level=take(at, rule, "level", float),
        estimates=_estimates(at, found),
        checks=tuple(
            Check(take(at, c, "name", str), take(at, c, "passed", bool), take(at, c, "found", str))
            for c in take(at, found, "checks", list)
        ),
        elsewhere=take(at, found, "elsewhere", dict),
        notes="; ".join([take(at, rule, "notes", str), *found.get("notes", ())]),
        **{key: take(at, rule, key, str) for key in ("measure", "metric", "selection")},
        **{key: take(at, found, key, str) for key in ("sentence", "reason", "stimuli")},
        **{key: take(at, found, key, int) for key in ("n_stimuli", "n_groups")},
    )


def _estimates(at: str, found: Any) -> tuple[Estimate, ...]:
    return tuple(
        Estimate(
            take(at, e, "name", str),
            *(take(at, e, key, float) for key in ("value", "low", "high", "level")),
        )
        for e in take(at, found, "estimates", list)
    )


def _all_panels(path: Path) -> dict[str, Panels]:
    return {name: _panels(f"{path}: {name}", item) for name, item in read_object(path).items()}


def _panels(at: str, found: Any) -> Panels:
    ids = tuple(take(at, found, "ids", list))
    categories = tuple(take(at, found, "categories", list))
    if len(categories) != len(ids):
        raise UserError(f"{at}: {len(ids)} ids and {len(categories)} categories; run again")
    shown = []
    for item in take(at, found, "panels", list):
        title = take(at, item, "title", str)
        ranks = np.asarray(take(at, item, "ranks", list), dtype=float)
        if len(ranks) != len(ids) * (len(ids) - 1) // 2:
            raise UserError(
                f"{at}: panel {title!r} has {len(ranks)} ranks, needed one a pair of {len(ids)} "
                "ids; run again"
            )
        shown.append(Panel(title, ranks))
    return Panels(ids, categories, tuple(shown))
