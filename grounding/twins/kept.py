"""Filter banks and cepstra of a set, computed once and kept in the cache."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from grounding.encoders.families.twin_front import GRID, RATE, count_steps, log_mel
from grounding.errors import UserError
from grounding.files import cache_folder
from grounding.progress import Report
from grounding.spectra import deltas, mfcc
from grounding.stimuli import Stimulus, StimulusSet

__all__ = ["Sound", "sound_of"]

VERSION = "2"  # of what is computed; another finds nothing that was kept before

PARTS = ("starts", "filter_banks", "cepstra")


@dataclass(frozen=True, eq=False)
class Sound:
    """What is heard at each step of a set, utterance after utterance.

    starts: first step of each utterance, and one past the last.
    filter_banks: two frames of log-mel a step, not standardised.
    cepstra: 13 MFCC and their first and second differences, the mean of the step's two frames.
    """

    starts: Int[np.ndarray, " utterance+1"]
    filter_banks: Float[np.ndarray, "step 160"]
    cepstra: Float[np.ndarray, "step 39"]

    def select(self, places: Int[np.ndarray, " some"]) -> Sound:
        """Return the sound of some of the utterances, in the order of `places`."""
        if np.array_equal(places, np.arange(len(self.starts) - 1)):
            return self
        parts = [np.arange(self.starts[k], self.starts[k + 1]) for k in places]
        starts = np.cumsum([0, *map(len, parts)])
        steps = np.concatenate(parts)
        return Sound(starts, self.filter_banks[steps], self.cepstra[steps])


def sound_of(stimuli: StimulusSet, report: Report) -> Sound:
    """Return the sound of a set, from the cache if it is there.

    Raises `UserError` for an utterance at another rate than 16 kHz or shorter than a step.
    """
    key = hashlib.sha256("\n".join([VERSION, *map(_heard, stimuli)]).encode()).hexdigest()
    folder = cache_folder() / "twins" / key[:24]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
        try:
            _compute(stimuli, made, report)
            try:
                made.replace(folder)
            except OSError:
                if not folder.is_dir():  # else another process was first, with the same bytes
                    raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return Sound(*(np.load(folder / f"{part}.npy", mmap_mode="r") for part in PARTS))


def _heard(stimulus: Stimulus) -> str:
    if stimulus.rate != RATE:
        raise UserError(
            f"{stimulus.id} is at {stimulus.rate} Hz; twins hear {RATE} Hz. Resample it."
        )
    if stimulus.header.samples < GRID.field:
        raise UserError(
            f"{stimulus.id} has {stimulus.header.samples} samples; a step needs {GRID.field}"
        )
    return stimulus.audio_digest


def _compute(stimuli: StimulusSet, folder: Path, report: Report) -> None:
    lengths = [count_steps(stimulus.header.samples) for stimulus in stimuli]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    np.save(folder / "starts.npy", starts)
    shapes = {"filter_banks": 160, "cepstra": 39}
    held = {
        name: np.lib.format.open_memmap(
            folder / f"{name}.npy", mode="w+", dtype=np.float32, shape=(int(starts[-1]), width)
        )
        for name, width in shapes.items()
    }
    for place, stimulus in enumerate(stimuli):
        here = slice(starts[place], starts[place + 1])
        audio = stimulus.audio
        held["filter_banks"][here] = log_mel(audio)
        held["cepstra"][here] = _cepstra(audio, lengths[place])
        report("filter banks", place + 1, len(lengths))
    for array in held.values():
        array.flush()


def _cepstra(audio: Float[np.ndarray, " sample"], steps: int) -> Float[np.ndarray, "step 39"]:
    static = mfcc(audio, RATE)
    slope = deltas(static)
    frames = np.hstack([static, slope, deltas(slope)])
    # Step t reads samples 320 t to 320 t + 560; these two frames are centred nearest its middle.
    frames = frames[np.minimum(np.arange(2 * steps) + 1, len(frames) - 1)]
    return frames.reshape(steps, 2, -1).mean(axis=1)
