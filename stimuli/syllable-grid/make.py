"""Rebuild this set: every consonant of English and German, before five vowels, in two ways.

    python make.py [--jobs 2] [--out DIR] [--only ID ...] [--fresh]

Needs `pip install 'speech-grounding[synthesis]'`. Phones are those of the simulator's English and
German tables; the shapes of English glides are those of `vocal-tract-words`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from grounding.stimuli.simulator.building import Builder, write_item
from grounding.stimuli.simulator.consonants import consonant_shapes
from grounding.stimuli.simulator.inventories import inventory
from grounding.stimuli.simulator.phones import Inventory, Phone, Timing
from grounding.stimuli.simulator.speak import RATE, speak
from grounding.stimuli.simulator.timing import segments
from grounding.stimuli.simulator.voices import realise

HERE = Path(__file__).resolve().parent
SHAPES = HERE.parent / "vocal-tract-words" / "shapes.json"
RECIPES = ("plain", "short-tract")
VOWELS = {"i": "iː", "e": "eː", "a": "aː", "o": "oː", "u": "uː"}  # name: German phone


OWN = {"ʔ": Phone("ʔ", "breath", 0.08, voiced=False, glottis="stop")}  # in no table


class Consonant(NamedTuple):
    """A consonant: its name in ids, the table that it is from, its symbol there, what it is."""

    name: str
    language: str
    symbol: str
    place: str
    manner: str

    @property
    def phone(self) -> Phone:
        """How it is made."""
        return OWN.get(self.symbol) or inventory(self.language).phones[self.symbol]


CONSONANTS = tuple(
    Consonant(*line.split())
    for line in """
    p en P bilabial plosive
    b en B bilabial plosive
    t en T alveolar plosive
    d en D alveolar plosive
    k en K velar plosive
    g en G velar plosive
    m en M bilabial nasal
    n en N alveolar nasal
    ng en NG velar nasal
    f en F labiodental fricative
    v en V labiodental fricative
    th en TH dental fricative
    dh en DH dental fricative
    s en S alveolar fricative
    z en Z alveolar fricative
    sh en SH postalveolar fricative
    zh en ZH postalveolar fricative
    ich de ç palatal fricative
    ach de x velar fricative
    uvular-ach de χ uvular fricative
    uvular-r de ʁ uvular fricative
    h en HH glottal fricative
    glottal-stop de ʔ glottal plosive
    pf de p͡f labial affricate
    ts de t͡s alveolar affricate
    tsh en CH postalveolar affricate
    dzh en JH postalveolar affricate
    l en L alveolar lateral-approximant
    r en R postalveolar approximant
    j en Y palatal approximant
    w en W labial-velar approximant
    """.strip().splitlines()
)


def _grid() -> Inventory:
    """Return an inventory of the grid's phones, by their IPA."""
    phones = {one.phone.ipa: one.phone for one in CONSONANTS}
    phones |= {symbol: inventory("de").phones[symbol] for symbol in VOWELS.values()}
    shapes = {name for phone in phones.values() for name in phone.tract}
    targets = {n: t for n, t in inventory("en").targets.items() if n in shapes}
    return Inventory("zxx", phones, targets, Timing(), (), consonant_shapes(phones.values()))


GRID = _grid()  # of no language: "zxx" in ISO 639-2


class Job(NamedTuple):
    """One syllable in one realisation."""

    consonant: Consonant
    vowel: str
    recipe: str

    @property
    def id(self) -> str:
        return f"{self.consonant.name}-{self.vowel}-{self.recipe}"

    @property
    def phones(self) -> tuple[str, str]:
        """The symbols in `GRID`, the vowel stressed."""
        return self.consonant.phone.ipa, f"ˈ{VOWELS[self.vowel]}"


def plan(job: Job) -> list[dict[str, Any]]:
    """Return the one planned record of an item."""
    drawn = realise(job.recipe, job.id)
    placed = segments(job.phones, drawn.style.rate, GRID)
    phones = [one.ipa for one in placed]
    consonant = job.consonant
    return [
        {
            "id": job.id,
            "transcript": "".join(phones),
            "language": consonant.language,
            "audio": f"audio/{job.id}.flac",
            "rate": RATE,
            "speaker": drawn.anatomy,
            "phones": phones,
            "realisation": drawn.record(),
            "articulation": f"articulation/{job.id}.npz",
            "marks": ["nonsense-syllable", "ipa-as-transcript"],
            "attributes": {
                "consonant": phones[0],
                "place": consonant.place,
                "manner": consonant.manner,
                "voicing": "voiced" if consonant.phone.voiced else "voiceless",
                "vowel": job.vowel,
                "segments": [[p, s.start, s.end] for p, s in zip(phones, placed, strict=True)],
            },
        }
    ]


def make(job: Job, folder: Path) -> list[dict[str, Any]]:
    """Speak one item into `folder`; return its record."""
    shapes = json.loads(SHAPES.read_text(encoding="utf-8"))
    spoken = speak(job.phones, realise(job.recipe, job.id), shapes, GRID)
    return [write_item(plan(job)[0], spoken, folder)]


def builder() -> Builder:
    """Return how the set is made: one job an item."""
    jobs = [Job(c, v, recipe) for c in CONSONANTS for v in VOWELS for recipe in RECIPES]
    return Builder({job.id: job for job in jobs}, plan, make)


def main(argv: Sequence[str] | None = None) -> None:
    """Make what is missing, then write the manifest."""
    builder().command(argv, HERE, (__doc__ or "").splitlines()[0])


if __name__ == "__main__":
    main()
