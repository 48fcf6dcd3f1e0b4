"""Draw `picture.png` from the set's own files: `python draw.py`. Needs no simulator.

Above: every two stimuli of different pairs, and the pairs, by distance in tract and in sound.
Below: two pairs, the flesh points of both members at 0.3 s and their mean log-mel spectra.
"""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from make import HERE
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from grounding.files import write_whole
from grounding.spaces import space
from grounding.spaces.acoustics import log_mel
from grounding.stimuli import Stimulus, StimulusSet, read_stimuli

A, B, GREY = "#0072b2", "#d55e00", "#b8b8b8"
FRAME = 30
LINES = (("UL",), ("LL", "JAW"), ("TT", "TB", "TD"))
OUT = Path("picture.png")


def scatter(ax: Axes, stimuli: StimulusSet) -> None:
    """Draw distances in tract against distances in sound."""
    tract, sound = (space(n, stimuli).rdm().square() for n in ("articulation", "log-mel"))
    labels = np.array([s.attributes["pair"] for s in stimuli])
    upper = np.triu(np.ones(tract.shape, dtype=bool), 1)
    same = (labels[:, None] == labels[None, :]) & upper
    other = upper & ~same
    ax.plot(tract[other], sound[other], ".", color=GREY, ms=1.5, rasterized=True,
            label="stimuli of different pairs")  # fmt: skip
    for kind, mark in (("static", "o"), ("glide", "^")):
        of_kind = np.array([s.attributes["kind"] == kind for s in stimuli])
        here = same & of_kind[:, None]
        ax.plot(tract[here], sound[here], mark, color=A, ms=4, mew=0, label=f"pairs, {kind}")
    ax.axvline(float(np.median(tract[other])), color="k", lw=0.8, ls=":", label="median, other")
    ax.set(xlabel="distance in tract, mm", ylabel="distance in sound (log-mel), dB")
    ax.set(xlim=(0, None), ylim=(0, None))
    ax.legend(frameon=False, fontsize=8, loc="upper left", markerscale=1.2)


def points(ax: Axes, pair: list[Stimulus]) -> None:
    """Draw the flesh points of both members."""
    for stimulus, colour in zip(pair, (A, B), strict=True):
        flesh = stimulus.articulation["flesh"]
        at = dict(zip(flesh.channels, flesh.values[FRAME], strict=True))
        for line in LINES:
            xs, ys = ([at[f"{p}.{axis}"] for p in line] for axis in "xy")
            ax.plot(xs, ys, "o-", color=colour, ms=4, lw=1.2,
                    label=stimulus.attributes["member"] if line == LINES[0] else None)  # fmt: skip
    for line in LINES:
        for p in line:
            ax.annotate(p, (at[f"{p}.x"], at[f"{p}.y"]), (3, 3), textcoords="offset points",
                        fontsize=7, color=B)  # fmt: skip
    ax.set(title=f"{pair[0].attributes['pair']}  /{pair[0].transcript}/", aspect="equal")
    ax.set(xlabel="to the front, mm", ylabel="up, mm")


def spectra(ax: Axes, pair: list[Stimulus]) -> None:
    """Draw the mean log-mel spectra of both members."""
    for stimulus, colour in zip(pair, (A, B), strict=True):
        mean = log_mel(stimulus.audio, stimulus.rate)[8:48].mean(0)
        ax.plot(np.arange(1, 81), mean, color=colour, lw=1.2, label=stimulus.attributes["member"])
    ax.set(xlabel="mel band (80 to 8 kHz)", ylabel="dB", title="0.08 to 0.48 s")
    ax.legend(frameon=False, fontsize=8)


def main() -> None:
    """Read the set and write the picture."""
    stimuli = read_stimuli(HERE)
    static = stimuli.where(lambda s: s.attributes["kind"] == "static")
    tract = space("articulation", static).rdm().square()
    apart = [tract[k, k + 1] for k in range(0, len(static), 2)]
    shown = [2 * int(k) for k in np.argsort(apart)[[-1, len(apart) // 2]]]
    figure, axes = plt.subplot_mosaic(
        [["all", "all", "all", "all"], ["p0", "s0", "p1", "s1"]], figsize=(11, 8.5),
        layout="constrained", height_ratios=(1.3, 1), width_ratios=(1.5, 1, 1.5, 1),
    )  # fmt: skip
    scatter(axes["all"], stimuli)
    for n, k in enumerate(shown):
        pair = [static[k], static[k + 1]]
        points(axes[f"p{n}"], pair)
        spectra(axes[f"s{n}"], pair)
    for ax in axes.values():
        ax.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=110, metadata={"Software": None})
    write_whole(HERE / OUT, picture.getvalue())


if __name__ == "__main__":
    main()
