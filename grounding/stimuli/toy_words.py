"""58 everyday English words for toy sets, with category and phones.

Phones: General American, IPA, one text a phone; broad, after the CMU Pronouncing Dictionary.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TOY_WORDS", "ToyWord"]


@dataclass(frozen=True)
class ToyWord:
    """A word, what kind of thing it names, and its phones in IPA."""

    word: str
    category: str
    phones: tuple[str, ...]


_LINES = """
animal cat k æ t|dog d ɔ ɡ|cow k aʊ|horse h ɔ ɹ s|sheep ʃ i p|goat ɡ oʊ t|mouse m aʊ s|bear b ɛ ɹ
food bread b ɹ ɛ d|milk m ɪ l k|cheese tʃ i z|rice ɹ aɪ s|meat m i t|soup s u p|cake k eɪ k|egg ɛ ɡ
body hand h æ n d|foot f ʊ t|nose n oʊ z|ear ɪ ɹ|mouth m aʊ θ|knee n i|back b æ k|neck n ɛ k
clothes shirt ʃ ə ɹ t|shoe ʃ u|hat h æ t|coat k oʊ t|sock s ɑ k|belt b ɛ l t|dress d ɹ ɛ s
vehicle car k ɑ ɹ|bus b ʌ s|train t ɹ eɪ n|boat b oʊ t|ship ʃ ɪ p|bike b aɪ k|truck t ɹ ʌ k
furniture chair tʃ ɛ ɹ|bed b ɛ d|desk d ɛ s k|lamp l æ m p|couch k aʊ tʃ|shelf ʃ ɛ l f|stool s t u l
weather rain ɹ eɪ n|snow s n oʊ|wind w ɪ n d|cloud k l aʊ d|storm s t ɔ ɹ m|ice aɪ s|fog f ɑ ɡ
tool saw s ɔ|nail n eɪ l|drill d ɹ ɪ l|axe æ k s|rope ɹ oʊ p|spade s p eɪ d
"""

# Across the categories, so that the first few words already hold several of each kind.
TOY_WORDS: tuple[ToyWord, ...] = tuple(
    word
    for _, _, word in sorted(
        (
            (place, row, ToyWord(entry.split()[0], line.split()[0], tuple(entry.split()[1:])))
            for row, line in enumerate(_LINES.strip().splitlines())
            for place, entry in enumerate(line.partition(" ")[2].split("|"))
        ),
        key=lambda item: item[:2],
    )
)
