"""What decided the numbers of an extraction.

The hash of the stimuli is over all that is said of them, articulation too, and every one of their
files is read for it. That takes longer than to read what is stored, so it is made when it is asked
for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from grounding.encoders import Encoder
from grounding.stimuli import Stimulus

__all__ = ["Provenance", "provenance_of"]

STIMULI = "stimuli"


@dataclass(frozen=True, eq=False)
class Provenance(Mapping[str, Any]):
    """`decided` by name, and under "stimuli" the sha256 of the `stimuli`, as of a `StimulusSet`.

    A file that has changed since its sound was heard is refused when "stimuli" is asked for.
    """

    decided: Mapping[str, Any]
    stimuli: Sequence[Stimulus]

    def __getitem__(self, name: str) -> Any:
        return self._digest if name == STIMULI else self.decided[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.decided, STIMULI))

    def __len__(self) -> int:
        return len(self.decided) + 1

    @cached_property
    def _digest(self) -> str:
        digests = "\n".join(stimulus.digest for stimulus in self.stimuli)
        return hashlib.sha256(digests.encode()).hexdigest()


def provenance_of(encoder: Encoder, stimuli: Sequence[Stimulus], pooling: str) -> Provenance:
    """Return what decided the numbers of these stimuli."""
    decided = {
        "encoder": encoder.name,
        "modality": encoder.modality,
        "revision": encoder.revision,
        "pooling": pooling,
        **encoder.provenance,
    }
    return Provenance(decided, tuple(stimuli))
