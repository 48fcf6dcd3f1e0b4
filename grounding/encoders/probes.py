"""Made-up stimuli to check encoders with: noise from fixed seeds, and a few English words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Float

from grounding.stimuli import Stimulus

__all__ = ["Probes", "sounds", "words"]

SECONDS = (0.9, 0.753, 0.8, 0.753, 0.41)
"""Of the sounds: some near each other, two equal."""

WORDS = {
    "cat": ("k", "æ", "t"),
    "river": ("ɹ", "ɪ", "v", "ə"),
    "dog": ("d", "ɔ", "ɡ"),
    "a small red house": tuple("əsmɔlɹɛdhaʊs"),
    "yellow": ("j", "ɛ", "l", "o", "ʊ"),
}
"""Transcripts and their phones."""

SWAPPED = ("dog", "sun", "boy", "car", "man", "red", "cow", "fog")

BURST = 0.005
"""Seconds."""


@dataclass(frozen=True)
class Probes:
    """Writes stimuli into a folder, at a rate in Hz."""

    folder: Path
    rate: int

    def record(
        self, name: str, sound: Float[np.ndarray, " sample"], transcript: str = "cat"
    ) -> Stimulus:
        """Return a stimulus of this sound."""
        import soundfile

        file = f"{name}.wav"
        soundfile.write(self.folder / file, sound.astype(np.float32), self.rate, subtype="FLOAT")
        phones = WORDS.get(transcript)
        return Stimulus(name, transcript, "en", self.folder, file, self.rate, phones=phones)

    def noise(self, seed: int, seconds: float) -> Float[np.ndarray, " sample"]:
        """Return noise with a level of its own."""
        rng = np.random.default_rng([7, seed])
        return rng.standard_normal(round(seconds * self.rate)) * rng.uniform(0.02, 0.2)

    def bursts(self) -> tuple[Stimulus, list[Stimulus], list[int], int]:
        """Return even noise, the same with a burst in several places, these, and its length."""
        even = 0.1 * np.random.default_rng(3).standard_normal(round(1.5 * self.rate))
        length = round(BURST * self.rate)
        burst = 0.3 * np.random.default_rng(4).standard_normal(length)
        places = [int(place * self.rate) for place in np.linspace(0.4, 0.9, 9) + 0.0031]
        made = []
        for place in places:
            sound = even.copy()
            sound[place : place + length] += burst
            made.append(self.record(f"burst-{place}", sound))
        return self.record("even", even), made, places, length

    def swaps(self) -> Iterator[tuple[Stimulus, Stimulus, tuple[int, int]]]:
        """Yield pairs of texts of which the middle word differs, and where it is."""
        for first, second in pairwise(SWAPPED):
            pair = [
                self.record(f"swap-{word}", self.noise(0, 0.5), f"cat {word} cat")
                for word in (first, second)
            ]
            yield pair[0], pair[1], (4, 4 + len(first))


def sounds(probes: Probes) -> list[Stimulus]:
    """Return noise of several lengths."""
    return [
        probes.record(f"noise-{place}", probes.noise(place, seconds))
        for place, seconds in enumerate(SECONDS)
    ]


def words(probes: Probes) -> list[Stimulus]:
    """Return words and a phrase, with their phones."""
    return [
        probes.record(f"word-{place}", probes.noise(0, 0.5), text)
        for place, text in enumerate(WORDS)
    ]
