"""What must stay on one side of a split, so that a task cannot be done from memory."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from grounding.errors import UserError
from grounding.probes.splits import labels_of
from grounding.stimuli import Stimulus

__all__ = ["joined", "phone_strings", "refuse_confounded", "same_words", "voices"]


def joined(*labels: Sequence[Hashable | None]) -> tuple[str, ...]:
    """Return groups such that stimuli which share any label, however far round, share a group.

    labels: lists of one label a stimulus; None shares nothing. A group is named after the place
    of its first stimulus.

    >>> joined(["a", "a", "b", "c"], [None, "x", "x", None])
    ('0', '0', '0', '3')
    """
    n = len(labels[0])
    if any(len(one) != n for one in labels):
        raise UserError(f"{[len(one) for one in labels]} labels were given; needed as many each.")
    nodes: dict[Hashable, int] = {}
    edges = [
        (place, n + nodes.setdefault((which, label), len(nodes)))
        for which, one in enumerate(labels)
        for place, label in enumerate(one)
        if label is not None
    ]
    rows, columns = np.array(edges, dtype=np.intp).reshape(-1, 2).T
    size = n + len(nodes)
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][:n]
    first: dict[int, int] = {}
    return tuple(str(first.setdefault(int(one), place)) for place, one in enumerate(part))


def same_words(stimuli: Sequence[Stimulus]) -> tuple[str, ...]:
    """Return groups of stimuli that say or mean the same: in writing, in sound, or as a concept.

    Across languages too: a word and its translation may sound alike.
    """
    return joined(
        [s.transcript.casefold() for s in stimuli],
        [s.phones for s in stimuli],
        [s.concept for s in stimuli],
    )


def phone_strings(stimuli: Sequence[Stimulus]) -> tuple[str, ...]:
    """Return groups of stimuli that are the same word or the same string of phones."""
    return joined(labels_of(stimuli, "transcript"), [s.phones for s in stimuli])


def voices(stimuli: Sequence[Stimulus]) -> tuple[tuple[str, ...], str]:
    """Return what to hold out so that a word is recognised in another voice, and its name.

    "speaker" where stimuli have several, else "realisation".

    Raises `UserError` for stimuli that have neither, or one of it.
    """
    by = "speaker" if len({s.speaker for s in stimuli}) > 1 else "realisation"
    found = labels_of(stimuli, by)
    if len(set(found)) < 2:
        raise UserError(
            f"all {len(stimuli)} stimuli have the {by} {found[0]!r}; needed two speakers, or two "
            "realisations, so that one can be held out."
        )
    return found, by


def refuse_confounded(stimuli: Sequence[Stimulus], one: str, other: str) -> None:
    """Raise `UserError` unless every label of `one` is met with every label of `other`.

    one, other: names in `LABELS`. A task that tells one apart could else be done by the other.
    """
    pairs = set(zip(labels_of(stimuli, one), labels_of(stimuli, other), strict=True))
    for first in sorted({a for a, _ in pairs}):
        for second in sorted({b for _, b in pairs}):
            if (first, second) not in pairs:
                raise UserError(
                    f"{one} {first!r} never comes with {other} {second!r}: who tells {one}s apart "
                    f"may be telling {other}s apart. Keep stimuli of which every {one} has every "
                    f"{other}."
                )
