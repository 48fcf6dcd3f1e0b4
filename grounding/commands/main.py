"""The command `grounding`.

Exit status: 0 done; 2 the input is at fault, with one message on standard error; 1 ours.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path
from typing import Annotated

import typer

from grounding.commands import bench, extracting, figures, models
from grounding.commands import stimuli as stimuli_commands
from grounding.commands import twins as twins_commands
from grounding.commands.lists import split
from grounding.errors import UserError

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Does a model hold the physics of the vocal tract, or only how words relate?",
)
app.add_typer(stimuli_commands.app, name="stimuli", help="List, describe, check and add stimuli.")
app.add_typer(twins_commands.app, name="twins", help="Train the matched pair, or an arm of it.")
for command in (
    models.models,
    extracting.extract,
    extracting.prune,
    models.rsa,
    figures.figures,
    figures.report,
    bench.bench,
):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    warnings.formatwarning = _one_line
    try:
        app()
    except UserError as error:
        print(f"grounding: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("grounding: stopped; finished work is kept, run again to go on", file=sys.stderr)
        sys.exit(130)


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    return f"grounding: {category.__name__}: {message}\n"


Names = Annotated[str, typer.Option(help="Names or folders, separated by commas.")]


@app.command()
def run(
    stimuli: Names = "vocal-tract-words,spoken-prompts",
    models: Annotated[str, typer.Option(help="Names, hub ids or folders, by commas.")] = "",
    claims: Annotated[str, typer.Option(help="Claims, separated by commas.")] = "C1,C4,C6,C7",
    out: Annotated[Path | None, typer.Option(help="Folder to write; must not exist.")] = None,
    seed: Annotated[int, typer.Option(help="Of folds, resamples and permutations.")] = 0,
    full: Annotated[bool, typer.Option(help="Every stimulus, in the models' own window.")] = False,
) -> None:
    """Score models on stimuli, decide claims, write verdict, scores, figures and report."""
    from grounding.claims.run import run as run_claims
    from grounding.claims.settings import Settings
    from grounding.claims.subjects import DEFAULT_MODELS
    from grounding.commands.tables import show_verdict
    from grounding.encoders.cache import cache_folder
    from grounding.progress import shown

    folder = out or Path("results") / time.strftime("%Y-%m-%d-%H%M%S")
    with shown() as report:
        verdict = run_claims(
            split(stimuli),
            split(models) or DEFAULT_MODELS,
            split(claims),
            folder,
            settings=Settings(seed=seed, full=full),
            cache=cache_folder(),
            report=report,
        )
    show_verdict(verdict)
    print(f"\nReport: {(folder / 'report.html').resolve()}")
