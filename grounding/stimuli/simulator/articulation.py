"""The simulator's state at 100 Hz, as arrays with channel names and units.

Frame k is the state at k / 100 s; audio and arrays start together. Streams:

- `tract`, `glottis`: the simulator's own parameters;
- `area`: natural log of the area (cm^2) of 40 sections from glottis to lips, floored at 0.01
  cm^2 (a closure is -4.605); `section_length`: their lengths (cm);
- `flesh`: what electromagnetic articulography would see, x to the front, y up, in mm: upper lip
  UL, lower lip LL, jaw JAW, tongue tip TT, blade TB, back TD (the library calls the last two TM
  and TB);
- `variables`: narrowest areas and where they are, velum, glottis, larynx (see `VARIABLES`);
- `formants`: first four resonances in Hz of mouth, throat and nose without the sinuses, and
  `formants_valid`: 1 where they are those of an open oral tube (smallest area at least 0.01
  cm^2, velum at most 0.02 cm^2, four peaks found). Elsewhere the value is interpolated in time
  between the nearest valid frames, or held at the ends: never read it without the mask.

Values are rounded to the multiples of `PRECISION`, powers of two, so that files stay small.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float

from grounding.stimuli.simulator.library import STATE_RATE, Simulator, SimulatorError
from grounding.stimuli.simulator.shapes import TRACT_NAMES, formants

__all__ = ["AREA_FLOOR", "FRAME_RATE", "PRECISION", "STREAMS", "VARIABLES", "measure"]

FRAME_RATE = 100.0
AREA_FLOOR = 0.01  # cm^2
_VELUM_CLOSED = 0.02  # cm^2
_TIP_REACH = 3.0  # cm behind the incisors, at scale 1, that are the tongue tip's region
_LARYNX = 3.0  # cm above the glottis, at scale 1, that are left out: always narrow
_FLESH = {"UL": 3, "LL": 4, "JAW": 5, "TT": 2, "TB": 1, "TD": 0}  # row in the library's table

PRECISION: dict[str, float] = {
    "tract": 2.0**-11,
    "glottis": 2.0**-12,
    "area": 2.0**-8,
    "section_length": 2.0**-12,
    "flesh": 2.0**-6,
    "variables": 2.0**-10,
    "formants": 1.0,
    "formants_valid": 1.0,
}
_TRACT_UNITS = tuple({"JA": "deg", "VS": "1", "VO": "cm^2"}.get(n, "cm") for n in TRACT_NAMES)
VARIABLES: tuple[tuple[str, str], ...] = (
    ("lip.area", "cm^2"),
    ("lip.protrusion", "cm"),
    ("tip.area", "cm^2"),
    ("tip.place", "cm from glottis"),
    ("body.area", "cm^2"),
    ("body.place", "cm from glottis"),
    ("velum.area", "cm^2"),
    ("glottis.opening", "cm"),
    ("larynx.height", "cm"),
    ("tract.length", "cm"),
)
_GLOTTIS = (
    ("F0", "Hz"), ("PR", "dPa"), ("XB", "cm"), ("XT", "cm"), ("CA", "cm^2"), ("PL", "rad"),
    ("RA", "1"), ("DP", "1"), ("PS", "1"), ("FL", "%"), ("AS", "dB"),
)  # fmt: skip
_SECTIONS = tuple(f"section{k:02d}" for k in range(1, 41))

STREAMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # channels, units
    "tract": (TRACT_NAMES, _TRACT_UNITS),
    "glottis": (tuple(n for n, _ in _GLOTTIS), tuple(u for _, u in _GLOTTIS)),
    "area": (_SECTIONS, ("log cm^2",) * 40),
    "section_length": (_SECTIONS, ("cm",) * 40),
    "flesh": (tuple(f"{p}.{axis}" for p in _FLESH for axis in "xy"), ("mm",) * 12),
    "variables": (tuple(n for n, _ in VARIABLES), tuple(u for _, u in VARIABLES)),
    "formants": (("F1", "F2", "F3", "F4"), ("Hz",) * 4),
    "formants_valid": (("valid",), ("1",)),
}


def _resample(
    values: Float[np.ndarray, "step channel"], rate: float, times: Float[np.ndarray, " time"]
) -> Float[np.ndarray, "time channel"]:
    steps = np.arange(len(values)) / rate
    return np.stack([np.interp(times, steps, column) for column in values.T], axis=1)


def _narrowest(
    area: Float[np.ndarray, " 40"], centre: Float[np.ndarray, " 40"], where: Bool[np.ndarray, " 40"]
) -> tuple[float, float]:
    if not where.any():
        raise SimulatorError("no tube section lies at the lips, or in the tip's or body's region")
    k = np.flatnonzero(where)[int(np.argmin(area[where]))]
    return float(area[k]), float(centre[k])


def _frame(
    simulator: Simulator,
    tract: Float[np.ndarray, " 19"],
    glottis: Float[np.ndarray, " 11"],
    scale: float,
) -> dict[str, Float[np.ndarray, " channel"]]:
    tube = simulator.tube(tract)
    edges = np.cumsum(tube.length)
    centre = edges - tube.length / 2
    lips = (tube.articulator == 3) | (centre > tube.incisors)
    front = centre >= tube.incisors - _TIP_REACH * scale
    lip_area, _ = _narrowest(tube.area, centre, lips)
    tip = _narrowest(tube.area, centre, front & ~lips)
    body = _narrowest(tube.area, centre, (centre >= _LARYNX * scale) & ~front & ~lips)
    value = dict(zip(TRACT_NAMES, tract, strict=True))
    found = np.full(4, np.nan)
    if tube.area.min() >= AREA_FLOOR and tube.velum <= _VELUM_CLOSED:
        peaks = formants(simulator, tract)
        found[: len(peaks)] = peaks
    return {
        "area": np.log(np.maximum(tube.area, AREA_FLOOR)),
        "section_length": tube.length,
        "variables": np.array(
            [lip_area, value["LP"], *tip, *body, tube.velum, (glottis[2] + glottis[3]) / 2,
             value["HY"], edges[-1]]
        ),
        "formants": found,
    }  # fmt: skip


def _fill(
    values: Float[np.ndarray, "time 4"],
) -> tuple[Float[np.ndarray, "time 4"], Float[np.ndarray, "time 1"]]:
    valid = ~np.isnan(values).any(axis=1)
    if not valid.any():
        raise SimulatorError("no frame has an open oral tube, so there are no formants at all")
    times = np.arange(len(values), dtype=np.float64)
    filled = [np.interp(times, times[valid], column[valid]) for column in values.T]
    return np.stack(filled, axis=1), valid[:, None].astype(np.float64)


def measure(
    simulator: Simulator,
    tract: Float[np.ndarray, "state 19"],
    glottis: Float[np.ndarray, "state 11"],
    flesh: Float[np.ndarray, "step 6 2"],
    frames: int,
    scale: float,
) -> Mapping[str, Float[np.ndarray, "time channel"]]:
    """Return the streams of `STREAMS` for `frames` frames at 100 Hz, float32.

    `tract` and `glottis` come at the simulator's state rate, `flesh` at 200 Hz in cm; they are
    interpolated linearly. `scale` is that of the speaker's anatomy.
    """
    times = np.arange(frames) / FRAME_RATE
    tract = _resample(tract, STATE_RATE, times)
    glottis = _resample(glottis, STATE_RATE, times)
    points = _resample(flesh.reshape(len(flesh), -1), 200.0, times).reshape(frames, 6, 2)
    table = [_frame(simulator, t, g, scale) for t, g in zip(tract, glottis, strict=True)]
    streams = {name: np.stack([row[name] for row in table]) for name in table[0]}
    streams["formants"], streams["formants_valid"] = _fill(streams["formants"])
    streams["flesh"] = 10.0 * points[:, list(_FLESH.values())].reshape(frames, 12)
    streams |= {"tract": tract, "glottis": glottis}
    return {
        name: (np.round(streams[name] / PRECISION[name]) * PRECISION[name]).astype(np.float32)
        for name in STREAMS
    }
