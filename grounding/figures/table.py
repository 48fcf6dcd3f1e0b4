"""The figures by name. A new figure is one file that draws, its words, and one row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from matplotlib.figure import Figure

from grounding.figures import (
    say_between_within,
    say_forest,
    say_layers,
    say_overview,
    say_plane,
    say_rdms,
)
from grounding.figures.between_within import draw_between_within
from grounding.figures.forest import draw_forest
from grounding.figures.layers import draw_layers
from grounding.figures.overview import draw_overview
from grounding.figures.plane import WIDTH, draw_plane
from grounding.figures.rdms import draw_rdms
from grounding.figures.records import Result
from grounding.figures.style import DOUBLE

__all__ = ["FIGURES", "FigureKind", "Planned", "plan"]


@dataclass(frozen=True)
class FigureKind:
    """One kind of figure.

    name: its file's name, before the stimulus set.
    title: what it shows, in a few words.
    claims: the claims that it bears on.
    needs: in words, what a result must hold for it.
    draw: (result, stimuli, *, theme, width) to a figure; only where `missing` is empty.
    missing: (result, stimuli) to why it cannot be drawn, or "".
    caption: (result, stimuli) to what is seen and how the numbers were made.
    alt: (result, stimuli) to what it shows, for who does not see it.
    width: inches, unless another is asked for.
    whole: whether it is of the whole verdict, not of one stimulus set.
    """

    name: str
    title: str
    claims: tuple[str, ...]
    needs: str
    draw: Callable[..., Figure]
    missing: Callable[[Result, str], str]
    caption: Callable[[Result, str], str]
    alt: Callable[[Result, str], str]
    width: float = DOUBLE
    whole: bool = False


def _layers(
    name: str, title: str, claim: str, assay: str, label: str, decides: bool = True
) -> FigureKind:
    return FigureKind(
        name=name,
        title=title,
        claims=(claim,),
        needs=f"the agreement of every layer of a trained model, assay {assay}",
        draw=partial(draw_layers, assay=assay, label=label),
        missing=partial(say_layers.missing, assay=assay, claim=claim if decides else ""),
        caption=partial(say_layers.caption, assay=assay),
        alt=partial(say_layers.alt, assay=assay),
    )


FIGURES: Mapping[str, FigureKind] = {
    kind.name: kind
    for kind in (
        FigureKind(
            name="plane",
            title="Models in the plane of physical and relational agreement",
            claims=("C7", "C1", "C6"),
            needs="held-out agreement of trained models in the assays physics and relations",
            draw=draw_plane,
            missing=say_plane.missing,
            caption=say_plane.caption,
            alt=say_plane.alt,
            width=WIDTH,
        ),
        FigureKind(
            name="forest",
            title="Every claim's estimates against the bounds of its rule",
            claims=(),
            needs="an estimate of any claim",
            draw=draw_forest,
            missing=say_forest.missing,
            caption=say_forest.caption,
            alt=say_forest.alt,
            whole=True,
        ),
        _layers(
            "layers-physics",
            "The vocal tract in every layer, beyond acoustics and phones",
            "C1",
            "physics",
            "partial agreement",
        ),
        FigureKind(
            name="rdms",
            title="Distances side by side",
            claims=("C1",),
            needs="the RDMs of a few stimuli, in panels.json",
            draw=draw_rdms,
            missing=say_rdms.missing,
            caption=say_rdms.caption,
            alt=say_rdms.alt,
        ),
        FigureKind(
            name="between-within",
            title="The tract between transcripts, and within a transcript",
            claims=("C4",),
            needs="held-out agreement in the assays tract-between or tract-within",
            draw=draw_between_within,
            missing=say_between_within.missing,
            caption=say_between_within.caption,
            alt=say_between_within.alt,
        ),
        _layers(
            "layers-ceiling",
            "Every layer against the transcript ceiling",
            "C4",
            "tract-between",
            "agreement",
        ),
        _layers(
            "layers-relations",
            "Relations between words in every layer",
            "C6",
            "relations",
            "partial agreement",
        ),
        _layers(
            "layers-translation",
            "Translation equivalence in every layer",
            "C6",
            "translation",
            "partial agreement",
            decides=False,
        ),
        FigureKind(
            name="overview",
            title="Every layer against every space",
            claims=(),
            needs="the agreement of every layer with every space, assay overview",
            draw=draw_overview,
            missing=say_overview.missing,
            caption=say_overview.caption,
            alt=say_overview.alt,
        ),
    )
}


@dataclass(frozen=True)
class Planned:
    """A figure of one stimulus set, or why there is none."""

    kind: FigureKind
    stimuli: str
    missing: str

    @property
    def stem(self) -> str:
        """Its file's name without the ending."""
        return self.kind.name if self.kind.whole else f"{self.kind.name}-{self.stimuli}"


def plan(result: Result) -> Iterator[Planned]:
    """Yield every figure of the table for every stimulus set, with what is missing."""
    for kind in FIGURES.values():
        for stimuli in result.sets[:1] if kind.whole else result.sets:
            yield Planned(kind, stimuli, kind.missing(result, stimuli))
