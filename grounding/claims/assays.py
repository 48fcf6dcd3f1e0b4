"""The questions that claims put to every model, each a row of one table.

An assay is one agreement: models against one space, some controls removed, over some pairs.
Claims read the answers; several claims may read one assay. All assays of a stimulus set draw
the same folds and the same resamples, so that differences between assays are paired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grounding.encoders import Encoder

__all__ = ["ACOUSTICS", "ASSAYS", "METRIC", "POOLING", "SELECTION", "Assay", "pooling_of"]

ACOUSTICS = ("log-mel", "log-mel-mean", "mfcc", "duration", "f0", "intensity")
"""What any system that hears has, whether or not it knows of a vocal tract."""

POOLING: Mapping[str, str] = {"speech": "trajectory", "text": "mean"}
"""A word's frames keep their order in eight slices; its one to three tokens are averaged."""


def pooling_of(encoder: Encoder) -> str:
    """Return how the steps of an encoder are pooled.

    By what it is fed, and as speech where its steps are even in time whatever it is fed: both
    sides of a matched pair get the same eight slices.
    """
    return POOLING["speech" if encoder.provenance.get("even_steps") else encoder.modality]


METRIC = "correlation"
"""Makes the RDM of every layer of every model."""

SELECTION = "best layer on one half of the groups, scored on the other half; mean of both ways"


@dataclass(frozen=True)
class Assay:
    """One agreement that is asked of every model.

    name: its name in `ASSAYS` and in `scores.csv`.
    question: in words.
    space: the reference, a name in `grounding.spaces.SPACES`.
    controls: spaces that are partialled out.
    degree: up to which curve of their ranks; see `grounding.rsa.curved`.
    pairs: "all", "between" groups or "within" groups.
    group: what is resampled and split: stimuli that share a "transcript" or a "concept".
    measure: a name in `grounding.rsa.MEASURES`.
    modalities: the models that are asked.
    ceiling: whether the transcript ceiling and the phone string are scored beside the models.
    bands: whether every layer gets an interval, for layer curves.
    """

    name: str
    question: str
    space: str
    controls: tuple[str, ...]
    pairs: str
    degree: int = 1
    group: str = "transcript"
    measure: str = "rho-a"
    modalities: tuple[str, ...] = ("speech", "text")
    ceiling: bool = False
    bands: bool = False


ASSAYS: Mapping[str, Assay] = {
    assay.name: assay
    for assay in (
        Assay(
            name="physics",
            question="Does the geometry follow the vocal tract beyond acoustics and phones?",
            space="articulation",
            controls=(*ACOUSTICS, "phones"),
            pairs="all",
            bands=True,
        ),
        Assay(
            name="physics-curved",
            question="The same, with controls taken off up to the third degree of their ranks?",
            space="articulation",
            # A nuisance that both RDMs share additively is no straight line in ranks.
            controls=(*ACOUSTICS, "phones"),
            pairs="all",
            degree=3,
            modalities=("speech",),
        ),
        Assay(
            name="tract-between",
            question="Between transcripts, where a reader can score: how much of the tract?",
            space="articulation",
            controls=(),
            pairs="between",
            ceiling=True,
            bands=True,
        ),
        Assay(
            name="tract-within",
            question="Within a transcript, where no reader can score: how much of the tract?",
            space="articulation",
            controls=(),
            pairs="within",
        ),
        Assay(
            name="tract-within-beyond-length",
            question="Within a transcript and beyond the tract's length: how much of the tract?",
            space="articulation",
            # Flesh points are in mm of each anatomy, so that within a transcript most of their
            # variance is the length of the tract.
            controls=("tract-length",),
            pairs="within",
        ),
        Assay(
            name="tract-within-beyond-sound",
            question="Within a transcript and beyond acoustics: how much of the tract?",
            space="articulation",
            controls=ACOUSTICS,
            pairs="within",
        ),
        Assay(
            name="relations",
            question="Does the geometry follow lexical relations beyond sound and spelling?",
            space="wordnet",
            controls=("phones", "spelling", "length"),
            pairs="between",
            bands=True,
        ),
        Assay(
            name="translation",
            question="Do stimuli that say one thing in two languages lie together, beyond sound?",
            space="concept",
            controls=(*ACOUSTICS, "phones", "spelling", "length", "language"),
            pairs="all",
            group="concept",
            # Nearly all pairs are "other": under rho-a, which counts ties against, no model
            # could score. Spearman has a largest value too, which the rows give.
            measure="spearman",
        ),
    )
}
