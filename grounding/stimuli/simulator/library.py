"""The vocal-tract simulator's shared library, called directly.

`vocaltractlab-cython` (GPL-3, an optional dependency) carries the compiled VocalTractLab. Its
Python calls give no flesh points and no choice of speaker, so this file calls the C functions
of the installed library through ctypes. The library keeps one global state and is not
thread-safe: use one `Simulator` at a time in a process, and several processes for speed. It never
gives back about 25 MB a speaker: end a process after some tens of them.

A **state** is 19 tract and 11 glottis parameters; a trajectory has one state every 110 samples
of the 44,100 Hz audio (400.909 a second).
"""

from __future__ import annotations

import ctypes
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from grounding.errors import GroundingError, UserError

__all__ = [
    "AUDIO_RATE",
    "GLOTTIS_PARAMETERS",
    "SECTIONS",
    "STATE_RATE",
    "STATE_SAMPLES",
    "Simulator",
    "SimulatorError",
    "Tube",
    "installed_speaker",
]

AUDIO_RATE = 44_100
STATE_SAMPLES = 110
STATE_RATE = AUDIO_RATE / STATE_SAMPLES
SECTIONS = 40
TRACT_PARAMETERS = 19
GLOTTIS_PARAMETERS = 11
FLESH_POINTS = ("TB", "TM", "TT", "UL", "LL", "JAW")  # order of the library's own table


class SimulatorError(GroundingError):
    """The simulator's library refused a call."""


@dataclass(frozen=True, eq=False)
class Tube:
    """40 sections from the glottis to the lips, and what branches off.

    length: cm. area: cm^2. articulator: 1 tongue, 2 lower incisors, 3 lower lip, 4 other walls.
    incisors: cm from the glottis. velum: area of the opening to the nose, cm^2.
    """

    length: Float[np.ndarray, " 40"]
    area: Float[np.ndarray, " 40"]
    articulator: Int[np.ndarray, " 40"]
    incisors: float
    velum: float


def _package() -> Path:
    found = find_spec("vocaltractlab_cython")
    if found is None or found.origin is None:
        raise UserError(
            "the vocal-tract simulator is not installed; the shipped stimuli do not need it, "
            "making new ones does: pip install 'speech-grounding[synthesis]'"
        )
    return Path(found.origin).parent


def installed_speaker() -> Path:
    """Return the path of the adult male speaker that the installed package brings."""
    return _package() / "resources" / "JD3.speaker"


class _TransferOptions(ctypes.Structure):
    _fields_ = [("spectrum", ctypes.c_int), ("radiation", ctypes.c_int)] + [
        (name, ctypes.c_bool)
        for name in (
            "boundary_layer",
            "heat_conduction",
            "soft_walls",
            "hagen_resistance",
            "inner_length_corrections",
            "lumped_elements",
            "paranasal_sinuses",
            "piriform_fossa",
            "static_pressure_drops",
        )
    ]


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


class Simulator:
    """One speaker, loaded into this process.

    `speaker` is a speaker file (XML). A new `Simulator` replaces the one before it.
    """

    _open: ClassVar[bool] = False  # the library's one global state, in this process

    def __init__(self, speaker: Path) -> None:
        self._library = ctypes.CDLL(str(_package() / "libVocalTractLabApi.so"))
        self._options = _TransferOptions()
        if Simulator._open:  # closing what is not open prints an error
            self._call("vtlClose")
        Simulator._open = True
        self._call("vtlInitialize", str(speaker).encode())
        self._call("vtlGetDefaultTransferFunctionOptions", ctypes.byref(self._options))
        self._options.paranasal_sinuses = False
        self._options.piriform_fossa = False

    def _call(self, name: str, *arguments: object) -> None:
        status = getattr(self._library, name)(*arguments)
        if status:
            raise SimulatorError(f"{name} failed with status {status}")

    def tract_shape(self, name: str) -> Float[np.ndarray, " 19"]:
        """Return the tract parameters of the speaker's shape `name`."""
        values = np.zeros(TRACT_PARAMETERS)
        self._call("vtlGetTractParams", name.encode(), _pointer(values))
        return values

    def tube(self, tract: Float[np.ndarray, " 19"]) -> Tube:
        """Return the tube of one tract state."""
        length, area = np.zeros(SECTIONS), np.zeros(SECTIONS)
        articulator = np.zeros(SECTIONS, dtype=np.int32)
        incisors, tongue_side, velum = (ctypes.c_double() for _ in range(3))
        self._call(
            "vtlFastTractToTube",
            _pointer(np.ascontiguousarray(tract, dtype=np.float64)),
            _pointer(length),
            _pointer(area),
            _pointer(articulator),
            *(ctypes.byref(value) for value in (incisors, tongue_side, velum)),
        )
        return Tube(length, area, articulator, incisors.value, velum.value)

    def transfer(
        self, tract: Float[np.ndarray, " 19"], points: int
    ) -> Float[np.ndarray, " frequency"]:
        """Return the magnitude of flow at the lips over flow at the glottis.

        `points` / 2 values, `AUDIO_RATE / points` Hz apart from 0 Hz on. Piriform fossae and
        paranasal sinuses are left out, so that peaks are resonances of mouth, throat and nose.
        """
        magnitude, phase = np.zeros(points), np.zeros(points)
        self._call(
            "vtlGetTransferFunction",
            _pointer(np.ascontiguousarray(tract, dtype=np.float64)),
            points,
            ctypes.byref(self._options),
            _pointer(magnitude),
            _pointer(phase),
        )
        return magnitude[: points // 2]

    def trajectory(
        self, score: str
    ) -> tuple[Float[np.ndarray, "state 19"], Float[np.ndarray, "state 11"]]:
        """Return the tract and glottis states of a gestural score (XML text)."""
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "score.ges"), Path(folder, "states.txt")
            source.write_text(score, encoding="ascii")
            self._call(
                "vtlGesturalScoreToTractSequence", str(source).encode(), str(target).encode()
            )
            lines = target.read_text().splitlines()
        body = [line for line in lines if not line.startswith("#")][2:]
        glottis = np.array([line.split() for line in body[0::2]], dtype=np.float64)
        tract = np.array([line.split() for line in body[1::2]], dtype=np.float64)
        return tract, glottis

    def flesh(self, score: str) -> Float[np.ndarray, "time 6 2"]:
        """Return flesh points TB, TM, TT, UL, LL, JAW of a score: x and y in cm, 200 a second."""
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "score.ges"), Path(folder, "flesh.txt")
            source.write_text(score, encoding="ascii")
            self._call("vtlGesturalScoreToEma", str(source).encode(), str(target).encode())
            table = np.loadtxt(target, skiprows=2, ndmin=2)
        return table[:, 1:].reshape(len(table), len(FLESH_POINTS), 3)[:, :, :2]

    def synthesise(
        self, tract: Float[np.ndarray, "state 19"], glottis: Float[np.ndarray, "state 11"]
    ) -> Float[np.ndarray, " sample"]:
        """Return audio at 44,100 Hz, `(states - 1) * 110` samples, before any normalisation."""
        if len(tract) != len(glottis):
            raise SimulatorError(f"{len(tract)} tract states but {len(glottis)} glottis states")
        audio = np.zeros((len(tract) - 1) * STATE_SAMPLES)
        self._call("vtlSynthesisReset")
        self._call(
            "vtlSynthBlock",
            _pointer(np.ascontiguousarray(tract, dtype=np.float64)),
            _pointer(np.ascontiguousarray(glottis, dtype=np.float64)),
            len(tract),
            STATE_SAMPLES,
            _pointer(audio),
            ctypes.c_bool(False),
        )
        return audio
