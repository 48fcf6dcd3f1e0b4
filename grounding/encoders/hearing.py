"""Give a stimulus' audio to a speech model, or say why the model cannot take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from grounding.errors import AudioError

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["hear", "samples_of"]


def hear(
    stimulus: Stimulus, listener: str, *, rate: int, least: int, most: int | None = None
) -> Float[np.ndarray, " sample"]:
    """Return the audio of `stimulus` if the model named `listener` can take it.

    The model needs `rate` Hz and between `least` and `most` samples. Raises `AudioError` for
    another rate, a recording too short or too long, or one in which every sample is the same.
    """
    samples_of(stimulus, listener, rate=rate, least=least, most=most)
    audio = stimulus.audio
    if audio.min() == audio.max():
        raise AudioError(
            f"stimulus {stimulus.id!r} is silent: all {len(audio)} samples are {audio[0]:g}. "
            "Leave it out."
        )
    return audio


def samples_of(
    stimulus: Stimulus, listener: str, *, rate: int, least: int, most: int | None = None
) -> int:
    """Return how many samples the audio of `stimulus` has, from the header of its file.

    Raises `AudioError` as `hear` does, except for silence.
    """
    if stimulus.rate != rate:
        raise AudioError(
            f"stimulus {stimulus.id!r} is at {stimulus.rate} Hz and {listener} hears {rate} Hz. "
            "Resample the recordings first (grounding.stimuli.resample)."
        )
    samples = stimulus.header.samples
    if samples < least:
        raise AudioError(
            f"stimulus {stimulus.id!r} has {samples} samples; {listener} needs {least} "
            f"({1000 * least / rate:g} ms) or more. Leave it out or record more."
        )
    if most is not None and samples > most:
        raise AudioError(
            f"stimulus {stimulus.id!r} lasts {samples / rate:.2f} s; {listener} hears "
            f"{most / rate:g} s at once. Choose a longer window, or cut the recording."
        )
    return samples
