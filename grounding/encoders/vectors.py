"""Word vectors from a text file: a vector a word, whatever stands beside it.

`vectors:PATH` reads a file as word2vec, GloVe and fastText (.vec) write it: a line a word, the
word first and then its numbers; a first line of two whole numbers, the counts of words and of
dimensions, may stand before them. Nothing in such a file can run. It is read once for the places
of its words; of the numbers, only the lines asked for are.

A step is a word: letters, digits and marks, with hyphens and apostrophes inside. It is looked up
as it is written, then in small letters. A transcript with a word that has no vector is refused,
because leaving the word out would make two transcripts one; `unknown_rate` counts such words.
Random vectors are drawn for each word as word2vec draws them before training.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from grounding.encoders.cache import file_sha256
from grounding.encoders.protocol import layer_names, layer_places
from grounding.encoders.steps import Steps
from grounding.errors import UserError, WeightsError

if TYPE_CHECKING:
    from grounding.encoders.request import Request
    from grounding.stimuli import Stimulus

__all__ = ["WordVectors", "word_vectors"]

WORD = re.compile(r"\w[\w\u0300-\u036f]*(?:['’\-]\w[\w\u0300-\u036f]*)*")
HEADER = re.compile(rb"\d+ \d+\s*")


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Word vectors in a text file. `seed` gives random ones of the same words and dimensions."""

    path: Path
    seed: int | None = None
    modality: Literal["text"] = "text"
    sees: Literal["transcript"] = "transcript"
    layers: tuple[str, ...] = layer_names(0)

    @property
    def name(self) -> str:
        return f"vectors:{self.path.name}"

    @property
    def revision(self) -> str:
        return file_sha256(self.path)[:16] if self.seed is None else f"random-{self.seed}"

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {
            "weights": "trained" if self.seed is None else "random",
            "seed": self.seed,
            "weights_sha256": file_sha256(self.path),
            "lookup": "as written, then in small letters",
        }

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, int]]:
        """Where the line of each word starts in the file, and its number."""
        places: dict[str, tuple[int, int]] = {}
        at = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not (number == 1 and HEADER.fullmatch(line)):
                    word = self._word(line, number)
                    places.setdefault(word, (at, number))
                at += len(line)
        if not places:
            raise WeightsError(f"{self.path} holds no word vectors.")
        return places

    def _word(self, line: bytes, number: int) -> str:
        word, _, numbers = line.partition(b" ")
        try:
            if not word or not numbers.strip():
                raise ValueError
            return word.decode("utf-8")
        except ValueError as error:
            raise WeightsError(
                f"{self.path}:{number} is no word vector: needed a word in UTF-8, a space and "
                "numbers. Vectors in a binary file can be written as text by the program that "
                "made them."
            ) from error

    @cached_property
    def _width(self) -> int:
        return len(self._numbers(next(iter(self._places))))

    def encode(
        self, stimuli: Sequence[Stimulus], layers: Sequence[str] | None = None
    ) -> list[Float[np.ndarray, "layer word feature"]]:
        """Return one layer: a step a word."""
        places = layer_places(self.layers, layers)
        found = [self._found(stimulus.transcript) for stimulus in stimuli]
        vectors = {word: self._vector(word) for words in found for word in words}
        return [np.stack([vectors[word] for word in words])[None][places] for words in found]

    def steps(self, stimulus: Stimulus) -> Steps:
        """Return the characters of each word."""
        self._found(stimulus.transcript)
        spans = [match.span() for match in WORD.finditer(stimulus.transcript)]
        start, end = np.array(spans, dtype=np.int64).T
        return Steps(start, end, "character")

    def unknown(self, stimulus: Stimulus) -> tuple[int, int]:
        """Return how many words of a transcript have no vector, and of how many."""
        words = WORD.findall(stimulus.transcript)
        return sum(self._entry(word) is None for word in words), len(words)

    def _entry(self, word: str) -> str | None:
        """Return the form under which a word is listed."""
        return next((form for form in (word, word.lower()) if form in self._places), None)

    def _found(self, text: str) -> list[str]:
        """Return the entries of the words of `text`."""
        words = WORD.findall(text)
        if not words:
            raise UserError(f"{self.name} finds no word in the transcript {text!r}.")
        lacking = [word for word in words if self._entry(word) is None]
        if lacking:
            raise UserError(
                f"{self.name} has no vector for {len(lacking)} of {len(words)} words of the "
                f"transcript {text!r}, the first {lacking[0]!r}. Leave it out, or choose vectors "
                "of its language."
            )
        return [entry for word in words if (entry := self._entry(word)) is not None]

    def _vector(self, word: str) -> Float[np.ndarray, " feature"]:
        if self.seed is None:
            vector = self._numbers(word)
            if len(vector) != self._width or not np.isfinite(vector).all():
                raise WeightsError(
                    f"{self.path}:{self._places[word][1]} has {len(vector)} numbers; needed "
                    f"{self._width}, all finite."
                )
            return vector
        digest = hashlib.sha256(f"{self.seed} {word}".encode()).digest()
        drawn = np.random.default_rng(list(digest)).random(self._width) - 0.5
        return (drawn / self._width).astype(np.float32)

    def _numbers(self, word: str) -> Float[np.ndarray, " feature"]:
        at, number = self._places[word]
        with self.path.open("rb") as file:
            file.seek(at)
            fields = file.readline().split()[1:]
        try:
            return np.array([float(field) for field in fields], dtype=np.float32)
        except ValueError as error:
            raise WeightsError(
                f"{self.path}:{number} holds what is no number beside {word!r}."
            ) from error


def word_vectors(request: Request) -> WordVectors:
    """Return the word vectors in the file that a request names."""
    request.refuse("window", "start", "context", "dtype", "script", "revision")
    request.refuse_seed_of_trained()
    path = Path(request.name.partition(":")[2])
    if not path.is_file():
        raise WeightsError(
            f"there is no file {str(path)!r}; needed: word vectors as text, a line a word."
        )
    vectors = WordVectors(path, request.seed)
    _ = vectors._width
    return vectors
