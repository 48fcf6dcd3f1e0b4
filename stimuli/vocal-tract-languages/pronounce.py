"""Write the phones, syllables and cognates of `words.tsv`: `python pronounce.py`.

    python -m pip install espeakng-loader==0.2.4 phonemizer==3.4.0

`concept`, `synset`, `language` and `word` are written by hand; the other columns are computed here.

- phones: espeak-ng 1.52 (`grounding.stimuli.recorded.phones`), rewritten by `RULES` into one broad
  notation a language; `CORRECTIONS` lists the words that espeak-ng gets wrong, each with what is
  wrong. A stress mark stands before the vowel.
- syllables: how many vowels there are. A diphthong is one vowel; "ɐ̯" is none.
- cognate: in which of the six languages (English included) the concept's word is at a phone
  distance below `COGNATE`: weighted features, a cost a segment (`grounding.spaces.phones`), stress
  and length apart. This is likeness of sound, whatever its history.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from grounding.errors import UserError
from grounding.files import write_whole
from grounding.spaces.phones import ipa_from_arpabet, phone_distances
from grounding.stimuli.recorded.folders import read_rows
from grounding.stimuli.recorded.phones import phones as espeak

HERE = Path(__file__).resolve().parent
ENGLISH = HERE.parent / "vocal-tract-words" / "words.tsv"
LANGUAGES = ("de", "es", "it", "fr", "ru")
COLUMNS = ("concept", "synset", "language", "word", "phones", "syllables", "cognate")
COGNATE = 0.25  # cost a segment

VOWEL = "[ˈˌ]?[aeiouyøœɛɪɔʊʏəɐɑɨ]"

# What is looked for in " b ˈɛː ɾ " and what is written, in this order; all languages, then one.
MARKS = (("([ˈˌ])([jw]) ", r"\2 \1"),)  # stress belongs to the vowel
RULES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "de": (
        ("ɑː?", "aː"),
        (" (ˈ|ˌ|)a ɪ ", r" \1aɪ "),
        (" (ˈ|ˌ|)a ʊ ", r" \1aʊ "),
        (" (ˈ|ˌ|)ɔ ø ", r" \1ɔʏ "),
        ("ʊ ɐ ", "ʊ ɐ̯ "),
        ("ɜ", "ɐ"),
        (f" [rɾ](?= {VOWEL})", " ʁ"),
        (" [rɾ] ", " ɐ̯ "),  # r after a vowel
        ("t ʃ ", "t͡ʃ "),
        ("p f ", "p͡f "),
    ),
    "es": (
        ("ˌ", ""),
        ("ɛ", "e"),
        ("j j ", "ʝ "),  # ll, which most of America says as y
        (f"^ j (?={VOWEL})", " ʝ "),
        ("e ɪ ", "e j "),
        ("a ʊ ", "a w "),
        ("n (?=[kɡɣx] )", "ŋ "),
        ("d $", "ð "),
    ),
    "it": (
        ("ˌ", ""),
        ("([lnɲ]) [lnɲ] ", r"\1ː "),
        ("r ɾ ", "rː "),
        (" ɪ ", " i "),
        (" ʊ ", " u "),
        (f" i (?={VOWEL})", " j "),
        (f" u (?={VOWEL})", " w "),
        (f"(?<=[aeiouɛɔ]) ([ɲʎʃ]) (?=j |w |{VOWEL})", r" \1ː "),  # always long between vowels
        ("n (?=[kɡ] )", "ŋ "),
    ),
    "fr": (
        ("ˌ", ""),
        ("ː", ""),
        (f" y (?={VOWEL})", " ɥ "),
    ),
    "ru": (
        ("ˌ", ""),
        ("j j ", "j "),
        ("ɑ", "a"),
        ("ɵ", "o"),  # fronted between soft consonants: not written
        ("t͡ʃʲ", "t͡ɕ"),
        ("(?<= )ɕ(?= )", "ɕː"),
        ("ʃ", "ʂ"),
        ("ʒ", "ʐ"),
        ("ʑ", "zʲ"),
        ("zʲ $", "sʲ "),  # devoiced at the end
        ("ˈɪ", "ˈi"),
        (" i ", " ɪ "),
        (" u ", " ʊ "),
        ("(ʲ|ɕ|ɕː|j) [aʌ] $", r"\1 ə "),
        ("(ʲ|ɕ|ɕː|j) [aʌ] ", r"\1 ɪ "),
        ("^ [aʌ] ", " ɐ "),
        (" [aʌ] (?=([^aeiouɛɪɨʊʌəɐˈ]+ )*ˈ)", " ɐ "),  # in the syllable before the stress
        (" [aʌ] ", " ə "),
    ),
}

# The phones of words that the rules do not bring right, and what was wrong.
CORRECTIONS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("de", "Ehefrau"): ("ˈeː ə f ʁ ˌaʊ", "weak e read as a full one"),
    ("de", "Fuchs"): ("f ˈʊ k s", "chs read as in 'nachsehen'"),
    ("de", "Hals"): ("h ˈa l s", "short vowel read as a long one"),
    ("de", "Heidekraut"): ("h ˈaɪ d ə k ʁ ˌaʊ t", "weak e read as a full one"),
    ("de", "Herzog"): ("h ˈɛ ɐ̯ t͡s oː k", "stress on the last syllable"),
    ("de", "Lastkahn"): ("l ˈa s t k ˌaː n", "no stress on the second part"),
    ("de", "Magd"): ("m ˈaː k t", "long vowel read as a short one"),
    ("de", "Ochse"): ("ˈɔ k s ə", "chs read as in 'nachsehen'"),
    ("de", "Zahnfleisch"): ("t͡s ˈaː n f l ˌaɪ ʃ", "no stress on the second part"),
    ("it", "bocciolo"): ("b o t͡ʃː ˈɔ l o", "stress on the first syllable"),
    ("it", "collo"): ("k ˈɔ lː o", "open o read as closed: that is 'con lo'"),
    ("it", "neve"): ("n ˈe v e", "closed e read as open"),
    ("it", "zappa"): ("t͡s ˈa pː a", "voiceless z read as voiced"),
    ("fr", "agneau"): ("a ɲ ˈo", "gn read as two sounds"),
    ("fr", "colombe"): ("k ɔ l ˈɔ̃ b", "open o read as closed"),
    ("fr", "crochet"): ("k ʁ ɔ ʃ ˈɛ", "open o read as closed"),
    ("fr", "dos"): ("d ˈo", "read as the name of a computer's system"),
    ("fr", "fromage"): ("f ʁ ɔ m ˈa ʒ", "open o read as closed"),
    ("ru", "берег"): ("bʲ ˈe rʲ ɪ k", "stress on the last syllable"),
    ("ru", "ветчина"): ("vʲ ɪ t͡ɕː ɪ n ˈa", "long affricate read as two sounds"),
    ("ru", "дверь"): ("d vʲ ˈe rʲ", "soft r read as r and a vowel"),
    ("ru", "сиденье"): ("sʲ ɪ dʲ ˈe nʲ j ɪ", "soft n read as hard"),
}


def pronounce(words: Sequence[str], language: str) -> list[tuple[str, ...]]:
    """Return the phones of each word of one language, in the notation of this set."""
    return [
        tuple(CORRECTIONS[language, word][0].split())
        if (language, word) in CORRECTIONS
        else rewrite(found, word, language)
        for word, found in zip(words, espeak(words, language, stress=True), strict=True)
    ]


def rewrite(found: Sequence[str], word: str, language: str) -> tuple[str, ...]:
    """Return espeak-ng's phones of a word in the notation of this set.

    >>> rewrite(["b", "ˈɛː", "ɾ"], "Bär", "de")
    ('b', 'ˈɛː', 'ɐ̯')
    """
    text = f" {' '.join(found)} "
    for pattern, meaning in (*MARKS, *RULES[language]):
        text = re.sub(pattern, meaning, text)
    phones = text.split()
    if language == "ru" and word.endswith("ь") and re.fullmatch("[bdfɡkmnprstvxz]", phones[-1]):
        phones[-1] += "ʲ"  # espeak-ng forgets some soft endings
    return tuple(phones)


def syllables(phones: Sequence[str]) -> int:
    """Return how many of the phones are vowels."""
    return sum(bool(re.match(VOWEL, phone)) and "\u032f" not in phone for phone in phones)


def cognates(words: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return, for each language of one concept's words, the others that sound alike."""
    names = list(words)
    distances = phone_distances([[re.sub("[ˈˌː]", "", p) for p in words[n]] for n in names])
    return {
        one: [other for j, other in enumerate(names) if i != j and distances[i, j] < COGNATE]
        for i, one in enumerate(names)
    }


def complete(rows: Sequence[Mapping[str, str]], english: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the rows with their computed columns; english: ARPAbet by concept.

    Raises `UserError` for a concept without exactly one word in each language.
    """
    spoken: dict[str, dict[str, tuple[str, ...]]] = {}
    for language in LANGUAGES:
        own = [row for row in rows if row["language"] == language]
        for row, phones in zip(own, pronounce([r["word"] for r in own], language), strict=True):
            spoken.setdefault(row["concept"], {})[language] = phones
    done = []
    for concept, words in spoken.items():
        own = [row for row in rows if row["concept"] == concept]
        if sorted(row["language"] for row in own) != sorted(LANGUAGES):
            raise UserError(
                f"words.tsv: {concept!r} has words in {' '.join(r['language'] for r in own)}; "
                f"needed: one in each of {' '.join(LANGUAGES)}"
            )
        alike = cognates({"en": ipa_from_arpabet(english[concept].split()), **words})
        for row in own:
            phones = words[row["language"]]
            done.append({
                **row,
                "phones": " ".join(phones),
                "syllables": str(syllables(phones)),
                "cognate": ",".join(alike[row["language"]]),
            })  # fmt: skip
    return done


def main(argv: Sequence[str] | None = None) -> None:
    """Fill in the computed columns of a table of words."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--table", type=Path, default=HERE / "words.tsv")
    table = parser.parse_args(argv).table
    english = {row["word"]: row["arpabet"] for row in read_rows(ENGLISH)}
    rows = complete(read_rows(table), english)
    lines = ["\t".join(COLUMNS), *("\t".join(row[name] for name in COLUMNS) for row in rows)]
    write_whole(table, ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
