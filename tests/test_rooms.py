"""Imports point one way: from the rooms of the house down to the ground, never up."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import grounding

PACKAGE = Path(grounding.__file__).parent

# What each room may import, besides itself and the ground floor.
GROUND = {"errors", "files", "spectra", "tables", "__init__"}
ALLOWED = {
    "stimuli": set(),
    "rsa": set(),
    "spaces": {"stimuli", "rsa"},
    "encoders": {"stimuli", "rsa"},
    "activations": {"stimuli", "rsa", "encoders"},
    "twins": {"stimuli", "encoders", "activations", "progress"},
    "probes": {"stimuli", "rsa", "spaces", "encoders", "activations"},
    "claims": {"stimuli", "rsa", "spaces", "encoders", "activations", "progress"},
    "figures": {"claims"},
    "report": {"claims", "figures"},
    "commands": {
        *("stimuli", "rsa", "spaces", "encoders", "activations", "claims", "figures", "report"),
        *("progress", "bench", "twins"),
    },
    "bench": {"rsa", "stimuli", "spaces", "encoders", "activations", "probes", "claims"},
    "progress": set(),
    "__main__": {"commands"},
    "errors": set(),
    "files": set(),
    "spectra": set(),
    "tables": set(),
}
# The run ends with its pictures: it hands them the folder and takes nothing back.
HANDOVERS = {("claims/run.py", "figures"), ("claims/run.py", "report")}


def imports(source: str) -> set[str]:
    """Return the rooms of `grounding` that a source imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "grounding":
                names = [f"grounding.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "grounding" and len(parts) > 1:
                found.add(parts[1])
    return found


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def faults(sources: dict[str, tuple[str, str]]) -> list[str]:
    """Return every import that points the wrong way; `sources` is file: (room, text)."""
    wrong = []
    for name, (room, text) in sources.items():
        for other in sorted(imports(text) - GROUND - {room, "__version__"}):
            if other not in ALLOWED[room] and (name, other) not in HANDOVERS:
                wrong.append(f"{name} imports {other}")
    return wrong


def sources() -> dict[str, tuple[str, str]]:
    return {
        path.relative_to(PACKAGE).as_posix(): (room_of(path), path.read_text())
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "__init__.py" and "shipped" not in path.parts
    }


def test_every_import_points_down():
    assert faults(sources()) == []


@pytest.mark.parametrize(
    "text",
    ["import grounding.claims", "from grounding.claims import run", "from grounding import claims"],
)
def test_an_import_that_points_up_is_found(text):
    assert faults({"rsa/wrong.py": ("rsa", text)}) == ["rsa/wrong.py imports claims"]


def test_the_package_never_imports_the_analyses():
    assert not [name for name, (_, text) in sources().items() if "import analyses" in text]
