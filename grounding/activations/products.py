"""Sums over frames from which every linear map can be fitted, without keeping the frames.

With a row z = (1, x, y) a frame (features x, targets y), the sum of z'z holds the number of frames,
the sums of x and y, and X'X, X'Y and Y'Y. It is added up in float64, per layer and group, so that a
map is fitted on some groups and tested on others without another pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from grounding.activations.extraction import (
    Layers,
    check_stimuli,
    chosen_layers,
    somewhere,
)
from grounding.activations.provenance import provenance_of
from grounding.activations.record import layer_name
from grounding.activations.reduction import seen_key
from grounding.activations.running import ahead, decoded, encoded, model_threads
from grounding.activations.shards import Draft, shard_name
from grounding.activations.store import collection, locked
from grounding.activations.working import Progress
from grounding.encoders import Encoder
from grounding.encoders.steps import Steps
from grounding.errors import GroundingError, UserError
from grounding.stimuli import Stimulus

__all__ = ["Gram", "Sums", "Targets", "gram", "interpolate"]

BLOCK = 1024
"""Stimuli added up together and stored; what a killed run loses at most."""

KIND = "products"

Targets = Callable[[Stimulus, Float[np.ndarray, " step"]], Float[np.ndarray, "step target"]]
"""Gives the targets of a stimulus at the centres of steps (seconds, or characters of a text); rows
of NaN where there is no target."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over frames of features x and targets y: float64. `n` is the number of frames."""

    n: int
    x: Float[np.ndarray, " feature"]
    y: Float[np.ndarray, " target"]
    xx: Float[np.ndarray, "feature feature"]
    xy: Float[np.ndarray, "feature target"]
    yy: Float[np.ndarray, "target target"]


@dataclass(frozen=True, eq=False)
class Gram:
    """Products of frames: for each layer "group column column", columns 1, features, targets.

    left_out: by group, how many frames have no target and were not counted.
    """

    products: Mapping[str, Float[np.ndarray, "group column column"]]
    groups: tuple[str, ...]
    targets: int
    left_out: tuple[int, ...]
    layers: tuple[str, ...]
    encoder: str
    provenance: Mapping[str, Any]

    def sums(self, layer: int | np.integer | str, groups: Sequence[str] | None = None) -> Sums:
        """Return the sums at a layer over some groups, or over all.

        Raises `UserError` for a layer or group that is not there.
        """
        name = layer_name(self.encoder, self.layers, layer)
        chosen = self.groups if groups is None else tuple(groups)
        if lost := [group for group in chosen if group not in self.groups]:
            raise UserError(f"there is no group {lost[0]!r}. Known: {', '.join(self.groups)}.")
        z = self.products[name][[self.groups.index(group) for group in chosen]].sum(axis=0)
        x = slice(1, len(z) - self.targets)
        y = slice(len(z) - self.targets, len(z))
        return Sums(round(z[0, 0]), z[0, x], z[0, y], z[x, x], z[x, y], z[y, y])


def interpolate(
    times: Float[np.ndarray, " time"],
    values: Float[np.ndarray, "time target"],
    at: Float[np.ndarray, " step"],
) -> Float[np.ndarray, "step target"]:
    """Return `values`, given at rising `times`, at the times `at`; NaN before and after them.

    Raises `UserError` for times that do not rise, or not one row of values for each.

    >>> interpolate(np.array([0.0, 1.0]), np.array([[0.0], [4.0]]), np.array([0.25, 2.0]))
    array([[ 1.],
           [nan]])
    """
    if values.ndim != 2 or times.shape != values.shape[:1] or not (np.diff(times) > 0).all():
        raise UserError(
            f"{times.shape} times and values of {values.shape}; needed: rising times, and a row "
            "of values for each."
        )
    columns = [np.interp(at, times, column, np.nan, np.nan) for column in values.T]
    return np.stack(columns, axis=1) if columns else np.empty((len(at), 0))


def gram(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    targets: Targets | None = None,
    groups: Sequence[str] | None = None,
    store: str | Path | None = None,
    progress: Progress | None = None,
    layers: Layers | None = None,
) -> Gram:
    """Add up the products of all frames of `stimuli`, without keeping one.

    targets: of each stimulus at its steps' centres, as from `interpolate`; None is none.
    groups: one label a stimulus, such as its speaker; None puts all into the group "all".
    Other arguments: see `extract`. The result takes (1 + features + targets)² x 8 bytes for each
    layer and group.

    Raises `UserError` as `extract` does, or for groups or targets that do not fit.
    """
    check_stimuli(encoder, stimuli)
    labels = ["all"] * len(stimuli) if groups is None else list(groups)
    if len(labels) != len(stimuli):
        raise UserError(f"{len(labels)} groups for {len(stimuli)} stimuli; needed one for each.")
    wanted = chosen_layers(encoder, layers)
    names = tuple(dict.fromkeys(labels))
    blocks: list[tuple[str, list[Stimulus]]] = []
    for name in names:
        of_group = [s for s, label in zip(stimuli, labels, strict=True) if label == name]
        blocks += [(name, of_group[at : at + BLOCK]) for at in range(0, len(of_group), BLOCK)]
    report = progress or (lambda done, total: None)
    products: dict[str, np.ndarray] = {}
    left_out = dict.fromkeys(names, 0)
    done, width = 0, -1
    report(0, len(stimuli))
    with somewhere(store) as folder:
        for group, some in blocks:
            known = [_known(encoder, stimulus, targets) for stimulus in some]
            left_out[group] += sum(int((~kept).sum()) for _, kept, _ in known)
            if len(widths := {values.shape[1] for values, _, _ in known} | {width} - {-1}) > 1:
                raise UserError(f"stimuli have {sorted(widths)} targets; needed as many for each.")
            (width,) = widths
            block = _block(encoder, some, known, wanted, folder)
            for layer, product in block.items():
                empty = np.zeros((len(names), *product.shape))
                products.setdefault(layer, empty)[names.index(group)] += product
            done += len(some)
            report(done, len(stimuli))
    provenance = provenance_of(encoder, stimuli, KIND)
    counts = tuple(left_out[name] for name in names)
    return Gram(products, names, width, counts, wanted, encoder.name, provenance)


Known = tuple[np.ndarray, np.ndarray, str]


def _known(encoder: Encoder, stimulus: Stimulus, targets: Targets | None) -> Known:
    """Return the targets at a stimulus' steps, which steps have any, and the hash of it all."""
    steps = encoder.steps(stimulus)
    values = np.zeros((len(steps), 0))
    if targets is not None:
        values = np.asarray(targets(stimulus, steps.centre / (steps.rate or 1)), dtype=np.float64)
    if values.ndim != 2 or len(values) != len(steps) or np.isinf(values).any():
        raise UserError(
            f"the targets of stimulus {stimulus.id!r} have the shape {values.shape}; needed: a row "
            f"for each of its {len(steps)} steps, finite or NaN."
        )
    content = f"{seen_key(encoder, stimulus)} {values.shape}".encode() + values.tobytes()
    kept = np.asarray(~np.isnan(values).any(axis=1))
    return values, kept, hashlib.sha256(content).hexdigest()


def _block(
    encoder: Encoder,
    stimuli: Sequence[Stimulus],
    known: Sequence[Known],
    layers: Sequence[str],
    store: str | Path,
) -> dict[str, Float[np.ndarray, "column column"]]:
    """Return the products of a block by layer: stored ones, and the rest computed and stored."""
    key = hashlib.sha256("\n".join(digest for _, _, digest in known).encode()).hexdigest()
    place = collection(store, encoder, KIND)
    held = place.index().held(key)
    missing = tuple(layer for layer in encoder.layers if layer in set(layers) - held)
    if missing:
        with locked(store, shard_name([key], missing), wait=True):
            path = place.path([key], missing)
            if not path.is_file():
                place.describe()
                products = _added(encoder, stimuli, known, missing)
                draft = Draft(path, [key], [products.shape[1]], missing, "float64")
                draft.put(0, products)
                draft.finish()
    index = place.index()
    read = {}
    for layer in layers:
        ((shard, ((_, at),)),) = index.by_shard([key], layer)
        start = shard.starts[at]
        read[layer] = np.array(shard.read(layer)[start : start + shard.rows[at]])
    return read


def _added(
    encoder: Encoder, stimuli: Sequence[Stimulus], known: Sequence[Known], layers: Sequence[str]
) -> Float[np.ndarray, "layer column column"]:
    """Run the stimuli through the encoder and add up the products of their frames."""
    total: np.ndarray | None = None
    by_length = sorted(range(len(stimuli)), key=lambda place: len(known[place][1]))
    pieces = [by_length[at : at + 64] for at in range(0, len(stimuli), 64)]
    with model_threads(encoder):
        for places, heard in ahead(pieces, lambda ps: decoded(encoder, [stimuli[p] for p in ps])):
            steps: list[Steps] = [encoder.steps(stimulus) for stimulus in heard]
            for which, array in encoded(encoder, heard, layers, steps):
                values, kept, _ = known[places[which]]
                for at, layer in enumerate(array):
                    rows = np.hstack([np.ones((len(layer), 1)), layer, values])[kept]
                    product = rows.T @ rows
                    if total is None:
                        total = np.zeros((len(layers), *product.shape))
                    total[at] += product
    if total is None:
        raise GroundingError(f"{encoder.name} gave nothing.")
    return total
