"""Build the wheel, install it into an empty environment, and use it away from the checkout.

Run: python tests/install_wheel.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
USE = """
import grounding, pathlib
from grounding.stimuli import read_stimuli, shipped_sets
assert "site-packages" in grounding.__file__, grounding.__file__
for name in shipped_sets():
    stimuli = read_stimuli(name)
    assert "site-packages" in str(stimuli.folder), stimuli.folder
    assert len(stimuli[0].audio), name
    print(name, len(stimuli), stimuli.digest[:12])
"""


def main() -> None:
    """Fail with the first command that fails."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        run(sys.executable, "-m", "build", "--wheel", "--outdir", str(place), str(ROOT))
        (wheel,) = place.glob("*.whl")
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
        venv.create(place / "empty", with_pip=True)
        python = str(place / "empty" / "bin" / "python")
        constraints = str(ROOT / "constraints.txt")
        run(python, "-m", "pip", "install", "--quiet", "-c", constraints, str(wheel))
        run(python, "-c", USE, cwd=place)
        run(str(place / "empty" / "bin" / "grounding"), "stimuli", "list", cwd=place)


def run(*command: str, cwd: Path = ROOT) -> None:
    """Run a command and stop where it fails."""
    print("$", *(part if len(part) < 60 else "..." for part in command), flush=True)
    subprocess.run(command, cwd=cwd, check=True)


if __name__ == "__main__":
    main()
