"""Print the figures of the README from the set's own files: `python measure_set.py`.

Formants of the audio are found by linear prediction (autocorrelation method) in the middle of each
item and compared with those of the tube, which no sound had a part in. Needs no simulator.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.linalg import solve_toeplitz
from search import bark

from grounding.stimuli import Stimulus, read_stimuli

HERE = Path(__file__).resolve().parent
ORDER = 18  # of the prediction at 16 kHz: nine resonances
WINDOW, HOP = 480, 80  # samples
MIDDLE = (0.15, 0.4)  # s
BROADEST = 500.0  # Hz, of a resonance that is counted
LOWEST = 150.0  # Hz


def predicted(audio: Float[np.ndarray, " sample"], rate: int) -> Float[np.ndarray, " 3"]:
    """Return the three lowest narrow resonances of linear prediction in Hz; NaN where missing."""
    middle = audio[round(MIDDLE[0] * rate) : round(MIDDLE[1] * rate)]
    rising = np.append(0.0, middle[1:] - 0.97 * middle[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(rising, WINDOW)[::HOP] * np.hamming(WINDOW)
    lags = [np.sum(frames[:, : WINDOW - k] * frames[:, k:]) for k in range(ORDER + 1)]
    filter_ = np.append(1.0, -solve_toeplitz(lags[:-1], lags[1:]))
    roots = np.roots(filter_)
    roots = roots[roots.imag > 0]
    frequency = np.angle(roots) * rate / (2 * np.pi)
    width = -np.log(np.abs(roots)) * rate / np.pi
    found = np.sort(frequency[(width < BROADEST) & (frequency > LOWEST)])
    return np.append(found, np.full(3, np.nan))[:3]


def held(stimulus: Stimulus) -> Float[np.ndarray, " 3"]:
    """Return F1 to F3 of the tube in the middle, in Hz."""
    return stimulus.articulation["formants"].values[27, :3].astype(float)


def spread(values: np.ndarray) -> str:
    """Return median, 95th percentile and largest."""
    middle, high, top = np.nanpercentile(values, [50, 95, 100])
    return f"{middle:.3f} | {high:.3f} | {top:.3f}"


def main() -> None:
    """Read the set and print counts, misses and how the audio agrees."""
    stimuli = read_stimuli(HERE)
    medium = [s for s in stimuli if s.speaker == "medium"]
    grid = [s for s in medium if s.attributes["kind"] == "grid"]
    print(len(stimuli), "items,", f"{sum(s.duration for s in stimuli):.1f} s")
    for what in ("kind", "rounding"):
        print(what, Counter(s.attributes[what] for s in (medium if what == "kind" else grid)))
    print("labels:", Counter(s.transcript for s in grid))
    target, reached = (np.array([s.attributes[k] for s in grid]) for k in ("target", "reached"))
    print("reached, Hz, F1 to F3: from", reached.min(0), "to", reached.max(0))
    print("what | median | 95 % | largest")
    for k in range(3):
        print(
            f"target to reached F{k + 1}, Bark |",
            spread(np.abs(bark(target) - bark(reached))[:, k]),
        )
    apart = [held(s) - s.attributes["reached"] for s in medium]
    print("reached to arrays, medium, Hz |", spread(np.abs(apart)))
    for name in dict.fromkeys(s.speaker for s in stimuli):
        here = [s for s in stimuli if s.speaker == name]
        tract = np.array([held(s) for s in here])
        scaled = tract * here[0].realisation["anatomy_scale"]
        asked = np.array([s.attributes["reached"] for s in here])
        print(
            f"{name}: formants x scale to reached, Bark |",
            spread(np.abs(bark(scaled) - bark(asked))),
        )
        miss = bark(np.array([predicted(s.audio, s.rate) for s in here])) - bark(tract)
        for k in range(3):
            more = f"mean {np.nanmean(miss[:, k]):+.3f}, none in {np.isnan(miss[:, k]).sum()}"
            print(f"{name}: audio to tract F{k + 1}, Bark |", spread(np.abs(miss[:, k])), "|", more)
    least = min(float(s.articulation["area"].values.min()) for s in stimuli)
    valid = min(float(s.articulation["formants_valid"].values.mean()) for s in stimuli)
    print(f"narrowest {np.exp(least):.3f} cm^2; least share of valid frames {valid:.2f}")


if __name__ == "__main__":
    main()
