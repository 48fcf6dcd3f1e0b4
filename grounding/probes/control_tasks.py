"""Tasks whose answer is known to be nothing: what a probe reads by itself, not out of a model.

- `random_labels`: a random class for each type (of phones, of phones after phones, of words). A
  probe that only remembers types does as well on it as on the task.
- `random_trajectories`: a random path through space for each phone type, smooth as the tongue's.
- `shuffled`: the targets of another stimulus, stretched to the length of this one.

The phone string as features stands in `grounding.probes.phone_string`, what flesh points cannot
show in `grounding.probes.unseen`.

Source: Hewitt and Liang, Designing and Interpreting Probes with Control Tasks, EMNLP 2019: labels
that are random by type, drawn as often as the true ones come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from grounding.errors import UserError
from grounding.probes.phonetic import Phonetic, phonetic
from grounding.probes.splits import Fold
from grounding.probes.targets import Trajectories
from grounding.rsa import time_normalise
from grounding.stimuli import Stimulus
from grounding.tables import lookup

__all__ = [
    "TYPES",
    "RandomTrajectories",
    "Shuffled",
    "random_labels",
    "random_trajectories",
    "recurring",
    "shuffled",
]

Type = tuple[str, ...]

TYPES: Mapping[str, Callable[[Stimulus, Sequence[str], int], Type]] = {
    "phone": lambda stimulus, phones, at: (phones[at],),
    "diphone": lambda stimulus, phones, at: (phones[at - 1] if at else "", phones[at]),
    "word": lambda stimulus, phones, at: (stimulus.language, stimulus.transcript, str(at)),
}
"""What a segment's random class hangs on: its phone; that and the phone before; its place in its
word, which comes again only where a transcript does."""


def random_labels(
    task: Phonetic, stimuli: Sequence[Stimulus], types: str, rng: np.random.Generator
) -> Phonetic:
    """Return random classes for the segments that have one, the same for all of a type.

    task: one-hot. types: of `TYPES`. Each type draws its class by itself, as often as segments of
    the task have it.

    Raises `UserError` for signed targets, for a random class by phone where the task is the phone
    itself (a renamed phone is as easy to learn), or if all types drew one class.
    """
    key = lookup("type", types, TYPES)
    if task.kind != "one-hot":
        raise UserError(f"{task.name!r} is signed; needed classes, such as those of `by_class`.")
    if types == "phone" and task.name == "phone":
        raise UserError(
            "a random class for each phone is learnt as the phone itself is, so it controls "
            "nothing of 'phone'. Take types 'diphone' or 'word'."
        )
    rows = np.concatenate([task.values[stimulus.id] for stimulus in stimuli])
    share = np.nansum(rows, axis=0) / np.nansum(rows)
    codes = np.eye(len(task.columns))
    drawn: dict[Type, int] = {}
    values = {}
    for stimulus in stimuli:
        phones = [span.label for span in task.spans[stimulus.id]]
        found = task.values[stimulus.id].copy()
        for at in np.flatnonzero(~np.isnan(found).any(axis=1)):
            of = key(stimulus, phones, int(at))
            if of not in drawn:
                drawn[of] = int(rng.choice(len(share), p=share))
            found[at] = codes[drawn[of]]
        values[stimulus.id] = found
    if len(set(drawn.values())) < 2:
        raise UserError(
            f"{len(drawn)} types of {types!r} all drew one class of {task.name!r}; draw again, or "
            "take finer types."
        )
    name = f"{task.name}, random by {types}"
    spans = {stimulus.id: task.spans[stimulus.id] for stimulus in stimuli}
    return Phonetic(name, "one-hot", task.columns, spans, values)


def recurring(
    task: Phonetic, stimuli: Sequence[Stimulus], types: str, folds: Sequence[Fold]
) -> float:
    """Return the share of tested segments whose type is in the training data of their fold.

    What it leaves out, no probe could remember: with 0, a control is chance by construction and
    selectivity says no more than accuracy does.
    """
    key = lookup("type", types, TYPES)
    of = []
    for stimulus in stimuli:
        phones = [span.label for span in task.spans[stimulus.id]]
        known = ~np.isnan(task.values[stimulus.id]).any(axis=1)
        of.append([key(stimulus, phones, int(at)) for at in np.flatnonzero(known)])
    seen = total = 0
    for fold in folds:
        trained = {one for place in fold.train for one in of[place]}
        tested = [one for place in fold.test for one in of[place]]
        seen += sum(one in trained for one in tested)
        total += len(tested)
    return seen / total


@dataclass(frozen=True, eq=False)
class RandomTrajectories:
    """A random point in space for each phone, and a smooth path from phone to phone.

    A `grounding.probes.targets.Trajectories`. points: by phone, independent and of unit variance.
    smoothing: standard deviation (s) of the Gaussian that rounds off the steps between phones.
    """

    points: Mapping[str, Float[np.ndarray, " channel"]]
    smoothing: float
    phones: Phonetic
    names: tuple[str, ...]
    units: tuple[str, ...]
    articulators: tuple[str, ...]

    def at(
        self, stimulus: Stimulus, times: Float[np.ndarray, " step"]
    ) -> Float[np.ndarray, "step channel"]:
        """Return the path at times (s); first and last phone last for ever."""
        spans = self.phones.spans[stimulus.id]
        borders = np.array([(a.end + b.start) / 2 for a, b in pairwise(spans)])
        passed = ndtr((np.asarray(times)[:, None] - borders) / self.smoothing)
        points = np.stack([self.points[span.label] for span in spans])
        path: np.ndarray = points[0] + passed @ np.diff(points, axis=0)
        return path

    def slices(self, stimulus: Stimulus, count: int) -> Float[np.ndarray, "slice channel"]:
        """Return the mean of each channel over equal parts of the stimulus, from 100 points a s."""
        times = np.arange(max(count, round(100 * stimulus.duration))) / 100
        return time_normalise(self.at(stimulus, times), count)


def random_trajectories(
    stimuli: Sequence[Stimulus], channels: int, smoothing: float, rng: np.random.Generator
) -> RandomTrajectories:
    """Draw a random trajectory for each phone type: the control task of articulatory maps.

    channels: as many as the true ones. smoothing: s; .025 moves from 10 to 90 % in 64 ms.

    Raises `UserError` for fewer channels than one or a smoothing that is not above 0, and as
    `phonetic` does.
    """
    if channels < 1 or not (np.isfinite(smoothing) and smoothing > 0):
        raise UserError(f"{channels} channels smoothed over {smoothing} s; needed both above 0.")
    phones = phonetic(stimuli, "phone")
    points = dict(
        zip(phones.columns, rng.standard_normal((len(phones.columns), channels)), strict=True)
    )
    names = tuple(f"random-{at + 1}" for at in range(channels))
    return RandomTrajectories(
        points, smoothing, phones, names, ("1",) * channels, ("random",) * channels
    )


@dataclass(frozen=True, eq=False)
class Shuffled:
    """Trajectories of other stimuli, stretched or shortened. partner: by stimulus id."""

    inner: Trajectories
    partner: Mapping[str, Stimulus]

    @property
    def names(self) -> tuple[str, ...]:
        return self.inner.names

    @property
    def units(self) -> tuple[str, ...]:
        return self.inner.units

    @property
    def articulators(self) -> tuple[str, ...]:
        return self.inner.articulators

    def at(
        self, stimulus: Stimulus, times: Float[np.ndarray, " step"]
    ) -> Float[np.ndarray, "step channel"]:
        """Return the partner's targets at the same share of its length."""
        other = self.partner[stimulus.id]
        return self.inner.at(other, times * (other.duration / stimulus.duration))

    def slices(self, stimulus: Stimulus, count: int) -> Float[np.ndarray, "slice channel"]:
        """Return the partner's slices."""
        return self.inner.slices(self.partner[stimulus.id], count)


def shuffled(
    targets: Trajectories,
    stimuli: Sequence[Stimulus],
    labels: Sequence[str],
    rng: np.random.Generator,
) -> Shuffled:
    """Pair every stimulus with the targets of a random one of another label.

    labels: one a stimulus, such as its transcript: realisations of one word would be no control.
    Each stimulus is the partner of one other.

    Raises `UserError` where one label holds more than half of the stimuli.
    """
    names, number, size = np.unique(
        np.array(labels, dtype=np.str_), return_inverse=True, return_counts=True
    )
    if 2 * size.max() > len(stimuli):
        raise UserError(
            f"label {str(names[size.argmax()])!r} holds {size.max()} of {len(stimuli)} stimuli; "
            "needed half or fewer, so that each can be paired with another label's."
        )
    # Blocks of a label in a random order, moved on by the largest block: none meets itself.
    order = np.lexsort((rng.permutation(len(number)), rng.permutation(len(names))[number]))
    other = np.roll(order, -int(size.max()))
    partner = {stimuli[a].id: stimuli[b] for a, b in zip(order, other, strict=True)}
    return Shuffled(targets, partner)
