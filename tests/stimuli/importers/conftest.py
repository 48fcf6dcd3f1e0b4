"""The module that writes small corpora, for every test here."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def corpora() -> ModuleType:
    """Return the module `corpora.py`."""
    path = Path(__file__).parent / "corpora.py"
    spec = importlib.util.spec_from_file_location("corpora", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
