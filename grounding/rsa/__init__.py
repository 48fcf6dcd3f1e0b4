"""Representational similarity analysis: exact, fast, with stimuli as the random factor.

Needs numpy, scipy and jaxtyping only, and knows nothing of audio or models. How data pass through:

features -> `rdm` (metrics), `repeated_rdm` (repetitions, noise), `trajectory_rdm`, `dtw_rdm`
RDMs -> `compare` (measures): vectors over chosen pairs -> products -> agreement, plain or partial
features too many for an RDM -> `compare_features` (streaming)
many spaces -> `regress`, `partition`; many layers -> `score_models` (selection, layers)
stimuli as the random factor -> `bootstrap` (resampling, quadratic), `permutation_test`, `adjust`
what could be reached -> `transcript_ceiling`, `split_half`
other programs' RDMs -> interchange, tabular; data whose truth is known -> simulation
"""

from __future__ import annotations

from grounding.rsa.agreement import compare, compare_many
from grounding.rsa.ceiling import TranscriptCeiling, oracle_rdm, transcript_ceiling
from grounding.rsa.comparison import CONTROLLED
from grounding.rsa.corrections import CORRECTIONS, Correction, adjust, step_down
from grounding.rsa.curves import curved
from grounding.rsa.features import Features
from grounding.rsa.folds import split_groups
from grounding.rsa.interchange import (
    LabelledRDMs,
    from_rsatoolbox,
    read_rdms,
    to_rsatoolbox,
    write_rdms,
)
from grounding.rsa.measures import MEASURES, Measure
from grounding.rsa.metrics import METRICS, Metric
from grounding.rsa.neighbours import mutual_knn, mutual_knn_null
from grounding.rsa.noise import SHRINKAGES, noise_precision
from grounding.rsa.pairs import PAIRS
from grounding.rsa.partition import Partition, partition
from grounding.rsa.permutation import ALTERNATIVES, PermutationTest, permutation_test
from grounding.rsa.rdm import DTYPES, RDM, rdm
from grounding.rsa.regression import Regression, regress
from grounding.rsa.repetitions import REPETITION_METRICS, repeated_rdm
from grounding.rsa.resampling import Bootstrap, Progress, bootstrap
from grounding.rsa.sampled import FewGroups, Sampled, Undercoverage, interval
from grounding.rsa.selection import (
    Scores,
    Selection,
    held_out_layer,
    score_models,
    weighted_layers,
)
from grounding.rsa.simulation import Planted, Simulated, simulate, true_agreement
from grounding.rsa.split_half import SplitHalf, split_half
from grounding.rsa.streaming import compare_features
from grounding.rsa.tabular import (
    from_pair_frame,
    from_square,
    from_square_frame,
    to_pair_frame,
    to_square_frame,
)
from grounding.rsa.trajectory import dtw_rdm, time_normalise, trajectory_rdm

__all__ = [
    "ALTERNATIVES",
    "CONTROLLED",
    "CORRECTIONS",
    "DTYPES",
    "MEASURES",
    "METRICS",
    "PAIRS",
    "RDM",
    "REPETITION_METRICS",
    "SHRINKAGES",
    "Bootstrap",
    "Correction",
    "Features",
    "FewGroups",
    "LabelledRDMs",
    "Measure",
    "Metric",
    "Partition",
    "PermutationTest",
    "Planted",
    "Progress",
    "Regression",
    "Sampled",
    "Scores",
    "Selection",
    "Simulated",
    "SplitHalf",
    "TranscriptCeiling",
    "Undercoverage",
    "adjust",
    "bootstrap",
    "compare",
    "compare_features",
    "compare_many",
    "curved",
    "dtw_rdm",
    "from_pair_frame",
    "from_rsatoolbox",
    "from_square",
    "from_square_frame",
    "held_out_layer",
    "interval",
    "mutual_knn",
    "mutual_knn_null",
    "noise_precision",
    "oracle_rdm",
    "partition",
    "permutation_test",
    "rdm",
    "read_rdms",
    "regress",
    "repeated_rdm",
    "score_models",
    "simulate",
    "split_groups",
    "split_half",
    "step_down",
    "time_normalise",
    "to_pair_frame",
    "to_rsatoolbox",
    "to_square_frame",
    "trajectory_rdm",
    "transcript_ceiling",
    "true_agreement",
    "weighted_layers",
    "write_rdms",
]
