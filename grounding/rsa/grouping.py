"""Which of two things that stimuli share keeps them together: a probability, without a scale.

An anchor stimulus meets one that shares its first label and one that does not, and the question is
which is nearer. Only the order of distances counts, ties count half, so no measure of agreement
and no unit is needed. The two questions:

- `together`: every stimulus has a label `same` (its articulation) and a label `other` (its sound).
  Is it nearer to the same articulation in another sound than to another articulation in the same
  sound? 1 for whoever holds the first label alone, 0 for whoever holds the second alone.
- `apart`: stimuli come in pairs. Are the two members of a pair farther from each other than one
  of them is from a stimulus of another pair?

Chance, which is .5 for distances that know of neither, is **not** the neutral point: how much
one label moves a sound beside the other is a matter of the stimuli. Read a number beside the
same number of acoustics, of random weights, and of the geometry that is sought.

Groups (articulations, pairs) are the random factor. Comparisons are counted once for every two
groups, so that a bootstrap sample is a quadratic form of counts; a group never meets its own copy.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from grounding.errors import UserError
from grounding.rsa.rdm import RDM
from grounding.rsa.sampled import Sampled, Undercoverage, warn_of_few

__all__ = [
    "Tally",
    "apart",
    "average",
    "difference",
    "held_out_share",
    "keeps_apart",
    "keeps_together",
    "share",
    "together",
]

FEWEST = 3  # groups in a fold


@dataclass(frozen=True, eq=False)
class Tally:
    """Comparisons of two groups at a time.

    groups: the groups' labels, in the order in which stimuli bring them.
    won: how many comparisons of an anchor in group i with a stranger in group j found what is
        asked; ties count half.
    held: how many there were; 0 on the diagonal.
    """

    groups: tuple[Hashable, ...]
    won: Float[np.ndarray, "group group"]
    held: Float[np.ndarray, "group group"]

    def share(self, counts: Float[np.ndarray, "... group"]) -> Float[np.ndarray, "..."]:
        """Return the share won when each group is taken so many times; NaN where none is held."""
        with np.errstate(invalid="ignore"):
            return np.einsum("...i,ij,...j->...", counts, self.won, counts) / np.einsum(
                "...i,ij,...j->...", counts, self.held, counts
            )


def together(rdm: RDM, same: Sequence[Hashable], other: Sequence[Hashable]) -> Tally:
    """Ask each stimulus whether it is nearer to its articulation than to its sound.

    same, other: one label a stimulus each. The nearer is one of equal `same` and unequal `other`;
    the stranger one of unequal `same` and equal `other`. Groups are those of `same`.

    Raises `UserError` for labels that are not one a stimulus, and where nothing can be compared.
    """
    group, groups = _numbered(rdm, same, "same")
    sound, _ = _numbered(rdm, other, "other")
    kin = group[:, None] == group
    alike = sound[:, None] == sound
    return _tally(rdm, group, groups, kin & ~alike, ~kin & alike, nearer=True)


def apart(rdm: RDM, pair: Sequence[Hashable]) -> Tally:
    """Ask each stimulus whether its partner is farther than a stimulus of another pair.

    pair: one label a stimulus; two stimuli have each.

    Raises `UserError` for labels that are not one a stimulus, or a pair that is not of two.
    """
    group, groups = _numbered(rdm, pair, "pair")
    size = np.bincount(group)
    if (size != 2).any():
        odd = int(np.flatnonzero(size != 2)[0])
        raise UserError(f"pair {groups[odd]!r} has {size[odd]} stimuli; a pair has two")
    kin = group[:, None] == group
    return _tally(rdm, group, groups, kin & ~np.eye(rdm.n, dtype=bool), ~kin, nearer=False)


def share(tally: Tally, *, n: int, rng: np.random.Generator) -> Sampled:
    """Return the share won, with its values over `n` bootstrap samples of groups.

    Raises `UserError` for fewer than one sample. Warns (`FewGroups`) of fewer than 20 groups.
    """
    warn_of_few(len(tally.groups))
    return _sampled(tally, np.arange(len(tally.groups)), n, rng)


def keeps_together(
    rdm: RDM,
    same: Sequence[Hashable],
    other: Sequence[Hashable],
    *,
    n: int,
    rng: np.random.Generator,
) -> Sampled:
    """Return the probability that a stimulus is nearer to its articulation than to its sound.

    See `together` for the labels, and `share` for n and rng.

    >>> sounds = np.array([[0.0], [9.0], [1.0], [8.0], [0.5], [8.5]])  # two sounds, far apart
    >>> from grounding.rsa import rdm
    >>> found = rdm(sounds, list("abcdef"), metric="euclidean")
    >>> same, other = list("aabbcc"), ["modal", "whispered"] * 3
    >>> keeps_together(found, same, other, n=20, rng=np.random.default_rng(0)).estimate
    0.0
    """
    return share(together(rdm, same, other), n=n, rng=rng)


def keeps_apart(rdm: RDM, pair: Sequence[Hashable], *, n: int, rng: np.random.Generator) -> Sampled:
    """Return the probability that a stimulus' partner is farther than one of another pair.

    See `apart` and `share`.
    """
    return share(apart(rdm, pair), n=n, rng=rng)


def held_out_share(
    layers: Sequence[Tally], *, n: int, rng: np.random.Generator, folds: int = 2
) -> Sampled:
    """Return the share won by a model's best layer, chosen on other groups than it is scored on.

    Groups are dealt out to folds; in each the layer is the best one over all other folds. The
    estimate is the mean over folds, and each bootstrap sample draws inside folds. Generators in
    one state give the same folds and draws for any layers over the same groups, so that
    differences of samples are paired.

    Raises `UserError` for no layers, layers over other groups, and too few groups a fold. Warns
    (`Undercoverage`) of fewer than 20 groups, and where folds disagree on the layer.
    """
    if not layers:
        raise UserError("there is no layer to choose from")
    groups = layers[0].groups
    if any(layer.groups != groups for layer in layers):
        raise UserError("the layers are tallied over different groups; use one set of stimuli")
    if folds < 2 or len(groups) < FEWEST * folds:
        raise UserError(
            f"holding out needs two folds or more of {FEWEST} groups or more, found {folds} folds "
            f"and {len(groups)} groups"
        )
    warn_of_few(len(groups))
    fold = np.empty(len(groups), dtype=np.intp)
    fold[rng.permutation(len(groups))] = np.arange(len(groups)) % folds
    parts, chosen = [], []
    for one in range(folds):
        best = int(np.nanargmax([layer.share((fold != one) * 1.0) for layer in layers]))
        chosen.append(best)
        parts.append(_sampled(layers[best], np.flatnonzero(fold == one), n, rng))
    if len(set(chosen)) > 1:
        warnings.warn(
            f"folds chose other layers ({', '.join(map(str, chosen))}): the interval holds the "
            "choice fixed, and may be too narrow",
            Undercoverage,
            stacklevel=2,
        )
    return Sampled(
        float(np.mean([part.estimate for part in parts])),
        np.mean([part.samples for part in parts], axis=0),
    )


def difference(one: Sampled, other: Sampled) -> Sampled:
    """Return how much larger one is than another, paired sample by sample.

    Right where both drew from generators in one state over the same groups.

    Raises `UserError` for other numbers of samples.
    """
    if len(one.samples) != len(other.samples):
        raise UserError(
            f"paired samples are equally many, found {len(one.samples)} and {len(other.samples)}"
        )
    return Sampled(one.estimate - other.estimate, one.samples - other.samples)


def average(ones: Sequence[Sampled]) -> Sampled:
    """Return the mean of numbers, paired sample by sample as in `difference`.

    Raises `UserError` for none, and for other numbers of samples.
    """
    if len({len(one.samples) for one in ones}) != 1:
        raise UserError(
            f"an average needs numbers with equally many samples, found {len(ones)} with "
            f"{', '.join(str(len(one.samples)) for one in ones) or 'none'}"
        )
    return Sampled(
        float(np.mean([one.estimate for one in ones])),
        np.mean([one.samples for one in ones], axis=0),
    )


def _sampled(
    tally: Tally, places: Int[np.ndarray, " place"], n: int, rng: np.random.Generator
) -> Sampled:
    if n < 1:
        raise UserError(f"a bootstrap needs one sample or more, found n={n}")
    drawn = np.zeros((n + 1, len(tally.groups)))
    drawn[0, places] = 1.0
    drawn[1:, places] = rng.multinomial(len(places), np.full(len(places), 1 / len(places)), size=n)
    found = tally.share(drawn)
    return Sampled(float(found[0]), found[1:])


def _numbered(
    rdm: RDM, labels: Sequence[Hashable], what: str
) -> tuple[Int[np.ndarray, " stimulus"], tuple[Hashable, ...]]:
    if len(labels) != rdm.n:
        raise UserError(f"{rdm.n} stimuli need a label {what!r} each, found {len(labels)}")
    known = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    return np.array([known[label] for label in labels], dtype=np.intp), tuple(known)


def _tally(
    rdm: RDM,
    group: Int[np.ndarray, " stimulus"],
    groups: tuple[Hashable, ...],
    friends: Bool[np.ndarray, "stimulus stimulus"],
    strangers: Bool[np.ndarray, "stimulus stimulus"],
    nearer: bool,
) -> Tally:
    won, held = np.zeros((2, len(groups), len(groups)))
    for anchor, distance in enumerate(rdm.square()):
        friend, stranger = distance[friends[anchor]], distance[strangers[anchor]]
        sign = np.sign(stranger - friend[:, None]) * (1 if nearer else -1)
        to = group[strangers[anchor]]
        np.add.at(won[group[anchor]], to, (0.5 + 0.5 * sign).sum(0))
        np.add.at(held[group[anchor]], to, len(friend))
    if not held.any():
        raise UserError("no stimulus has both one that shares its label and a stranger to compare")
    return Tally(groups, won, held)
