"""The core stands alone: importing it loads nothing heavy and no other room."""

from __future__ import annotations

import subprocess
import sys

import grounding.rsa


def test_importing_the_core_loads_no_other_room_and_nothing_heavy():
    code = "import sys, grounding.rsa; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"torch", "transformers", "matplotlib", "rsatoolbox", "pandas", "sklearn", "librosa"}
    assert not heavy & set(loaded)
    rooms = {name.split(".")[1] for name in loaded if name.startswith("grounding.")}
    assert rooms == {"rsa", "errors", "tables"}


def test_every_exported_name_is_there():
    assert all(hasattr(grounding.rsa, name) for name in grounding.rsa.__all__)
