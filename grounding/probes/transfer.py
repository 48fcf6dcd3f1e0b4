"""Fit a map in one language, speaker, anatomy or phonation, apply it in another: what is lost?

`cross` fits one map for each label (each language, say), on all folds of transcripts but one, and
lets each predict the rows of that fold, whatever their label. `Crossed.score` holds every pair
against each other: the map of label a and the map of label b, on the same held-out rows of b.
The loss is the second's score minus the first's. `difference_of_losses` compares two tasks.

Conventions
-----------
- Rows: "shared" are those whose phone both labels have, "unshared" those whose phone the label
  applied to has alone, "all" any in a phone segment. An inventory is what is said in the stimuli,
  as it is written: a long vowel is another phone than a short one.
- A phone can be named only where both labels have it: the choice is among shared phones, for both
  maps. Of unshared phones the articulatory features, or the articulation, can be read.
- "r": the mean over targets of the correlation within folds; chance is 0. It is defined for
  trajectories, classes and signs alike, so that their losses are in one unit. A prediction that
  never moves has r = 0.
- "balanced": accuracy with every class counted alike, of the largest class, or of the sign of each
  feature; chance is 1 / classes.
- Intervals draw transcripts, with maps as they are; languages, speakers and so on are not drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError
from grounding.probes.classify import Draws, confusion
from grounding.probes.phone_rows import PhoneRows, fold_of, held_out, row_targets
from grounding.probes.phonetic import Phonetic, phonetic
from grounding.probes.scores import agreement, hold
from grounding.probes.splits import Fold
from grounding.probes.targets import Trajectories
from grounding.probes.transferred import Cell, Transfer
from grounding.rsa.sampled import Sampled
from grounding.tables import lookup

__all__ = ["MEASURES", "ON", "Crossed", "cross"]


@dataclass(frozen=True, eq=False)
class Crossed:
    """What the map of each label predicts of every row, held out.

    task, kind, columns: the targets; kind is "trajectory" for channels.
    predicted: by label. true: NaN where there is no target.
    groups: one a stimulus. label, fold: of each row's stimulus. phone: of each row; "" for none.
    trained: stimuli that each map could be fitted on, over all folds.
    """

    rows: PhoneRows
    task: str
    kind: str
    columns: tuple[str, ...]
    predicted: Mapping[str, Float[np.ndarray, "row target"]]
    true: Float[np.ndarray, "row target"]
    groups: tuple[str, ...]
    label: np.ndarray
    fold: Int[np.ndarray, " row"]
    phone: np.ndarray
    trained: Mapping[str, int]

    def score(self, on: str, measure: str, drawn: Draws) -> Transfer:
        """Score the map of every label on every label.

        on: of `ON`. measure: of `MEASURES`. drawn: of the same groups; shared with all that is to
        be compared.

        Raises `UserError` for a measure or rows that the task does not have.
        """
        choose = lookup("kind of rows", on, ON)
        measured = lookup("measure", measure, MEASURES)
        if self.kind == "trajectory" and measure == "balanced":
            raise UserError(f"{self.task!r} are trajectories, which have no classes; take 'r'.")
        if self.task == "phone" and on == "unshared":
            raise UserError(
                "a map cannot name a phone that it never heard: its score is 0 by definition. Take "
                "articulatory features or trajectories for unshared phones."
            )
        names = tuple(self.predicted)
        said = {name: set(self.phone[self.label == name]) - {""} for name in names}
        cells = {}
        for source in names:
            for target in names:
                phones = choose(said[source], said[target])
                there = (self.label == target) & np.isin(self.phone, sorted(phones))
                there &= ~np.isnan(self.true).any(axis=1)
                columns = np.arange(len(self.columns))
                if self.task == "phone":
                    columns = np.flatnonzero(np.isin(self.columns, sorted(phones)))
                cell = measured(self, source, target, there, columns, drawn)
                if cell is not None:
                    cells[source, target] = cell
        return Transfer(self.task, on, measure, names, cells, self.trained, drawn)


ON = {
    "shared": lambda source, target: source & target,
    "unshared": lambda source, target: target - source,
    "all": lambda source, target: target,
}
"""Phones of the rows that count, by those of the label fitted on and of the one applied to."""


def cross(
    rows: PhoneRows,
    targets: Trajectories | Phonetic,
    labels: Sequence[str],
    folds: Sequence[Fold],
    groups: Sequence[str],
    *,
    penalties: Sequence[float],
    equal: bool,
    rng: np.random.Generator,
) -> Crossed:
    """Fit a map for each label, and predict every held-out row with each.

    labels, groups: one a stimulus, as from `labels_of(stimuli, "language")` and "transcript".
    folds: of the same groups, three or more.
    equal: whether every label is fitted on as many stimuli as the smallest has, drawn at random;
        otherwise a label with more data has the better map, wherever it is applied.

    Raises `UserError` as `held_out` and `phonetic` do, and for fewer than two labels.
    """
    names = tuple(dict.fromkeys(labels))
    if len(labels) != len(rows.stimuli) or len(names) < 2:
        raise UserError(
            f"{len(labels)} labels ({', '.join(names[:5])}) for {len(rows.stimuli)} stimuli; "
            "needed one for each, and two different ones or more."
        )
    true = row_targets(rows, targets.at)
    of = np.array(labels)
    size = min(int((of == name).sum()) for name in names)
    predicted, trained = {}, {}
    for name in names:
        mine = np.flatnonzero(of == name)
        if equal:
            mine = rng.choice(mine, size=size, replace=False)
        train = np.isin(rows.place, mine)
        found = held_out(rows, true, folds, groups, penalties=penalties, train=train)
        predicted[name], trained[name] = found, len(mine)
    said = phonetic(rows.stimuli, "phone")
    if isinstance(targets, Phonetic):
        task, kind, columns = targets.name, str(targets.kind), targets.columns
    else:
        task, kind, columns = "articulation", "trajectory", tuple(targets.names)
    return Crossed(
        rows,
        task,
        kind,
        columns,
        predicted,
        true,
        tuple(groups),
        of[rows.place],
        fold_of(folds, groups)[rows.place],
        np.array(said.phones(rows.stimuli, rows.place, (rows.start + rows.end) / 2)),
        trained,
    )


def _r(
    crossed: Crossed,
    source: str,
    target: str,
    there: Bool[np.ndarray, " row"],
    columns: Int[np.ndarray, " column"],
    drawn: Draws,
) -> Cell | None:
    """Return the mean correlation of both maps' predictions with the truth."""
    if there.sum() < 2 or not len(columns):
        return None
    group = drawn.number(crossed.groups)[crossed.rows.place]
    scores = []
    for name in (target, source):
        held = hold(
            crossed.predicted[name][there][:, columns],
            crossed.true[there][:, columns],
            crossed.fold[there],
            group[there],
            len(drawn.groups),
        )
        scores.append((agreement(held).r, agreement(held, drawn.counts).r))
    moves = ~np.isnan(scores[0][0])  # what is one value in these rows cannot be read out of them
    if not moves.any():
        return None
    within, across = (_mean(whole[moves], samples[:, moves]) for whole, samples in scores)
    return Cell(across, within, 0.0, int(there.sum()))


def _mean(
    whole: Float[np.ndarray, " column"], samples: Float[np.ndarray, "sample column"]
) -> Sampled:
    """Return the mean over columns; one without a score counts as 0, in a sample not at all."""
    still = np.isnan(whole)
    samples = np.where(still, 0.0, samples)
    there = ~np.isnan(samples)
    with np.errstate(invalid="ignore"):
        means = np.where(there, samples, 0.0).sum(axis=1) / there.sum(axis=1)
    return Sampled(float(np.where(still, 0.0, whole).mean()), means)


def _balanced(
    crossed: Crossed,
    source: str,
    target: str,
    there: Bool[np.ndarray, " row"],
    columns: Int[np.ndarray, " column"],
    drawn: Draws,
) -> Cell | None:
    """Return the balanced accuracy of both maps, of classes or as a mean over features' signs."""
    tasks = [columns] if crossed.kind == "one-hot" else [np.array([at]) for at in columns]
    scores: dict[str, list[Sampled]] = {source: [], target: []}
    chances = []
    for task in tasks:
        known, true = there, crossed.true[:, task]
        if crossed.kind == "signed":
            known = there & (np.abs(true[:, 0]) == 1.0)
        if not known.any():
            continue
        classes = _class(crossed.kind, true)
        present = len(np.unique(classes[known]))
        if present < 2:
            continue
        chances.append(1.0 / present)
        names = [crossed.columns[at] for at in task] if len(task) > 1 else ["-", "+"]
        for name, found in scores.items():
            said = _class(crossed.kind, crossed.predicted[name][:, task])
            of = (crossed.groups, classes, said, known, None)
            found.append(confusion(crossed.rows, name, names, *of).balanced(drawn))
    if not chances:
        return None
    across, within = (
        _mean(
            np.array([one.estimate for one in scores[name]]),
            np.stack([one.samples for one in scores[name]], axis=1),
        )
        for name in (source, target)
    )
    return Cell(across, within, float(np.mean(chances)), int(there.sum()))


def _class(kind: str, values: Float[np.ndarray, "row column"]) -> Int[np.ndarray, " row"]:
    if kind == "signed":
        return (values[:, 0] > 0).astype(np.intp)
    return np.where(np.isnan(values), -np.inf, values).argmax(axis=1)


MEASURES = {"r": _r, "balanced": _balanced}
