"""Find the vowels of the grid and write them, with the anchors, to `states.jsonl`.

    python search.py [--scratch DIR] [--seed N]

Needs `pip install 'speech-grounding[synthesis]'`. Four steps; states that were drawn and points
that were searched are kept in the scratch folder, so that an interrupted search goes on where it
stopped. The seed decides every draw.

1. Anchors: the vowels of the German speaker, and those of English that `vocal-tract-words` found
   (`shapes.json`). Vowels that neither has (`DERIVED`) are the mean of two anchors, or one
   anchor's tongue under another's lips; they name points of the grid and are not sounded.
2. A pool of open states, unrounded and rounded: two anchors mixed, with noise; and states drawn
   evenly over the ranges, which say how far the tract could go.
3. Targets: the nodes of a square lattice in F1 and F2 (Bark) that have a state of the pool near,
   once for each rounding. F3 is asked to be the median of the pool there.
4. From the two nearest states of the pool, bounded least squares over 16 parameters that asks for
   F1 to F3, keeps every section open and the parameters near the start. A node that both miss by
   more than `MISS` is no point of the grid.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import least_squares
from tqdm import tqdm

from grounding.files import write_whole
from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.library import installed_speaker
from grounding.stimuli.simulator.postures import PostureSimulator
from grounding.stimuli.simulator.shapes import TRACT_NAMES, formants

HERE = Path(__file__).resolve().parent
SHAPES = HERE.parent / "vocal-tract-words" / "shapes.json"
STATES = "states.jsonl"
STEP, ORIGIN = 1.0, (2.1, 6.2)  # Bark, of the lattice: F1, F2
NEAR = 0.75  # Bark, from a node that is tried to the nearest state of the pool
MISS = 0.1  # Bark, Euclidean in F1 and F2, from a node to its state
NARROWEST = 0.2  # cm^2
DRAWS, NOISE = 3000, 0.08  # states a rounding and kind; standard deviation, in units of a range
STARTS = 2  # states of the pool from which a node is sought
KEEP = 0.3  # Bark, the price of moving all parameters by their whole range
RANGES = {
    "HX": (0.0, 1.0), "HY": (-6.0, -3.5), "JX": (-0.5, 0.0), "JA": (-7.0, 0.0), "LP": (-1.0, 1.0),
    "LD": (0.0, 2.5), "VS": (0.0, 1.0), "TCX": (-3.0, 4.0), "TCY": (-3.0, 1.0), "TTX": (1.5, 5.5),
    "TTY": (-3.0, 2.5), "TBX": (-3.0, 4.0), "TBY": (-3.0, 5.0), "TS1": (0.0, 1.0),
    "TS2": (0.0, 1.0), "TS3": (-1.0, 1.0),
}  # fmt: skip
LIPS = {  # cm: protrusion and distance; what the speaker's own vowels do, with some room
    "unrounded": {"LP": (-0.3, 0.1), "LD": (0.75, 1.6)},
    "rounded": {"LP": (0.3, 1.0), "LD": (0.25, 0.65)},
}
FREE = tuple(RANGES)
INDEX = [TRACT_NAMES.index(name) for name in FREE]
LOW, HIGH = np.array([RANGES[name] for name in FREE]).T

GERMAN = {  # shape of the speaker: name, IPA
    "i": ("i", "i"), "I": ("ih", "ɪ"), "e": ("e", "e"), "E:": ("eh-long", "ɛː"), "E": ("eh", "ɛ"),
    "a": ("a", "a"), "6": ("low-schwa", "ɐ"), "@": ("schwa", "ə"), "y": ("y", "y"),
    "Y": ("yh", "ʏ"), "2": ("oe", "ø"), "9": ("oeh", "œ"), "u": ("u", "u"), "U": ("uh", "ʊ"),
    "o": ("o", "o"), "O": ("oh", "ɔ"),
}  # fmt: skip
ENGLISH = {  # shape of `shapes.json`: IPA; /ɪ/, /ɛ/ and schwa are the speaker's
    "IY": "i", "EY": "e", "AE": "æ", "AA": "ɑ", "AO": "ɔ", "AH": "ʌ", "OW": "o", "UH": "ʊ",
    "UW": "u", "ER": "ɝ",
}  # fmt: skip
ROUNDED = frozenset("yʏøœuʊoɔʉɵɒ")
DERIVED = {  # IPA: tongue, lips: anchors; a pair is their mean
    "ɯ": ("de-u", "de-e"), "ɤ": ("de-o", "de-e"), "ɒ": ("en-aa", "de-oh"),
    "ɨ": (("de-i", "ɯ"), "de-e"), "ʉ": (("de-y", "de-u"), "de-u"),
    "ɘ": (("de-e", "ɤ"), "de-e"), "ɵ": (("de-oe", "de-o"), "de-oe"),
}  # fmt: skip

Unit = Float[np.ndarray, " free"]  # free parameters in units of their ranges
Record = dict[str, Any]


def bark(hertz: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return critical-band rate (Traunmüller 1990)."""
    return 26.81 * hertz / (1960.0 + hertz) - 0.53


def hertz(bark: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return the frequency of a critical-band rate, in Hz."""
    return 1960.0 * (bark + 0.53) / (26.28 - bark)


class Bench:
    """The simulator, and what the search asks of a state."""

    def __init__(self) -> None:
        self.simulator = PostureSimulator(installed_speaker())
        self.schwa = self.simulator.tract_shape("@")

    def build(self, unit: Unit) -> Float[np.ndarray, " 19"]:
        tract = self.schwa.copy()
        tract[TRACT_NAMES.index("VO")] = -0.1
        tract[INDEX] = np.round(LOW + unit * (HIGH - LOW), 4)
        return tract

    def unit(self, tract: Float[np.ndarray, " 19"]) -> Unit:
        return np.clip((tract[INDEX] - LOW) / (HIGH - LOW), 0.0, 1.0)

    def resonances(self, unit: Unit) -> Float[np.ndarray, " 4"]:
        """F1 to F4 in Hz; NaN where a peak is missing."""
        found = formants(self.simulator, self.build(unit))
        return np.append(found, np.full(4, np.nan))[:4]

    def opening(self, unit: Unit) -> float:
        """Narrowest section in cm^2; 0 where no section is the lips': no measurable state."""
        tube = self.simulator.tube(self.build(unit))
        centre = np.cumsum(tube.length) - tube.length / 2
        lips = (tube.articulator == 3) | (centre > tube.incisors)
        return float(tube.area.min()) if lips.any() else 0.0


def anchors(bench: Bench) -> dict[str, tuple[str, Unit]]:
    """Return IPA and state of each named vowel: de-NAME, en-NAME, by its symbol what is derived."""
    found = {
        f"de-{name}": (ipa, bench.unit(bench.simulator.tract_shape(shape)))
        for shape, (name, ipa) in GERMAN.items()
    }
    shapes = json.loads(SHAPES.read_text(encoding="utf-8"))
    for name, ipa in ENGLISH.items():
        tract = bench.simulator.tract_shape(inventory("en").targets[name].start)
        for parameter, value in shapes[name].items():
            tract[TRACT_NAMES.index(parameter)] = value
        found[f"en-{name.lower()}"] = (ipa, bench.unit(tract))
    lips = [FREE.index("LP"), FREE.index("LD")]
    for ipa, (tongue, mouth) in DERIVED.items():
        parts = (tongue,) if isinstance(tongue, str) else tongue
        unit = np.mean([found[part][1] for part in parts], axis=0)
        unit[lips] = found[mouth][1][lips]
        found[ipa] = (ipa, unit)
    return found


def rounding(ipa: str) -> str:
    """Return whether an IPA vowel is "rounded" or "unrounded"."""
    return "rounded" if ipa[0] in ROUNDED else "unrounded"


def bounds(lips: str) -> tuple[Unit, Unit]:
    """Return the least and greatest value of the free parameters under a rounding."""
    low, high = (np.array([LIPS[lips].get(n, RANGES[n])[k] for n in FREE]) for k in (0, 1))
    return (low - LOW) / (HIGH - LOW), (high - LOW) / (HIGH - LOW)


def draw(
    rng: np.random.Generator, named: Float[np.ndarray, "anchor free"], lips: str
) -> Float[np.ndarray, "state free"]:
    """Return states of a rounding: first mixed anchors with noise, then as many drawn evenly."""
    low, high = bounds(lips)
    a, b = named[rng.integers(len(named), size=(2, DRAWS))]
    share = rng.uniform(size=(DRAWS, 1))
    mixed = share * a + (1 - share) * b + NOISE * rng.standard_normal(a.shape)
    even = rng.uniform(low, high, size=a.shape)
    return np.concatenate([np.clip(mixed, low, high), even])


def pool(bench: Bench, scratch: Path, lips: str, named: np.ndarray, seed: int) -> dict[str, Any]:
    """Return the open states of a rounding with four formants: unit, formants (Hz), mixed."""
    path = scratch / f"pool-{lips}.npz"
    if not path.is_file():
        units = draw(np.random.default_rng([seed, len(lips)]), named, lips)
        kept, found = [], []
        for k, unit in enumerate(tqdm(units, unit="state", desc=lips)):
            peaks = (
                bench.resonances(unit) if bench.opening(unit) >= NARROWEST else np.array([np.nan])
            )
            if np.isfinite(peaks).all():
                kept.append(k)
                found.append(peaks)
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, unit=units[kept], formants=np.array(found), mixed=np.array(kept) < DRAWS)
        partial.replace(path)
    with np.load(path) as file:
        return dict(file)


def nodes() -> Iterator[tuple[int, int, Float[np.ndarray, " 2"]]]:
    """Yield every node of the lattice: row, column, F1 and F2 in Bark."""
    for row in range(6):
        for column in range(10):
            yield row, column, np.array(ORIGIN) + STEP * np.array([row, column])


def refine(
    bench: Bench, start: Unit, target: Float[np.ndarray, " 3"], lips: str
) -> tuple[float, Unit]:
    """Return the miss in F1 and F2 (Bark) and the state of a search from `start`."""
    low, high = bounds(lips)

    def misses(unit: Unit) -> Float[np.ndarray, " residual"]:
        found = bench.resonances(unit)
        miss = np.where(np.isfinite(found[:3]), bark(found[:3]) - target, 5.0) * (1.0, 1.0, 0.4)
        closed = max(0.0, NARROWEST - bench.opening(unit)) / NARROWEST
        four = 0.0 if np.isfinite(found[3]) else 1.0
        kept = KEEP * (unit - start) / np.sqrt(len(FREE))
        return np.concatenate([miss, [5.0 * closed, four], kept])

    inside = np.clip(start, low + 1e-4, high - 1e-4)
    best = least_squares(misses, inside, bounds=(low, high), diff_step=0.02, max_nfev=15,
                         ftol=1e-3, xtol=1e-4)  # fmt: skip
    found = bench.resonances(best.x)
    if not np.isfinite(found).all() or bench.opening(best.x) < 0.9 * NARROWEST:
        return np.inf, best.x
    return float(np.linalg.norm(bark(found[:2]) - target[:2])), best.x


def described(bench: Bench, unit: Unit) -> Record:
    """Return what `states.jsonl` says of a state."""
    tract = bench.build(unit)
    state = {name: float(tract[TRACT_NAMES.index(name)]) for name in (*FREE, "VO")}
    reached = bench.resonances(unit)[:3]
    return {
        "reached": [round(float(f), 1) for f in reached],
        "bark": [round(float(z), 3) for z in bark(reached[:2])],
        "state": state,
    }


def grid(bench: Bench, scratch: Path, lips: str, states: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the points of the grid of one rounding."""
    mixed: Bool[np.ndarray, " state"] = states["mixed"]
    heard, units = bark(states["formants"][mixed]), states["unit"][mixed]
    for row, column, at in tqdm(list(nodes()), unit="node", desc=lips):
        name = f"{lips[0]}-{row}-{column:02d}"
        path = scratch / f"{name}.json"
        if not path.is_file():
            gap = np.linalg.norm(heard[:, :2] - at, axis=1)
            record: Record | None = None
            if gap.min() <= NEAR:
                around = np.argsort(gap, kind="stable")
                target = np.append(at, np.median(heard[around[:25], 2]))
                tried = [refine(bench, units[k], target, lips) for k in around[:STARTS]]
                miss, unit = min(tried, key=lambda one: one[0])
                asked = [round(float(f), 1) for f in hertz(target)]
                record = {
                    "id": name, "kind": "grid", "language": "de", "rounding": lips, "row": row,
                    "column": column, "target": asked, "miss": round(miss, 3),
                    **described(bench, unit),
                }  # fmt: skip
            write_whole(path, json.dumps(record).encode())
        record = json.loads(path.read_text(encoding="utf-8"))
        if record is not None and record["miss"] <= MISS:
            yield record


def nearest(reached: Sequence[float], lips: str, named: Sequence[Record]) -> str:
    """Return the IPA of the named vowel of a rounding whose F1 and F2 in Bark are nearest.

    /ɝ/ names nothing, since F3 makes it; length is left out.
    """
    here = bark(np.array(reached[:2]))
    able = [n for n in named if n["rounding"] == lips and n["ipa"] != "ɝ"]
    gaps = [float(np.linalg.norm(bark(np.array(n["reached"][:2])) - here)) for n in able]
    return str(able[int(np.argmin(gaps))]["ipa"]).removesuffix("ː")


def search(scratch: Path, seed: int) -> None:
    """Find every point of the grid and write `states.jsonl`."""
    scratch.mkdir(parents=True, exist_ok=True)
    bench = Bench()
    found = anchors(bench)
    named = [
        {"id": name, "kind": "anchor" if "-" in name else "name", "language": name[:2],
         "ipa": ipa, "rounding": rounding(ipa), **described(bench, unit)}
        for name, (ipa, unit) in found.items()
    ]  # fmt: skip
    points = []
    for lips in LIPS:
        base = np.array([unit for ipa, unit in found.values() if rounding(ipa) == lips])
        states = pool(bench, scratch, lips, base, seed)
        print(f"{lips}: {states['mixed'].sum()} and {(~states['mixed']).sum()} open states")
        points += list(grid(bench, scratch, lips, states))
    for point in points:
        point["ipa"] = nearest(point["reached"], point["rounding"], named)
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in [*points, *named]]
    write_whole(HERE / STATES, "".join(lines).encode())
    print(f"{len(points)} points")


def main(argv: Sequence[str] | None = None) -> None:
    """Search, from where it stopped."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--scratch", type=Path, default=HERE / "scratch")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args(argv)
    search(arguments.scratch, arguments.seed)


if __name__ == "__main__":
    main()
