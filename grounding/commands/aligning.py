"""`grounding stimuli align`: find when each phone of a set's recordings is said."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["align"]


def align(
    name: Annotated[
        str, typer.Argument(metavar="NAME_OR_DIR", help="A shipped set, or a folder; with phones.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to; nothing there is overwritten.")],
    table: Annotated[
        bool, typer.Option("--table", help="Write segments.jsonl alone, and copy nothing.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 1,
) -> None:
    """Find the start and end of every phone (English aligner; see its error in the README)."""
    from grounding.errors import UserError
    from grounding.progress import shown
    from grounding.stimuli import MANIFEST, read_stimuli
    from grounding.stimuli.aligning.mapping import MERGED, read_as
    from grounding.stimuli.aligning.sphinx import needed
    from grounding.stimuli.aligning.writing import (
        SEGMENTS,
        align_all,
        check,
        check_free,
        write_aligned,
        write_segments,
    )

    needed()
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is no folder. Give another one with --out.")
    written = out / (SEGMENTS if table else MANIFEST)
    if written.exists():  # said before the work, not after it
        raise UserError(f"{written} exists and is not overwritten. Give another folder with --out.")
    stimuli = read_stimuli(name)
    check(stimuli)
    if not table:
        check_free(stimuli)
    said = sorted({phone for stimulus in stimuli for phone in stimulus.phones or ()})
    print("read as:", ", ".join(f"{phone} {read_as(phone)}" for phone in said))
    print("two as one:", ", ".join(f"{a} {b} {one}" for (a, b), one in MERGED.items()))
    with shown() as report:
        aligned = align_all(stimuli, jobs=jobs, progress=partial(report, "recordings"))
    path = (write_segments if table else write_aligned)(stimuli, aligned, out)
    failed = [found for found in aligned if found.failure is not None]
    for found in failed:
        print(f"no segments for {found.id}: {found.failure}")
    print(f"aligned {len(aligned) - len(failed)} of {len(aligned)} stimuli, written to {path}")
