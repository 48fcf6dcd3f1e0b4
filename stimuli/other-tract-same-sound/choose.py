"""Choose the pairs of the set from what `search.py` found: `pairs.jsonl`.

    python choose.py [--scratch DIR] [--jobs N]

Needs `pip install 'speech-grounding[synthesis]'`. Every found pair whose envelopes are near is
sounded as held states; glides between two found pairs are ranked by the envelopes that they pass
through, and the best are sounded too. Distances are then measured on the finished items, as
`grounding.spaces` does it, and pairs are taken away, one at a time, until two things hold of all
that are left, in each of the spaces named below:

- in sound, the members of a pair are nearer to each other than either is to any stimulus of another
  pair;
- in the tract, they are farther from each other than the median of two stimuli of different pairs.

Vowel symbols are those of the nearest English vowel by the first three formants, the mean of both
members, so that both have one transcript. They are labels of a sound and no more.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from make import HERE, MANNER, MEMBERS, Item, items, make, plan
from search import Bench
from tqdm import tqdm

from grounding.files import write_whole
from grounding.spaces import space
from grounding.stimuli import read_stimuli
from grounding.stimuli.simulator.building import Builder
from grounding.stimuli.simulator.library import SimulatorError
from grounding.stimuli.simulator.postures import posture_score, posture_speaker
from grounding.stimuli.simulator.shapes import TRACT_NAMES, formants

SOUND = ("log-mel",)
TRACT = ("articulation",)
TOLD = ("log-mel-mean", "articulation-mean")  # measured and told, not asked for
MARGIN = 1.02  # a pair's distance in sound times this is below that to its neighbours
NEAR = 5.0  # dB between the envelopes of a found pair that is sounded at all
GLIDES = 58  # sounded
GLIDE_SPAN = 6.0  # dB between the envelopes of a glide's ends, at least
REUSE = 5  # glides that one found pair takes part in, at most
OPEN = 0.15  # cm^2, the narrowest section of a state that is sounded, at least
VOWELS: Mapping[str, tuple[float, float, float]] = {  # Hz, male American vowels, rounded
    "i": (270, 2290, 3010), "ɪ": (390, 1990, 2550), "e": (440, 2100, 2600), "ɛ": (530, 1840, 2480),
    "æ": (660, 1720, 2410), "ɑ": (730, 1090, 2440), "ɔ": (570, 840, 2410), "ʌ": (640, 1190, 2390),
    "o": (480, 950, 2400), "ʊ": (440, 1020, 2240), "u": (300, 870, 2240), "ɝ": (490, 1350, 1690),
}  # fmt: skip
Pair = dict[str, Any]


def tract(state: Mapping[str, float], schwa: np.ndarray) -> np.ndarray:
    """Return the 19 parameters of a state."""
    return np.array([state.get(n, v) for n, v in zip(TRACT_NAMES, schwa, strict=True)])


def vowel(bench: Bench, pair: Pair) -> str:
    """Return the symbol of the vowel whose first three formants are nearest in log frequency."""
    found = [formants(bench.simulator, tract(pair[m], bench.schwa))[:3] for m in MEMBERS]
    here = np.mean(np.log(found), axis=0)
    return min(VOWELS, key=lambda v: float(np.square(here - np.log(VOWELS[v])).sum()))


def between(first: Mapping[str, float], second: Mapping[str, float], share: float) -> Mapping:
    """Return the state on the way from one to another."""
    return {n: (1 - share) * first[n] + share * second[n] for n in first}


def glides(bench: Bench, found: Sequence[Pair], rng: np.random.Generator) -> Iterator[Pair]:
    """Yield glides between two found pairs, those first whose members pass by like envelopes."""
    ends = [bench.envelope(tract(pair["a"], bench.schwa)) for pair in found]
    ranked = []
    sampled = [(i, j) for i, j in combinations(range(len(found)), 2)
               if np.sqrt(np.mean(np.square(ends[i] - ends[j]))) >= GLIDE_SPAN
               and found[i]["vowel"] != found[j]["vowel"]]  # fmt: skip
    for pick in tqdm(rng.permutation(len(sampled))[:200], unit="glide"):
        i, j = sampled[pick] if rng.integers(2) else sampled[pick][::-1]
        for swap in (False, True):
            second = MEMBERS[::-1] if swap else MEMBERS
            gap = []
            for share in (0.3, 0.5, 0.7):
                passed = [
                    tract(between(found[i][m], found[j][n], share), bench.schwa)
                    for m, n in zip(MEMBERS, second, strict=True)
                ]
                a, b = map(bench.envelope, passed)
                shut = min(map(bench.opening, passed)) < OPEN
                gap.append(np.inf if shut else float(np.mean(np.square(a - b))))
            ranked.append((float(np.sqrt(np.mean(gap))), i, j, second))
    used = dict.fromkeys(range(len(found)), 0)
    taken: set[tuple[int, int]] = set()
    for gap, i, j, second in sorted(ranked):
        if np.isfinite(gap) and max(used[i], used[j]) < REUSE and (i, j) not in taken:
            taken.add((i, j))
            used[i] += 1
            used[j] += 1
            yield {
                "kind": "glide",
                "vowels": [found[i]["vowel"], found[j]["vowel"]],
                "found": [found[i]["anchor"], found[j]["anchor"]],
            } | {
                m: [found[i][m], found[j][n]] for m, n in zip(MEMBERS, second, strict=True)
            }  # fmt: skip


def narrowest(found: Sequence[Pair], pairs: Sequence[Pair]) -> list[float]:
    """Return the smallest opening on the way of each pair's movements, as they are sounded."""
    states = [state for pair in found for state in (pair["a"], pair["b"])]
    bench = Bench()
    bench.simulator = posture_speaker(states)
    smallest = []
    for pair in tqdm(pairs, unit="pair"):
        least = np.inf
        for member in MEMBERS:
            names = [f"P{states.index(state)}" for state in pair[member]]
            passed, _ = bench.simulator.trajectory(posture_score(names, MANNER))
            for one in np.unique(passed[::4], axis=0):
                least = min(least, bench.opening(one))
        smallest.append(least)
    return smallest


def candidates(scratch: Path) -> list[Pair]:
    """Return every pair that is worth sounding; kept in the scratch folder."""
    path = scratch / "candidates.jsonl"
    if not path.is_file():
        bench = Bench()
        lines = (HERE / "found.jsonl").read_text(encoding="utf-8").splitlines()
        found = [p for p in map(json.loads, lines) if p["envelope_db"] <= NEAR]
        for pair in found:
            pair["vowel"] = vowel(bench, pair)
        held: list[Pair] = [
            {"kind": "static", "vowels": [p["vowel"]], "found": [p["anchor"]]}
            | {m: [p[m]] for m in MEMBERS}
            for p in found
        ]
        open_ = np.array(narrowest(found, held)) >= OPEN
        print(f"{len(lines)} found, {len(found)} near in envelope, {open_.sum()} of them open")
        pairs = [pair for pair, is_open in zip(held, open_, strict=True) if is_open]
        found = [pair for pair, is_open in zip(found, open_, strict=True) if is_open]
        moved = list(glides(bench, found, np.random.default_rng(7)))
        smallest = narrowest(found, moved)
        pairs += [p for p, least in zip(moved, smallest, strict=True) if least >= OPEN][:GLIDES]
        for pair in pairs:
            pair["pair"] = "-".join([pair["kind"], *(f"{k:02d}" for k in pair["found"])])
        write_whole(path, _lines(pairs))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _lines(pairs: Sequence[Pair]) -> bytes:
    return "".join(json.dumps(p, ensure_ascii=False) + "\n" for p in pairs).encode()


def attempt(item: Item, folder: Path) -> list[dict[str, Any]]:
    """Make an item; return nothing where the simulator finds no lips in its tube.

    In a few states the lips are drawn so far back that whether a section is theirs hangs on the
    last digits.
    """
    try:
        return make(item, folder)
    except SimulatorError:
        return []


def matrix(values: np.ndarray, n: int) -> np.ndarray:
    """Return the square of a condensed matrix, NaN within a pair's own two members."""
    square = np.zeros((n, n))
    square[np.triu_indices(n, 1)] = values
    square += square.T
    np.fill_diagonal(square, np.nan)
    return square


def choose(sound: Sequence[np.ndarray], far: Sequence[np.ndarray]) -> list[int]:
    """Return the pairs that stay, of square matrices whose rows go a, b, a, b."""
    keep = list(range(len(sound[0]) // 2))
    while True:
        rows = [2 * k + m for k in keep for m in (0, 1)]
        clash = np.zeros((len(keep), len(keep)), dtype=bool)
        for square in sound:
            part = square[np.ix_(rows, rows)]
            blocks = part.reshape(len(keep), 2, len(keep), 2)
            within = blocks[range(len(keep)), 0, range(len(keep)), 1]
            clash |= MARGIN * within[:, None] >= blocks.min(axis=(1, 3))
        np.fill_diagonal(clash, False)
        degree = clash.sum(0) + clash.sum(1)
        if degree.any():
            del keep[int(np.argmax(degree + clash.sum(1) / 1e3))]
            continue
        slack = np.full(len(keep), np.inf)
        other = np.repeat(np.arange(len(keep)), 2)
        for square in far:
            part = square[np.ix_(rows, rows)]
            median = np.median(part[other[:, None] < other[None, :]])
            slack = np.minimum(slack, part[range(0, len(rows), 2), range(1, len(rows), 2)] - median)
        if slack.min() > 0:
            return keep
        del keep[int(np.argmin(slack))]


def main(argv: Sequence[str] | None = None) -> None:
    """Sound the candidates, measure them, choose, write `pairs.jsonl`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scratch", type=Path, default=HERE / "scratch")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args(argv)
    pairs = candidates(arguments.scratch)
    folder = arguments.scratch / "candidates"
    jobs = items(arguments.scratch / "candidates.jsonl")
    Builder(jobs, plan, attempt).build(folder, arguments.jobs)
    stimuli = read_stimuli(folder)
    count = Counter(stimulus.attributes["pair"] for stimulus in stimuli)
    pairs = [pair for pair in pairs if count[pair["pair"]] == len(MEMBERS)]
    stimuli = stimuli.where(lambda s: count[s.attributes["pair"]] == len(MEMBERS))
    square = {
        n: matrix(space(n, stimuli).rdm().values, len(stimuli)) for n in (*SOUND, *TRACT, *TOLD)
    }
    kept = choose([square[n] for n in SOUND], [square[n] for n in TRACT])
    chosen = []
    for k in kept:
        measured = {n: round(float(square[n][2 * k, 2 * k + 1]), 3) for n in square}
        chosen.append(pairs[k] | {"distances": measured})
    for kind in ("static", "glide"):
        of_kind = [p for p in chosen if p["kind"] == kind]
        sounded = sum(p["kind"] == kind for p in pairs)
        print(f"{kind}: {sounded} pairs sounded, {len(of_kind)} chosen")
    write_whole(HERE / "pairs.jsonl", _lines(chosen))


if __name__ == "__main__":
    main()
