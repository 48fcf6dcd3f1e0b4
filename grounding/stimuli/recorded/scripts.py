"""What Asterisk's prompts say: the upstream scripts, corrected by hand, in one style.

The recordings come with the scripts that their readers were given. A script becomes a
transcript in two steps. `corrections.tsv` replaces whole scripts, one row a change, and a row
whose `was` is no longer what upstream has is refused. Then `in_one_style` removes what cannot
be heard and differs from item to item for no reason: dots that say "this goes on", quotation
marks, closing full stops, a capital at the start; and it spells out written digits.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "READ_AS",
    "Correction",
    "in_one_style",
    "read_corrections",
    "read_scripts",
    "transcripts",
]

DIGITS: dict[str, tuple[str, ...]] = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "fr": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "it": ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"),
    "ru": ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"),
}

# Spelt so that espeak-ng reads the names of the letters, once punctuation is gone.
READ_AS = {("en", "A.M."): "eh em", ("en", "P.M."): "pee em"}

# Words that keep a capital at the start of a transcript because they have one anywhere.
CAPITALISED = re.compile(
    r"(I|I'm|Comedian|Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday"
    r"|January|February|March|April|May|June|July|August|September|October|November|December)\b"
)


@dataclass(frozen=True)
class Correction:
    """One change made by hand; `was` is upstream's whole script, "" where it has none."""

    language: str
    prompt: str
    was: str
    is_: str
    why: str

    def __post_init__(self) -> None:
        if self.was == self.is_ or not self.is_ or not self.why:
            raise ValueError(f"correction of {self.language} {self.prompt}: needs a change, a why")


def read_corrections(path: Path) -> dict[tuple[str, str], Correction]:
    """Read `corrections.tsv` (language, prompt_id, was, is, why), keyed by language and prompt."""
    found: dict[tuple[str, str], Correction] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            key = row["language"], row["prompt_id"]
            if key in found:
                raise ValueError(f"{path.name}: two corrections of {key[0]} {key[1]}")
            found[key] = Correction(*key, row["was"], row["is"], row["why"])
    return found


def read_scripts(path: Path) -> dict[str, str]:
    """Read upstream's `core-sounds-XX.txt.gz`: lines `prompt: script`, `;` opens a comment.

    The first of two lines with one prompt counts.
    """
    scripts: dict[str, str] = {}
    text = gzip.decompress(path.read_bytes()).decode("utf-8-sig")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith(";"):
            continue
        match = re.fullmatch(r"([\w/-]+)\s*:\s*(.*?)\s*", line)
        if match is None:
            raise ValueError(f"{path.name}, line {number}: found {line!r}, needed 'prompt: script'")
        scripts.setdefault(match[1], match[2])
    return scripts


def in_one_style(script: str, language: str) -> str:
    """Write a script as the words that are spoken.

    >>> in_one_style("...Has  joined, press 1.", "en")
    'has joined, press one'
    >>> in_one_style("¡Hola mundo!", "es"), in_one_style("Friday", "en")
    ('hola mundo', 'Friday')
    """
    text = re.sub(r'\.{2,}|[…"«»¡!]', " ", script.replace("’", "'"))
    text = re.sub(r"\b\d\b", lambda digit: DIGITS[language][int(digit[0])], text)
    text = re.sub(r"\s+([,.;:?])", r"\1", " ".join(text.split()))
    if re.fullmatch(r"[ap]\.m\.", text.casefold()):
        return text
    text = text.rstrip(" .,;:")
    if language == "en" and CAPITALISED.match(text):
        return text
    return re.sub(r"^\W*\w", lambda start: start[0].lower(), text)


def transcripts(
    scripts: Mapping[str, str],
    corrections: Mapping[tuple[str, str], Correction],
    prompts: tuple[str, ...],
    language: str,
) -> dict[str, str]:
    """Return what each prompt says, in the order of `prompts`.

    Raises `ValueError` when a prompt has no script, when a correction was made of another
    script than upstream's, or when two prompts of a language come out the same.
    """
    said: dict[str, str] = {}
    for prompt in prompts:
        script = scripts.get(prompt, "")
        change = corrections.get((language, prompt))
        if change is not None and change.was != script:
            raise ValueError(
                f"correction of {language} {prompt}: upstream has {script!r}, not {change.was!r}"
            )
        said[prompt] = in_one_style(change.is_ if change else script, language)
        if not said[prompt]:
            raise ValueError(f"{language} {prompt}: no script, and no correction that gives one")
    seen: dict[str, str] = {}
    for prompt, text in said.items():
        if text.casefold() in seen:
            raise ValueError(f"{language}: {seen[text.casefold()]} and {prompt} both say {text!r}")
        seen[text.casefold()] = prompt
    return said
