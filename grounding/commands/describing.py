"""`grounding stimuli describe`: what a set holds, and what can be asked of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grounding.commands.inventory import inventory
from grounding.commands.tables import print_table
from grounding.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from grounding.progress import Report
    from grounding.stimuli import StimulusSet
    from grounding.stimuli.description import Description

__all__ = ["describe"]


@dataclass(frozen=True, eq=False)
class Together:
    """How the spaces of a set go together.

    names: of the spaces. correlations: Spearman, of the distances of all pairs.
    stimuli: how many of the set they are of. left_out: spaces that are not here, and why.
    """

    names: tuple[str, ...]
    correlations: Float[np.ndarray, "space space"]
    stimuli: int
    left_out: Mapping[str, str]


def describe(
    name: Annotated[str, typer.Argument(metavar="NAME_OR_DIR", help="A shipped set, or a folder.")],
    spaces_of: Annotated[
        int,
        typer.Option(
            min=0,
            help="Correlate the spaces of so many stimuli at most, evenly spaced; 0 leaves it out.",
        ),
    ] = 300,
    draw: Annotated[
        Path | None, typer.Option(help="Draw it into this file (.png, .svg or .pdf).")
    ] = None,
) -> None:
    """Count what a set holds, correlate its spaces, and say which claims it can decide."""
    from grounding.progress import shown
    from grounding.stimuli import read_stimuli
    from grounding.stimuli.description import describe as count

    ending = _ending(draw) if draw is not None else ""
    stimuli = read_stimuli(name, check_audio=False)
    about = count(stimuli)
    print_table(("", ""), _counted(about, stimuli))
    with shown() as report:
        together = _together(stimuli, spaces_of, report)
    if spaces_of:
        _show_together(together, len(stimuli))
    _show_claims(stimuli, together)
    if draw is not None:
        _draw(draw, ending, about, together)
        print(f"drawn: {draw}")


def _counted(about: Description, stimuli: StimulusSet) -> list[tuple[str, str]]:
    shortest, median, longest = about.durations
    fewest, typical, most = about.realisations
    return [
        ("set", about.name),
        ("folder", about.folder),
        ("digest", about.digest),
        ("stimuli", str(about.stimuli)),
        ("transcripts", str(about.transcripts)),
        ("stimuli a transcript", f"{fewest} to {most}, median {typical:g}"),
        ("seconds", f"{about.seconds:.1f}"),
        ("seconds a stimulus", f"{shortest:.2f} to {longest:.2f}, median {median:.2f}"),
        ("languages", _counts(about.languages)),
        ("speakers", _counts(about.speakers)),
        ("rates, Hz", _counts(about.rates)),
        ("with phones", f"{about.with_phones} of {about.stimuli} stimuli"),
        *(
            (f"  phones, {language}", inventory(language, said, stimuli))
            for language, said in about.phones.items()
        ),
        ("concepts", f"{about.concepts} different, in {about.with_concept} stimuli"),
        ("recognised", f"{about.recognised} of {about.tested} tested"),
        ("marks", _counts(about.marks)),
        ("articulation", f"in {about.with_articulation} stimuli"),
        *(
            (
                f"  {stream}",
                f"{found.channels} channels, {' '.join(found.units)}, in {found.stimuli} stimuli",
            )
            for stream, found in about.streams.items()
        ),
    ]


def _counts(counts: Mapping) -> str:
    return ", ".join(f"{value} {count}" for value, count in counts.items()) or "none"


def _together(stimuli: StimulusSet, most: int, report: Report) -> Together:
    """Correlate the spaces that these stimuli can have, over so many of them at most."""
    import numpy as np

    from grounding.rsa import RDM, compare_many
    from grounding.spaces import SPACES, space, why_missing

    places = np.linspace(0, len(stimuli) - 1, min(most, len(stimuli))).round().astype(int)
    some = stimuli.select([stimuli.ids[place] for place in places])
    rdms: list[RDM] = []
    left_out: dict[str, str] = {}
    for name in SPACES if most else ():
        reason = why_missing(name, some)
        if reason is None:
            try:
                report(f"space {name}", 0, 1)
                made = space(name, some).rdm()
                report(f"space {name}", 1, 1)
            except UserError as error:
                reason = str(error)
            else:
                if np.ptp(made.values) > 0:
                    rdms.append(made)
                    continue
                reason = "the same for all pairs"
        left_out[name] = reason
    names = tuple(rdm.name for rdm in rdms)
    matrix = compare_many(rdms, rdms, measure="spearman") if rdms else np.zeros((0, 0))
    return Together(names, matrix, len(some), left_out)


def _show_together(together: Together, whole: int) -> None:
    title = f"Spaces: correlation of distances, {together.stimuli} of {whole} stimuli"
    if sys.stdout.isatty():
        # A ruled table of so many columns would cut its names.
        print(f"{title}\n\n{_triangle(together)}")
    else:
        rows = [
            (name, *(f"{value:.2f}" for value in row))
            for name, row in zip(together.names, together.correlations, strict=True)
        ]
        print_table(("Spearman", *together.names), rows, title)
    reasons: dict[str, list[str]] = {}
    for name, why in together.left_out.items():
        reasons.setdefault(why, []).append(name)
    if reasons:
        print_table(
            ("no space", "why"),
            [(", ".join(names), why) for why, names in reasons.items()],
            title="Spaces that are not there",
        )


def _triangle(together: Together) -> str:
    """Return the correlations below the diagonal, with numbers for the names of columns."""
    width = max(map(len, together.names), default=0)
    lines = []
    for place, (name, row) in enumerate(
        zip(together.names, together.correlations, strict=True), start=1
    ):
        values = "".join(f"{value:.2f}".replace("0.", ".").rjust(5) for value in row[: place - 1])
        lines.append(f"  {place:>2} {name:<{width}}{values}".rstrip())
    numbers = "".join(f"{place:>5}" for place in range(1, len(together.names)))
    return "\n".join([*lines, f"     {'':<{width}}{numbers}"])


def _show_claims(stimuli: StimulusSet, together: Together) -> None:
    from grounding.claims.decidable import decidable

    whole = together.stimuli == len(stimuli)
    constant = [
        name for name, why in together.left_out.items() if whole and why == "the same for all pairs"
    ]
    rows: list[Sequence[str]] = []
    for found in decidable(stimuli, constant):
        why = "; ".join(dict.fromkeys(found.gaps.values()))
        if not why and found.asks:
            why = f"but not where {'; '.join(found.asks)}"
        rows.append((found.claim, "no" if found.gaps else "yes", found.sentence, why))
    print_table(("claim", "this set", "says", "why"), rows, title="Claims that this set can decide")


def _ending(path: Path) -> str:
    from grounding.figures import FORMATS
    from grounding.tables import lookup

    ending = path.suffix.lower().removeprefix(".")
    lookup("figure format", ending, FORMATS)
    if path.exists() or path.is_symlink():
        raise UserError(f"{path} exists and is not overwritten. Name another file with --draw.")
    return ending


def _draw(path: Path, ending: str, about: Description, together: Together) -> None:
    from grounding.figures import LIGHT
    from grounding.figures.describing import draw_description
    from grounding.figures.saving import encoded
    from grounding.files import write_whole

    figure = draw_description(
        about.lengths,
        list(about.repeats.values()),
        together.names,
        together.correlations,
        f"{about.name}: {about.stimuli} stimuli of {about.transcripts} transcripts; "
        f"spaces over {together.stimuli} of them",
    )
    write_whole(path, encoded(figure, ending, LIGHT))
