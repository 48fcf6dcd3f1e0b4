"""Write how the words of this set relate: `python make_relations.py [WORDS.tsv [OUT.tsv]]`.

Reads the columns `word` and `synset` of WORDS.tsv (by default `words.tsv` here) and writes, for
every two words, the distances of `wordnet_nouns.py`. The result, by default
`relations/wordnet.tsv` here, is what the spaces read; WordNet's licence is written beside it. The
same call makes the file for a word list of your own.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from wordnet_nouns import MEASURES, WordNetNouns, download_wordnet

HERE = Path(__file__).parent
ORDER = ("wu-palmer", "path", "lin")
assert set(ORDER) == set(MEASURES)


def relation_lines(senses: dict[str, str], nouns: WordNetNouns) -> list[str]:
    """Return the lines of a relations file, header first, for words and their senses."""
    matrices = nouns.distances(list(senses.values()))
    lines = ["\t".join(["transcript 1", "transcript 2", *ORDER])]
    for (i, a), (j, b) in combinations(enumerate(senses), 2):
        lines.append("\t".join([a, b, *(f"{matrices[m][i, j]:.6f}" for m in ORDER)]))
    return lines


def main(arguments: Sequence[str]) -> None:
    """Read the words, fetch WordNet, write the relations and the licence."""
    given = [Path(argument) for argument in arguments]
    words, out = [*given, *(HERE / "words.tsv", HERE / "relations/wordnet.tsv")[len(given) :]]
    with words.open(encoding="utf-8", newline="") as rows:
        senses = {row["word"]: row["synset"] for row in csv.DictReader(rows, delimiter="\t")}
    nouns = download_wordnet()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(relation_lines(senses, nouns)) + "\n", encoding="utf-8")
    (out.parent / "WORDNET-LICENSE").write_text(nouns.licence, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
