"""Check the arrays of this set against what each consonant must do: `python check_physics.py`.

Prints the table of the README, one row a consonant over its syllables: the narrowest area of lips,
tip and body while it lasts, where along the tract the narrowest one is (as a share of the way from
glottis to lips), and how far the velum and the glottis are open. It is looked for from 20 ms
before its requested start to its requested end, an affricate's slit after its closure.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from grounding.stimuli import Stimulus, read_stimuli

HERE = Path(__file__).resolve().parent
CLOSED = 0.01  # cm^2
SLIT = (0.1, 0.35)  # cm^2, of a fricative at scale 1
ORGAN = {  # the regions that hold a constriction; a palatal one lies where two of them meet
    "bilabial": ("lip",), "labiodental": ("lip",), "labial": ("lip",), "dental": ("tip",),
    "alveolar": ("tip",), "postalveolar": ("tip",), "palatal": ("tip", "body"),
    "velar": ("body",), "uvular": ("body",),
}  # fmt: skip


def span(stimulus: Stimulus) -> slice:
    """Return the frames in which to look for the consonant."""
    _, start, end = stimulus.attributes["segments"][0]
    return slice(max(0, round((start - 0.02) * 100)), round(end * 100) + 1)


def measured(stimulus: Stimulus) -> dict[str, float]:
    """Return what the tract does during the consonant; areas in cm^2."""
    streams = stimulus.articulation.streams
    named = dict(zip(streams["variables"].channels, streams["variables"].values.T, strict=True))
    when = span(stimulus)
    scale = float(stimulus.realisation["anatomy_scale"])
    found = {part: float(named[f"{part}.area"][when].min()) for part in ("lip", "tip", "body")}
    area = np.exp(streams["area"].values[when]).astype(float)
    length = streams["section_length"].values[when].astype(float)
    middle = (np.cumsum(length, axis=1) - length / 2) / length.sum(1, keepdims=True)
    above = middle > 0.2  # the larynx is narrow at all times
    frame, section = np.unravel_index(np.argmin(np.where(above, area, np.inf)), area.shape)
    return found | {
        "place": float(middle[frame, section]),
        "velum": float(named["velum.area"][when].max()) / scale**2,
        "glottis": float(named["glottis.opening"][when].max()),
        "glottis, least": float(named["glottis.opening"][when].min()),
        "scale": scale,
    }


def faults(stimulus: Stimulus) -> list[str]:
    """Return what a syllable does that its consonant must not, in words."""
    told, found = stimulus.attributes, measured(stimulus)
    organ, manner = ORGAN.get(told["place"], ()), told["manner"]
    narrowest = min((found[part] for part in organ), default=0.0)
    wrong, where = [], " or ".join(organ)
    if manner in ("plosive", "affricate", "nasal") and organ and narrowest >= CLOSED:
        wrong.append(f"no closure of the {where}: {narrowest:.3f} cm^2")
    slit = SLIT[0] <= narrowest / found["scale"] ** 2 <= SLIT[1]
    if manner == "fricative" and organ and not slit:
        wrong.append(f"no slit of the {where}: {narrowest:.3f} cm^2")
    if manner.endswith("approximant") and min(found[p] for p in ("lip", "tip", "body")) < CLOSED:
        wrong.append("a closure")
    if (found["velum"] > 0.2) != (manner == "nasal"):
        wrong.append(f"velum open by {found['velum']:.2f} cm^2")
    if told["consonant"] == "ʔ" and found["glottis, least"] >= 0:
        wrong.append(f"glottis not closed: {found['glottis, least']:.3f} cm")
    return wrong


def row(ones: list[Mapping[str, float]], part: str) -> str:
    """Return least, median and largest of a measure over syllables."""
    values: Float[np.ndarray, " syllable"] = np.array([one[part] for one in ones])
    return f"{values.min():.2f} {np.median(values):.2f} {values.max():.2f}"


def main() -> None:
    """Read the whole set and print the table, then every fault."""
    stimuli = read_stimuli(HERE)
    print("consonant | place | manner | voicing | n | lip | tip | body | at | velum | glottis")
    for name in dict.fromkeys(s.attributes["consonant"] for s in stimuli):
        here = [s for s in stimuli if s.attributes["consonant"] == name]
        ones, told = [measured(s) for s in here], here[0].attributes
        parts = ("lip", "tip", "body", "place", "velum", "glottis")
        print(" | ".join([name, told["place"], told["manner"], told["voicing"], str(len(here)),
                          *(row(ones, part) for part in parts)]))  # fmt: skip
    wrong = {s.id: found for s in stimuli if (found := faults(s))}
    print(f"{len(wrong)} of {len(stimuli)} syllables do what they must not")
    for id, found in wrong.items():
        print(id, *found, sep=": ")


if __name__ == "__main__":
    main()
