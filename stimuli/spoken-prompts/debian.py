"""The public packages that the recordings come from: fetch, verify, unpack.

Ten packages of Debian 12, two a language: one holds the scripts, one (`-g722`) the sound. A
package that is already in the cache with the right SHA-256 is not fetched again.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LANGUAGES", "PACKAGES", "Language", "Package", "fetch", "unpack"]

VERSION = "1.6.1-1"
SNAPSHOT = "https://snapshot.debian.org/package/asterisk-core-sounds/1.6.1-1/"


@dataclass(frozen=True)
class Package:
    """A Debian package and the SHA-256 of its .deb file."""

    name: str
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.name}_{VERSION}_all.deb"


@dataclass(frozen=True)
class Language:
    """Where a language's recordings are, and who reads them.

    code: ISO 639-1. voice: upstream's folder. speaker: as credited in debian/copyright. The
    Spanish credit is a general one, borne out by the folder's name; the Russian credit names who
    provided the recordings, a man, while the voice is a woman's.
    """

    code: str
    voice: str
    speaker: str

    def scripts(self, root: Path) -> Path:
        """Return the file of scripts under an unpacked `root`."""
        name = f"asterisk-core-sounds-{self.code}"
        return root / "usr/share/doc" / name / f"core-sounds-{self.code}.txt.gz"

    def sound(self, root: Path, prompt: str) -> Path:
        """Return a prompt's G.722 file under an unpacked `root`."""
        return root / "usr/share/asterisk/sounds" / self.voice / f"{prompt}.g722"


LANGUAGES = (
    Language("en", "en_US_f_Allison", "Allison Smith"),
    Language("fr", "fr_CA_f_June", "June Wallack"),
    Language("es", "es_MX_f_Allison", "Allison Smith"),
    Language("it", "it_IT_m_Carlo", "Carlo Flora"),
    Language("ru", "ru_RU_f_IvrvoiceRU", "unnamed reader of ivrvoice.ru"),
)

PACKAGES = (
    Package(
        "asterisk-core-sounds-en",
        "973e797d28e37fa6ca3c0a9d6fa717e77cf1268ae916bf09fd3503113cdffa50",
    ),
    Package(
        "asterisk-core-sounds-fr",
        "04c82c78c570c43a7136cbc5e2488d0c470b775468dff9fbce4a131b18cf1056",
    ),
    Package(
        "asterisk-core-sounds-es",
        "9afdab7f559f036649fb406e625899306ca1004df8ebe39c30bfbd5912d66f74",
    ),
    Package(
        "asterisk-core-sounds-it",
        "3884d9457e12f21caa018c18f0d587df5d53ebea14b673d8453a134c5941ab3b",
    ),
    Package(
        "asterisk-core-sounds-ru",
        "28a61616bb0cd3345a7ea532dec4df9f071e5d0fa9f8c1a563ea9669002f39ab",
    ),
    Package(
        "asterisk-core-sounds-en-g722",
        "38c5261820b406dcb0ecb37675720da2b0864850690690352ca52707eb623806",
    ),
    Package(
        "asterisk-core-sounds-fr-g722",
        "7add61d5e42279ecff1bbdf842a5a946ac3644fac9a0fe44384731aa7270c8e0",
    ),
    Package(
        "asterisk-core-sounds-es-g722",
        "e4e3b4281057d3b81b779298fd6be705f57411513955c518eed1bcaabbd615b8",
    ),
    Package(
        "asterisk-core-sounds-it-g722",
        "46b4cf7afc508a5fcfc051b7ea233251c0d195dd4ef83cc4b7facb4c6429b016",
    ),
    Package(
        "asterisk-core-sounds-ru-g722",
        "673b4238a6b8269960f055d868c6a11083f7a0d00979167cb01554046b48ed9b",
    ),
)


def fetch(package: Package, cache: Path) -> Path:
    """Return the package's .deb in `cache`, fetched with apt-get unless it is there and whole.

    Raises `SystemExit` with what to do when apt-get is missing or fails, or when the file is not
    the one that this set was made from.
    """
    target = cache / package.file
    if target.exists() and _sha256(target) == package.sha256:
        return target
    by_hand = f"put {package.file} from {SNAPSHOT} into {cache} and run this again"
    if shutil.which("apt-get") is None:
        raise SystemExit(
            f"apt-get not found; needed to fetch {package.file}. Run this on Debian 12 (or in its "
            f"container image), or {by_hand}."
        )
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache) as folder:
        command = ["apt-get", "download", f"{package.name}={VERSION}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        fetched = Path(folder) / package.file
        if done.returncode != 0 or not fetched.exists():
            raise SystemExit(
                f"'{' '.join(command)}' failed: {done.stderr.strip() or 'no file came'}. Run "
                f"'apt-get update' on Debian 12 first, or {by_hand}."
            )
        found = _sha256(fetched)
        if found != package.sha256:
            raise SystemExit(
                f"{package.file} has SHA-256 {found}, needed {package.sha256}: the archive has "
                f"another build of it. To rebuild this set, {by_hand}."
            )
        fetched.replace(target)
    return target


def unpack(debs: list[Path], root: Path) -> None:
    """Unpack .deb files into `root`."""
    if shutil.which("dpkg-deb") is None:
        raise SystemExit("dpkg-deb not found; needed to unpack packages. Install dpkg.")
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", str(deb), str(root)], check=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
