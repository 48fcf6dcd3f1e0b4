"""Draw `picture.png` from the set's own files: `python draw.py`. Needs no simulator.

One row a consonant before /a/ (plain): the tube from glottis to lips at the moment when it is
narrowest during the consonant, as a share of its length; dark is narrow. At the right how far the
velum is open.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from check_physics import span
from matplotlib.figure import Figure

from grounding.figures.dots import save_png
from grounding.figures.style import DOUBLE, LIGHT, Theme, blank, styled
from grounding.stimuli import read_stimuli

HERE = Path(__file__).resolve().parent
STEPS = 120  # columns of the picture
WIDEST = 4.0  # cm^2, white


@styled
def draw(*, theme: Theme = LIGHT) -> Figure:
    """Return the figure."""
    stimuli = [
        s for s in read_stimuli(HERE)
        if s.attributes["vowel"] == "a" and s.realisation["name"] == "plain"
    ]  # fmt: skip
    rows, velum, names = [], [], []
    for stimulus in stimuli:
        streams, when = stimulus.articulation.streams, span(stimulus)
        area = np.exp(streams["area"].values[when].astype(float))
        length = streams["section_length"].values[when].astype(float)
        at = int(np.argmin(area[:, 8:].min(1)))  # the larynx is narrow at all times
        edge = np.cumsum(length[at]) / length[at].sum()
        rows.append(area[at][np.searchsorted(edge, (np.arange(STEPS) + 0.5) / STEPS)])
        channels = list(streams["variables"].channels)
        velum.append(streams["variables"].values[when][:, channels.index("velum.area")].max())
        told = stimulus.attributes
        names.append(f"{told['place']} {told['manner']}  {told['consonant']}")
    figure = blank(DOUBLE, 0.17 * len(rows) + 0.7)
    tube, nose = figure.subplots(1, 2, sharey=True, width_ratios=(6, 1))
    image = tube.imshow(np.sqrt(rows), aspect="auto", cmap="Greys_r", vmin=0, vmax=WIDEST**0.5,
                        extent=(0, 1, len(rows) - 0.5, -0.5))  # fmt: skip
    tube.set_yticks(range(len(rows)), names)
    tube.set_xlabel("from glottis (0) to lips (1)")
    bar = figure.colorbar(image, ax=tube, location="top", shrink=0.5, aspect=40)
    bar.set_ticks([0, 0.5, 1, 2**0.5, 2], labels=["0", "0.25", "1", "2", "4 cm²"])
    nose.barh(range(len(rows)), velum, color=theme.speech)
    nose.set_xlabel("velum, cm²")
    return figure


if __name__ == "__main__":
    save_png(draw(), HERE / "picture.png")
