"""Spaces of labels: two stimuli share a language or a speaker, or they do not.

Controls for comparisons across languages and voices: a model that only sorts stimuli by language
agrees with neither meaning nor physics.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grounding.rsa import RDM
from grounding.spaces.expand import rdm_from_kinds
from grounding.stimuli import StimulusSet

__all__ = ["UNITS", "language_missing", "language_rdm", "speaker_missing", "speaker_rdm"]

UNITS = "0 same, 1 other"


def language_rdm(stimuli: StimulusSet) -> RDM:
    """Return 0 for two stimuli of one language and 1 for any others."""
    return _sorted_by([s.language for s in stimuli], stimuli, "language")


def speaker_rdm(stimuli: StimulusSet) -> RDM:
    """Return 0 for two stimuli of one speaker and 1 for any others."""
    return _sorted_by([s.speaker or "" for s in stimuli], stimuli, "speaker")


def language_missing(stimuli: StimulusSet) -> str | None:
    """Say why the languages sort nothing here, or return None."""
    return _all_alike([s.language for s in stimuli], "language")


def speaker_missing(stimuli: StimulusSet) -> str | None:
    """Say why the speakers sort nothing here, or return None."""
    for stimulus in stimuli:
        if stimulus.speaker is None:
            return f"stimulus {stimulus.id!r} names no speaker; add the manifest field 'speaker'"
    return _all_alike([s.speaker for s in stimuli], "speaker")


def _sorted_by(labels: Sequence[str], stimuli: StimulusSet, name: str) -> RDM:
    return rdm_from_kinds(labels, stimuli.ids, lambda kinds: 1.0 - np.eye(len(kinds)), metric=name)


def _all_alike(labels: Sequence[str | None], name: str) -> str | None:
    kinds = len(set(labels))
    if kinds in (1, len(labels)):
        return (
            f"{len(labels)} stimuli have {kinds} {name}s, so that all distances are equal; "
            f"some stimuli must share a {name} and others not"
        )
    return None
