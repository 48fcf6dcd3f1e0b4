"""Asterisk's core sounds: the packages that hold them, and who reads in which language.

Ten packages of Debian 12, two a language: one holds the scripts, one (`-g722`) the sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grounding.stimuli.recorded.debian import Package

__all__ = ["LANGUAGES", "PACKAGES", "Language"]

SOURCE, VERSION = "asterisk-core-sounds", "1.6.1-1"


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

SHA256 = {
    "en": "973e797d28e37fa6ca3c0a9d6fa717e77cf1268ae916bf09fd3503113cdffa50",
    "fr": "04c82c78c570c43a7136cbc5e2488d0c470b775468dff9fbce4a131b18cf1056",
    "es": "9afdab7f559f036649fb406e625899306ca1004df8ebe39c30bfbd5912d66f74",
    "it": "3884d9457e12f21caa018c18f0d587df5d53ebea14b673d8453a134c5941ab3b",
    "ru": "28a61616bb0cd3345a7ea532dec4df9f071e5d0fa9f8c1a563ea9669002f39ab",
    "en-g722": "38c5261820b406dcb0ecb37675720da2b0864850690690352ca52707eb623806",
    "fr-g722": "7add61d5e42279ecff1bbdf842a5a946ac3644fac9a0fe44384731aa7270c8e0",
    "es-g722": "e4e3b4281057d3b81b779298fd6be705f57411513955c518eed1bcaabbd615b8",
    "it-g722": "46b4cf7afc508a5fcfc051b7ea233251c0d195dd4ef83cc4b7facb4c6429b016",
    "ru-g722": "673b4238a6b8269960f055d868c6a11083f7a0d00979167cb01554046b48ed9b",
}
PACKAGES = tuple(
    Package(f"{SOURCE}-{name}", VERSION, sha256, SOURCE) for name, sha256 in SHA256.items()
)
