"""The transcript ceiling: the best that a function of the transcript can do.

Where transcripts have several realisations, the oracle's distance between two stimuli of two
transcripts is the mean reference distance over the other realisations of these transcripts, with
both stimuli left out everywhere. Within a transcript it is one constant, the mean distance within
transcripts: a function of the transcript cannot tell its realisations apart.

Leaving out makes the ceiling fair, and low where realisations are few: with two of each, the
oracle is a single noisy pair. `between_upper`, with nothing left out, is as much too high. The
truth lies between, as for a noise ceiling.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from grounding.errors import UserError
from grounding.rsa.agreement import compare, same_stimuli
from grounding.rsa.pairs import number_groups, sum_by_group
from grounding.rsa.rdm import FEWEST, RDM
from grounding.rsa.resampling import Progress, bootstrap, shifted
from grounding.rsa.sampled import Sampled, Undercoverage

__all__ = ["TranscriptCeiling", "oracle_rdm", "transcript_ceiling"]


@dataclass(frozen=True, eq=False)
class TranscriptCeiling:
    """What any function of the transcript could reach.

    oracle: the oracle's RDM; its ids are those that have another realisation.
    between: its agreement over pairs of different transcripts; samples draw transcripts.
    between_upper: the same with nothing left out: no function of the transcript does better in
        the squared error of these very pairs.
    all: its agreement over all pairs.
    within: its agreement inside transcripts, exactly 0.
    excluded: stimuli without another realisation of their transcript, which have no oracle.
    """

    oracle: RDM
    between: Sampled
    between_upper: float
    all: Sampled
    within: float
    excluded: tuple[str, ...]


def transcript_ceiling(
    reference: RDM,
    transcripts: Sequence[Hashable],
    *,
    measure: str,
    n: int,
    rng: np.random.Generator,
    controls: Sequence[RDM] = (),
    processes: int = 1,
    progress: Progress | None = None,
) -> TranscriptCeiling:
    """Compute the transcript ceiling of a reference, with bootstrap samples of transcripts.

    transcripts: one a stimulus, in the order of `reference.ids`.
    measure, controls: as for `compare`, and as for the models that are held against it.
    n, processes, progress: as for `bootstrap`. The oracle is the same in every sample, and the
        two kinds of pairs have the same samples.

    Raises what `bootstrap` raises, and `UserError` when fewer than three transcripts have a
    second realisation.
    """
    warnings.warn(
        "the oracle is the same in every sample, and low where transcripts are few: in simulation "
        "a 95 % interval of the ceiling covers the truth in 77 to 91 % (16 to 120 transcripts)",
        Undercoverage,
        stacklevel=2,
    )
    same_stimuli([reference, *controls])
    group, labels = number_groups(transcripts, reference.n)
    several = np.bincount(group)[group] > 1
    if len(set(group[several])) < FEWEST:
        raise UserError(
            f"the transcript ceiling needs {FEWEST} transcripts or more with two realisations or "
            f"more, found {len(set(group[several]))} of {len(labels)}"
        )
    ids = [id for id, good in zip(reference.ids, several, strict=True) if good]
    known = reference.select(ids)
    kept = [label for label, good in zip(transcripts, several, strict=True) if good]
    controls = [control.select(ids) for control in controls]
    oracle = oracle_rdm(known, kept, leave_out=True)
    seed = int(rng.integers(2**63))
    samples = {
        pairs: bootstrap(
            [oracle],
            [known],
            measure=measure,
            n=n,
            rng=np.random.default_rng(seed),
            groups=kept,
            controls=controls,
            pairs=pairs,
            processes=processes,
            progress=shifted(progress, part * n, 2 * n),
        ).of(0, 0)
        for part, pairs in enumerate(("between", "all"))
    }
    return TranscriptCeiling(
        oracle=oracle,
        between=samples["between"],
        between_upper=compare(
            oracle_rdm(known, kept, leave_out=False),
            known,
            measure=measure,
            controls=controls,
            pairs="between",
            groups=kept,
        ),
        all=samples["all"],
        within=0.0,
        excluded=tuple(id for id, good in zip(reference.ids, several, strict=True) if not good),
    )


def oracle_rdm(reference: RDM, transcripts: Sequence[Hashable], *, leave_out: bool) -> RDM:
    """Return the best guess of each distance from the transcripts alone.

    leave_out: whether the two stimuli of a pair are left out of its guess.

    Raises `UserError` when leaving out leaves a transcript without a realisation.
    """
    group, labels = number_groups(transcripts, reference.n)
    size = np.bincount(group)
    if leave_out and size.min() < 2:
        raise UserError(f"transcript {labels[int(size.argmin())]!r} has one realisation only")
    square = reference.square()
    to_group = sum_by_group(square, group, len(size))  # stimulus x transcript
    between = sum_by_group(to_group.T, group, len(size))  # transcript x transcript
    i, j = np.triu_indices(reference.n, 1)
    a, b = group[i], group[j]
    total = between[a, b]
    count = size[a] * size[b]
    if leave_out:
        total = total - to_group[i, b] - to_group[j, a] + square[i, j]
        count = (size[a] - 1) * (size[b] - 1)
    values = total / count
    inside = a == b
    if inside.any():
        values[inside] = reference.values[inside].mean()
    name = f"transcript oracle of {reference.name}" if reference.name else "transcript oracle"
    return RDM(values, reference.ids, reference.metric, name)
