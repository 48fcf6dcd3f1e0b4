"""Split stimuli into folds that share no transcript, speaker or language.

Frames of one recording are near copies of each other, and so are two realisations of one word: a
split that puts such copies on both sides finds what is not there. Independent noise, low-passed at
2 Hz, is "predicted" with r = .86 when frames are shuffled, and not at all when recordings are kept
whole. So whole labels are dealt out here, and no function splits by frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from grounding.errors import UserError
from grounding.stimuli import Stimulus
from grounding.tables import lookup

__all__ = ["LABELS", "Fold", "Label", "folds", "labels_of"]


@dataclass(frozen=True, eq=False)
class Fold:
    """Places of the stimuli that a map is fitted on, and of those that it is tested on; rising."""

    train: Int[np.ndarray, " some"]
    test: Int[np.ndarray, " others"]

    def __post_init__(self) -> None:
        shared = np.intersect1d(self.train, self.test)
        if len(shared) or not len(self.train) or not len(self.test):
            raise UserError(
                f"a fold trains on {len(self.train)} stimuli and tests on {len(self.test)}, "
                f"{len(shared)} of them the same; needed some of each, and none in both."
            )


@dataclass(frozen=True)
class Label:
    """One way to group stimuli.

    of: gives a stimulus' label, or None where it has none. field: where the label comes from, for
    messages.
    """

    of: Callable[[Stimulus], str | None]
    field: str


def _realised(name: str) -> Callable[[Stimulus], str | None]:
    def of(stimulus: Stimulus) -> str | None:
        value = stimulus.realisation.get(name)
        return None if value is None else str(value)

    return of


def _anatomy(stimulus: Stimulus) -> str | None:
    # The simulator's speakers are its anatomies; recorded speakers are more than that.
    return stimulus.speaker if "anatomy_scale" in stimulus.realisation else None


LABELS: Mapping[str, Label] = {
    # The same letters in two languages are two words.
    "transcript": Label(lambda s: f"{s.language}:{s.transcript}", "transcript"),
    "speaker": Label(lambda s: s.speaker, "speaker"),
    "language": Label(lambda s: s.language, "language"),
    "concept": Label(lambda s: s.concept, "concept"),
    "anatomy": Label(_anatomy, "realisation.anatomy_scale, and speaker"),
    "phonation": Label(_realised("voice"), "realisation.voice"),
    "realisation": Label(_realised("name"), "realisation.name"),
}


def labels_of(stimuli: Sequence[Stimulus], by: str) -> tuple[str, ...]:
    """Return one label a stimulus.

    by: a name in `LABELS`. "anatomy" and "phonation" are known of simulated speech.

    Raises `UserError` where a stimulus has no such label, and `UnknownName` for another name.
    """
    label = lookup("label", by, LABELS)
    found = [label.of(stimulus) for stimulus in stimuli]
    lacking = [s.id for s, one in zip(stimuli, found, strict=True) if one is None]
    if lacking:
        raise UserError(
            f"stimulus {lacking[0]!r} has no {by} ({len(lacking)} of {len(stimuli)} have none); "
            f"needed the manifest field {label.field}. Add it, leave these stimuli out, or split "
            "by another label."
        )
    return tuple(one for one in found if one is not None)


def folds(labels: Sequence[str], n: int, rng: np.random.Generator) -> tuple[Fold, ...]:
    """Deal whole labels out to `n` folds; each stimulus is tested on once.

    labels: one a stimulus, as from `labels_of`. The largest labels are dealt first, each to the
    fold that has the fewest stimuli so far; labels of one size go in random order.

    Raises `UserError` for fewer than two folds, or fewer labels than folds.

    >>> [fold.test for fold in folds(["cat", "dog", "cat", "cow"], 2, np.random.default_rng(0))]
    [array([0, 2]), array([1, 3])]
    """
    names, number, size = np.unique(
        np.array(labels, dtype=np.str_), return_inverse=True, return_counts=True
    )
    if n < 2:
        raise UserError(f"{n} folds were asked for; needed 2 or more, since one is held out.")
    if len(names) < n:
        raise UserError(
            f"{n} folds need {n} labels or more, found {len(names)} in {len(labels)} stimuli: "
            f"{', '.join(names[:5])}. Ask for fewer folds, or split by a finer label."
        )
    order = np.lexsort((rng.permutation(len(names)), -size))
    holds = np.zeros(n, dtype=np.intp)
    fold = np.empty(len(names), dtype=np.intp)
    for name in order:
        fold[name] = np.argmin(holds)
        holds[fold[name]] += size[name]
    of_stimulus = fold[number]
    return tuple(
        Fold(np.flatnonzero(of_stimulus != one), np.flatnonzero(of_stimulus == one))
        for one in range(n)
    )
