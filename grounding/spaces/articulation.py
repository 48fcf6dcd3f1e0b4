"""Physical spaces: where the vocal tract is, and how it moves.

Distances are in the unit of the measurement wherever all channels share one, and no channel is
weighed by its spread: the distance of two stimuli is then a fact about these two, the same in
every set and subset, and a millimetre counts as a millimetre. What this does to results is that
tongue and jaw, which move most, count most. `articulation-scaled` weighs all channels alike, as
scores that average correlations over channels do (Cho et al. 2023, arXiv 2210.11723), at the
price that its distances depend on the set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.rsa import RDM, time_normalise
from grounding.spaces.frames import (
    TRAJECTORY_BINS,
    frame_mean_rdm,
    frames_rdm,
    rms_scale,
)
from grounding.spaces.warping import dtw_distances
from grounding.stimuli import StimulusSet
from grounding.stimuli.articulation import Stream

__all__ = [
    "CLOSED",
    "area_function_missing",
    "area_function_rdm",
    "articulation_dtw_rdm",
    "articulation_mean_rdm",
    "articulation_missing",
    "articulation_rdm",
    "articulation_scaled_rdm",
    "channel_spread",
    "stream_frames",
    "tract_length_missing",
    "tract_length_rdm",
    "tract_variables_missing",
    "tract_variables_rdm",
]

CLOSED = float(np.log(0.01))
"""Natural log of 0.01 cm^2: at and below this area the tube carries no sound, and a difference
between two closures says how a simulator writes zero, nothing about the tract."""


def articulation_missing(stimuli: StimulusSet) -> str | None:
    """Say why this set has no flesh points in mm, or return None."""
    return _stream_missing(stimuli, "flesh", "mm")


def area_function_missing(stimuli: StimulusSet) -> str | None:
    """Say why this set has no area functions in log cm^2, or return None."""
    return _stream_missing(stimuli, "area", "log cm^2")


def tract_variables_missing(stimuli: StimulusSet) -> str | None:
    """Say why this set has no tract variables, or return None."""
    return _stream_missing(stimuli, "variables", None)


def articulation_rdm(stimuli: StimulusSet) -> RDM:
    """Return distances between flesh-point trajectories, in mm.

    Every flesh-point coordinate is time-normalised; the distance is Euclidean over coordinates
    and root mean square over time. One point that lies 5 mm away throughout, all else equal,
    makes a distance of 5 mm. Speaking rate drops out, timing within the utterance does not.
    """
    return frames_rdm(stimuli, stream_frames(stimuli, "flesh", "mm"))


def articulation_scaled_rdm(stimuli: StimulusSet) -> RDM:
    """Return the distances of `articulation_rdm` with each coordinate divided by its spread.

    The spread is the standard deviation over stimuli and slices of this set.
    """
    frames = stream_frames(stimuli, "flesh", "mm")
    return frames_rdm(stimuli, frames, scale=channel_spread(frames))


def articulation_mean_rdm(stimuli: StimulusSet) -> RDM:
    """Return Euclidean distances between mean postures, in mm: the mean of all frames."""
    return frame_mean_rdm(stimuli, stream_frames(stimuli, "flesh", "mm"))


def articulation_dtw_rdm(stimuli: StimulusSet) -> RDM:
    """Return distances between flesh-point trajectories under the best warp of time, in mm.

    Trajectories are time-normalised as in `articulation_rdm`, then warped within a quarter of
    their length: see `grounding.spaces.warping` for the step pattern. Timing drops out too.
    """
    frames = stream_frames(stimuli, "flesh", "mm")
    values = np.stack([time_normalise(one, TRAJECTORY_BINS) for one in frames])
    distances = dtw_distances(values, radius=TRAJECTORY_BINS // 4)
    return RDM(distances, stimuli.ids, "dtw")


def area_function_rdm(stimuli: StimulusSet) -> RDM:
    """Return distances between area-function trajectories, in natural log units of area.

    Root mean square over time and over the sections from glottis to lips; areas below `CLOSED`
    count as closed. An area larger by a factor e in every section, all the time, makes a distance
    of 1. Sections go by number, so that a tube that is only longer is at distance 0.
    """
    frames = [np.maximum(one, CLOSED) for one in stream_frames(stimuli, "area", "log cm^2")]
    scale = rms_scale(frames[0].shape[1])
    return frames_rdm(stimuli, frames, scale=scale)


def tract_variables_rdm(stimuli: StimulusSet) -> RDM:
    """Return distances between tract-variable trajectories, in standard deviations.

    Tract variables (apertures, degrees and places of constriction) have different units, so that
    each is divided by its spread over stimuli and slices of this set; root mean square over time
    and variables.
    """
    frames = stream_frames(stimuli, "variables", None)
    scale = channel_spread(frames) * rms_scale(frames[0].shape[1])
    return frames_rdm(stimuli, frames, scale=scale)


def tract_length_missing(stimuli: StimulusSet) -> str | None:
    """Say why this set has no tract lengths, or return None."""
    return _stream_missing(stimuli, "section_length", "cm")


def tract_length_rdm(stimuli: StimulusSet) -> RDM:
    """Return the size of the log ratio of mean tract lengths (glottis to lips).

    Flesh points are in mm of the tract that was measured, so that two anatomies differ in all of
    them at once; this is the part of that which one number tells.
    """
    frames = stream_frames(stimuli, "section_length", "cm")
    lengths = np.log([one.sum(axis=1).mean() for one in frames])
    first, second = np.triu_indices(len(lengths), 1)
    return RDM(np.abs(lengths[first] - lengths[second]), stimuli.ids, "log ratio")


def stream_frames(
    stimuli: StimulusSet, stream: str, unit: str | None
) -> list[Float[np.ndarray, "_time _channel"]]:
    """Return one stream of every stimulus's articulation, float64, in the set's order.

    unit: what all its channels must be in; None takes any, as long as all stimuli agree.

    Raises `UserError` for a stimulus that has no such stream, or has it in other channels or
    units than the first stimulus.
    """
    frames: list[Float[np.ndarray, "_time _channel"]] = []
    first: Stream | None = None
    for stimulus in stimuli:
        streams = stimulus.articulation.streams
        if fault := _stream_fault(streams, stream, unit):
            raise UserError(f"stimulus {stimulus.id!r}: {fault}")
        found = streams[stream]
        first = first or found
        if (found.channels, found.units) != (first.channels, first.units):
            raise UserError(
                f"stimulus {stimulus.id!r}: its articulation stream {stream!r} has "
                f"{_labels(found)}, where {stimuli.ids[0]!r} has {_labels(first)}; compare only "
                "stimuli that were measured alike"
            )
        frames.append(np.asarray(found.values, dtype=np.float64))
    return frames


def channel_spread(
    frames: list[Float[np.ndarray, "_time _channel"]],
) -> Float[np.ndarray, " channel"]:
    """Return each channel's standard deviation over stimuli and time-normalised slices.

    A channel that never moves adds nothing to a distance whatever its scale; its scale is 1.
    """
    values = np.stack([time_normalise(one, TRAJECTORY_BINS) for one in frames])
    spread = values.std((0, 1))
    still = np.ptp(values, axis=(0, 1)) == 0.0
    return np.where(still, 1.0, spread)


def _stream_missing(stimuli: StimulusSet, stream: str, unit: str | None) -> str | None:
    """Say why the set lacks a stream: every record is looked at, and the first one's arrays."""
    without = [stimulus.id for stimulus in stimuli if stimulus.articulation_path is None]
    if without:
        return (
            f"stimulus {without[0]!r} has no articulation ({len(without)} of {len(stimuli)} have "
            "none); give one in the manifest's key 'articulation', or keep only stimuli that "
            "have it"
        )
    fault = _stream_fault(stimuli[0].articulation.streams, stream, unit)
    return f"stimulus {stimuli.ids[0]!r}: {fault}" if fault else None


def _stream_fault(streams: Mapping[str, Stream], stream: str, unit: str | None) -> str | None:
    if stream not in streams:
        found = ", ".join(repr(name) for name in sorted(streams))
        return (
            f"its articulation has no stream {stream!r}, only {found}; add the stream, or take a "
            "space of another one"
        )
    units = streams[stream].units
    if unit is not None and set(units) != {unit}:
        return (
            f"its articulation stream {stream!r} is in {_once(units)}, needed {unit!r}; convert it "
            "when the set is made"
        )
    return None


def _labels(stream: Stream) -> str:
    return f"channels {' '.join(stream.channels)} in {_once(stream.units)}"


def _once(units: Sequence[str]) -> str:
    return ", ".join(repr(unit) for unit in dict.fromkeys(units))
