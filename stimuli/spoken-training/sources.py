"""The three public sources of the set: which recordings each has, and what it says that they say.

A source is a row of a table: its packages, and a function that lists its utterances under the
folder that the packages are unpacked in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grounding.errors import UserError
from grounding.stimuli.recorded import asterisk, tuxpaint
from grounding.stimuli.recorded.debian import Package
from grounding.stimuli.recorded.scripts import in_one_style, read_corrections, read_scripts
from grounding.stimuli.recorded.tuxpaint import READERS, read_texts, spoken_text

__all__ = ["FESTVOX", "SOURCES", "Source", "Utterance"]

CORRECTIONS = Path(__file__).resolve().parents[1] / "spoken-prompts" / "corrections.tsv"
FESTVOX = Package(
    "festvox-ru",
    "0.5+dfsg-6",
    "21ef3f0f2978ecf2e2eddb367cb0ff4a72572196d28dc69feb84f4177af5e6c4",
    "festvox-ru",
)
VOICE = "usr/share/festival/voices/russian/msu_ru_nsh_clunits"
SAID = re.compile(r'\( (\w+) "(.*)" \)')
READER = "unnamed reader of msu_ru_nsh"


@dataclass(frozen=True)
class Utterance:
    """One recording of a source and its text.

    recording: its name inside the source, without language and suffix.
    speaker: "" where only the sound tells.
    """

    source: str
    language: str
    recording: str
    path: Path
    text: str
    speaker: str = ""

    @property
    def stem(self) -> str:
        return self.recording.replace("/", "-")

    @property
    def id(self) -> str:
        return f"{self.language}-{self.source}-{self.stem}"

    @property
    def audio(self) -> str:
        return f"audio/{self.language}/{self.source}/{self.stem}.flac"


def prompts(root: Path) -> list[Utterance]:
    """List Asterisk's prompts, with scripts corrected as in `spoken-prompts`."""
    corrections = read_corrections(CORRECTIONS)
    found = []
    for voice in asterisk.LANGUAGES:
        scripts = read_scripts(voice.scripts(root))
        folder = voice.sound(root, "x").parent
        for path in sorted(folder.rglob("*.g722")):
            prompt = path.relative_to(folder).with_suffix("").as_posix()
            change = corrections.get((voice.code, prompt))
            script = change.is_ if change else scripts.get(prompt, "")
            text = unicodedata.normalize("NFC", in_one_style(script, voice.code))
            found.append(Utterance("asterisk", voice.code, prompt, path, text, voice.speaker))
    return found


def stamps(root: Path) -> list[Utterance]:
    """List Tux Paint's spoken stamps."""
    folder = tuxpaint.stamps(root)
    found = []
    for code in READERS:
        for path in sorted(folder.rglob(f"*_desc_{code}.ogg")):
            stamp = path.relative_to(folder).as_posix().removesuffix(f"_desc_{code}.ogg")
            about = folder / f"{stamp}.txt"
            text = read_texts(about).get(code, "") if about.exists() else ""
            found.append(Utterance("tuxpaint", code, stamp, path, spoken_text(text)))
    return found


def sentences(root: Path) -> list[Utterance]:
    """List the sentences of Festival's Russian voice, without "+", which marks a stressed vowel."""
    folder = root / VOICE
    lines = (folder / "etc/txt.done.data").read_text(encoding="utf-8").splitlines()
    said = {}
    for number, line in enumerate(lines, start=1):
        match = SAID.fullmatch(line)
        if match is None:
            raise UserError(
                f"txt.done.data, line {number}: found {line!r}, needed '( ID \"TEXT\" )'"
            )
        said[match[1]] = match[2].replace("+", "")
    return [
        Utterance("festvox", "ru", path.stem, path, said.get(path.stem, ""), READER)
        for path in sorted(folder.glob("wav/*.wav"))
    ]


@dataclass(frozen=True)
class Source:
    """A source of recordings. packages: what it is fetched from. utterances: what lists them."""

    name: str
    packages: tuple[Package, ...]
    utterances: Callable[[Path], list[Utterance]]


SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("asterisk", asterisk.PACKAGES, prompts),
        Source("tuxpaint", (tuxpaint.PACKAGE,), stamps),
        Source("festvox", (FESTVOX,), sentences),
    )
}
