"""Importing the package, or its statistics, loads no heavy library."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "matplotlib", "sentence_transformers", "rsatoolbox")


def loaded_by(statement: str) -> list[str]:
    code = f"{statement}\nimport sys\nprint(*[n for n in {HEAVY!r} if n in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.split()


@pytest.mark.parametrize(
    "module",
    [
        "grounding",
        "grounding.rsa",
        "grounding.stimuli",
        "grounding.spaces",
        "grounding.encoders",
        "grounding.activations",
        "grounding.commands.main",
    ],
)
def test_import_loads_no_heavy_library(module):
    assert loaded_by(f"import {module}") == []


def test_the_check_can_fail():
    assert loaded_by("import matplotlib") == ["matplotlib"]
