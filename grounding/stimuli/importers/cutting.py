"""Cut the sound and the movement of one utterance alike, smooth the movement, count what misses.

Sound and movement begin together: the first frame lies within one frame of the first sample where
the sound is kept whole, and within half a sample where it is cut. The sound is cut only where it
must be: where its movement begins late or ends more than a tenth of a second early, or where the
utterance is a part of it. Nothing that is said is cut away: then the utterance is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from grounding.stimuli.importers.record import Importer, Label, Sound, Utterance
from grounding.stimuli.importers.smoothing import smooth
from grounding.stimuli.validate import LARGEST_GAP

__all__ = ["Cut", "LeftOut", "cut"]

UNLABELLED = 0.5  # seconds of sound without movement that may be cut where no label says what it is
LABEL_TOLERANCE = 0.02  # seconds; labels are in steps of 10 ms or so
EPSILON = 1e-6  # of a frame


class LeftOut(Exception):
    """Why an utterance does not become a stimulus."""


@dataclass(frozen=True, eq=False)
class Cut:
    """An utterance as it is written.

    channels: those that are kept. values: mm, NaN where nothing was measured.
    offset: time of frame 0 after the first sample, s.
    labels: on the clock of `sound`.
    part: start and end of `sound` in the recording, s; None where it is all of it.
    unheard: frames that were measured before or after the sound, and are dropped.
    """

    channels: tuple[str, ...]
    values: Float[np.ndarray, "time channel"]
    sound: Sound
    offset: float
    labels: tuple[Label, ...] | None
    part: tuple[float, float] | None
    unheard: int

    @property
    def missing(self) -> dict[str, int]:
        """Frames that were not measured, by channel, where there are any."""
        counts = np.isnan(self.values).sum(axis=0)
        return {name: int(n) for name, n in zip(self.channels, counts, strict=True) if n}


def cut(importer: Importer, utterance: Utterance, channels: Sequence[str], hz: float) -> Cut:
    """Return the utterance cut to what was both heard and measured, smoothed at `hz`.

    Raises `LeftOut` when nothing was, or when something is said where nothing was measured.
    """
    columns = [utterance.channels.index(name) for name in channels]
    values = utterance.values[:, columns]
    measured = np.flatnonzero(~np.isnan(values).all(axis=1))
    if not len(measured):
        raise LeftOut("nothing was measured in it")
    rate, sound = utterance.rate, utterance.sound
    length = len(sound.samples) / sound.rate
    lower, upper = utterance.window or (0.0, length)
    upper = min(upper, length)
    first = max(int(measured[0]), math.ceil((lower - utterance.start) * rate - EPSILON))
    last = min(int(measured[-1]) + 1, math.ceil((upper - utterance.start) * rate - EPSILON))
    if last - first < 2:
        raise LeftOut("its sound and its movement do not overlap")
    begin = utterance.start + first / rate
    end = min(utterance.start + last / rate, upper)
    whole = utterance.window is None
    s0 = 0 if whole and begin <= 1 / rate + EPSILON else round(begin * sound.rate)
    s1 = len(sound.samples) if whole and length - end <= LARGEST_GAP else round(end * sound.rate)
    start, stop = s0 / sound.rate, s1 / sound.rate
    labels = utterance.labels
    if labels is not None:
        labels = tuple(one for one in labels if lower <= (one[1] + one[2]) / 2 <= upper)
    _check_speech(importer, labels, (start, stop), max(start - lower, upper - stop))
    part = None if (s0, s1) == (0, len(sound.samples)) else (start, stop)
    if part:
        sound = replace(sound, samples=sound.samples[s0:s1], file=None)
    return Cut(
        channels=tuple(channels),
        values=smooth(values, rate, hz)[first:last],
        sound=sound,
        offset=begin - start,
        labels=None if labels is None else _moved(labels, start, stop),
        part=part,
        unheard=int(((measured < first) | (measured >= last)).sum()) if whole else 0,
    )


def _check_speech(
    importer: Importer,
    labels: tuple[Label, ...] | None,
    part: tuple[float, float],
    removed: float,
) -> None:
    start, stop = part
    if labels is None:
        if removed > UNLABELLED:
            raise LeftOut(
                f"{removed:.2f} s of its sound have no movement, and no labels say that nobody "
                "speaks there"
            )
        return
    for label, begin, end in labels:
        if label.lower() in importer.pauses:
            continue
        if begin < start - LABEL_TOLERANCE or end > stop + LABEL_TOLERANCE:
            raise LeftOut(
                f"{label!r} is said from {begin:.2f} to {end:.2f} s, and movement was measured "
                f"from {start:.2f} to {stop:.2f} s"
            )


def _moved(labels: tuple[Label, ...], start: float, stop: float) -> tuple[Label, ...]:
    moved = [
        (label, max(begin, start) - start, min(end, stop) - start) for label, begin, end in labels
    ]
    return tuple((label, begin, end) for label, begin, end in moved if end > begin)
