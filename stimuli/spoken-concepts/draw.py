"""Draw `picture.png` from a set that was made: `python draw.py [DIR]`. Numbers, no sound.

Above: durations, phones and durations; below: mean spectra, concepts over categories.
"""

from __future__ import annotations

import io
import sys
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from make import HERE, NAME
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from grounding.files import write_whole
from grounding.stimuli import Stimulus, StimulusSet, read_stimuli

COLOURS = {"fr": "#0072b2", "es": "#d55e00", "ru": "#009e73"}
NAMES = {"fr": "French", "es": "Spanish", "ru": "Russian"}
WINDOW = 512  # samples: 32 ms
BANDS = 64  # of 125 Hz


def durations(ax: Axes, of: dict[str, list[Stimulus]]) -> None:
    """Draw how long the clips last."""
    edges = np.arange(0.3, 2.8, 0.1)
    for code, clips in of.items():
        ax.hist([s.duration for s in clips], edges, histtype="step", color=COLOURS[code], lw=1.4,
                label=NAMES[code])  # fmt: skip
    ax.set(xlabel="duration, s", ylabel="clips")
    ax.legend(frameon=False, fontsize=8)


def lengths(ax: Axes, of: dict[str, list[Stimulus]]) -> None:
    """Draw durations against numbers of phones, on logarithmic axes."""
    for code, clips in of.items():
        x, y = (np.log([f(s) for s in clips]) for f in (lambda s: len(s.phones), duration))
        r = np.corrcoef(x, y)[0, 1]
        ax.plot(np.exp(x), np.exp(y), ".", color=COLOURS[code], ms=3, label=f"r = {r:.2f}")
    ax.set(xscale="log", yscale="log", xlabel="phones", ylabel="duration, s")
    ax.set_xticks([3, 5, 10, 20, 30], labels=["3", "5", "10", "20", "30"])
    ax.set_yticks([0.5, 1, 2], labels=["0.5", "1", "2"])
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize=8)


def duration(stimulus: Stimulus) -> float:
    """Return how long a clip lasts, s."""
    return stimulus.duration


def spectra(ax: Axes, of: dict[str, list[Stimulus]]) -> None:
    """Draw the mean power of all clips of a language in bands of 125 Hz."""
    for code, clips in of.items():
        power = np.zeros(WINDOW // 2 + 1)
        for stimulus in clips:
            whole = len(stimulus.audio) // WINDOW * WINDOW
            frames = stimulus.audio[:whole].reshape(-1, WINDOW) * np.hanning(WINDOW)
            power += (np.abs(np.fft.rfft(frames)) ** 2).sum(axis=0) / stimulus.duration
        bands = power[1:].reshape(BANDS, -1).sum(axis=1)
        edges = (np.arange(BANDS) + 0.5) * 8 / BANDS
        ax.plot(edges, 10 * np.log10(bands / bands.max()), color=COLOURS[code], lw=1.4)
    ax.set(xlabel="kHz", ylabel="dB of the strongest band", ylim=(-60, 3))


def categories(ax: Axes, stimuli: StimulusSet) -> None:
    """Draw how many concepts each upper category has."""
    concepts = {s.concept: s.attributes["category"].split("/")[0] for s in stimuli}
    counted = Counter(concepts.values()).most_common()[::-1]
    ax.barh([name for name, _ in counted], [n for _, n in counted], color="#7a7a7a")
    for place, (_, n) in enumerate(counted):
        ax.annotate(str(n), (n, place), (3, 0), textcoords="offset points", va="center", fontsize=8)
    ax.set(xlabel="concepts")
    ax.tick_params(axis="y", labelsize=8)


def main() -> None:
    """Read the set and write the picture."""
    stimuli = read_stimuli(Path(sys.argv[1]) if sys.argv[1:] else NAME)
    of = {code: [s for s in stimuli if s.language == code] for code in COLOURS}
    figure, axes = plt.subplots(2, 2, figsize=(10, 7.5), layout="constrained")
    durations(axes[0, 0], of)
    lengths(axes[0, 1], of)
    spectra(axes[1, 0], of)
    categories(axes[1, 1], stimuli)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=100, metadata={"Software": None})
    write_whole(HERE / "picture.png", picture.getvalue())


if __name__ == "__main__":
    main()
