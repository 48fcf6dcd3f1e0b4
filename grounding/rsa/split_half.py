"""Split-half reliability of a reference over transcripts.

Stimuli are realisations of transcripts. A split deals the realisations of every transcript to
two halves; each half gives an RDM over transcripts, the mean dissimilarity of realisations of
one with realisations of the other; and the agreement of the two is the reliability of half of
the realisations.

The reliability of all of them follows by the formula of Spearman and Brown (1910,
doi:10.1111/j.2044-8295.1910.tb00206.x and .tb00207.x), m r / (1 + (m - 1) r). Here m is how many
times less error variance all realisations have than a half: 2 where every transcript has an even
number of them, a little more where a half gets the smaller part of an odd number. The formula
takes the error variance of a transcript to be inverse to its number of realisations, as it is
where realisations scatter independently and not too far. It holds for products of vectors; on
ranks it is off by 0.003 at most (where both are normal).

Halves that share speakers share what is the speakers' own. For a reliability over speakers,
`across` deals whole speakers.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError
from grounding.rsa.agreement import compare
from grounding.rsa.measures import MEASURES, Measure
from grounding.rsa.pairs import number_groups
from grounding.rsa.rdm import FEWEST, RDM
from grounding.tables import lookup

__all__ = ["SplitHalf", "split_half"]


@dataclass(frozen=True, eq=False)
class SplitHalf:
    """How well a reference agrees with itself over transcripts.

    estimate: the mean agreement of the halves over the splits: the reliability of a half. None
        where nothing can be split.
    corrected: the reliability of all realisations, by Spearman and Brown. None without an
        estimate, where the estimate is negative, and for measures that are not the cosine of two
        transformed vectors.
    why: a sentence where one of them is None, which says why; else empty.
    halves: the agreement in each split; NaN where the split has fewer than three transcripts.
    used: the number of transcripts in each split: those with a realisation in both halves.
    gain: m of the formula, its mean over the splits.
    transcripts: the number of transcripts that can be split.
    excluded: the stimuli of the other transcripts, which have one realisation (or one speaker).
    """

    estimate: float | None
    corrected: float | None
    why: str
    halves: Float[np.ndarray, " split"]
    used: Int[np.ndarray, " split"]
    gain: float
    transcripts: int
    excluded: tuple[str, ...]

    @property
    def spread(self) -> float | None:
        """The standard deviation of `halves` over the splits; None with fewer than two.

        The splits have one and the same realisations: it tells whether there were enough splits,
        and is no standard error of the reliability.
        """
        defined = self.halves[~np.isnan(self.halves)]
        return float(defined.std(ddof=1)) if len(defined) > 1 else None


def split_half(
    reference: RDM,
    transcripts: Sequence[Hashable],
    *,
    measure: str,
    splits: int,
    rng: np.random.Generator,
    across: Sequence[Hashable] | None = None,
) -> SplitHalf:
    """Measure the reliability of a reference over its transcripts, by random halves.

    transcripts: one a stimulus, in the order of `reference.ids`.
    measure: a name in `MEASURES`.
    splits: how many random splits.
    across: one label a stimulus, such as its speaker; a speaker goes whole to one half, and a
        transcript is in a split if both halves have it. The speakers of a transcript are taken
        to have about as many realisations of it each. None deals single realisations.

    Without repetitions there is no reliability: `estimate` is None, and `why` says so.

    Raises `UnknownName` for another measure, and `UserError` for no split, for labels that are
    not one a stimulus, and for what `compare` refuses in the RDMs of the halves.
    """
    record = lookup("measure", measure, MEASURES)
    if splits < 1:
        raise UserError(f"split halves need one split or more, found splits={splits}")
    group, labels = number_groups(transcripts, reference.n)
    unit, units = number_groups(across, reference.n)
    has = np.zeros((len(labels), len(units)), dtype=bool)  # which speaker has which transcript
    has[group, unit] = True
    several = has.sum(1) > 1
    possible = int(several.sum())
    together = group if across is None else np.zeros(len(units), dtype=np.intp)
    square = reference.square()
    halves, used, gains = np.full(splits, np.nan), np.zeros(splits, dtype=int), np.ones(splits)
    for split in range(splits if possible >= FEWEST else 0):
        second = _deal(together, rng)
        counts = np.stack([has[:, ~second].sum(1), has[:, second].sum(1)])
        both = np.logical_and(*(counts > 0))
        used[split] = both.sum()
        if used[split] < FEWEST:
            continue
        gains[split] = (1.0 / counts[:, both]).mean() / (1.0 / counts[:, both].sum(0)).mean()
        chosen, side = both[group], second[unit]
        one = _over_transcripts(square, group, chosen & ~side, reference)
        other = _over_transcripts(square, group, chosen & side, reference)
        halves[split] = compare(one, other, measure=measure)
    excluded = tuple(id for id, good in zip(reference.ids, several[group], strict=True) if not good)
    defined = ~np.isnan(halves)
    if not defined.any():
        why = f"none: no split has {FEWEST} transcripts in both of its halves"
        if possible < FEWEST:
            who = "realisation" if across is None else "speaker (label of across)"
            why = (
                f"none: {possible} of {len(labels)} transcripts have a second {who}, "
                f"and {FEWEST} are needed"
            )
        return SplitHalf(None, None, why, halves, used, 1.0, possible, excluded)
    estimate, gain = float(halves[defined].mean()), float(gains[defined].mean())
    corrected, why = _stepped_up(estimate, gain, record)
    return SplitHalf(estimate, corrected, why, halves, used, gain, possible, excluded)


def _stepped_up(estimate: float, gain: float, measure: Measure) -> tuple[float | None, str]:
    """Return the reliability of all realisations, or None and why there is none."""
    if measure.direct is not None:
        return None, f"uncorrected only: Spearman and Brown's formula is not for {measure.name}"
    if estimate < 0.0:
        return None, "uncorrected only: the halves disagree, and the formula is for agreement"
    return gain * estimate / (1.0 + (gain - 1.0) * estimate), ""


def _deal(
    together: Int[np.ndarray, " unit"], rng: np.random.Generator
) -> Bool[np.ndarray, " unit"]:
    """Return which units go to the second half: of those of one number every other, at random.

    Of an odd number the half that gets more is drawn too.
    """
    order = np.lexsort((rng.permutation(len(together)), together))
    ordered = together[order]
    start = np.searchsorted(ordered, ordered)
    first = rng.integers(2, size=together.max() + 1)
    second = np.empty(len(together), dtype=bool)
    second[order] = (np.arange(len(together)) - start + first[ordered]) % 2 == 1
    return second


def _over_transcripts(
    square: Float[np.ndarray, "stimulus stimulus"],
    group: Int[np.ndarray, " stimulus"],
    half: Bool[np.ndarray, " stimulus"],
    reference: RDM,
) -> RDM:
    """Return the mean dissimilarity of the transcripts of one half of the stimuli."""
    members = np.flatnonzero(half)
    members = members[np.argsort(group[members], kind="stable")]
    present, start, count = np.unique(group[members], return_index=True, return_counts=True)
    part = square[np.ix_(members, members)].astype(np.float64)
    sums = np.add.reduceat(np.add.reduceat(part, start, axis=0), start, axis=1)
    means = sums / np.outer(count, count)
    first, second = np.triu_indices(len(present), 1)
    ids = tuple(str(number) for number in present)
    name = f"half of {reference.name or 'the reference'}"
    return RDM(means[first, second], ids, reference.metric, name)
