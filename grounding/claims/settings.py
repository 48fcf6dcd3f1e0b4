"""What a run may change, apart from stimuli and models."""

from __future__ import annotations

from dataclasses import dataclass

from grounding.errors import UserError

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """The numbers of a run; all of them are in its provenance.

    seed: of folds, resamples and permutations.
    random_seeds: how many sets of random weights each model is compared with; a twin has one, that
        of its own seed.
    full: score every stimulus of a shipped set, in the window that the model was trained on
        (Whisper: 30 s); otherwise a stated subset, in a shorter window that holds every stimulus.
    resamples: bootstrap samples of every held-out agreement.
    band_resamples: bootstrap samples of the layer curves.
    permutations: of every permutation test.
    """

    seed: int = 0
    random_seeds: int = 3
    full: bool = False
    resamples: int = 1000
    band_resamples: int = 200
    permutations: int = 1000
    folds: int = 2

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UserError(f"a seed is a whole number from 0; found {self.seed}")
