"""Lay out the page of a result as one file that needs no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from grounding.figures import DARK, LIGHT, Planned, Result, plan, read_result
from grounding.figures.method import window_words
from grounding.figures.numbers import estimate_text, interval_text, level_text, listed, number
from grounding.figures.records import Claim, Criterion
from grounding.figures.scores import EVERY_LAYER, HELD_OUT, SEED, Score
from grounding.files import write_whole
from grounding.report import origin
from grounding.report.limits import limits
from grounding.report.pictures import LEADS, Picture, arrange, picture
from grounding.report.verdict import failed_controls, verdict_sentences

__all__ = ["render", "write_report"]

PAGE = "report.html"
TEMPLATE = "page.html.jinja"
SHARES = "share of variance"


def write_report(folder: Path) -> Path:
    """Write `report.html` of a result folder and return its path; an older one is replaced.

    Raises `UserError` for a folder that is no result.
    """
    path = folder / PAGE
    write_whole(path, render(read_result(folder)).encode())
    return path


def render(result: Result) -> str:
    """Return the page as HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "level": level_text,
        "listed": listed,
        "bound": bound_words,
    }
    environment.globals |= {"interval": interval_text, "estimate": estimate_text}
    return environment.get_template(TEMPLATE).render(_context(result))


def bound_words(criterion: Criterion | None) -> str:
    """Say what a rule asks of an estimate; empty where it asks nothing."""
    if criterion is None:
        return ""
    side = "above" if criterion.above is not None else "below"
    return f"{side} {criterion.bound:g}"


def _context(result: Result) -> dict[str, Any]:
    planned = list(plan(result))
    order = arrange(planned, [claim.name for claim in result.claims])
    pictures = [picture(result, item, place + 1) for place, item in enumerate(order)]
    lead = pictures[0] if order and order[0].kind.name in LEADS else None
    rest = [shown for shown in pictures if shown is not lead]
    names = {claim.name for claim in result.claims}
    shown = [row for row in result.scores if row.role != SEED]
    curves = [row for row in shown if row.quantity == EVERY_LAYER]
    # Assays that no claim reads have no held-out scores, and too many rows for a page.
    scored = {row.assay for row in shown if row.quantity == HELD_OUT}
    modality = next((c for c in result.claims if any(SHARES in e.name for e in c.estimates)), None)
    return {
        "result": result,
        "light": LIGHT,
        "dark": DARK,
        "sentences": verdict_sentences(result),
        "failed": failed_controls(result),
        "lead": lead,
        "no_lead": _why_no_lead(planned),
        "claims": [_claim(result, claim, pictures, rest) for claim in result.claims],
        "dissociation": [(estimate, None) for estimate in result.dissociation],
        "modality": modality,
        "shares": [(e, None) for e in modality.estimates if SHARES in e.name] if modality else [],
        "other_pictures": [p for p in rest if not names & set(p.claims[:1])],
        "missing": _missing(planned),
        "limits": list(limits(result)),
        "scores": [row for row in shown if row.quantity != EVERY_LAYER],
        "curves": [row for row in curves if row.assay in scored],
        "unlisted": Counter(row.assay for row in curves if row.assay not in scored),
        "assays": _assays(result.scores),
        "command": origin.command(result),
        "origin": list(origin.origin_rows(result)),
        "sets": list(origin.set_rows(result)),
        "models": list(origin.model_rows(result)),
        "timings": list(origin.timing_rows(result)),
    }


def _claim(
    result: Result, claim: Claim, pictures: list[Picture], rest: list[Picture]
) -> dict[str, Any]:
    bounds = {criterion.estimate: criterion for criterion in claim.criteria}
    found = {estimate.name for estimate in claim.estimates}
    rows = [row for row in result.scores if row.stimuli == claim.stimuli]
    own = [shown for shown in rest if shown.claims[:1] == (claim.name,)]
    return {
        "claim": claim,
        "estimates": [(e, bounds.get(e.name)) for e in claim.estimates],
        "absent": [c for c in claim.criteria if c.estimate not in found],
        "pictures": own,
        "also": [p for p in pictures if claim.name in p.claims and p not in own],
        "window": window_words(result, claim.stimuli, rows),
    }


def _assays(scores: Iterable[Score]) -> list[dict[str, str]]:
    """Return what each assay asks; an assay of several spaces lists them."""
    found: dict[str, list[Score]] = {}
    for row in scores:
        if row.space:
            found.setdefault(row.assay, []).append(row)
    columns = ("space", "pairs", "controls", "measure")
    return [
        {"assay": assay}
        | {c: ", ".join(dict.fromkeys(getattr(row, c) for row in rows)) for c in columns}
        for assay, rows in found.items()
    ]


def _missing(planned: list[Planned]) -> list[tuple[str, list[str]]]:
    """Return (reason, titles of the figures that it keeps away)."""
    absent = sorted((i for i in planned if i.missing), key=lambda i: (i.stimuli, i.missing))
    return [
        (reason, [item.kind.title for item in items])
        for reason, items in groupby(absent, key=lambda item: item.missing)
    ]


def _why_no_lead(planned: list[Planned]) -> str:
    return next((i.missing for i in planned if i.missing and i.kind.name == "plane"), "")
