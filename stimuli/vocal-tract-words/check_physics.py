"""Check the arrays of this set against what each phone must do: `python check_physics.py`.

Prints the table of the README: where closures close, how narrow fricatives are, when the velum
opens, which resonances vowels have (`grounding.stimuli.simulator.physics` says how).
"""

from __future__ import annotations

from pathlib import Path

from grounding.stimuli import read_stimuli
from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.physics import lines, measured

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Read the whole set and print the table."""
    print("\n".join(lines(measured(read_stimuli(HERE), inventory("en")))))


if __name__ == "__main__":
    main()
