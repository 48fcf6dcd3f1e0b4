"""Give a stimulus' audio to a speech model, or say why the model cannot take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from grounding.errors import AudioError

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["hear"]


def hear(
    stimulus: Stimulus, listener: str, *, rate: int, least: int, most: int | None = None
) -> Float[np.ndarray, " sample"]:
    """Return the audio of `stimulus` if the model named `listener` can take it.

    The model needs `rate` Hz and between `least` and `most` samples. Raises `AudioError` for
    another rate, a recording too short or too long, or one in which every sample is the same.
    """
    if stimulus.rate != rate:
        raise AudioError(
            f"stimulus {stimulus.id!r} is at {stimulus.rate} Hz and {listener} hears {rate} Hz. "
            "Resample the recordings first (grounding.stimuli.resample)."
        )
    audio = stimulus.audio
    if len(audio) < least:
        raise AudioError(
            f"stimulus {stimulus.id!r} has {len(audio)} samples; {listener} needs {least} "
            f"({1000 * least / rate:g} ms) or more. Leave it out or record more."
        )
    if most is not None and len(audio) > most:
        raise AudioError(
            f"stimulus {stimulus.id!r} lasts {len(audio) / rate:.2f} s; {listener} hears "
            f"{most / rate:g} s at once. Choose a longer window, or cut the recording."
        )
    if audio.min() == audio.max():
        raise AudioError(
            f"stimulus {stimulus.id!r} is silent: all {len(audio)} samples are {audio[0]:g}. "
            "Leave it out."
        )
    return audio
