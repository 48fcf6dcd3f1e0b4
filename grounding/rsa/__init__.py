"""Representational similarity analysis: exact, fast, with stimuli as the random factor.

Needs numpy, scipy and jaxtyping only, and knows nothing of audio or models.
"""

from __future__ import annotations

from grounding.rsa.agreement import compare, compare_many
from grounding.rsa.ceiling import TranscriptCeiling, oracle_rdm, transcript_ceiling
from grounding.rsa.folds import split_groups
from grounding.rsa.measures import MEASURES, Measure
from grounding.rsa.metrics import METRICS, Metric
from grounding.rsa.pairs import PAIRS
from grounding.rsa.partition import Partition, partition
from grounding.rsa.permutation import ALTERNATIVES, PermutationTest, permutation_test
from grounding.rsa.rdm import RDM, rdm
from grounding.rsa.resampling import Bootstrap, Progress, bootstrap
from grounding.rsa.sampled import Sampled, interval
from grounding.rsa.selection import Scores, Selection, held_out_layer, score_models
from grounding.rsa.trajectory import dtw_rdm, time_normalise, trajectory_rdm

__all__ = [
    "ALTERNATIVES",
    "MEASURES",
    "METRICS",
    "PAIRS",
    "RDM",
    "Bootstrap",
    "Measure",
    "Metric",
    "Partition",
    "PermutationTest",
    "Progress",
    "Sampled",
    "Scores",
    "Selection",
    "TranscriptCeiling",
    "bootstrap",
    "compare",
    "compare_many",
    "dtw_rdm",
    "held_out_layer",
    "interval",
    "oracle_rdm",
    "partition",
    "permutation_test",
    "rdm",
    "score_models",
    "split_groups",
    "time_normalise",
    "trajectory_rdm",
    "transcript_ceiling",
]
