"""The loss curve of a twin: what was measured while it was trained."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from grounding.errors import UserError
from grounding.figures.saving import encoded
from grounding.figures.style import LIGHT, SINGLE, Theme, blank, styled
from grounding.files import write_whole

__all__ = ["draw_training", "loss_curve"]


def draw_training(folder: Path) -> Path:
    """Draw `loss.png` into a training folder; return its path.

    Raises `UserError` for a folder without a log.
    """
    path = folder / "log.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        about = json.loads(sorted(folder.glob("update-*/training.json"))[-1].read_text("utf-8"))
    except (OSError, ValueError, IndexError) as error:
        raise UserError(f"{folder} holds no log of training ({error})") from error
    figure = loss_curve(rows, about["neighbours"]["loss"], theme=LIGHT)
    write_whole(folder / "loss.png", encoded(figure, "png", LIGHT))
    return folder / "loss.png"


@styled
def loss_curve(
    rows: list[dict], neighbours: float, *, theme: Theme, width: float = SINGLE
) -> Figure:
    """Return the masked loss of training and of what is held out, beside that of neighbours.

    rows: of the log. neighbours: loss in nats of the best guess from unmasked neighbours.
    """
    figure = blank(width, 0.75 * width)
    axes = figure.subplots()
    for name, colour, word in (
        ("loss", theme.quiet, "training"),
        ("held_out_loss", theme.speech, "held out"),
    ):
        points = [(row["update"], row[name]) for row in rows if name in row]
        axes.plot(*zip(*points, strict=True), color=colour, label=word, linewidth=1.0)
    axes.axhline(
        neighbours, color=theme.reference, linestyle="--", linewidth=1.0, label="neighbours"
    )
    axes.set_xlabel("updates")
    axes.set_ylabel("masked loss, nats")
    axes.legend(frameon=False)
    return figure
