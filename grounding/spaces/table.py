"""The spaces by name: what each is, what it needs of a stimulus set, and how to make it.

Kinds: "physical" (the state of what makes the sound), "relational" (how meanings relate, made by
no language model) and "control" (what a model could score by without either).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from grounding.errors import UserError
from grounding.rsa import RDM
from grounding.spaces import (
    acoustics,
    articulation,
    labels,
    phones,
    prosody,
    relations,
    spelling,
)
from grounding.stimuli import StimulusSet
from grounding.tables import lookup

__all__ = ["KINDS", "SPACES", "Space", "SpaceKind", "space", "spaces", "why_missing"]

KINDS = ("physical", "relational", "control")

FEWEST = 3  # stimuli; two make one distance, and one distance has no geometry


@dataclass(frozen=True)
class SpaceKind:
    """One way to measure how far apart stimuli are.

    name: its name in `SPACES`.
    kind: "physical", "relational" or "control".
    units: what its distances are in.
    reference: the paper or definition that it follows.
    missing: says why a set of three stimuli or more cannot have it, in one sentence that names
        the first stimulus at fault and what to do; None when it can. Quick: it looks at every
        record, and opens no more than one file.
    build: makes the RDM of such a set; raises `UserError` for what only shows on reading it all.
    derived_from: the models that it was made with. A model compared with a space derived from
        it, or from its family, is compared with itself.

    Raises `ValueError` for another kind, or without units or a reference.
    """

    name: str
    kind: str
    units: str
    reference: str
    missing: Callable[[StimulusSet], str | None] = field(repr=False)
    build: Callable[[StimulusSet], RDM] = field(repr=False)
    derived_from: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            known = ", ".join(KINDS)
            raise ValueError(f"space {self.name!r} is of kind {self.kind!r}. Known: {known}.")
        for what in ("units", "reference"):
            if not getattr(self, what).strip():
                raise ValueError(f"space {self.name!r} has no {what}; every space says its own")


@dataclass(frozen=True, eq=False)
class Space:
    """A space of one stimulus set. The first fields and `build` are those of `SpaceKind`."""

    name: str
    kind: str
    units: str
    reference: str
    derived_from: tuple[str, ...]
    stimuli: StimulusSet
    build: Callable[[StimulusSet], RDM] = field(repr=False)

    def rdm(self) -> RDM:
        """Return the distances of all pairs, in the order of the set; computed once and kept."""
        return self._rdm

    @cached_property
    def _rdm(self) -> RDM:
        return replace(self.build(self.stimuli), name=self.name)


def space(name: str, stimuli: StimulusSet) -> Space:
    """Return a space of these stimuli; nothing is measured before `.rdm()` is asked for.

    Raises `UnknownName` for a name that `SPACES` does not hold, `UserError` when this set cannot
    have the space.
    """
    reason = why_missing(name, stimuli)
    if reason is not None:
        raise UserError(f"{stimuli.name!r} has no space {name!r}: {reason}")
    kind = SPACES[name]
    return Space(
        kind.name, kind.kind, kind.units, kind.reference, kind.derived_from, stimuli, kind.build
    )


def spaces(stimuli: StimulusSet) -> tuple[str, ...]:
    """Return the names of the spaces that this set can have, in the order of `SPACES`."""
    return tuple(name for name in SPACES if why_missing(name, stimuli) is None)


def why_missing(name: str, stimuli: StimulusSet) -> str | None:
    """Say why this set cannot have a space, or return None when it can.

    Raises `UnknownName` for a name that `SPACES` does not hold.
    """
    kind = lookup("space", name, SPACES)
    if len(stimuli) < FEWEST:
        return f"it has {len(stimuli)} stimuli, and a geometry needs {FEWEST} or more; add some"
    return kind.missing(stimuli)


SPACES: Mapping[str, SpaceKind] = {
    made.name: made
    for made in (
        SpaceKind(
            "articulation",
            "physical",
            "mm",
            "flesh points as in articulography (EMA): Schönle et al. 1987, Brain Lang. 31:26",
            articulation.articulation_missing,
            articulation.articulation_rdm,
        ),
        SpaceKind(
            "articulation-scaled",
            "physical",
            "standard deviations",
            "the same, every coordinate of equal weight as in Cho et al. 2023, arXiv 2210.11723",
            articulation.articulation_missing,
            articulation.articulation_scaled_rdm,
        ),
        SpaceKind(
            "articulation-dtw",
            "physical",
            "mm",
            "the same under dynamic time warping: Sakoe & Chiba 1978, IEEE Trans. ASSP 26:43",
            articulation.articulation_missing,
            articulation.articulation_dtw_rdm,
        ),
        SpaceKind(
            "articulation-mean",
            "physical",
            "mm",
            "mean posture of the flesh points",
            articulation.articulation_missing,
            articulation.articulation_mean_rdm,
        ),
        SpaceKind(
            "area-function",
            "physical",
            "log area (natural log)",
            "tube areas from glottis to lips: Fant 1960, Acoustic Theory of Speech Production",
            articulation.area_function_missing,
            articulation.area_function_rdm,
        ),
        SpaceKind(
            "tract-variables",
            "physical",
            "standard deviations",
            "apertures and constrictions: Browman & Goldstein 1992, Phonetica 49:155",
            articulation.tract_variables_missing,
            articulation.tract_variables_rdm,
        ),
        SpaceKind(
            "tract-length",
            "physical",
            "log ratio (natural log)",
            "size of the log ratio of mean lengths from glottis to lips",
            articulation.tract_length_missing,
            articulation.tract_length_rdm,
        ),
        SpaceKind(
            "wordnet",
            "relational",
            relations.WORDNET_UNITS,
            relations.WORDNET_REFERENCE,
            relations.wordnet_missing,
            relations.wordnet_rdm,
        ),
        SpaceKind(
            "concept",
            "relational",
            relations.CONCEPT_UNITS,
            relations.CONCEPT_REFERENCE,
            relations.concept_missing,
            relations.concept_rdm,
        ),
        SpaceKind(
            "log-mel",
            "control",
            "dB",
            "log-mel spectrum of 80 bands as in Radford et al. 2022, arXiv 2212.04356",
            acoustics.log_mel_missing,
            acoustics.log_mel_rdm,
        ),
        SpaceKind(
            "log-mel-mean",
            "control",
            "dB",
            "mean over time of the same log-mel spectrum",
            acoustics.log_mel_missing,
            acoustics.log_mel_mean_rdm,
        ),
        SpaceKind(
            "mfcc",
            "control",
            "dB",
            "mel-frequency cepstra 1 to 13: Davis & Mermelstein 1980, IEEE Trans. ASSP 28:357",
            acoustics.log_mel_missing,
            acoustics.mfcc_rdm,
        ),
        SpaceKind(
            "duration",
            "control",
            "log ratio (natural log)",
            "size of the log ratio of durations",
            prosody.nothing_missing,
            prosody.duration_rdm,
        ),
        SpaceKind(
            "f0",
            "control",
            "semitones",
            "YIN: de Cheveigné & Kawahara 2002, JASA 111:1917",
            prosody.f0_missing,
            prosody.f0_rdm,
        ),
        SpaceKind(
            "intensity",
            "control",
            "dB",
            "mean square over 25 ms, every 10 ms",
            prosody.nothing_missing,
            prosody.intensity_rdm,
        ),
        SpaceKind(
            "phones",
            "control",
            phones.UNITS,
            phones.REFERENCE,
            phones.phones_missing,
            phones.phone_string_rdm,
        ),
        SpaceKind(
            "spelling",
            "control",
            spelling.UNITS,
            spelling.REFERENCE,
            spelling.spelling_missing,
            spelling.spelling_rdm,
        ),
        SpaceKind(
            "length",
            "control",
            spelling.LENGTH_UNITS,
            "difference in number of characters",
            spelling.length_missing,
            spelling.length_rdm,
        ),
        SpaceKind(
            "language",
            "control",
            labels.UNITS,
            "the manifest's languages",
            labels.language_missing,
            labels.language_rdm,
        ),
        SpaceKind(
            "speaker",
            "control",
            labels.UNITS,
            "the manifest's speakers",
            labels.speaker_missing,
            labels.speaker_rdm,
        ),
    )
}
