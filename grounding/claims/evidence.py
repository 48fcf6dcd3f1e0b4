"""What assays are made of: the models' RDMs and the spaces of one stimulus set.

Everything is made when it is first asked for: a run whose answers are all kept from before loads
no model and measures no sound.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from grounding.activations import extract
from grounding.claims.answer import Asked
from grounding.claims.assays import METRIC, Assay
from grounding.claims.settings import Settings
from grounding.encoders import Encoder
from grounding.rsa import RDM, rdm
from grounding.spaces import space, why_missing
from grounding.stimuli import StimulusSet

__all__ = ["FEWEST_GROUPS", "Evidence", "Subject", "groups_of"]

FEWEST_GROUPS = 20  # fewer transcripts give no interval worth printing
WORTH_SHARING = 300  # stimuli; below, starting processes costs more than they save


@dataclass(frozen=True, eq=False)
class Subject:
    """A model under test: an encoder, and the column that it fills."""

    asked: Asked
    encoder: Encoder


@dataclass(frozen=True, eq=False)
class Evidence:
    """One stimulus set, the models that are asked, and where features are kept."""

    stimuli: StimulusSet
    subjects: tuple[Subject, ...]
    settings: Settings
    store: Path
    progress: Callable[[str, int, int], None]
    """Called with what is being done, how much is done and how much there is."""
    _spaces: dict[str, RDM] = field(default_factory=dict)
    _layers: dict[str, tuple[RDM, ...]] = field(default_factory=dict)

    @property
    def processes(self) -> int:
        """How many processes share a bootstrap; the numbers do not depend on it."""
        return (os.cpu_count() or 1) if len(self.stimuli) >= WORTH_SHARING else 1

    def within(self, what: str) -> Callable[[int, int], None]:
        """Return a progress function for one piece of work."""
        return lambda done, total: self.progress(what, done, total)

    def space(self, name: str) -> RDM:
        """Return the RDM of a space of these stimuli."""
        if name not in self._spaces:
            self.progress(f"space {name}", 0, 1)
            self._spaces[name] = space(name, self.stimuli).rdm()
            self.progress(f"space {name}", 1, 1)
        return self._spaces[name]

    def layers(self, subject: Subject) -> tuple[RDM, ...]:
        """Return the RDM of every layer of a model, input side first."""
        key = subject.asked.key
        if key not in self._layers:
            acts = extract(
                subject.encoder,
                self.stimuli,
                pooling=subject.asked.pooling,
                store=self.store,
                progress=self.within(key),
            )
            self._layers[key] = tuple(
                rdm(acts.layer(i), acts.ids, metric=METRIC, name=f"{key} {layer}")
                for i, layer in enumerate(acts.layers)
            )
        return self._layers[key]

    def can_take(self, subject: Subject) -> bool:
        """Say whether a model can be given these stimuli."""
        # The oracle's features are the articulation: it has nothing to say of stimuli without.
        if subject.asked.name == "oracle":
            return all(s.articulation_path for s in self.stimuli)
        if subject.asked.twin and subject.asked.twin.input == "phonemes":
            return all(s.phones for s in self.stimuli)
        return True

    def missing(self, assay: Assay) -> str:
        """Say why these stimuli or models cannot answer an assay; empty where they can."""
        for name in (assay.space, *assay.controls):
            if reason := why_missing(name, self.stimuli):
                return f"no space {name!r}: {reason}"
            if np.ptp(self.space(name).values) == 0.0:
                return f"space {name!r} is constant over these stimuli"
        groups = groups_of(self.stimuli, assay.group)
        if assay.pairs == "within":
            # One pair a transcript has no order to agree with: three realisations make three.
            counted = {group for group in groups if groups.count(group) >= 3}
            what = f"{len(counted)} {assay.group}s with three realisations or more"
        else:
            counted, what = set(groups), f"{len(set(groups))} {assay.group}s"
        if len(counted) < FEWEST_GROUPS:
            return f"{what}; an interval needs {FEWEST_GROUPS}"
        if not any(s.asked.modality in assay.modalities for s in self.subjects):
            return f"no {' or '.join(assay.modalities)} model was asked"
        return ""


def groups_of(stimuli: StimulusSet, group: str) -> tuple[str, ...]:
    """Return the label that each stimulus is resampled by: its transcript or its concept."""
    if group == "transcript":
        # Two languages may spell two words alike.
        return tuple(f"{s.language}:{s.transcript}" for s in stimuli)
    return tuple(s.concept or s.id for s in stimuli)


def describe(subjects: Sequence[Subject]) -> list[dict]:
    """Return what identifies the models, as plain data for keys and provenance."""
    return [
        {
            "asked": s.asked.to_json(),
            "revision": s.encoder.revision,
            "layers": list(s.encoder.layers),
        }
        for s in subjects
    ]
