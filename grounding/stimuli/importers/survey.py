"""Look at a whole corpus before anything is written: what cannot be used, and why.

Every file is read once. What is damaged or not as its corpus documents it is a fault, and all
faults are listed; a channel that does not move, or that others found unusable, is left out by
name. Two checks hold the coordinates of every speaker against anatomy, so that a wrong unit or
axis cannot pass: tongue and lips move by some millimetres, the tip of the tongue lies in front of
its back, and the upper lip above the lower one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from grounding.errors import ManifestError
from grounding.stimuli.fault import shown
from grounding.stimuli.importers.folder import Folder
from grounding.stimuli.importers.record import FLESH, Importer, Item, Utterance

__all__ = ["LEAST_SPREAD", "Spread", "Survey", "survey"]

LEAST_SPREAD = 0.5
"""Standard deviation in mm below which a channel counts as one that does not move (the criterion
of Parrot, Millet and Dunbar 2019)."""

LARGEST_SPREAD = 20.0  # mm, of the median flesh point; people move them by 2 to 8
FARTHEST = 300.0  # mm from the origin; a head is smaller
RATE_TOLERANCE = 0.005
ORDERED = (("TT.x", "TD.x", "in front of"), ("UL.y", "LL.y", "above"))


@dataclass
class Spread:
    """Mean and standard deviation of the channels of one speaker, gathered file by file."""

    count: np.ndarray
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, values: Float[np.ndarray, "time channel"]) -> Spread:
        """Gather one file; missing frames count for nothing."""
        measured = ~np.isnan(values)
        count = measured.sum(axis=0).astype(float)
        mean = np.where(measured, values, 0).sum(axis=0) / np.maximum(count, 1)
        squares = np.where(measured, (values - mean) ** 2, 0).sum(axis=0)
        return cls(count, mean, squares)

    def add(self, other: Spread) -> None:
        """Add another file (Chan, Golub and LeVeque 1983)."""
        count = np.maximum(self.count + other.count, 1)
        step = other.mean - self.mean
        self.squares = self.squares + other.squares + step**2 * self.count * other.count / count
        self.mean = self.mean + step * other.count / count
        self.count = self.count + other.count

    @property
    def deviation(self) -> Float[np.ndarray, " channel"]:
        """Standard deviation in mm; 0 where nothing was measured."""
        return np.sqrt(self.squares / np.maximum(self.count, 1))


@dataclass
class Survey:
    """What was found. faults: sentences. ids: how often each id comes.

    channels: of a speaker, as its files have them. spreads: likewise.
    """

    faults: list[str] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)
    channels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    spreads: dict[str, Spread] = field(default_factory=dict)

    def bad(self, importer: Importer) -> dict[str, dict[str, str]]:
        """Return the channels of each speaker that are not to be used, with the reason."""
        found: dict[str, dict[str, str]] = {}
        for speaker, spread in self.spreads.items():
            known = importer.known_bad.get(speaker, ())
            reasons = {}
            for channel, deviation in zip(self.channels[speaker], spread.deviation, strict=True):
                if channel in known:
                    reasons[channel] = "found unusable by others (see the reference)"
                elif deviation < LEAST_SPREAD:
                    reasons[channel] = (
                        f"moves by {deviation:.2f} mm (standard deviation), below {LEAST_SPREAD}"
                    )
            found[speaker] = reasons
        return found


def survey(
    importer: Importer,
    folder: Folder,
    items: Sequence[Item],
    progress: Callable[[str, int, int], None] | None,
) -> Survey:
    """Read every item and return what was found; raises nothing for what a file holds."""
    found = Survey()
    for name, count in Counter(item.name for item in items).items():
        if count > 1:
            places = ", ".join(shown(item.path) for item in items if item.name == name)
            found.faults.append(f"{name} is there {count} times: {places}. Keep one of them.")
    for k, item in enumerate(items):
        if progress:
            progress(f"reading {importer.name}", k, len(items))
        try:
            for utterance in importer.read(folder, item):
                _gather(found, importer, item, utterance)
        except ManifestError as error:
            found.faults.append(str(error))
    if progress:
        progress(f"reading {importer.name}", len(items), len(items))
    for speaker, spread in found.spreads.items():
        known = importer.known_bad.get(speaker, ())
        found.faults += _anatomy(speaker, found.channels[speaker], spread, known)
    return found


def _gather(found: Survey, importer: Importer, item: Item, utterance: Utterance) -> None:
    if abs(utterance.rate / importer.rate - 1) > RATE_TOLERANCE:
        raise ManifestError(
            f"{shown(item.path)}: has movement at {utterance.rate:.2f} Hz; needed the corpus's "
            f"{importer.rate:.2f} Hz. Take the file as the corpus has it."
        )
    values, channels = utterance.values, utterance.channels
    far = float(np.nanmax(np.abs(values))) if not np.isnan(values).all() else 0.0
    if far > FARTHEST:
        raise ManifestError(
            f"{shown(item.path)}: has a position {far:.4g} mm from the origin; needed at most "
            f"{FARTHEST:g}. It is damaged, or in another unit than the corpus's: copy it again."
        )
    if found.channels.setdefault(utterance.speaker, channels) != channels:
        raise ManifestError(
            f"{shown(item.path)}: has the channels {' '.join(channels)}, where speaker "
            f"{utterance.speaker!r} has {' '.join(found.channels[utterance.speaker])} in other "
            "files. Take the files as the corpus has them."
        )
    found.ids[utterance.id] += 1
    spread = Spread.of(values)
    if utterance.speaker in found.spreads:
        found.spreads[utterance.speaker].add(spread)
    else:
        found.spreads[utterance.speaker] = spread


def _anatomy(
    speaker: str, channels: tuple[str, ...], spread: Spread, known_bad: Sequence[str]
) -> list[str]:
    """Say where a speaker's coordinates cannot be mm with x to the front and y upwards."""
    usable: Mapping[str, int] = {
        name: k for k, name in enumerate(channels) if name not in known_bad and spread.count[k]
    }
    faults = []
    moves = [spread.deviation[k] for name, k in usable.items() if name in FLESH]
    median = float(np.median(moves)) if moves else 0.0
    if not LEAST_SPREAD <= median <= LARGEST_SPREAD:
        faults.append(
            f"speaker {speaker!r}: flesh points move by {median:.3g} mm (median standard "
            f"deviation); needed {LEAST_SPREAD} to {LARGEST_SPREAD:g}. The files are not speech, "
            "or in another unit than the corpus's."
        )
    for one, other, how in ORDERED:
        if one in usable and other in usable:
            first, second = (float(spread.mean[usable[name]]) for name in (one, other))
            if first <= second:
                faults.append(
                    f"speaker {speaker!r}: {one} is at {first:.1f} mm and {other} at "
                    f"{second:.1f} mm on the mean; needed the first {how} the second. The axes or "
                    "channels are not the corpus's."
                )
    return faults
