"""Debian packages by name, version and SHA-256: fetch, verify, unpack.

A package that is already in the cache with the right SHA-256 is not fetched again.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grounding.errors import UserError
from grounding.stimuli.recorded.folders import sha256

__all__ = ["Package", "fetch", "unpack"]

SNAPSHOT = "https://snapshot.debian.org/package"


@dataclass(frozen=True)
class Package:
    """A Debian package for all architectures, and the SHA-256 of its .deb file.

    source: the source package that it is built from, under which the archive keeps it.
    """

    name: str
    version: str
    sha256: str
    source: str

    @property
    def file(self) -> str:
        return f"{self.name}_{self.version}_all.deb"


def fetch(package: Package, cache: Path) -> Path:
    """Return the package's .deb in `cache`, fetched with apt-get unless it is there and whole.

    Raises `UserError` with what to do when apt-get is missing or fails, or when the file is not
    the one that the set was made from.
    """
    cache.mkdir(parents=True, exist_ok=True)
    target = cache.resolve() / package.file
    if target.exists() and sha256(target.read_bytes()) == package.sha256:
        return target
    archive = f"{SNAPSHOT}/{package.source}/{package.version}/"
    by_hand = f"put {package.file} from {archive} into {cache} and run this again"
    if shutil.which("apt-get") is None:
        raise UserError(
            f"apt-get not found; needed to fetch {package.file}. Run this on Debian 12 (or in its "
            f"container image), or {by_hand}."
        )
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as folder:
        command = ["apt-get", "download", f"{package.name}={package.version}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        fetched = Path(folder) / package.file
        if done.returncode != 0 or not fetched.exists():
            raise UserError(
                f"'{' '.join(command)}' failed: {done.stderr.strip() or 'no file came'}. Run "
                f"'apt-get update' on Debian 12 first, or {by_hand}."
            )
        found = sha256(fetched.read_bytes())
        if found != package.sha256:
            raise UserError(
                f"{package.file} has SHA-256 {found}, needed {package.sha256}: the archive has "
                f"another build of it. To make this set, {by_hand}."
            )
        fetched.replace(target)
    return target


def unpack(debs: list[Path], root: Path) -> None:
    """Unpack .deb files into `root`."""
    if shutil.which("dpkg-deb") is None:
        raise UserError("dpkg-deb not found; needed to unpack packages. Install dpkg.")
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", str(deb), str(root)], check=True)
