"""What a transcript says, for asking whether two say the same: words without case and marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

__all__ = ["shared_words", "words"]

Words = tuple[str, ...]


def words(transcript: str) -> Words:
    """Return the words of a transcript, casefolded and without punctuation; Russian ё as е.

    Composed and decomposed letters are one (Unicode form NFC).

    >>> words("L'Ours, bleu-vert!")
    ('l', 'ours', 'bleu', 'vert')
    """
    text = unicodedata.normalize("NFC", transcript).casefold().replace("ё", "е")
    return tuple(re.findall(r"[^\W_]+", text))


def shared_words(said: Words, texts: Collection[Words]) -> Words:
    """Return words in a row of what is said that are all of one of the texts; () where none are.

    >>> shared_words(words("The big bad wolf."), {("bad", "wolf"), ("sheep",)})
    ('bad', 'wolf')
    """
    sizes = {len(text) for text in texts} - {0}
    runs = (said[at : at + size] for size in sizes for at in range(len(said) - size + 1))
    return next((run for run in runs if run in texts), ())
