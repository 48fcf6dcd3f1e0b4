"""Find pairs of tract states that differ in the tract and hardly in sound: `found.jsonl`.

    python search.py [--scratch DIR] [--first N] [--anchors N] [--seed N]

Needs `pip install 'speech-grounding[synthesis]'`. Three steps, each kept in the scratch folder as
it is done, so that an interrupted search goes on where it stopped; the seed decides every draw.

1. A pool of random states that stay open, with their **envelopes**: the transfer function's power
   in 40 mel bands to 8 kHz, in dB, at equal total level behind a source that falls by 6 dB an
   octave.
2. Anchors: states of the pool with a vowel's formants that have a neighbour in envelope far from
   them in the tract, each anchor as far as can be in envelope from those before it.
3. For each anchor, its nearest such neighbours are moved by least squares (bounded, 16 parameters)
   until the envelopes agree, with a price on flesh points less than `FAR` mm apart and on narrow
   sections. The best neighbour goes on: in turns anchor and neighbour are moved towards each
   other's envelope. What does not come near is kept too, with its numbers; `choose.py` chooses.

Flesh points cost 28 ms a state, so the search uses a linear map from the used parameters, fitted to
240 states; what the set reports is measured on the finished items.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares
from scipy.spatial.distance import cdist
from tqdm import tqdm

from grounding.stimuli.simulator.library import AUDIO_RATE, installed_speaker
from grounding.stimuli.simulator.postures import PostureSimulator, flesh_points, posture_speaker
from grounding.stimuli.simulator.shapes import TRACT_NAMES, formants

HERE = Path(__file__).resolve().parent
POINTS = 1024  # of the transfer function: 43 Hz apart
BANDS, HIGHEST = 40, 8000.0
CHUNK, CHUNKS = 1000, 14
NARROWEST = 0.2  # cm^2, of the pool's states and of what least squares may reach
VOWEL = ((220.0, 800.0), (550.0, 2400.0), (1500.0, 3300.0))  # Hz, F1 to F3 of an anchor
FAR = 40.0  # mm between the flesh points of a pair, Euclidean over 12 coordinates
PRICE = 0.35  # residual a mm that is missing, beside dB
PROMISING = 0.6  # share of the pool, best by its far neighbour, that anchors are chosen from
STARTS = 3
STEPS = (0.03, 0.015)  # of the derivatives, in units of a range: turns of anchor and neighbour
RANGES = {
    "HX": (0.0, 1.0), "HY": (-6.0, -3.5), "JX": (-0.5, 0.0), "JA": (-7.0, 0.0), "LP": (-1.0, 1.0),
    "LD": (0.0, 2.5), "VS": (0.0, 1.0), "TCX": (-3.0, 4.0), "TCY": (-3.0, 1.0), "TTX": (1.5, 5.5),
    "TTY": (-3.0, 2.5), "TBX": (-3.0, 4.0), "TBY": (-3.0, 5.0), "TS1": (0.0, 1.0),
    "TS2": (0.0, 1.0), "TS3": (-1.0, 1.0),
}  # fmt: skip
FREE = tuple(RANGES)
LOW, HIGH = np.array([RANGES[name] for name in FREE]).T
INDEX = [TRACT_NAMES.index(name) for name in FREE]
BASES = ("a", "e", "i", "o", "u", "E", "I", "O", "U", "2", "9", "@")

Unit = Float[np.ndarray, " free"]  # free parameters in units of their ranges


def mel_bands() -> Float[np.ndarray, "frequency band"]:
    """Return triangular bands over the points of the transfer function, equal in mel from 60 Hz."""
    frequency = np.arange(POINTS // 2) * AUDIO_RATE / POINTS
    edges = 700 * (10 ** (np.linspace(_mel(60.0), _mel(HIGHEST), BANDS + 2) / 2595) - 1)
    rise = (frequency[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    fall = (edges[2:] - frequency[:, None]) / np.diff(edges)[1:]
    weight = np.maximum(0, np.minimum(rise, fall))
    return weight / weight.sum(0)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


class Bench:
    """The simulator, and what the search asks of a state."""

    def __init__(self, flesh: Float[np.ndarray, "used coordinate"] | None = None) -> None:
        self.simulator = PostureSimulator(installed_speaker())
        self.schwa = self.simulator.tract_shape("@")
        self.bands = mel_bands()
        frequency = np.maximum(np.arange(POINTS // 2) * AUDIO_RATE / POINTS, 80.0)
        self.source = frequency**-2.0
        self.flesh_map = flesh

    def build(self, unit: Unit) -> Float[np.ndarray, " 19"]:
        tract = self.schwa.copy()
        tract[TRACT_NAMES.index("VO")] = -0.1
        tract[INDEX] = np.round(LOW + unit * (HIGH - LOW), 4)
        return tract

    def envelope(self, tract: Float[np.ndarray, " 19"]) -> Float[np.ndarray, " band"]:
        power = np.square(self.simulator.transfer(tract, POINTS))
        power = power / (power * self.source)[: POINTS * 10 // 55].sum()
        return 10 * np.log10(np.maximum(power @ self.bands, 1e-12))

    def narrowest(self, tract: Float[np.ndarray, " 19"]) -> float:
        return float(self.simulator.tube(tract).area.min())

    def opening(self, tract: Float[np.ndarray, " 19"]) -> float:
        """As `narrowest`, but 0 where no section is the lips': such a state cannot be measured."""
        tube = self.simulator.tube(tract)
        centre = np.cumsum(tube.length) - tube.length / 2
        lips = (tube.articulator == 3) | (centre > tube.incisors)
        return float(tube.area.min()) if lips.any() else 0.0

    def flesh(self, tract: Float[np.ndarray, " 19"]) -> Float[np.ndarray, " coordinate"]:
        """Estimated flesh points in mm."""
        return np.append(1.0, self.simulator.limited(tract)) @ self.flesh_map


def draw(rng: np.random.Generator, bases: Float[np.ndarray, "base free"], n: int) -> np.ndarray:
    """Return states: a third uniform over the ranges, the others around vowels of the speaker."""
    uniform = rng.uniform(size=(n, len(FREE)))
    around = bases[rng.integers(len(bases), size=n)] + 0.2 * rng.standard_normal((n, len(FREE)))
    return np.where(rng.uniform(size=(n, 1)) < 1 / 3, uniform, np.clip(around, 0, 1))


def pool(scratch: Path, seed: int) -> dict[str, np.ndarray]:
    """Return the open states of all chunks: unit, envelope, formants, estimated flesh points."""
    bench = Bench()
    bases = np.array([bench.simulator.tract_shape(b)[INDEX] for b in BASES])
    bases = np.clip((bases - LOW) / (HIGH - LOW), 0, 1)
    for chunk in tqdm(range(CHUNKS), unit="chunk"):
        path = scratch / f"pool-{chunk:02d}.npz"
        if path.is_file():
            continue
        kept, envelopes, found, used = [], [], [], []
        for unit in draw(np.random.default_rng([seed, chunk]), bases, CHUNK):
            tract = bench.build(unit)
            if bench.narrowest(tract) < NARROWEST:
                continue
            peaks = formants(bench.simulator, tract, POINTS)
            kept.append(unit)
            envelopes.append(bench.envelope(tract))
            found.append(np.append(peaks, np.full(4, np.nan))[:4])
            used.append(bench.simulator.limited(tract))
        arrays = dict(zip(("unit", "envelope", "formants", "used"),
                          map(np.array, (kept, envelopes, found, used)), strict=True))  # fmt: skip
        _write(path, **arrays)
    chunks = [dict(np.load(scratch / f"pool-{chunk:02d}.npz")) for chunk in range(CHUNKS)]
    return {name: np.concatenate([c[name] for c in chunks]) for name in chunks[0]}


def _write(path: Path, **arrays: np.ndarray) -> None:
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.replace(path)


def fit_flesh(units: Float[np.ndarray, "state free"], scratch: Path) -> np.ndarray:
    """Return the linear map from 1 and the used parameters to the 12 flesh coordinates in mm."""
    path = scratch / "flesh.npz"
    if not path.is_file():
        bench = Bench()
        states = [bench.build(unit) for unit in units]
        simulator = posture_speaker([dict(zip(TRACT_NAMES, s, strict=True)) for s in states])
        used, points = flesh_points(simulator, len(states))
        design = np.column_stack([np.ones(len(used)), used])
        mm = 10 * points.reshape(len(points), 12)
        fitted, *_ = np.linalg.lstsq(design, mm, rcond=None)
        error = np.sqrt(np.mean(np.square(design @ fitted - mm)))
        print(f"flesh points from parameters: {error:.2f} mm a coordinate over {len(mm)} states")
        _write(path, map=fitted)
    return np.load(path)["map"]


def choose_anchors(envelopes: np.ndarray, may: np.ndarray, n: int) -> list[int]:
    """Return states, each the farthest in envelope from those before it; the first is central."""
    allowed = np.flatnonzero(may)
    values = envelopes[allowed]
    first = int(np.argmin(np.square(values - np.median(values, axis=0)).sum(1)))
    chosen, gap = [first], np.square(values - values[first]).mean(1)
    while len(chosen) < n:
        chosen.append(int(np.argmax(gap)))
        gap = np.minimum(gap, np.square(values - values[chosen[-1]]).mean(1))
    return [int(allowed[k]) for k in chosen]


@dataclass(frozen=True, eq=False)
class Placed:
    """A state with what the search knows of it."""

    unit: Unit
    tract: Float[np.ndarray, " 19"]
    envelope: Float[np.ndarray, " band"]
    flesh: Float[np.ndarray, " coordinate"]


def place(bench: Bench, unit: Unit) -> Placed:
    tract = bench.build(unit)
    return Placed(unit, tract, bench.envelope(tract), bench.flesh(tract))


def gaps(one: Placed, other: Placed) -> tuple[float, float]:
    """Return the distances of envelopes in dB (root mean square) and of flesh points in mm."""
    sound = np.sqrt(np.mean(np.square(one.envelope - other.envelope)))
    return float(sound), float(np.linalg.norm(one.flesh - other.flesh))


def worth(one: Placed, other: Placed) -> float:
    sound, apart = gaps(one, other)
    return float(np.hypot(sound, PRICE * max(0.0, FAR - apart)))


def refine(bench: Bench, moving: Placed, fixed: Placed, step: float) -> Placed:
    """Move a state towards another's envelope, away from its flesh points; or leave it."""

    def misses(unit: Unit) -> Float[np.ndarray, " residual"]:
        here = place(bench, unit)
        _, apart = gaps(here, fixed)
        closed = max(0.0, NARROWEST - bench.opening(here.tract)) / NARROWEST
        bands = (here.envelope - fixed.envelope) / np.sqrt(BANDS)
        return np.concatenate([bands, [PRICE * max(0.0, FAR - apart), 10 * closed]])

    start = np.clip(moving.unit, 0.001, 0.999)
    best = least_squares(misses, start, bounds=(0.0, 1.0), diff_step=step, max_nfev=12,
                         ftol=3e-3, xtol=1e-4)  # fmt: skip
    moved = place(bench, best.x)
    held = bench.opening(moved.tract) >= 0.8 * NARROWEST
    return moved if held and worth(moved, fixed) < worth(moving, fixed) else moving


def partner(bench: Bench, anchor: Placed, starts: Sequence[Placed]) -> tuple[Placed, Placed]:
    """Return the anchor and its best partner, both moved."""
    tried = [refine(bench, start, anchor, STEPS[0]) for start in starts]
    other = min(tried, key=lambda found: worth(found, anchor))
    for step in STEPS:
        anchor = refine(bench, anchor, other, step)
        other = refine(bench, other, anchor, step)
    return anchor, other


def state(tract: Float[np.ndarray, " 19"]) -> dict[str, float]:
    """Return the parameters of a state that are not computed, by name."""
    return {n: float(tract[TRACT_NAMES.index(n)]) for n in (*FREE, "VO")}


def search(scratch: Path, first: int, anchors: int, seed: int) -> None:
    """Find a partner for every anchor, and write all of them to `pairs.jsonl`."""
    scratch.mkdir(parents=True, exist_ok=True)
    states = pool(scratch, seed)
    print(f"{CHUNK * CHUNKS} states drawn, {len(states['unit'])} open")
    bench = Bench(fit_flesh(states["unit"][:240], scratch))
    flesh = np.column_stack([np.ones(len(states["used"])), states["used"]]) @ bench.flesh_map
    apart, sound = cdist(flesh, flesh), cdist(states["envelope"], states["envelope"])
    reach = np.where(apart > 0.85 * FAR, sound, np.inf)
    promising = reach.min(1) <= np.quantile(reach.min(1), PROMISING)
    vowel = np.all([(states["formants"][:, k] > low) & (states["formants"][:, k] < high)
                    for k, (low, high) in enumerate(VOWEL)], axis=0)  # fmt: skip
    chosen = choose_anchors(states["envelope"], promising & vowel, anchors)
    for k in tqdm(range(first, anchors), unit="anchor"):
        path = scratch / f"found-{k:03d}.json"
        if path.is_file():
            continue
        starts = np.argsort(reach[chosen[k]], kind="stable")[:STARTS]
        anchor, *others = (place(bench, states["unit"][i]) for i in (chosen[k], *starts))
        a, b = partner(bench, anchor, others)
        gap, far = gaps(a, b)
        record = {"anchor": k, "envelope_db": round(gap, 3), "flesh_mm": round(far, 2)}
        record |= {"a": state(a.tract), "b": state(b.tract)}
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(record) + "\n", encoding="utf-8")
        partial.replace(path)
    found = sorted(scratch.glob("found-*.json"))  # other processes' too
    text = "".join(path.read_text(encoding="utf-8") for path in found)
    (HERE / "found.jsonl").write_text(text, encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    """Search, from where it stopped."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scratch", type=Path, default=HERE / "scratch")
    parser.add_argument("--anchors", type=int, default=60, help="how many in all")
    parser.add_argument("--first", type=int, default=0, help="where this process begins")
    parser.add_argument("--seed", type=int, default=4)
    arguments = parser.parse_args(argv)
    search(arguments.scratch, arguments.first, arguments.anchors, arguments.seed)


if __name__ == "__main__":
    main()
