"""What a tokenizer makes of a transcript: its tokens, which of them stand for it, and where.

A transcript may stand between other text (a start, a frame). The tokens that are kept are those
of the transcript alone; what the tokenizer adds, and what stands around, is read by the model and
left out. Each token kept has its span in the transcript, in characters. A space at the edge of a
token is not counted, since some tokenizers give it to the word that follows and some to none; a
token that is nothing but the space before the transcript lies from -1 to 0.

Spans come from the tokenizer where it tells them, put right where it tells them coarsely. Bytes
and characters are counted: each byte has the span of its letter. Other tokenizers are held against
the text piece by piece; where the pieces are not the text letter by letter, their places cannot be
known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from grounding.errors import UserError

__all__ = ["Framed", "Reading", "knows_places", "read"]

SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
"""What SentencePiece writes for a space."""

SPACES = (SPACE, "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}")
"""Tokens of a space alone, in SentencePiece's writing and in that of bytes."""

BYTE = re.compile("<0x[0-9A-F]{2}>")
"""A token of a byte where whole letters are usual."""


class Framed(NamedTuple):
    """A text and what stands before and after it."""

    text: str
    before: str = ""
    after: str = ""

    @property
    def whole(self) -> str:
        return self.before + self.text + self.after


@dataclass(frozen=True, eq=False)
class Reading:
    """The tokens of a framed text.

    ids: all that the model reads.
    kept: which of `ids` stand for the text.
    spans: from where to where, of those kept, in characters of the text; None where unknown.
    unknown: how many of those kept are the tokenizer's token for what it does not know.
    """

    ids: list[int]
    kept: Int[np.ndarray, " kept"]
    spans: Int[np.ndarray, "kept 2"] | None
    unknown: int


def knows_places(tokenizer: Any) -> bool:
    """Say whether a transcript's tokens can be told from those around it."""
    return bool(tokenizer.is_fast) or type(tokenizer).__name__ in COUNTED


def read(tokenizer: Any, texts: Sequence[Framed], name: str) -> list[Reading]:
    """Return the readings of `texts`; `name` is the model's, for messages.

    Raises `UserError` for a text of which nothing is kept, or that cannot be told from its frame.
    """
    if not texts:
        return []
    coded = tokenizer(
        [framed.whole for framed in texts],
        return_special_tokens_mask=True,
        return_attention_mask=False,
        return_offsets_mapping=bool(tokenizer.is_fast),
        truncation=False,
        padding=False,
        verbose=False,  # quiet_transformers would cost more than the call
    )
    unit = COUNTED.get(type(tokenizer).__name__, _pieces)
    readings = []
    for row, framed in enumerate(texts):
        ids = coded["input_ids"][row]
        own = np.flatnonzero(~np.array(coded["special_tokens_mask"][row], dtype=bool))
        spans: np.ndarray | None = None
        if tokenizer.is_fast:
            told = [coded["offset_mapping"][row][k] for k in own]
            tokens = tokenizer.convert_ids_to_tokens([ids[k] for k in own])
            spans = np.array(_told_exactly(tokens, told, framed.whole)).reshape(-1, 2)
        else:
            tokens = [tokenizer.convert_ids_to_tokens(ids[k]) for k in own]
            places = unit(tokens, framed.whole)
            if places is not None:
                spans = np.array(places, dtype=np.int64).reshape(-1, 2)
            elif framed.before or framed.after:
                raise UserError(
                    f"the tokenizer of {name} does not tell where its tokens are in the text, so "
                    f"{framed.text!r} cannot be told from what stands around it. Read it alone."
                )
        readings.append(_reading(framed, ids, own, spans, tokenizer.unk_token_id, name))
    return readings


def _reading(
    framed: Framed,
    ids: list[int],
    own: Int[np.ndarray, " own"],
    spans: Int[np.ndarray, "own 2"] | None,
    unknown: int | None,
    name: str,
) -> Reading:
    """Keep the tokens of the text out of its `own` and those of its frame."""
    if spans is not None:
        first, last = len(framed.before), len(framed.before) + len(framed.text)
        inside = _inside(spans, first, last, framed)
        own, spans = own[inside], _without_spaces(spans[inside], framed.whole) - first
        if ((spans[:, 0] < -1) | (spans[:, 1] > len(framed.text))).any():
            raise UserError(
                f"{name} reads a part of {framed.text!r} and of what stands around it as one "
                "token, so it cannot be told from its frame. Read it alone."
            )
    if not len(own):
        raise UserError(f"{name} makes no token of the transcript {framed.text!r}.")
    return Reading(list(ids), own, spans, sum(ids[k] == unknown for k in own))


def _inside(spans: Int[np.ndarray, "own 2"], first: int, last: int, framed: Framed) -> np.ndarray:
    """Say which spans belong to the text; a span without length belongs where it stands."""
    after_start = spans[:, 1] > first if framed.before else np.ones(len(spans), dtype=bool)
    return after_start & (spans[:, 0] < last) if framed.after else after_start


def _without_spaces(spans: Int[np.ndarray, "own 2"], whole: str) -> Int[np.ndarray, "own 2"]:
    """Return spans without the spaces at their edges, none of them empty."""
    trimmed = []
    for start, end in spans.tolist():
        text = whole[start:end]
        if text.strip():
            start, end = end - len(text.lstrip()), start + len(text.rstrip())
        elif start == end:
            start = end - 1  # the space before it, which the tokenizer put there
        trimmed.append((start, end))
    return np.array(trimmed, dtype=np.int64).reshape(-1, 2)


def _told_exactly(
    tokens: Sequence[str], told: Sequence[tuple[int, int]], text: str
) -> list[tuple[int, int]]:
    """Return the spans that a tokenizer tells, where it is too coarse put right.

    It gives the space that it puts before a text the place of the first letter, and each byte of
    a run of letters that it spells in bytes the whole run.
    """
    spans: list[tuple[int, int]] = []
    for (start, end), run in groupby(zip(tokens, told, strict=True), key=lambda pair: pair[1]):
        inside = [token for token, _ in run]
        if inside[0] in SPACES and text[start:end].strip() not in ("", inside[0]):
            spans.append((start - 1, start))
            inside = inside[1:]
        letters = _bytes(inside, text[start:end]) if all(map(BYTE.fullmatch, inside)) else None
        if letters is None:
            spans += [(start, end)] * len(inside)
        else:
            spans += [(start + low, start + high) for low, high in letters]
    return spans


def _bytes(tokens: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Return a span for each byte: that of its letter."""
    spans = [(k, k + 1) for k, letter in enumerate(text) for _ in letter.encode("utf-8")]
    return spans if len(spans) == len(tokens) else None


def _characters(tokens: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Return a span for each character: itself."""
    return [(k, k + 1) for k in range(len(text))] if len(text) == len(tokens) else None


def _pieces(tokens: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Return the places of pieces that are `text` letter by letter, or None where they are not."""
    at, spans = 0, []
    for place, token in enumerate(tokens):
        piece = token.replace(SPACE, " ")
        if place == 0 and not text.startswith(piece):
            piece = piece.removeprefix(" ")  # written before every text
        if not text.startswith(piece, at):
            return None
        spans.append((at, at + len(piece)))
        at += len(piece)
    return spans if at == len(text) else None


Unit = Callable[[Sequence[str], str], "list[tuple[int, int]] | None"]

COUNTED: dict[str, Unit] = {
    "ByT5Tokenizer": _bytes,
    "PerceiverTokenizer": _bytes,
    "CanineTokenizer": _characters,
}
"""Tokenizers that tell no places but count what can be counted, by the name of their class."""
