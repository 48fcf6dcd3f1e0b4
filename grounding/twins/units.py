"""Acoustic units: the clusters that an audio twin must tell (Hsu et al. 2021, HuBERT).

First of cepstra; in a second round of an earlier twin's own layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.encoders import load_encoder
from grounding.progress import Report
from grounding.stimuli import StimulusSet
from grounding.twins.config import TwinConfig
from grounding.twins.kept import Sound

__all__ = ["units_of"]

FITTED_ON = 200_000  # steps
AT_ONCE = 50_000  # steps
SEED = 0  # of the clustering: the same for every seed of a twin, which must all tell the same


def units_of(
    config: TwinConfig,
    stimuli: StimulusSet,
    sound: Sound,
    trained: Bool[np.ndarray, " step"],
    report: Report,
) -> tuple[Int[np.ndarray, " step"], Float[np.ndarray, "unit feature"]]:
    """Return the unit of every step and the centres of the units.

    Centres are found on steps that are trained on. Features are clustered as they are, with
    k-means and the Euclidean distance.
    """
    from sklearn.cluster import KMeans

    if config.units_of in CEPSTRA:
        features: np.ndarray = CEPSTRA[config.units_of](sound)
    else:
        features = _heard_by(Path(config.units_of), config.units_layer, stimuli, report)
    rng = np.random.default_rng(SEED)
    places = np.flatnonzero(trained)
    if len(places) > FITTED_ON:
        places = np.sort(rng.choice(places, FITTED_ON, replace=False))
    report("clustering", 0, 1)
    found = KMeans(config.units, n_init=1, max_iter=60, random_state=SEED).fit(
        np.asarray(features[places], dtype=np.float32)
    )
    centres = found.cluster_centers_.astype(np.float32)
    units = np.concatenate(
        [nearest(features[at : at + AT_ONCE], centres) for at in range(0, len(features), AT_ONCE)]
    )
    report("clustering", 1, 1)
    return units, centres


def nearest(
    features: Float[np.ndarray, "step feature"], centres: Float[np.ndarray, "unit feature"]
) -> Int[np.ndarray, " step"]:
    """Return the unit whose centre is nearest to each step."""
    apart = np.square(centres).sum(1) - 2.0 * (np.asarray(features) @ centres.T)
    return apart.argmin(1).astype(np.int16)


def _centred(sound: Sound) -> Float[np.ndarray, "step 39"]:
    """Return cepstra less the mean of their utterance: without most of its channel and voice."""
    lengths = np.diff(sound.starts)
    means = np.add.reduceat(sound.cepstra, sound.starts[:-1]) / lengths[:, None]
    return np.asarray(sound.cepstra - np.repeat(means, lengths, axis=0), dtype=np.float32)


CEPSTRA: Mapping[str, Callable[[Sound], np.ndarray]] = {
    "mfcc": lambda sound: sound.cepstra,
    "mfcc-centred": _centred,
}
"""What of the sound itself may be clustered."""


def _heard_by(
    folder: Path, layer: int, stimuli: StimulusSet, report: Report
) -> Float[np.ndarray, "step feature"]:
    encoder = load_encoder(str(folder))
    name = encoder.layers[layer]
    parts = []
    for at in range(0, len(stimuli), 64):
        some = [stimuli[place] for place in range(at, min(at + 64, len(stimuli)))]
        parts += [values[0] for values in encoder.encode(some, layers=[name])]
        report("hearing for units", min(at + 64, len(stimuli)), len(stimuli))
    return np.concatenate(parts)
