"""Say exactly what made a result: code, versions, stimuli, weights, seed."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import grounding
from grounding.claims.memo import source_digest

__all__ = ["provenance"]

PACKAGES = (
    "torch",
    "transformers",
    "sentence-transformers",
    "rsatoolbox",
    "numpy",
    "scipy",
    "matplotlib",
    "librosa",
    "panphon",
    "soundfile",
    "tokenizers",
    "safetensors",
)


def provenance() -> dict[str, Any]:
    """Return commit, dirty flag, source hash, versions and machine of this process."""
    return {
        "grounding": grounding.__version__,
        "source_sha256": source_digest(),
        **_commit(Path(grounding.__file__).parents[1]),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "threads": {
            name: os.environ.get(name, "")
            for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        },
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _commit(checkout: Path) -> dict[str, Any]:
    # Asked of the package's own folder: the current directory may be another repository.
    if not (checkout / ".git").exists():
        return {"commit": None, "dirty": None}

    def git(*arguments: str) -> str:
        run = ("git", "-C", str(checkout), *arguments)
        return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}
