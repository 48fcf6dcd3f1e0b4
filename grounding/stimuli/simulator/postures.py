"""Sound any state of the tract, held or on the way to another one, without phones.

A **posture** is one state of the 19 tract parameters (`shapes.TRACT_NAMES`). Postures become shapes
of a speaker file made at run time, so that a gestural score can hold them and glide between them,
and sound, parameters and flesh points come from one movement, as they do for words.

The library keeps the tongue out of the walls by moving some parameters; `PostureSimulator.limited`
says where they end up. The time-domain synthesis, the tube and the flesh points all use that.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int16
from scipy.signal import butter, resample_poly, sosfiltfilt

from grounding.errors import UserError
from grounding.stimuli.simulator.articulation import FRAME_RATE, measure
from grounding.stimuli.simulator.gestures import TAU, TIERS, Gesture, sequence
from grounding.stimuli.simulator.library import (
    AUDIO_RATE,
    STATE_RATE,
    Simulator,
    SimulatorError,
    Tube,
)
from grounding.stimuli.simulator.shapes import TRACT_NAMES
from grounding.stimuli.simulator.speakers import speaker_xml

__all__ = [
    "LEVEL",
    "RATE",
    "Manner",
    "PostureSimulator",
    "Sounded",
    "flesh_points",
    "level",
    "posture_score",
    "posture_speaker",
    "sound",
]

RATE = 16_000
LEVEL = 0.07  # root mean square of an item, of full scale
_HIGH_PASS = 60.0  # Hz, as for words
_FIXED = ("TRX", "TRY")  # the speaker computes the tongue's root from its body
_STILL = 0.06  # s that `flesh_points` holds a posture: twelve time constants
_SHORT = 0.005  # s, the smallest time constant that the library takes


@dataclass(frozen=True)
class Manner:
    """How postures are sounded: the same record for both members of a pair.

    start, end: s between which lung pressure is on. length: s in all. turn: s at which the glide
    to the second posture begins. tau: s, its time constant; it is done after about eight of them.
    f0: Hz at equal steps from start to end. voice: glottis shape. pressure: dPa.
    """

    start: float
    end: float
    length: float
    turn: float
    tau: float
    f0: tuple[float, ...]
    voice: str
    pressure: float


@dataclass(frozen=True, eq=False)
class Sounded:
    """audio: 16 kHz. streams: see `articulation.STREAMS`."""

    audio: Int16[np.ndarray, " sample"]
    streams: Mapping[str, Float[np.ndarray, "time channel"]]


class PostureSimulator(Simulator):
    """The simulator with one call more; the last tube and transfer function are remembered.

    A held posture asks for the same ones at every frame.
    """

    def __init__(self, speaker: Path) -> None:
        super().__init__(speaker)
        self._tubes: dict[bytes, Tube] = {}
        self._transfers: dict[tuple[bytes, int], Float[np.ndarray, " frequency"]] = {}

    def tube(self, tract: Float[np.ndarray, " 19"]) -> Tube:
        """Return the tube of one tract state."""
        key = tract.tobytes()
        if key not in self._tubes:
            self._tubes = {key: super().tube(tract)}
        return self._tubes[key]

    def transfer(
        self, tract: Float[np.ndarray, " 19"], points: int
    ) -> Float[np.ndarray, " frequency"]:
        """Return the magnitude of flow at the lips over flow at the glottis."""
        key = (tract.tobytes(), points)
        if key not in self._transfers:
            self._transfers = {key: super().transfer(tract, points)}
        return self._transfers[key]

    def limited(self, tract: Float[np.ndarray, " 19"]) -> Float[np.ndarray, " 19"]:
        """Return the parameters that the library really uses when it is given `tract`."""
        given = np.ascontiguousarray(tract, dtype=np.float64)
        used = np.zeros(len(TRACT_NAMES))
        self._call(
            "vtlInputTractToLimitedTract",
            *(array.ctypes.data_as(ctypes.c_void_p) for array in (given, used)),
        )
        return used


def posture_speaker(
    postures: Sequence[Mapping[str, float]], scale: float = 1.0
) -> PostureSimulator:
    """Load the installed speaker with `postures` as its shapes P0, P1 and so on.

    A posture names the parameters in which it differs from the speaker's schwa, unscaled.
    scale: multiplies every length of the speaker and of the postures.

    Raises `UserError` for an unknown parameter.
    """
    for k, posture in enumerate(postures):
        unknown = sorted(set(posture) - set(TRACT_NAMES))
        if unknown:
            raise UserError(
                f"posture {k}: no tract parameter {', '.join(map(repr, unknown))}; "
                f"known: {' '.join(TRACT_NAMES)}"
            )
    shapes = {
        f"P{k}": ("@", {n: v for n, v in posture.items() if n not in _FIXED})
        for k, posture in enumerate(postures)
    }
    with tempfile.TemporaryDirectory() as folder:
        speaker = Path(folder, "postures.speaker")
        speaker.write_text(speaker_xml(scale, shapes, {}), encoding="utf-8")
        return PostureSimulator(speaker)


def _score(tiers: Mapping[str, Sequence[Gesture]], end: float) -> str:
    lines = ["<gestural_score>"]
    for tier in TIERS:
        lines += sequence(tier, tiers.get(tier.name, ()), end)
    return "\n".join([*lines, "</gestural_score>", ""])


def posture_score(names: Sequence[str], manner: Manner) -> str:
    """Return the score (XML text) that holds one shape, or glides from a first to a second.

    Raises `UserError` for none or more than two.
    """
    if len(names) not in (1, 2):
        raise UserError(f"{len(names)} postures to sound; needed one, or two to glide between")
    end = manner.length
    vowel = [Gesture(0.0, end, names[0], TAU)]
    if len(names) == 2:
        vowel.append(Gesture(manner.turn, end, names[1], manner.tau))
    steps = len(manner.f0)
    edges = [manner.start + (manner.end - manner.start) * k / steps - 0.06 for k in range(steps)]
    edges[0] = 0.0
    return _score(
        {
            "vowel": vowel,
            "glottal-shape": [Gesture(0.0, end, manner.voice, TAU)],
            "f0": [
                Gesture(a, b, f"{12 * log2(hertz):.4f}", 0.03)
                for a, b, hertz in zip(edges, [*edges[1:], end], manner.f0, strict=True)
            ],
            "lung-pressure": [
                Gesture(0.0, manner.start, "0.0", TAU),
                Gesture(manner.start, manner.end, f"{manner.pressure:.1f}", TAU),
                Gesture(manner.end, end, "0.0", 0.008),
            ],
        },
        end,
    )


def flesh_points(
    simulator: PostureSimulator, count: int
) -> tuple[Float[np.ndarray, "posture 19"], Float[np.ndarray, "posture 6 2"]]:
    """Return used parameters and flesh points (cm, as `Simulator.flesh`) of shapes P0 to P(n-1).

    They are read after each posture was held for twelve time constants.
    """
    hold = [Gesture(k * _STILL, (k + 1) * _STILL, f"P{k}", _SHORT) for k in range(count)]
    score = _score({"vowel": hold}, count * _STILL)
    points = simulator.flesh(score)
    tract, _ = simulator.trajectory(score)
    ends = (np.arange(count) + 0.9) * _STILL
    seen = points[np.round(ends * 200).astype(int)]
    states = tract[np.round(ends * STATE_RATE).astype(int)]
    return np.stack([simulator.limited(state) for state in states]), seen


def level(raw: Float[np.ndarray, " sample"]) -> Int16[np.ndarray, " sample"]:
    """Return the simulator's 44.1 kHz output as 16-bit audio at 16 kHz, at one level.

    As `speak.finish`, but the gain sets the root mean square to `LEVEL`, so that two items of
    nearly one spectrum have one level whatever their largest sample is.

    Raises `SimulatorError` for silence, and where a sample would pass full scale.
    """
    high = butter(2, _HIGH_PASS, "highpass", fs=AUDIO_RATE, output="sos")
    audio = resample_poly(sosfiltfilt(high, raw), 160, 441)
    power = float(np.sqrt(np.mean(np.square(audio))))
    if not power > 0:
        raise SimulatorError("the simulator made silence")
    audio = audio * (LEVEL / power)
    peak = float(np.abs(audio).max())
    if peak >= 1:
        raise SimulatorError(
            f"at a root mean square of {LEVEL} the largest sample is {peak:.2f} of full scale"
        )
    return np.round(audio * 32767).astype(np.int16)


def sound(postures: Sequence[Mapping[str, float]], manner: Manner, scale: float = 1.0) -> Sounded:
    """Return what one held posture, or a glide between two, sounds like, and the tract's state.

    scale: of the speaker's anatomy. Uses the process's one simulator.
    """
    simulator = posture_speaker(postures, scale)
    score = posture_score([f"P{k}" for k in range(len(postures))], manner)
    tract, glottis = simulator.trajectory(score)
    audio = level(simulator.synthesise(tract, glottis))
    frames = ceil(len(audio) * FRAME_RATE / RATE)
    streams = measure(simulator, tract, glottis, simulator.flesh(score), frames, scale)
    return Sounded(audio, streams)
