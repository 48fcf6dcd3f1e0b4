"""Check the arrays of this set against what each phone must do: `python check_physics.py`.

Prints the table of the README: where closures close, how narrow fricatives are, when the velum
opens, which resonances vowels have. A phone is looked for from 20 ms before its requested start to
its requested end. Formants are multiplied by the anatomy's scale, so that all items can be pooled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from grounding.stimuli import Stimulus, read_stimuli

HERE = Path(__file__).resolve().parent
CLOSED = 0.01  # cm^2
PLACES = {
    "lip": ("p", "b", "m"),
    "tip": ("t", "d", "n", "t͡ʃ", "d͡ʒ"),
    "body": ("k", "ɡ", "ŋ"),
}
FRICATIVES = {"lip": ("f", "v"), "tip": ("θ", "ð", "s", "z", "ʃ", "ʒ")}
NASALS = ("m", "n", "ŋ")
VOWELS = ("i", "ɪ", "ɛ", "æ", "ɑ", "ɔ", "ʌ", "ʊ", "u", "ɝ")


def spans(stimulus: Stimulus, frames: int) -> Iterator[tuple[str, slice, bool]]:
    """Yield each phone, the frames in which to look for it, and whether a nasal is beside it."""
    segments = stimulus.attributes["segments"]
    names = [s[0] for s in segments]
    for i, (phone, start, end) in enumerate(segments):
        nasal = any(n in NASALS for n in names[max(0, i - 1) : i + 2])
        first, last = max(0, round((start - 0.02) * 100)), min(frames, round(end * 100) + 1)
        yield phone, slice(first, last), nasal


def main() -> None:
    """Read the whole set and print the table."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for stimulus in read_stimuli(HERE):
        streams = stimulus.articulation.streams
        values = streams["variables"].values
        column = {n: values[:, k] for k, n in enumerate(streams["variables"].channels)}
        formants, valid = streams["formants"].values, streams["formants_valid"].values[:, 0]
        scale = float(stimulus.realisation["anatomy_scale"])
        found["tract length / scale, cm", "all"].append(
            float(column["tract.length"].mean() / scale)
        )
        for phone, where, nasal in spans(stimulus, len(values)):
            for table, title in ((PLACES, "closes"), (FRICATIVES, "narrowest, cm^2")):
                for part, phones in table.items():
                    if phone in phones:
                        area = float(column[f"{part}.area"][where].min())
                        found[title, phone].append(area < CLOSED if title == "closes" else area)
            if phone in NASALS:
                found["velum, cm^2", phone].append(float(column["velum.area"][where].max()))
            if phone in VOWELS:
                middle = (where.start + 2 + where.stop) // 2
                if not nasal:
                    found["velum, cm^2", "vowels away from nasals"].append(
                        float(column["velum.area"][middle])
                    )
                if valid[middle]:
                    for k in range(3):
                        found[f"F{k + 1} x scale, Hz", phone].append(
                            float(formants[middle, k] * scale)
                        )
    print("what | phone | n | mean | 5 % | median | 95 %")
    for (title, phone), numbers in sorted(found.items()):
        low, middle, high = np.percentile(np.array(numbers, float), [5, 50, 95])
        print(f"{title} | {phone} | {len(numbers)} | {np.mean(numbers):.3f} | "
              f"{low:.3f} | {middle:.3f} | {high:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
