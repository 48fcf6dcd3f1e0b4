"""The pair of numbers: the tract between transcripts, and within a transcript.

Between transcripts a reader can score, up to the transcript ceiling. Within a transcript every
function of the transcript scores exactly 0, and only what hears can do better.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from grounding.figures.layers import CEILING, REFERENCES, UPPER, reference
from grounding.figures.records import Result
from grounding.figures.scores import HELD_OUT, Score
from grounding.figures.style import (
    DOUBLE,
    LIGHT,
    Theme,
    blank,
    colour_of,
    legend_above,
    marker_of,
    styled,
)

__all__ = ["ASSAYS", "draw_between_within", "lines", "present"]

ASSAYS = {
    "tract-between": "between transcripts:\na reader can score",
    "tract-within": "within a transcript:\nno reader can score",
    "tract-within-beyond-sound": "within a transcript,\nbeyond acoustics",
}
"""By assay: the title of its panel."""

ORDER = {"speech": 0, "text": 1}
ROLES = {"model": 0, "reference": 1, "control": 2}
SEED_STEP = 0.13  # of a row


def present(result: Result, stimuli: str) -> list[str]:
    """Return the assays that were answered on a stimulus set."""
    return [assay for assay in ASSAYS if result.rows(stimuli, assay, HELD_OUT)]


def lines(result: Result, stimuli: str) -> list[tuple[str, str]]:
    """Return the (name, role) of every line of the figure: models by modality, then the rest."""
    found: dict[tuple[str, str], tuple] = {}
    for assay in present(result, stimuli):
        for row in result.rows(stimuli, assay, HELD_OUT):
            if row.model not in (CEILING, UPPER):
                modality = ORDER.get(row.modality, 2) if row.role == "model" else 0
                order = (ROLES.get(row.role, 3), modality, len(found))
                found.setdefault((row.model, row.role), order)
    return sorted(found, key=lambda key: found[key])


@styled
def draw_between_within(
    result: Result, stimuli: str, *, theme: Theme = LIGHT, width: float = DOUBLE
) -> Figure:
    """Draw one line a model and one panel an assay, with intervals, on one scale."""
    assays, places = present(result, stimuli), lines(result, stimuli)
    stacked = width < DOUBLE - 1
    shape = (len(assays), 1) if stacked else (1, len(assays))
    tall = 0.3 * len(places) + 0.55
    figure = blank(
        width if stacked else min(width, 2.2 + 2.4 * len(assays)),
        (tall * len(assays) if stacked else tall) + 0.75,
    )
    grid = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False)
    for axes, assay in zip(grid.flat, assays, strict=True):
        axes.axvline(0, color=theme.ink if "within" in assay else theme.rule, linewidth=0.8)
        for name in (CEILING, UPPER):
            ceiling = reference(result, stimuli, assay, name)
            if ceiling is not None:
                _ceiling(axes, ceiling, theme)
        for row in result.rows(stimuli, assay, HELD_OUT):
            if row.model not in (CEILING, UPPER):
                _row(axes, row, places.index((row.model, row.role)), theme)
        axes.set_title(ASSAYS[assay])
        axes.tick_params(axis="y", length=0)
    for axes in grid[-1]:
        axes.set_xlabel("agreement with the vocal tract" if stacked else "agreement with the tract")
    grid.flat[0].set_yticks(range(len(places)), [name for name, _ in places])
    grid.flat[0].set_ylim(len(places) - 0.3, -0.6)
    legend_above(figure, _legend(result, stimuli, theme))
    return figure


def _row(axes: Axes, row: Score, place: int, theme: Theme) -> None:
    colour = colour_of(theme, row.modality, row.role)
    solid = row.trained or row.role != "model"
    seed = int(row.weights.partition("-")[2] or 0) if row.random else 0
    # Seeds lie close below their trained model; seeds past the third share the last place.
    height = place + (SEED_STEP * (1.6 + min(seed, 2)) if row.random else 0)
    gid = f"{row.assay} {row.model} {row.weights}".strip()
    if row.low is not None and row.high is not None:
        axes.plot(
            [row.low, row.high],
            [height, height],
            color=colour,
            linewidth=1.2 if solid else 0.6,
            alpha=1 if solid else 0.7,
            gid=f"{gid} interval",
        )
    axes.plot(
        [row.value],
        [height],
        marker=marker_of(row.modality, row.role),
        linestyle="",
        color=colour,
        markersize=4.5 if solid else 2.6,
        markeredgewidth=0.8 if solid else 0.6,
        markerfacecolor=colour if row.trained else theme.paper,
        gid=gid,
    )


def _ceiling(axes: Axes, row: Score, theme: Theme) -> None:
    style = REFERENCES[row.model][1]
    axes.axvline(row.value, color=theme.reference, linewidth=1, linestyle=style, gid=row.model)
    if row.low is not None and row.high is not None:
        axes.axvspan(
            row.low,
            row.high,
            color=theme.reference,
            alpha=0.15,
            linewidth=0,
            gid=f"{row.model} interval",
        )


def _legend(result: Result, stimuli: str, theme: Theme) -> list[Line2D]:
    rows = [r for a in present(result, stimuli) for r in result.rows(stimuli, a, HELD_OUT)]
    handles = []
    for modality in dict.fromkeys(r.modality for r in rows if r.role == "model"):
        for solid in (True, False):
            if any(r.trained == solid for r in rows if r.modality == modality and not r.note):
                colour = colour_of(theme, modality)
                handles.append(
                    Line2D(
                        [],
                        [],
                        linestyle="",
                        marker=marker_of(modality),
                        color=colour,
                        markersize=4.5 if solid else 3,
                        markerfacecolor=colour if solid else theme.paper,
                        label=f"{modality}, {'trained' if solid else 'random weights'}",
                    )
                )
    if any(r.role != "model" and r.model not in (CEILING, UPPER) for r in rows):
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="D",
                color=theme.other,
                markerfacecolor=theme.paper,
                label="no model: phone string, controls",
            )
        )
    for name in (CEILING, UPPER):
        if any(r.model == name for r in rows):
            style = REFERENCES[name][1]
            handles.append(Line2D([], [], color=theme.reference, linestyle=style, label=name))
    return handles
