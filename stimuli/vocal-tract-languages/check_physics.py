"""Check the arrays of this set against what each phone must do: `python check_physics.py`.

Prints, language by language, the table behind the README: where closures close, how narrow
fricatives are, how often trills close, when the velum opens, which resonances vowels have
(`grounding.stimuli.simulator.physics` says how). Then the largest miss of a vowel's median F1 and
F2, in %, from what its shape should have: the target of the search, or the speaker's own shape.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from make import LANGUAGES

from grounding.stimuli import read_stimuli
from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.library import Simulator, installed_speaker
from grounding.stimuli.simulator.physics import Found, lines, measured
from grounding.stimuli.simulator.shapes import formants

HERE = Path(__file__).resolve().parent


def misses(found: Found, language: str, simulator: Simulator) -> dict[str, float]:
    """Return by vowel the larger miss of its median F1 and F2 in %, with its sign."""
    spoken = inventory(language)
    far = {}
    for name, phone in spoken.phones.items():
        medians = [np.median(found[f"F{k} x scale, Hz", name]) for k in (1, 2)
                   if found.get((f"F{k} x scale, Hz", name))]  # fmt: skip
        if phone.kind != "vowel" or len(medians) < 2:
            continue
        shape = phone.tract[0]
        if shape in spoken.targets:
            wanted = np.array(spoken.targets[shape].formants)
        else:
            wanted = formants(simulator, simulator.tract_shape(shape))
        off = 100 * (np.array(medians) / wanted[:2] - 1)
        far[name] = float(off[np.argmax(np.abs(off))])
    return far


def main() -> None:
    """Read the whole set and print the tables."""
    stimuli = read_stimuli(HERE)
    simulator = Simulator(installed_speaker())
    for language in LANGUAGES:
        chosen = [s for s in stimuli if s.language == language]
        found = measured(chosen, inventory(language))
        print(f"{language}: {len(chosen)} items", *lines(found), sep="\n")
        plain = [s for s in chosen if s.realisation["name"] == "plain"]
        far = misses(measured(plain, inventory(language)), language, simulator)
        for name, miss in far.items():
            print(f"off target, plain | {name} | {miss:+.0f} %")
        print()


if __name__ == "__main__":
    main()
