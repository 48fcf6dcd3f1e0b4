"""Align an RDM's greatest axes with coordinates that are known; score what was held out.

The points of an RDM (classical multidimensional scaling) have no axes of their own: rotation,
reflection, scale and place are free. `align` finds those by Procrustes on some stimuli, and
`held_out_axes` asks of the other stimuli how well each coordinate is then told. No weight of an
axis is fitted: what the coordinates name must be what moves the points most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.rsa.procrustes import centred_points
from grounding.rsa.rdm import RDM
from grounding.rsa.sampled import Sampled, warn_of_few

__all__ = ["Alignment", "HeldOutAxes", "align", "held_out_axes", "principal_points"]

SQUARED = ("squared-euclidean", "correlation", "cosine")
FEWEST = 3  # stimuli in a half: two points lie on a line

Points = Float[np.ndarray, "stimulus axis"]
Targets = Float[np.ndarray, "stimulus coordinate"]


def principal_points(rdm: RDM, axes: int, same: Sequence[Sequence[str]] = ()) -> Points:
    """Return the points of an RDM on its greatest axes, greatest first.

    rdm: metric "euclidean", whose values are squared here, or one that is a squared distance
        already: "squared-euclidean", "correlation", "cosine".
    same: ids of the same things in the same order, once a realisation, such as vowels by each of
        several speakers: the points are then those things, and the squared distance of two is
        their mean over realisations.

    Raises `UserError` for other metrics, unequal realisations, and more axes than there are.
    """
    if rdm.metric not in ("euclidean", *SQUARED):
        raise UserError(
            f"metric {rdm.metric!r} has no points; take one of euclidean, {', '.join(SQUARED)}"
        )
    if len({len(ids) for ids in same}) > 1:
        raise UserError(
            f"realisations of {sorted({len(i) for i in same})} things are not of the same"
        )
    parts = np.stack([rdm.select(ids).values for ids in same] or [rdm.values])
    squared = np.mean(parts if rdm.metric in SQUARED else parts**2, axis=0)
    points = centred_points(squared, rdm.name or "the RDM")
    if not 1 <= axes <= points.shape[1]:
        raise UserError(f"{axes} axes were asked for; these points have 1 to {points.shape[1]}")
    return points[:, ::-1][:, :axes]


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where points go: rotated, scaled and moved.

    rotation: orthonormal columns, one a coordinate. scale: of the rotated points. origin: the
    mean of the points that it was fitted on; place: that of their targets.
    """

    rotation: Float[np.ndarray, "axis coordinate"]
    scale: float
    origin: Float[np.ndarray, " axis"]
    place: Float[np.ndarray, " coordinate"]

    def __call__(self, points: Points) -> Targets:
        """Return the points in the units of the targets."""
        return self.scale * (points - self.origin) @ self.rotation + self.place


def align(points: Points, targets: Targets) -> Alignment:
    """Return the Procrustes alignment of points with targets: least squares, one scale.

    points: at least as many axes as targets have coordinates.

    Raises `UserError` for other stimuli, too few of them, or fewer axes.
    """
    _check([points], targets, FEWEST)
    origin, place = points.mean(0), targets.mean(0)
    u, s, v = np.linalg.svd((points - origin).T @ (targets - place), full_matrices=False)
    rotated = (points - origin) @ (u @ v)
    scale = float(s.sum() / max(np.sum(rotated**2), np.finfo(float).tiny))
    return Alignment(u @ v, scale, origin, place)


@dataclass(frozen=True, eq=False)
class HeldOutAxes:
    """How well each coordinate is told of stimuli that the alignment did not see.

    coordinates: the correlation with each coordinate in turn, mean over both halves and all
        splits; a sample draws stimuli once for all splits, and chooses and fits anew in each.
    layers: how often each layer was chosen, over halves and splits.
    placed: every stimulus where the first split's alignment, fitted on the other half, puts it.
    """

    coordinates: tuple[Sampled, ...]
    layers: tuple[int, ...]
    placed: Targets


def held_out_axes(
    layers: Sequence[Points], targets: Targets, *, splits: int, n: int, rng: np.random.Generator
) -> HeldOutAxes:
    """Fit layer and alignment on one half of the stimuli, score on the other, both ways.

    layers: `principal_points` of each layer. The layer is the one whose coordinates correlate
        best, on average, with the targets over the half that is fitted.
    targets: known coordinates, none of them constant.
    splits: how many random halvings. n: bootstrap samples of stimuli.

    Generators in one state give the same halves and draws for any layers over the same stimuli,
    so that differences of samples are paired.

    Raises `UserError` for no layer, other stimuli or too few. Warns (`FewGroups`) of fewer than 20.
    """
    _check(layers, targets, 2 * FEWEST)
    warn_of_few(len(targets))
    n_stimuli = len(targets)
    draws = rng.multinomial(n_stimuli, np.full(n_stimuli, 1.0 / n_stimuli), size=n)
    counts = np.vstack([np.ones(n_stimuli), draws])  # row 0: every stimulus once
    chosen, values = [], []
    placed = np.empty_like(targets)
    for split in range(splits):
        order = rng.permutation(len(targets))
        halves = order[: len(order) // 2], order[len(order) // 2 :]
        taken = [counts * np.isin(np.arange(n_stimuli), half) for half in halves]
        for one, other in ((0, 1), (1, 0)):
            best, found = _scored(layers, targets, taken[one], taken[other])
            chosen.append(best)
            values.append(found)
            if split == 0:
                fitted = align(layers[best][halves[one]], targets[halves[one]])
                placed[halves[other]] = fitted(layers[best][halves[other]])
    mean = np.mean(values, axis=0)
    return HeldOutAxes(
        tuple(Sampled(float(column[0]), column[1:]) for column in mean.T),
        tuple(int(count) for count in np.bincount(chosen, minlength=len(layers))),
        placed,
    )


def _check(layers: Sequence[Points], targets: Targets, fewest: int) -> None:
    if not layers:
        raise UserError("there is no layer to choose from")
    for points in layers:
        if len(points) != len(targets):
            raise UserError(
                f"{len(points)} points for {len(targets)} targets; use one set of stimuli"
            )
        if points.shape[1] < targets.shape[1]:
            raise UserError(
                f"{points.shape[1]} axes cannot tell {targets.shape[1]} coordinates; take more axes"
            )
    if len(targets) < fewest:
        raise UserError(f"aligning needs {fewest} stimuli or more, found {len(targets)}")


def _scored(
    layers: Sequence[Points],
    targets: Targets,
    fit: Float[np.ndarray, "sample stimulus"],
    held: Float[np.ndarray, "sample stimulus"],
) -> tuple[int, Float[np.ndarray, "sample coordinate"]]:
    """Return the layer of row 0, and the held-out correlations of the layer that each row chose."""
    scores = []
    for points in layers:
        rotation = _rotations(points, targets, fit)
        scores.append([_correlations(points, targets, rotation, rows) for rows in (fit, held)])
    both = np.array(scores)  # layer, fit or held, sample, coordinate
    best = np.nan_to_num(both[:, 0].mean(-1), nan=-1.0).argmax(0)
    return int(best[0]), both[best, 1, np.arange(len(fit))]


def _rotations(
    points: Points, targets: Targets, counts: Float[np.ndarray, "sample stimulus"]
) -> Float[np.ndarray, "sample axis coordinate"]:
    share = counts / counts.sum(1, keepdims=True)
    product = np.einsum("sp,pa,pc->sac", share, points, targets, optimize=True)
    product -= np.einsum("sa,sc->sac", share @ points, share @ targets)
    u, _, v = np.linalg.svd(product, full_matrices=False)
    return u @ v


def _correlations(
    points: Points,
    targets: Targets,
    rotation: Float[np.ndarray, "sample axis coordinate"],
    counts: Float[np.ndarray, "sample stimulus"],
) -> Float[np.ndarray, "sample coordinate"]:
    """Return the correlation of each rotated axis with its coordinate over the counted stimuli."""
    share = (counts / counts.sum(1, keepdims=True))[..., None]
    told = np.einsum("pa,sac->spc", points, rotation)
    told = told - (share * told).sum(1, keepdims=True)
    known = targets - (share * targets).sum(1, keepdims=True)
    spread = np.sqrt((share * told**2).sum(1) * (share * known**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (share * told * known).sum(1) / spread
