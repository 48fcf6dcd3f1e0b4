"""Speak one word: phones and a realisation in, audio and the tract that made it out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int16
from scipy.signal import butter, resample_poly, sosfiltfilt

from grounding.stimuli.simulator.articulation import FRAME_RATE, measure
from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.library import AUDIO_RATE, Simulator, SimulatorError
from grounding.stimuli.simulator.phones import GLOTTIS_SHAPES, Inventory
from grounding.stimuli.simulator.score import Segment, gestural_score
from grounding.stimuli.simulator.speakers import speaker_xml
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import Realisation

__all__ = ["PEAK", "RATE", "Spoken", "finish", "load", "speak"]

RATE = 16_000
PEAK = 0.5  # of full scale
_HIGH_PASS = 60.0  # Hz; the glottis model sets off with a step of flow that no microphone hears


@dataclass(frozen=True, eq=False)
class Spoken:
    """audio: 16 kHz. streams: see `articulation.STREAMS`. segments: requested times."""

    audio: Int16[np.ndarray, " sample"]
    streams: Mapping[str, Float[np.ndarray, "time channel"]]
    segments: tuple[Segment, ...]


def finish(raw: Float[np.ndarray, " sample"]) -> Int16[np.ndarray, " sample"]:
    """Return the simulator's 44.1 kHz output as 16-bit audio at 16 kHz.

    High-pass at 60 Hz without delay (Butterworth of order 2, forwards and backwards),
    `scipy.signal.resample_poly(160, 441)`, one gain so that the largest sample is half of full
    scale, rounded without dither.
    """
    high = butter(2, _HIGH_PASS, "highpass", fs=AUDIO_RATE, output="sos")
    audio = resample_poly(sosfiltfilt(high, raw), 160, 441)
    peak = float(np.abs(audio).max())
    if not peak > 0:
        raise SimulatorError("the simulator made silence")
    return np.round(audio * (PEAK * 32767 / peak)).astype(np.int16)


def load(
    scale: float, shapes: Mapping[str, Mapping[str, float]], language: str | Inventory = "en"
) -> Simulator:
    """Return the process's one simulator with a speaker of this language.

    scale: factor on every length. shapes: the found vowels of a shapes file; exactly those that
    the language's inventory asks for are added.
    """
    added = inventory(language).tract_shapes(shapes)
    with tempfile.TemporaryDirectory() as folder:
        speaker = Path(folder, "scaled.speaker")
        speaker.write_text(speaker_xml(scale, added, GLOTTIS_SHAPES), encoding="utf-8")
        return Simulator(speaker)


def speak(
    phones: Sequence[str],
    realisation: Realisation,
    shapes: Mapping[str, Mapping[str, float]],
    language: str | Inventory = "en",
) -> Spoken:
    """Return the word of `phones` (see `timing.segments`) as `realisation` says it.

    `shapes` are the found vowels (see `shapes.search`). Uses the process's one simulator.
    """
    style = realisation.style
    placed = segments(phones, style.rate, language)
    score = gestural_score(placed, style)
    simulator = load(realisation.scale, shapes, language)
    tract, glottis = simulator.trajectory(score)
    audio = finish(simulator.synthesise(tract, glottis))
    flesh = simulator.flesh(score)
    frames = ceil(len(audio) * FRAME_RATE / RATE)
    streams = measure(simulator, tract, glottis, flesh, frames, realisation.scale)
    return Spoken(audio, streams, placed)
