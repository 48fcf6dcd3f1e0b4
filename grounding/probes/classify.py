"""Read classes out of features with the linear maps of `grounding.probes.ridge`, and score it.

A map is fitted to one-hot targets, and the largest says the class (`classify`); or to signed ones,
and the sign says it (`threshold`). What was said is kept as a `Confusion`, by group of stimuli.
`score` gives accuracy, balanced accuracy and selectivity, with bootstrap samples of groups: maps
are not fitted anew, so that an interval is of these maps over other transcripts.

Source of selectivity: Hewitt and Liang, Designing and Interpreting Probes with Control Tasks,
EMNLP 2019: accuracy on a task minus accuracy on random labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError
from grounding.probes.phone_rows import PhoneRows, held_out, row_targets
from grounding.probes.phonetic import Phonetic
from grounding.probes.splits import Fold
from grounding.rsa.resampling import draw_groups
from grounding.rsa.sampled import Sampled

__all__ = ["ClassScore", "Confusion", "Draws", "classify", "draw", "score", "threshold"]


@dataclass(frozen=True, eq=False)
class Draws:
    """Bootstrap draws of groups: how often each is drawn. All that shares them is paired.

    groups: sorted, each once.
    """

    groups: tuple[str, ...]
    counts: Int[np.ndarray, "sample group"]

    def number(self, labels: Sequence[str]) -> Int[np.ndarray, " label"]:
        """Return the place of each label's group; raises `UserError` for one that is not drawn."""
        places = {group: at for at, group in enumerate(self.groups)}
        if lost := set(labels) - set(places):
            raise UserError(
                f"group {min(lost)!r} is not among the {len(places)} that are drawn; make draws "
                "and scores from the same groups."
            )
        return np.array([places[label] for label in labels], dtype=np.intp)


def draw(groups: Sequence[str], n: int, rng: np.random.Generator) -> Draws:
    """Draw the groups of stimuli `n` times, as many as there are, with replacement."""
    names = tuple(sorted(set(groups)))
    return Draws(names, draw_groups(len(names), n, rng))


@dataclass(frozen=True, eq=False)
class Confusion:
    """What was said of held-out rows whose class is known.

    hits, totals: rows that were named rightly, and all, by group, stratum and true class.
    counts: over all, by true class and by the class that was said.
    """

    name: str
    unit: str
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    hits: Float[np.ndarray, "group stratum class"]
    totals: Float[np.ndarray, "group stratum class"]
    counts: Int[np.ndarray, "class class"]

    @property
    def chance(self) -> float:
        """The accuracy of always saying the most frequent class."""
        return float(self.counts.sum(axis=1).max() / self.counts.sum())

    def accuracy(self, drawn: Draws) -> Sampled:
        """Return the share of rows that were named rightly."""
        return self._sampled(drawn, _accuracy)

    def balanced(self, drawn: Draws) -> Sampled:
        """Return the mean over classes of the share named rightly, within strata, then over them.

        Strata with one class do not count: 1 / classes is chance in each of the others.
        """
        return self._sampled(drawn, _balanced)

    def _sampled(self, drawn: Draws, measure: Measure) -> Sampled:
        place = drawn.number(self.groups)
        weights = np.vstack([np.ones(len(place)), drawn.counts[:, place]])
        shape = (len(weights), *self.hits.shape[1:])
        hits, totals = (
            (weights @ part.reshape(len(place), -1)).reshape(shape)
            for part in (self.hits, self.totals)
        )
        found = measure(hits, totals)
        return Sampled(float(found[0]), found[1:])


Counted = Float[np.ndarray, "sample stratum class"]
Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _accuracy(hits: Counted, totals: Counted) -> Float[np.ndarray, " sample"]:
    with np.errstate(invalid="ignore", divide="ignore"):
        share: np.ndarray = hits.sum(axis=(1, 2)) / totals.sum(axis=(1, 2))
    return share


def _balanced(hits: Counted, totals: Counted) -> Float[np.ndarray, " sample"]:
    there = totals > 0
    several = there.sum(axis=2) > 1
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = np.where(there, hits / totals, 0.0).sum(axis=2) / there.sum(axis=2)
        mean: np.ndarray = np.where(several, recall, 0.0).sum(axis=1) / several.sum(axis=1)
    return mean


def classify(
    rows: PhoneRows,
    task: Phonetic,
    folds: Sequence[Fold],
    groups: Sequence[str],
    *,
    penalties: Sequence[float],
    strata: Mapping[str, str] | None = None,
) -> Confusion:
    """Return which class maps fitted on the other folds say of each row that has one.

    task: one-hot. groups: one label a stimulus; no fold shares one with another.
    strata: by phone, which stratum it counts in; every phone that has a class needs one. None is
        one stratum.

    Raises `UserError` as `held_out` does, for signed targets, or a phone without a stratum.
    """
    if task.kind != "one-hot":
        raise UserError(f"{task.name!r} is signed; needed classes. Take `threshold` for signs.")
    targets = row_targets(rows, task.at)
    known = ~np.isnan(targets).any(axis=1)
    said = held_out(rows, targets, folds, groups, penalties=penalties).argmax(axis=1)
    true = np.where(known[:, None], targets, 0.0).argmax(axis=1)
    stratum = _strata(rows, task, known, strata)
    return confusion(rows, task.name, task.columns, groups, true, said, known, stratum)


def threshold(
    rows: PhoneRows,
    task: Phonetic,
    folds: Sequence[Fold],
    groups: Sequence[str],
    *,
    penalties: Sequence[float],
) -> dict[str, Confusion]:
    """Return, for each signed feature, which sign maps fitted on the other folds say of each row.

    Only rows where the feature is +1 or -1 are scored, and only features that have both.

    Raises `UserError` as `held_out` does, and for targets that are not signed.
    """
    if task.kind != "signed":
        raise UserError(f"{task.name!r} is one-hot; needed signs. Take `classify` for classes.")
    targets = row_targets(rows, task.at)
    said = held_out(rows, targets, folds, groups, penalties=penalties) > 0
    found = {}
    for at, name in enumerate(task.columns):
        known = np.abs(targets[:, at]) == 1.0
        true = targets[:, at] > 0
        if known.any() and 0 < true[known].mean() < 1:
            classes = (f"-{name}", f"+{name}")
            signs = (true.astype(int), said[:, at].astype(int))
            found[name] = confusion(rows, name, classes, groups, *signs, known, None)
    return found


def confusion(
    rows: PhoneRows,
    name: str,
    classes: Sequence[str],
    groups: Sequence[str],
    true: Int[np.ndarray, " row"],
    said: Int[np.ndarray, " row"],
    known: Bool[np.ndarray, " row"],
    stratum: Int[np.ndarray, " row"] | None,
) -> Confusion:
    """Count what was said of the rows that are `known`, by group, stratum and class.

    Raises `UserError` where no row is known.
    """
    if not known.any():
        raise UserError(f"no {rows.unit} of {rows.encoder} has a class of {name!r}.")
    names, number = np.unique(np.array(groups, dtype=np.str_), return_inverse=True)
    strata = np.zeros(len(true), dtype=np.intp) if stratum is None else stratum
    shape = (len(names), int(strata[known].max()) + 1, len(classes))
    where = (number[rows.place[known]], strata[known], true[known])
    hits, totals, counts = np.zeros(shape), np.zeros(shape), np.zeros((len(classes),) * 2, int)
    np.add.at(totals, where, 1.0)
    np.add.at(hits, where, (true == said)[known].astype(float))
    np.add.at(counts, (true[known], said[known]), 1)
    return Confusion(name, rows.unit, tuple(classes), tuple(names.tolist()), hits, totals, counts)


def _strata(
    rows: PhoneRows,
    task: Phonetic,
    known: Bool[np.ndarray, " row"],
    strata: Mapping[str, str] | None,
) -> Int[np.ndarray, " row"] | None:
    """Return the number of each known row's stratum."""
    if strata is None:
        return None
    phones = task.phones(rows.stimuli, rows.place, (rows.start + rows.end) / 2)
    if lost := {phone for phone, one in zip(phones, known, strict=True) if one} - set(strata):
        raise UserError(f"phone {min(lost)!r} has a class of {task.name!r} and no stratum.")
    numbers = {name: at for at, name in enumerate(dict.fromkeys(strata.values()))}
    return np.array([numbers.get(strata.get(phone, ""), 0) for phone in phones])


@dataclass(frozen=True, eq=False)
class ClassScore:
    """How well classes are read out of held-out rows.

    accuracy, balanced: 0 to 1, with samples. chance: of always saying the most frequent class.
    recall: by class, the share of its rows that were named rightly.
    control: mean accuracy on random labels. selectivity: accuracy minus that, -1 to 1; both None
        without control tasks.
    n_rows: scored, `unit`s. n_groups: drawn from.
    """

    name: str
    unit: str
    accuracy: Sampled
    balanced: Sampled
    chance: float
    recall: Mapping[str, float]
    control: Sampled | None
    selectivity: Sampled | None
    n_rows: int
    n_groups: int


def score(found: Confusion, drawn: Draws, controls: Sequence[Confusion] = ()) -> ClassScore:
    """Score what was said, beside what was said of the same rows under random labels.

    controls: see `grounding.probes.control_tasks.random_labels`; several draws are averaged.

    Raises `UserError` for a control of other rows, or groups that were not drawn.
    """
    rows = int(found.counts.sum())
    for one in controls:
        if one.counts.sum() != rows or one.unit != found.unit or one.groups != found.groups:
            raise UserError(
                f"the control {one.name!r} is of {one.counts.sum()} {one.unit}s and {found.name!r} "
                f"of {rows} {found.unit}s; needed the same rows. Make it from the same task."
            )
    accuracy = found.accuracy(drawn)
    control = selectivity = None
    if controls:
        each = [one.accuracy(drawn) for one in controls]
        control = Sampled(
            float(np.mean([one.estimate for one in each])),
            np.mean([one.samples for one in each], axis=0),
        )
        selectivity = Sampled(
            accuracy.estimate - control.estimate, accuracy.samples - control.samples
        )
    totals = found.counts.sum(axis=1)
    recall = {
        name: float(found.counts[at, at] / totals[at])
        for at, name in enumerate(found.classes)
        if totals[at]
    }
    balanced = found.balanced(drawn)
    parts = (accuracy, balanced, found.chance, recall, control, selectivity)
    return ClassScore(found.name, found.unit, *parts, rows, len(found.groups))
