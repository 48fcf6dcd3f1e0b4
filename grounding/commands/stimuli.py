"""`grounding stimuli`: list, describe, validate, add, synthesise and migrate stimulus sets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from grounding.commands.adding import add, formats
from grounding.commands.aligning import align
from grounding.commands.describing import describe
from grounding.commands.synthesising import synthesise
from grounding.commands.tables import print_table
from grounding.errors import ManifestError

app = typer.Typer(help="Stimulus sets: list, describe, validate, add.", no_args_is_help=True)
for command in (add, formats, describe, synthesise, align):
    app.command()(command)

Name = Annotated[str, typer.Argument(metavar="NAME_OR_DIR", help="A shipped set, or a folder.")]


@app.command("list")
def list_sets() -> None:
    """List the stimulus sets that are shipped, and those to make on this machine."""
    from grounding.stimuli import read_stimuli, shipped_sets
    from grounding.stimuli.sets import TRAINING, scripted_sets, unmade_sets

    rows = []
    unmade = unmade_sets()
    names = sorted(shipped_sets() | scripted_sets())
    for name in names:
        if name in unmade:
            rows.append((name, "not made yet", "", "", ""))
            continue
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
    for name, script in unmade.items():
        print(f"{name} is not shipped; make it with: python {script}")
    for name in sorted(TRAINING.intersection(names)):
        print(f"{name} is for training encoders; none is scored on it")


@app.command()
def validate(
    name: Name,
    audio: Annotated[
        bool,
        typer.Option(help="Also decode every recording and read every articulation file."),
    ] = False,
) -> None:
    """List every fault of a set as FILE:LINE: MESSAGE. Exit status 2 if there are any."""
    from grounding.progress import shown
    from grounding.stimuli import MANIFEST
    from grounding.stimuli.sets import locate
    from grounding.stimuli.validate import check

    folder = locate(name)[1]
    lines = faults = 0
    with shown() as report:
        total = _count_lines(folder / MANIFEST) if audio else 0
        for line in check(folder, audio, audio):
            lines += line.number is not None
            faults += len(line.faults)
            for fault in line.faults:
                print(fault)
            if audio:
                report("recordings", lines, total)
    done = (
        "every recording was decoded and every articulation file read"
        if audio
        else "the manifest was read and its files were looked for; --audio opens them too"
    )
    if faults:
        print(f"{faults} fault{'s' * (faults > 1)} in {name}: {done}", file=sys.stderr)
        raise typer.Exit(2)
    print(f"no faults in {lines} stimuli: {done}")


def _count_lines(path: Path) -> int:
    try:
        if not path.is_file():  # a pipe would wait for ever
            return 0
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return 0


@app.command()
def schema() -> None:
    """Print the JSON Schema of a manifest line."""
    from grounding.stimuli.schema import manifest_schema

    print(json.dumps(manifest_schema(), indent=2, ensure_ascii=False))


@app.command()
def migrate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder with manifest.jsonl.")],
) -> None:
    """Bring an older manifest up to the newest version; the older one stays beside it."""
    from grounding.stimuli.migrating import migrate as bring_up
    from grounding.stimuli.versions import newest

    done = bring_up(folder)
    if done.kept is None:
        print(f"all {done.lines} lines are of version {newest()}, the newest: nothing to do")
    else:
        print(f"brought {done.changed} of {done.lines} lines up to version {newest()}")
        print(f"kept the manifest as it was: {done.kept}")
