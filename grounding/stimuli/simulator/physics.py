"""Whether a set's tracts do what its phones ask for: closures, slits, velum, resonances.

What a phone must do follows from its record (`phones.Phone`): a stop, an affricate and a nasal
close at their place, a fricative, an approximant and a lateral keep a slit there, a tap closes once
and a trill repeatedly, the velum opens where it is asked to, and a vowel of one shape has
resonances. A phone is looked for from 20 ms before its requested start to its requested end.
Resonances are multiplied by the anatomy's scale, so that all items can be pooled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from grounding.stimuli.simulator.phones import Inventory, Phone
from grounding.stimuli.stimulus import Stimulus

__all__ = ["CLOSED", "Found", "closures", "lines", "measured"]

CLOSED = 0.01  # cm^2
# The streams `PART.area` that hold a constriction, by how its gesture's name begins; the first hit.
PARTS = {"ll": ("lip",), "tt": ("tip",), "tb-palatal": ("tip", "body"), "tb": ("body",)}
CLOSING = ("stop", "affricate", "nasal")
NARROWING = ("fricative", "approximant", "lateral")
BEATING = ("tap", "trill")

Found = dict[tuple[str, str], list[float]]


def _place(phone: Phone) -> tuple[str, ...]:
    return next(parts for start, parts in PARTS.items() if phone.gesture.startswith(start))


def _spans(
    stimulus: Stimulus, known: Mapping[str, Phone], frames: int
) -> Iterator[tuple[Phone | None, str, slice, bool]]:
    """Yield each phone, its IPA, where to look for it, and whether a nasal one is beside it."""
    segments = stimulus.attributes["segments"]
    made = [known.get(name) for name, _, _ in segments]
    for i, (name, start, end) in enumerate(segments):
        nasal = any(one is not None and one.velum > 0 for one in made[max(0, i - 1) : i + 2])
        first, last = max(0, round((start - 0.02) * 100)), min(frames, round(end * 100) + 1)
        yield made[i], name, slice(first, last), nasal


def closures(area: np.ndarray) -> int:
    """Return how often an area falls below `CLOSED`.

    >>> closures(np.array([0.5, 0.0, 0.0, 0.2, 0.0]))
    2
    """
    shut = area < CLOSED
    return int(shut[:1].sum() + (shut[1:] & ~shut[:-1]).sum())


def measured(stimuli: Iterable[Stimulus], spoken: Inventory) -> Found:
    """Return the measured numbers of one language's stimuli by what was measured, and phone."""
    found: Found = defaultdict(list)
    known = {phone.ipa: phone for phone in spoken.phones.values()}
    for stimulus in stimuli:
        assert stimulus.articulation is not None and stimulus.realisation is not None
        streams = stimulus.articulation.streams
        values = streams["variables"].values
        column = {n: values[:, k] for k, n in enumerate(streams["variables"].channels)}
        formants, valid = streams["formants"].values, streams["formants_valid"].values[:, 0]
        scale = float(stimulus.realisation["anatomy_scale"])
        length = float(column["tract.length"].mean() / scale)
        found["tract length / scale, cm", "all"].append(length)
        for phone, name, where, nasal in _spans(stimulus, known, len(values)):
            if phone is None:
                continue
            if phone.gesture:
                area = np.min([column[f"{part}.area"][where] for part in _place(phone)], axis=0)
                if phone.kind in CLOSING:
                    found["closes", name].append(float(area.min() < CLOSED))
                elif phone.kind in NARROWING:
                    found["narrowest, cm^2", name].append(float(area.min()))
                elif phone.kind in BEATING:
                    found["closures", name].append(float(closures(area)))
            if phone.velum:
                found["velum, cm^2", name].append(float(column["velum.area"][where].max()))
            elif phone.kind == "vowel" and len(phone.tract) == 1:
                middle = (where.start + 2 + where.stop) // 2
                if not nasal:
                    found["velum, cm^2", "vowels away from nasals"].append(
                        float(column["velum.area"][middle])
                    )
                if valid[middle]:
                    for k in range(3):
                        hertz = float(formants[middle, k] * scale)
                        found[f"F{k + 1} x scale, Hz", name].append(hertz)
    return found


def lines(found: Mapping[tuple[str, str], list[float]]) -> list[str]:
    """Return a table: what, phone, number, mean, and percentiles 5, 50 and 95."""
    rows = ["what | phone | n | mean | 5 % | median | 95 %"]
    for (title, phone), numbers in sorted(found.items()):
        low, middle, high = np.percentile(np.array(numbers, float), [5, 50, 95])
        rows.append(
            f"{title} | {phone} | {len(numbers)} | {np.mean(numbers):.3f} | "
            f"{low:.3f} | {middle:.3f} | {high:.3f}"
        )
    return rows
