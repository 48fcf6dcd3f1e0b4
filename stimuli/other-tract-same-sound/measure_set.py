"""Print the figures of the README from the set's own files: `python measure_set.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grounding.spaces import space
from grounding.stimuli import read_stimuli

HERE = Path(__file__).resolve().parent
SPACES = ("log-mel", "log-mel-mean", "mfcc", "articulation", "articulation-mean", "area-function")


def low_middle_high(values: np.ndarray) -> str:
    """Return least, median and largest of some values."""
    return f"{values.min():.2f} | {np.median(values):.2f} | {values.max():.2f}"


def main() -> None:
    """Read the set and print a table of distances, then what differs within pairs."""
    stimuli = read_stimuli(HERE)
    labels = np.array([s.attributes["pair"] for s in stimuli])
    other = labels[:, None] != labels[None, :]
    kinds = np.array([s.attributes["kind"] for s in stimuli[::2]])
    print(len(stimuli), "items;", dict(zip(*np.unique(kinds, return_counts=True), strict=True)))
    print("space | kind | least | median | largest within pairs | nearest other, least | its median"
          " | median of other pairs")  # fmt: skip
    for name in SPACES:
        square = space(name, stimuli).rdm().square()
        within = square[range(0, len(labels), 2), range(1, len(labels), 2)]
        nearest = np.where(other, square, np.inf).min(1).reshape(-1, 2).min(1)
        for kind in ("static", "glide"):
            here = kinds == kind
            print(name, "|", kind, "|", low_middle_high(within[here]), "|",
                  f"{nearest[here].min():.2f} | {np.median(nearest[here]):.2f} | "
                  f"{np.median(square[other]):.2f}")  # fmt: skip
        ratio = within / nearest
        print(f"  within / nearest other: median {np.median(ratio):.2f}, largest {ratio.max():.2f}")
    flesh = [s.articulation["flesh"] for s in stimuli]
    means = np.stack([f.values.mean(0) for f in flesh]).reshape(-1, 2, 6, 2)
    apart = np.linalg.norm(means[:, 0] - means[:, 1], axis=-1)
    for point, column in zip([c[:-2] for c in flesh[0].channels[::2]], apart.T, strict=True):
        print("flesh, mm |", point, "|", low_middle_high(column))
    held = kinds == "static"
    for stream in ("variables", "formants", "tract"):
        first = stimuli[0].articulation[stream]
        values = np.stack([s.articulation[stream].values.mean(0) for s in stimuli])
        gap = np.abs(values[0::2] - values[1::2])[held]
        for name, unit, column in zip(first.channels, first.units, gap.T, strict=True):
            print(stream, "|", name, unit, "|", low_middle_high(column))
    least = np.exp([s.articulation["area"].values.min() for s in stimuli])
    print("narrowest, cm^2:", low_middle_high(least))
    labels_held = {s.transcript for s in stimuli if s.attributes["kind"] == "static"}
    print("labels of held pairs:", *sorted(labels_held))


if __name__ == "__main__":
    main()
