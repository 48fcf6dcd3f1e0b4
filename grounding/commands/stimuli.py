"""`grounding stimuli`: list, describe, validate and add stimulus sets."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from grounding.commands.tables import print_table
from grounding.errors import ManifestError

app = typer.Typer(help="Stimulus sets: list, describe, validate, add.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME_OR_DIR", help="A shipped set, or a folder.")]


@app.command("list")
def list_sets() -> None:
    """List the shipped stimulus sets."""
    from grounding.stimuli import read_stimuli, shipped_sets

    rows = []
    for name in shipped_sets():
        stimuli = read_stimuli(name, check_audio=False)
        rows.append(
            (
                name,
                str(len(stimuli)),
                str(len({(s.language, s.transcript) for s in stimuli})),
                " ".join(sorted({s.language for s in stimuli})),
                f"{sum(s.duration for s in stimuli):.0f}",
            )
        )
    if not rows:
        raise ManifestError(
            "no stimulus set is shipped with this installation. Give commands the path of a folder."
        )
    print_table(("set", "stimuli", "transcripts", "languages", "seconds"), rows)


@app.command()
def describe(name: Name) -> None:
    """Count what a set holds."""
    from grounding.stimuli import read_stimuli
    from grounding.stimuli.description import describe as count

    about = count(read_stimuli(name))
    shortest, median, longest = about.durations
    fewest, typical, most = about.realisations
    rows = [
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
        ("phones", f"{about.phones} different, in {about.with_phones} stimuli"),
        ("concepts", f"{about.concepts} different, in {about.with_concept} stimuli"),
        ("recognised", f"{about.recognised} of {about.tested} tested"),
        ("marks", _counts(about.marks)),
        ("articulation", f"in {about.with_articulation} stimuli"),
    ]
    rows += [
        (
            f"  {stream}",
            f"{found.channels} channels, {' '.join(found.units)}, in {found.stimuli} stimuli",
        )
        for stream, found in about.streams.items()
    ]
    print_table(("", ""), rows)


@app.command()
def validate(
    name: Name,
    audio: Annotated[
        bool,
        typer.Option(
            help="Decode every recording and read every articulation file; else headers only."
        ),
    ] = True,
) -> None:
    """List every fault of a set as FILE:LINE: MESSAGE. Exit status 2 if there are any."""
    from grounding.stimuli.sets import locate
    from grounding.stimuli.validate import examine

    stimuli, faults = examine(locate(name)[1], audio, audio)
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} fault{'s' * (len(faults) > 1)} in {name}", file=sys.stderr)
        raise typer.Exit(2)
    print(f"no faults in {len(stimuli)} stimuli")


@app.command()
def add(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Recordings, each beside its .txt.")
    ],
    language: Annotated[str, typer.Option(help="What is spoken, ISO 639-1, such as en.")],
    speaker: Annotated[str | None, typer.Option(help="Who speaks in all of them.")] = None,
    rate: Annotated[int | None, typer.Option(help="Resample copies to this rate, Hz.")] = None,
    mix_down: Annotated[
        bool, typer.Option("--mix-down", help="Mix copies down to one channel.")
    ] = False,
    skip_untranscribed: Annotated[
        bool, typer.Option("--skip-untranscribed", help="Leave out recordings without a .txt.")
    ] = False,
) -> None:
    """Write manifest.jsonl for a folder of recordings with transcripts beside them."""
    from grounding.stimuli.adding import add_recordings

    added = add_recordings(
        folder,
        language=language,
        speaker=speaker,
        rate=rate,
        mix=mix_down,
        skip_untranscribed=skip_untranscribed,
    )
    for title, names in (
        ("left out, no transcript", added.without_transcript),
        ("left out, no recording", added.without_recording),
        ("converted copy made", added.converted),
    ):
        for name in names:
            print(f"{title}: {name}")
    print(f"wrote {added.manifest}: {added.stimuli} stimuli")


def _counts(counts: Mapping) -> str:
    return ", ".join(f"{value} {count}" for value, count in counts.items()) or "none"
