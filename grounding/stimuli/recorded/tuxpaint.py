"""Tux Paint's spoken stamps: the package that holds them, what they say, and who says it.

A stamp is a picture for a children's drawing program. Beside `STEM.png` are `STEM.txt` (what it
shows: line 1 in English, then `CODE.utf8=TEXT` for other languages) and `STEM_desc_CODE.ogg` (that
text, spoken). The path of the stem is the concept here, and its folder the category.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.stimuli.recorded.debian import Package

__all__ = [
    "GAIN",
    "PACKAGE",
    "READERS",
    "Language",
    "read_texts",
    "recording",
    "speaker",
    "spoken_text",
    "stamps",
]

PACKAGE = Package(
    "tuxpaint-stamps-default",
    "2022.06.04-1",
    "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
    "tuxpaint-stamps",
)


@dataclass(frozen=True)
class Language:
    """A language and who reads it.

    code: ISO 639-1.
    speaker: as upstream's change log credits the descriptive sounds.
    other: who reads the clips whose two channels both sound, where `speaker` left one empty.
    """

    code: str
    speaker: str
    other: str | None = None


READERS = {
    reader.code: reader
    for reader in (
        Language("fr", "PaulK", "reader credited to Jacques Chion"),
        Language("es", "Estefanía Ortiz"),
        Language("ru", "Edwin Veber"),
        Language("ro", "Tabbytha"),
        Language("bg", "Krasimir Petkov"),
    )
}
GAIN = 0.7  # Spanish decodes to up to 1.43 of full scale


def stamps(root: Path) -> Path:
    """Return the folder of the stamps under an unpacked `root`."""
    return root / "usr/share/tuxpaint/stamps"


def recording(concept: str, code: str) -> str:
    """Return the path of a spoken text inside the folder of the stamps."""
    return f"{concept}_desc_{code}.ogg"


def speaker(language: Language, values: Float[np.ndarray, "sample channel"]) -> str:
    """Return who reads a clip, from the samples as they are decoded.

    Upstream credits two readers of French and does not say which clips are whose. The clips are
    of two kinds: a man's voice with an empty left channel, encoded by a program that is younger
    than the older credit, and a higher voice in two channels.
    """
    if language.other is not None and np.abs(values).max(axis=0).all():
        return language.other
    return language.speaker


def read_texts(path: Path) -> dict[str, str]:
    """Read what a stamp shows, by ISO 639-1 code, with single spaces and in NFC.

    The first of two lines with one code counts. Raises `UserError` when nothing is there.
    """
    first, *others = path.read_text(encoding="utf-8").splitlines() or [""]
    texts = {"en": first}
    for line in others:
        code, found, text = line.partition(".utf8=")
        if found:
            texts.setdefault(code, text)
    texts = {code: unicodedata.normalize("NFC", " ".join(t.split())) for code, t in texts.items()}
    if not texts["en"]:
        raise UserError(f"{path.name}: no text in line 1; needed what the stamp shows")
    return texts


def spoken_text(text: str) -> str:
    """Write a text as the words that are spoken, for the transcript.

    Quotation marks and the closing stop go, calls end like statements, apostrophes are straight.

    >>> spoken_text("¡Zona escolar! ¡Conduce despacio!"), spoken_text("Allo ?")
    ('Zona escolar. Conduce despacio', 'Allo?')
    >>> spoken_text("Петуния «Белая звезда».")
    'Петуния Белая звезда'
    """
    text = re.sub('[“”«»"¡]', "", text.replace("’", "'"))
    text = re.sub(r"\s+([.,!?])", r"\1", re.sub(r"!+", ".", text.replace(" !", "!")))
    return " ".join(text.split()).rstrip(" .")
