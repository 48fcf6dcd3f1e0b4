"""`grounding twins`: train the matched pair, or an arm of your own; put a twin up for shipping."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from grounding.errors import UserError
from grounding.tables import lookup

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

Config = Annotated[Path | None, typer.Option(help="A file of arms (TOML); default the shipped.")]


@app.command("arms")
def arms(config: Config = None) -> None:
    """List the arms of a file and what each is fed, has to tell and is trained on."""
    from grounding.commands.tables import print_table
    from grounding.twins import ARMS, read_arms

    print_table(
        ["arm", "input", "targets", "languages", "hours", "updates", "units of"],
        [
            [
                name,
                arm.input,
                arm.targets,
                ", ".join(arm.languages) or "all",
                f"{arm.hours:g}" if arm.hours else "all",
                str(arm.updates),
                arm.units_of if arm.targets == "units" else "",
            ]
            for name, arm in read_arms(config or ARMS).items()
        ],
    )


@app.command("train")
def train(
    out: Annotated[Path, typer.Option(help="Folder for weights, log and loss curve.")],
    arm: Annotated[str, typer.Option(help="Its name in the file.")] = "audio",
    config: Config = None,
    seed: Annotated[int | None, typer.Option(help="In the place of the file's.", min=0)] = None,
    stimuli: Annotated[str, typer.Option(help="A set's name or folder; default the file's.")] = "",
    device: Annotated[str, typer.Option(help="As torch names it: cpu, cuda.")] = "cpu",
    threads: Annotated[int | None, typer.Option(help="Default all processors.", min=1)] = None,
) -> None:
    """Train an arm, or go on where it was stopped; a rerun gives the same weights.

    Weights are kept at twelve updates on a log scale, each in a folder that --models takes.
    """
    from grounding.figures.training import draw_training
    from grounding.progress import shown
    from grounding.stimuli import read_stimuli
    from grounding.twins import ARMS, read_arms
    from grounding.twins.training import Machine
    from grounding.twins.training import train as train_twin

    path = config or ARMS
    chosen = lookup("arm", arm, read_arms(path))
    chosen = replace(
        chosen,
        seed=chosen.seed if seed is None else seed,
        stimuli=stimuli or chosen.stimuli,
    )
    with shown() as report:
        last = train_twin(
            chosen,
            read_stimuli(chosen.stimuli),
            out,
            Machine(device, threads),
            report,
            name=f"{arm}, seed {chosen.seed}",
        )
    draw_training(out)
    print(f"weights in {last}; log and loss curve in {out}")


@app.command("ship")
def ship(
    trained: Annotated[Path, typer.Argument(help="Folder of a twin's weights (update-...).")],
    out: Annotated[Path, typer.Argument(help="Folder to write: its weights in half precision.")],
) -> None:
    """Write a twin in half precision with a model card, as the shipped ones are."""
    from grounding.twins.shipping import write_shipped

    if out.exists():
        raise UserError(f"{out} is there already; give a folder that is not.")
    write_shipped(trained, out)
    print(f"{out}: {sum(f.stat().st_size for f in out.iterdir()) / 1e6:.1f} MB")
