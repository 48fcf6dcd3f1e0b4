"""Distances between stimuli that unfold in time and differ in length.

Frames are "step feature": one row a moment, in time order, at equal spacing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import UserError
from grounding.rsa.rdm import RDM, check_ids, rdm

__all__ = ["dtw_rdm", "time_normalise", "trajectory_rdm"]

DTW_BLOCK = 1 << 22  # pairs x steps x steps of one block: 32 MiB a matrix


def time_normalise(
    frames: Float[np.ndarray, "step feature"], bins: int
) -> Float[np.ndarray, "bins feature"]:
    """Cut the frames into `bins` equal slices of time and return the mean of each.

    A frame that a cut divides counts in both slices by its share, so that any number of frames
    will do, also fewer than `bins`. Constant frames come back exactly.

    Raises `UserError` for no frames, frames that are not finite, or fewer than one bin.

    >>> time_normalise(np.array([[0.0], [3.0], [6.0]]), 2)
    array([[1.],
           [5.]])
    """
    if bins < 1:
        raise UserError(f"bins must be 1 or more, found {bins}")
    frames = _frames(frames, "frames")
    steps = len(frames)
    # In units of 1 / (steps x bins) of the whole, every edge is an integer.
    slice_start = np.arange(bins)[:, None] * steps
    frame_start = np.arange(steps)[None, :] * bins
    end = np.minimum(slice_start + steps, frame_start + bins)
    overlap = np.maximum(end - np.maximum(slice_start, frame_start), 0)
    return frames[0] + (overlap / steps) @ (frames - frames[0])


def trajectory_rdm(
    frames: Sequence[Float[np.ndarray, "_step feature"]],
    ids: Sequence[str],
    *,
    bins: int,
    scale: Float[np.ndarray, " feature"] | None = None,
    name: str = "",
) -> RDM:
    """Measure the distance between time-normalised trajectories.

    The distance is Euclidean over features, root mean square over the `bins` slices of time: it
    keeps the unit of the features (or is in units of `scale`, by which each feature is divided
    first) and does not grow with `bins`.

    Raises `UserError` for frames that do not fit the ids, each other or `scale`, and for a scale
    that is not positive.
    """
    ids = check_ids(ids)
    values = np.stack([time_normalise(one, bins) for one in _checked(frames, ids, scale)])
    flat = values.reshape(len(ids), -1) / np.sqrt(bins)
    made = rdm(flat, ids, metric="euclidean", name=name)
    return RDM(made.values, ids, f"trajectory ({bins} slices)", name)


def _checked(
    frames: Sequence[Float[np.ndarray, "_step feature"]],
    ids: Sequence[str],
    scale: Float[np.ndarray, " feature"] | None,
) -> list[Float[np.ndarray, "_step feature"]]:
    if len(frames) != len(ids):
        raise UserError(f"{len(ids)} ids need as many arrays of frames, found {len(frames)}")
    arrays = [_frames(one, f"the frames of {id!r}") for id, one in zip(ids, frames, strict=True)]
    widths = sorted({one.shape[1] for one in arrays})
    if len(widths) > 1:
        raise UserError(f"all stimuli need the same number of features, found {widths}")
    if scale is None:
        return arrays
    scale = np.asarray(scale, dtype=np.float64)
    if scale.shape != (widths[0],) or not (np.isfinite(scale) & (scale > 0)).all():
        raise UserError(f"scale must be {widths[0]} positive numbers, found {scale}")
    return [one / scale for one in arrays]


def _frames(
    frames: Float[np.ndarray, "step feature"], what: str
) -> Float[np.ndarray, "step feature"]:
    frames = np.asarray(frames, dtype=np.float64)
    if frames.ndim != 2 or 0 in frames.shape:
        raise UserError(
            f"{what} must be (step, feature) with one of each or more, found {frames.shape}"
        )
    if not np.isfinite(frames).all():
        raise UserError(f"{what} are not finite: cut those steps, or mask them by name")
    return frames


def dtw_rdm(
    frames: Sequence[Float[np.ndarray, "_step feature"]],
    ids: Sequence[str],
    *,
    scale: Float[np.ndarray, " feature"] | None = None,
    name: str = "",
) -> RDM:
    """Measure the distance between trajectories after the best warping of time.

    The distance is the Euclidean distance of frames, averaged along the cheapest path from the
    first two frames to the last two; a diagonal step counts double and the sum is divided by both
    numbers of steps (Sakoe & Chiba 1978, symmetric form without slope constraint). It keeps the
    unit of the features, or is in units of `scale`. Time is quadratic in steps: thin out first.

    Raises `UserError` as `trajectory_rdm` does.
    """
    ids = check_ids(ids)
    arrays = _checked(frames, ids, scale)
    steps = np.array([len(one) for one in arrays])
    padded = np.zeros((len(ids), steps.max(), arrays[0].shape[1]))
    for row, one in enumerate(arrays):
        padded[row, : len(one)] = one
    first, second = np.triu_indices(len(ids), 1)
    values = np.empty(len(first))
    block = max(1, DTW_BLOCK // steps.max() ** 2)
    for start in range(0, len(first), block):
        part = slice(start, start + block)
        i, j = first[part], second[part]
        values[part] = _warped(padded[i], padded[j], steps[i], steps[j])
    return RDM(values, ids, "trajectory (time warped)", name)


def _warped(
    a: Float[np.ndarray, "pair step feature"],
    b: Float[np.ndarray, "pair step feature"],
    steps_a: Int[np.ndarray, " pair"],
    steps_b: Int[np.ndarray, " pair"],
) -> Float[np.ndarray, " pair"]:
    longest, other = steps_a.max(), steps_b.max()
    # Padding comes last in time, and a path never looks ahead: it cannot reach the result.
    cost = np.empty((longest, other, len(a)))
    for t in range(longest):
        cost[t] = np.linalg.norm(a[:, t, None, :] - b[:, :other, :], axis=2).T
    path = np.full((longest + 1, other + 1, len(a)), np.inf)
    path[0, 0] = 0.0
    for t in range(longest):
        for u in range(other):
            here = cost[t, u]
            straight = np.minimum(path[t, u + 1], path[t + 1, u]) + here
            path[t + 1, u + 1] = np.minimum(path[t, u] + 2.0 * here, straight)
    return path[steps_a, steps_b, np.arange(len(a))] / (steps_a + steps_b)
