"""How far off are the phone boundaries of the forced aligner, where the true ones are known?

    python analyses/aligner_error.py vocal-tract-words picture.png
    python analyses/aligner_error.py DIR  # any set with phones and the attribute `segments`
Errors in ms, found minus known, against requested times and against acoustic ones; by language, by
realisation and by class of boundary; beside guesses that look at no sound. `without bias`: after
the median error of the class in the other half of the transcripts was taken away.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from grounding.figures.dots import draw_dots, save_png
from grounding.progress import shown
from grounding.stimuli import read_stimuli
from grounding.stimuli.aligning import align_all
from grounding.stimuli.aligning.classes import CLASSES
from grounding.stimuli.aligning.error import EDGES, boundaries, typical_seconds


@dataclass(frozen=True)
class Config:
    """Every choice of a number. every: take each so many-th stimulus. within: ms."""

    stimuli: str = "vocal-tract-words"
    every: int = 1
    within: tuple[int, ...] = (10, 20, 50)


def measured(config: Config) -> pd.DataFrame:
    """Return one row an error: transcript, language, realisation, label, what, known, ms, bias."""
    stimuli, rows = read_stimuli(config.stimuli)[:: config.every], []
    with shown() as report:
        aligned = align_all(stimuli, progress=partial(report, "recordings"))
    seconds = typical_seconds(stimuli)
    for s, found in zip(stimuli, aligned, strict=True):
        about = (s.transcript, s.language, s.realisation.get("name", "none"))
        for one in boundaries(s, found.segments, seconds[s.transcript]) if found.segments else ():
            requested = "edge" if one.label in EDGES else "requested"
            for known, time in ((requested, one.requested), ("acoustic", one.acoustic)):
                for what, guess in one.found.items() if time is not None else ():
                    rows.append((*about, one.label, what, known, 1e3 * (guess - time)))
    names = ["transcript", "language", "realisation", "label", "what", "known", "ms"]
    table = pd.DataFrame(rows, columns=names)
    table["half"] = table.transcript.map(lambda t: sum(t.encode()) % 2)
    keys = ["language", "label", "what", "known", "half"]
    bias = table.groupby(keys).ms.median().rename("bias").reset_index()
    return table.merge(bias.assign(half=1 - bias.half), how="left", on=keys)


def summary(config: Config, ms: pd.Series, bias: pd.Series) -> dict[str, float]:
    """Return what is printed of errors: their number, sizes, bias and shares."""
    size, without = ms.abs(), (ms - bias.fillna(0)).abs().mean()
    sizes = {"mean": size.mean(), "median": size.median(), "bias": ms.median()}
    shares = {f"<= {limit} ms": (size <= limit).mean() for limit in config.within}
    return {"n": len(ms), **sizes, "without bias": without, **shares}


def main(argv: Sequence[str]) -> None:
    """Print the tables, and draw the error by class of boundary where a picture is named."""
    table = measured(config := Config(*argv[:1]))
    for keys in (["what"], ["language", "what"], ["realisation", "what"], ["label", "what"]):
        groups = table.groupby(["known", *keys])
        rows = {key: summary(config, group.ms, group.bias) for key, group in groups}
        print(pd.DataFrame(rows).T.round(2).to_string(), "\n")
    acoustic = table[table.known == "acoustic"].groupby(["label", "what"]).ms
    dots = [(*key, *ms.abs().quantile([0.5, 0.25, 0.75])) for key, ms in acoustic]
    dots.sort(key=lambda dot: CLASSES.index(dot[0]))
    for path in argv[1:]:
        save_png(draw_dots(dots, "error against acoustic times, ms: median and quartiles"), path)


if __name__ == "__main__":
    main(sys.argv[1:])
