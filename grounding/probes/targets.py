"""What a probe is asked to read out: continuous channels of the articulation, with their units.

Frame k of an articulation lies at k over its rate, in seconds from the recording's first sample;
between frames, lines are drawn. Nothing is known before the first frame, after the last, or
where a mask says so: NaN, and a probe leaves these frames out and counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from grounding.activations.products import interpolate
from grounding.errors import UserError
from grounding.rsa import time_normalise
from grounding.spaces.articulation import CLOSED
from grounding.stimuli import Stimulus
from grounding.stimuli.articulation import Articulation
from grounding.tables import lookup

__all__ = ["ARTICULATORS", "Channels", "Trajectories", "articulator_of", "channels"]

ARTICULATORS: Mapping[str, Mapping[str, str]] = {
    "flesh": {
        "UL": "upper lip",
        "LL": "lower lip",
        "JAW": "jaw",
        "TT": "tongue tip",
        "TB": "tongue body",
        "TD": "tongue dorsum",
    },
    "variables": {"lip": "lips", "tip": "tongue tip", "body": "tongue body", "tract": "tube"},
    "tract": {
        "H": "hyoid",
        "J": "jaw",
        "L": "lips",
        "V": "velum",
        "TT": "tongue tip",
        "TB": "tongue blade",
        "TC": "tongue body",
        "TR": "tongue root",
        "TS": "tongue sides",
    },
    "glottis": {"": "glottis"},
    "area": {"": "tube"},
    "section_length": {"": "tube"},
    "formants": {"": "formants"},
}
"""By stream: the articulator of every channel whose name starts so; the longest start counts."""


class Trajectories(Protocol):
    """Anything that has channels over time.

    names, units, articulators: one a channel; unit "1" where there is none.
    """

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def units(self) -> tuple[str, ...]: ...

    @property
    def articulators(self) -> tuple[str, ...]: ...

    def at(
        self, stimulus: Stimulus, times: Float[np.ndarray, " step"]
    ) -> Float[np.ndarray, "step channel"]:
        """Return every channel at these times (s), NaN where nothing is known."""

    def slices(self, stimulus: Stimulus, count: int) -> Float[np.ndarray, "slice channel"]:
        """Return the mean of every channel over `count` equal parts of the stimulus."""


@dataclass(frozen=True)
class Channels:
    """Channels of one stream of the articulation; a `Trajectories`, and targets for `gram`'s `at`.

    stream: its name. names, units, articulators: one a channel, such as "TT.x", "mm", "tongue tip".
    """

    stream: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    articulators: tuple[str, ...]

    def at(
        self, stimulus: Stimulus, times: Float[np.ndarray, " step"]
    ) -> Float[np.ndarray, "step channel"]:
        """Return the channels at these times (s); rows of NaN outside, and where masked.

        Raises `UserError` for a stimulus that lacks the stream or a channel, or has other units.
        """
        values, rate = self._values(stimulus)
        return interpolate(np.arange(len(values)) / rate, values, times)

    def slices(self, stimulus: Stimulus, count: int) -> Float[np.ndarray, "slice channel"]:
        """Return the mean of each channel over `count` equal parts of its frames.

        Raises `UserError` as `at` does, and where a frame is masked.
        """
        values, _ = self._values(stimulus)
        if np.isnan(values).any():
            raise UserError(
                f"stimulus {stimulus.id!r}: {int(np.isnan(values).any(axis=1).sum())} of "
                f"{len(values)} frames of {self.stream!r} are masked, so that it has no mean. Map "
                "frames instead, or take another stream."
            )
        return time_normalise(values, count)

    def _values(self, stimulus: Stimulus) -> tuple[Float[np.ndarray, "time channel"], float]:
        track = stimulus.articulation
        found = _labelled(stimulus, track, self.stream)
        wrong = [n for n, u in zip(self.names, self.units, strict=True) if found.get(n) != u]
        if wrong:
            unit = self.units[self.names.index(wrong[0])]
            raise UserError(
                f"stimulus {stimulus.id!r}: channel {wrong[0]!r} of {self.stream!r} is in "
                f"{found.get(wrong[0], 'no unit: it is missing')}; needed {unit}, as in the first "
                "stimulus. Probe only stimuli that were measured alike."
            )
        values = track.streams[self.stream].values.astype(np.float64)
        if self.stream in READ:
            values = READ[self.stream](values, track)
        return values[:, [list(found).index(name) for name in self.names]], track.rate


def channels(
    stimuli: Sequence[Stimulus], stream: str, only: Sequence[str] | None = None
) -> Channels:
    """Return the channels of a stream that these stimuli have.

    stream: "flesh", "variables", "tract", "glottis", "area", "formants", or one of a user's own.
    only: names of the channels wanted, in order; None is all. The first stimulus says which there
    are; each other is held against it when it is read.

    Raises `UserError` for no stimuli, one without articulation, or a stream or channel that is not
    there.
    """
    if not len(stimuli):
        raise UserError("there are no stimuli to take channels from.")
    without = [s.id for s in stimuli if s.articulation_path is None]
    if without:
        raise UserError(
            f"stimulus {without[0]!r} has no articulation ({len(without)} of {len(stimuli)} have "
            "none). Leave these out, or give the manifest field 'articulation'."
        )
    found = _labelled(stimuli[0], stimuli[0].articulation, stream)
    names = tuple(found) if only is None else tuple(only)
    for name in names:
        lookup(f"channel of {stream!r}", name, found)
    if not names or len(set(names)) < len(names):
        raise UserError(f"channels {', '.join(names) or 'none'}; needed one or more, each once.")
    parts = tuple(articulator_of(stream, name) for name in names)
    return Channels(stream, names, tuple(found[name] for name in names), parts)


def articulator_of(stream: str, channel: str) -> str:
    """Return whose channel it is, by `ARTICULATORS`; else its name up to a dot.

    >>> articulator_of("flesh", "TT.x"), articulator_of("variables", "velum.area")
    ('tongue tip', 'velum')
    """
    starts = [start for start in ARTICULATORS.get(stream, {}) if channel.startswith(start)]
    if starts:
        return ARTICULATORS[stream][max(starts, key=len)]
    return channel.partition(".")[0]


def _labelled(stimulus: Stimulus, track: Articulation, stream: str) -> dict[str, str]:
    """Return the units of a stream's channels by name."""
    if stream not in track.streams:
        raise UserError(
            f"stimulus {stimulus.id!r} has no stream {stream!r} in its articulation. It has: "
            f"{', '.join(sorted(track.streams))}."
        )
    found = track.streams[stream]
    return dict(zip(found.channels, found.units, strict=True))


def _closed(values: np.ndarray, track: Articulation) -> np.ndarray:
    # How a simulator writes zero area is nothing about the tract.
    return np.maximum(values, CLOSED)


def _masked(values: np.ndarray, track: Articulation) -> np.ndarray:
    valid = track.streams.get("formants_valid")
    return values if valid is None else np.where(valid.values > 0, values, np.nan)


READ: Mapping[str, Callable[[np.ndarray, Articulation], np.ndarray]] = {
    "area": _closed,
    "formants": _masked,
}
"""What is done to "time channel" values of a stream when they are read; others stay as they are."""
