"""Draw `picture.png` from the set's own arrays and print its numbers: `python draw.py`.

Above: F1 and F2 of the vowels of one shape, in the middle of the segment, times the anatomy's
scale, where the tract is open and the velum shut; each letter stands at the median. Below: where a
consonant is narrowest, as a share of the tract's length, by how it is made. Plain realisations.
"""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from make import HERE, LANGUAGES
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from grounding.files import write_whole
from grounding.stimuli import Stimulus, read_stimuli
from grounding.stimuli.simulator.inventories import inventory

OUT = Path("picture.png")
TITLES = {"de": "German", "es": "Spanish", "it": "Italian", "fr": "French", "ru": "Russian"}
KINDS = {  # what is drawn together, its colour and the kinds of phones
    "closed": ("#0072b2", ("stop", "affricate", "nasal", "tap", "trill")),
    "narrow": ("#d55e00", ("fricative",)),
    "open": ("#b8b8b8", ("approximant", "lateral")),
}
LARYNX = 0.2  # share of the length above the glottis that is left out: always narrow


def vowels(stimuli: list[Stimulus], language: str) -> dict[str, np.ndarray]:
    """Return F1 and F2 in Hz of every token of every vowel of one shape."""
    kinds = inventory(language).phones
    found = defaultdict(list)
    for stimulus in stimuli:
        streams = stimulus.articulation.streams
        for name, start, end in stimulus.attributes["segments"]:
            phone, middle = kinds[name], round(50 * (start + end))
            single = phone.kind == "vowel" and len(phone.tract) == 1
            if single and streams["formants_valid"].values[middle, 0]:
                hertz = streams["formants"].values[middle, :2]
                found[name].append(hertz * stimulus.realisation["anatomy_scale"])
    return {name: np.array(values) for name, values in found.items()}


def places(stimuli: list[Stimulus], language: str) -> dict[str, list[float]]:
    """Return where each consonant with a constriction is narrowest: 0 glottis, 1 lips."""
    phones = inventory(language).phones
    found: dict[str, list[float]] = {group: [] for group in KINDS}
    for stimulus in stimuli:
        streams = stimulus.articulation.streams
        for name, start, end in stimulus.attributes["segments"]:
            if not phones[name].gesture:
                continue
            frames = slice(round(100 * start), round(100 * end) + 1)
            area, length = (streams[k].values[frames] for k in ("area", "section_length"))
            ends = np.cumsum(length, axis=1)
            centre = (ends - length / 2) / ends[:, -1:]
            masked = np.where(centre > LARYNX, area, np.inf)
            # A closure is as deep in several sections and frames: their middle.
            deepest = np.abs(masked - masked.min()) < 1e-6
            group = next(g for g, (_, kinds) in KINDS.items() if phones[name].kind in kinds)
            found[group].append(float(np.median(centre[deepest])))
    return found


def draw_vowels(ax: Axes, found: dict[str, np.ndarray], language: str) -> None:
    """Draw tokens and medians, as phoneticians do: high front vowels at the upper left."""
    for k, (name, values) in enumerate(sorted(found.items())):
        colour = plt.get_cmap("tab20")(k % 20)
        ax.plot(values[:, 1], values[:, 0], ".", color=colour, ms=3, alpha=0.5)
        middle = np.median(values, axis=0)
        ax.text(middle[1], middle[0], name, ha="center", va="center", fontsize=12, weight="bold")
        print(f"{language} {name}: n {len(values)}, F1 {middle[0]:.0f}, F2 {middle[1]:.0f}")
    ax.set(xlim=(2500, 500), ylim=(850, 180), title=TITLES[language], xlabel="F2, Hz")


def draw_places(ax: Axes, found: dict[str, list[float]], language: str) -> None:
    """Draw how often the tract is narrowest where."""
    bins = np.linspace(LARYNX, 1, 33)
    ax.hist(list(found.values()), bins, stacked=True, color=[c for c, _ in KINDS.values()],
            label=list(KINDS))  # fmt: skip
    for group, values in found.items():
        share = np.histogram(values, [LARYNX, 0.65, 0.82, 0.95, 1.01])[0] if values else [0] * 4
        print(f"{language} {group}: back, palate, teeth and ridge, lips: {list(map(int, share))}")
    ax.set(xlim=(0.4, 1), xlabel="place (0 glottis, 1 lips)")


def main() -> None:
    """Read the set and write the picture."""
    stimuli = read_stimuli(HERE)
    figure, axes = plt.subplots(2, len(LANGUAGES), figsize=(15, 6.4), layout="constrained",
                                height_ratios=(1.6, 1))  # fmt: skip
    for above, below, language in zip(*axes, LANGUAGES, strict=True):
        chosen = [s for s in stimuli if s.language == language and s.realisation["name"] == "plain"]
        draw_vowels(above, vowels(chosen, language), language)
        draw_places(below, places(chosen, language), language)
    axes[0, 0].set_ylabel("F1, Hz")
    axes[1, 0].set_ylabel("consonants")
    axes[1, 0].legend(frameon=False, fontsize=8, loc="upper left")
    for ax in axes.ravel():
        ax.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=110, metadata={"Software": None})
    write_whole(HERE / OUT, picture.getvalue())


if __name__ == "__main__":
    main()
