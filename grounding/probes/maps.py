"""Linear maps from an encoder's layers to the articulation, chosen, fitted and tested apart.

For every fold and layer: penalties and the lag are chosen on the other folds, each of them left
out in turn; the map is fitted on all the others, and read out on the fold. `MapScores.chosen` does
so with the layer too. Nothing that is reported was chosen on what it is reported of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grounding.activations.extraction import Layers, somewhere
from grounding.activations.working import Progress
from grounding.encoders import Encoder
from grounding.probes.reading import LayerMap, check_moves, choose_layer, map_layer
from grounding.probes.ridge import Penalties
from grounding.probes.rows import Rows, frame_rows, word_rows
from grounding.probes.splits import Fold, labels_of
from grounding.probes.splits import folds as make_folds
from grounding.probes.targets import Channels, Trajectories, channels
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import warn_of_few
from grounding.stimuli import Stimulus

__all__ = ["LEVEL", "SAMPLES", "MapScores", "articulatory_map", "map_rows", "word_map"]

SAMPLES = 1000
"""Bootstrap samples: more make intervals steadier, not other."""

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class MapScores:
    """What is read out of an encoder.

    layers: by name, input side first. chosen: each fold by the layer that the other folds choose;
    its `layer` names those chosen, with commas. left_out: rows without a target.
    Scores of two encoders are paired where stimuli, folds and generator were the same: subtract
    the samples of their means.
    """

    encoder: str
    layers: Mapping[str, LayerMap]
    chosen: LayerMap
    level: float
    left_out: int
    provenance: Mapping[str, Any]

    def table(self) -> list[dict[str, Any]]:
        """Return one row a layer and channel, articulator or mean: `what` says which."""
        found = []
        for name, one in (*self.layers.items(), ("chosen", self.chosen)):
            about = {"encoder": self.encoder, "layer": name}
            low, high = one.mean.interval(self.level)
            mean = {"r": one.mean.estimate, "low": low, "high": high}
            found.append({**about, "what": "mean", "name": "all channels", **mean})
            for part in one.articulators:
                values = asdict(part)
                values.pop("channels")
                name_of = values.pop("articulator")
                found.append({**about, "what": "articulator", "name": name_of, **values})
            for channel in one.channels:
                values = asdict(channel)
                name_of = values.pop("channel")
                found.append({**about, "what": "channel", "name": name_of, **values})
        return found


def articulatory_map(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    *,
    stream: str | Trajectories,
    by: str = "transcript",
    over: str = "transcript",
    folds: int,
    penalties: Penalties,
    layers: Layers | None,
    lag: Sequence[float],
    context: int,
    store: str | Path | None,
    rng: np.random.Generator,
    only: Sequence[str] | None = None,
    samples: int = SAMPLES,
    level: float = LEVEL,
    progress: Progress | None = None,
) -> MapScores:
    """Read the articulation out of an encoder, step by step.

    stream: see `channels`; or other trajectories, such as those of a control task.
    by: the label that no fold shares with another. over: the label that intervals are over.
    folds: how many, 3 or more.
    penalties: see `ridge`. lag: those to choose from, s. context: steps on either side.
    layers: None is all. store: a folder that keeps frames; None is one that is gone afterwards.
    only: channels of the stream; None is all. samples, level: of the bootstrap.

    Raises `UserError` as `channels`, `folds`, `frame_rows` and `leave_each_out` do, and for a
    channel that does not move.
    """
    targets = channels(stimuli, stream, only) if isinstance(stream, str) else stream
    with somewhere(store) as folder:
        rows = frame_rows(
            encoder,
            stimuli,
            targets,
            layers=layers,
            lags=lag,
            context=context,
            store=folder,
            progress=progress,
        )
        parts = make_folds(labels_of(stimuli, by), folds, rng)
        settings = {"stream": _named(targets), "by": by, "over": over}
        return map_rows(
            rows,
            parts,
            labels_of(stimuli, over),
            penalties=penalties,
            samples=samples,
            level=level,
            rng=rng,
            settings=settings,
        )


def word_map(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    *,
    stream: str | Trajectories,
    slices: int,
    by: str = "transcript",
    over: str = "transcript",
    folds: int,
    penalties: Penalties,
    layers: Layers | None,
    store: str | Path | None,
    rng: np.random.Generator,
    only: Sequence[str] | None = None,
    samples: int = SAMPLES,
    level: float = LEVEL,
    progress: Progress | None = None,
) -> MapScores:
    """Read mean postures, or a course in `slices` parts, out of means over a stimulus' steps.

    For models of speech and of text alike. See `articulatory_map` and `word_rows`.
    """
    targets = channels(stimuli, stream, only) if isinstance(stream, str) else stream
    rows = word_rows(
        encoder, stimuli, targets, layers=layers, slices=slices, store=store, progress=progress
    )
    parts = make_folds(labels_of(stimuli, by), folds, rng)
    return map_rows(
        rows,
        parts,
        labels_of(stimuli, over),
        penalties=penalties,
        samples=samples,
        level=level,
        rng=rng,
        settings={"stream": _named(targets), "by": by, "over": over},
    )


def map_rows(
    rows: Rows,
    folds: Sequence[Fold],
    over: Sequence[str],
    *,
    penalties: Penalties,
    samples: int,
    level: float,
    rng: np.random.Generator,
    settings: Mapping[str, Any],
) -> MapScores:
    """Fit and test maps of every layer of `rows`.

    folds: their test sets share no stimulus, and training is on those of the others. over: one
    label a stimulus. settings: what else is to stand in the provenance.
    """
    check_moves(rows)
    names, group = np.unique(np.array(over, dtype=np.str_), return_inverse=True)
    warn_of_few(len(names))
    drawn = draw_groups(len(names), samples, rng)
    found = {
        layer: map_layer(rows, layer, folds, group, drawn, penalties, level)
        for layer in rows.layers
    }
    provenance = {
        **settings,
        "folds": len(folds),
        "penalties": [float(one) for one in penalties],
        "samples": samples,
        "level": level,
        **rows.provenance,
    }
    chosen = choose_layer(rows, found, drawn, level)
    name = str(rows.provenance.get("encoder", ""))
    return MapScores(name, found, chosen, level, rows.left_out, provenance)


def _named(targets: Trajectories) -> str:
    return targets.stream if isinstance(targets, Channels) else type(targets).__name__
