"""Stimuli: recordings with their transcripts and what is known of them."""

from __future__ import annotations

from grounding.errors import AudioError, ManifestError
from grounding.stimuli.articulation import (
    Articulation,
    Stream,
    read_articulation,
    write_articulation,
)
from grounding.stimuli.audio import mix_down, resample
from grounding.stimuli.fault import Fault
from grounding.stimuli.manifest import write_manifest
from grounding.stimuli.sets import shipped_sets
from grounding.stimuli.stimulus import MANIFEST, Stimulus
from grounding.stimuli.stimulus_set import StimulusSet
from grounding.stimuli.validate import read_stimuli, validate

__all__ = [
    "MANIFEST",
    "Articulation",
    "AudioError",
    "Fault",
    "ManifestError",
    "Stimulus",
    "StimulusSet",
    "Stream",
    "mix_down",
    "read_articulation",
    "read_stimuli",
    "resample",
    "shipped_sets",
    "validate",
    "write_articulation",
    "write_manifest",
]
