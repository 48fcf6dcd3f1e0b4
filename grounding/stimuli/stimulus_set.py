"""Stimuli in an order that does not change, with one digest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import overload

from grounding.errors import StimulusMismatch
from grounding.stimuli.stimulus import Stimulus
from grounding.tables import lookup

__all__ = ["StimulusSet"]


@dataclass(frozen=True, eq=False)
class StimulusSet(Sequence[Stimulus]):
    """An ordered set of stimuli; ids are unique.

    stimuli: in order.
    name: of the shipped set, or of the folder.
    folder: that holds `manifest.jsonl`.
    """

    stimuli: tuple[Stimulus, ...]
    name: str
    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "stimuli", tuple(self.stimuli))
        object.__setattr__(self, "folder", Path(self.folder))
        _refuse_repeats(self.ids)

    def __len__(self) -> int:
        return len(self.stimuli)

    def __iter__(self) -> Iterator[Stimulus]:
        return iter(self.stimuli)

    @overload
    def __getitem__(self, index: int) -> Stimulus: ...
    @overload
    def __getitem__(self, index: slice) -> StimulusSet: ...
    def __getitem__(self, index):
        if isinstance(index, slice):
            return StimulusSet(self.stimuli[index], self.name, self.folder)
        return self.stimuli[index]

    def __repr__(self) -> str:
        return f"StimulusSet({self.name!r}, {len(self)} stimuli)"

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids, in order."""
        return tuple(stimulus.id for stimulus in self.stimuli)

    @cached_property
    def transcripts(self) -> tuple[str, ...]:
        """The transcripts, in order; those of realisations are equal."""
        return tuple(stimulus.transcript for stimulus in self.stimuli)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the stimuli's digests, in order."""
        digests = "\n".join(stimulus.digest for stimulus in self.stimuli)
        return hashlib.sha256(digests.encode("ascii")).hexdigest()

    def where(self, predicate: Callable[[Stimulus], bool]) -> StimulusSet:
        """Return the stimuli for which `predicate` holds, in this order; there may be none."""
        kept = tuple(stimulus for stimulus in self.stimuli if predicate(stimulus))
        return StimulusSet(kept, self.name, self.folder)

    def select(self, ids: Iterable[str]) -> StimulusSet:
        """Return the stimuli with these ids, in the order of `ids`.

        Raises `UnknownName` for an id that is not here, `StimulusMismatch` for one given twice.
        """
        table = dict(zip(self.ids, self.stimuli, strict=True))
        chosen = tuple(lookup("stimulus id", name, table) for name in ids)
        return StimulusSet(chosen, self.name, self.folder)


def _refuse_repeats(ids: Sequence[str]) -> None:
    repeated = [name for name, count in Counter(ids).items() if count > 1]
    if repeated:
        raise StimulusMismatch(
            f"stimulus id {repeated[0]!r} comes {ids.count(repeated[0])} times; needed every id "
            "once. Take the others out."
        )
