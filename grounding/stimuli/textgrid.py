"""Praat's TextGrid files: tiers of labelled intervals and points.

Read as Praat reads them: of the text, only quoted strings, flags in angle brackets and numbers
that stand alone count, in their order; everything else is decoration. So the long and the short
form are one. UTF-8, or UTF-16 with a byte-order mark.

Source: the Praat manual, "TextGrid file formats".
"""

from __future__ import annotations

import codecs
import math
import re
from collections import deque
from dataclasses import dataclass

from grounding.errors import ManifestError
from grounding.stimuli.fields import seen

__all__ = ["TextGrid", "Tier", "parse_textgrid"]

TOKEN = re.compile(r'"(?P<text>(?:[^"]|"")*)"|<(?P<flag>[^>\s]*)>|![^\n]*|(?P<number>[^\s"]+)')
NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")
KINDS = ("IntervalTier", "TextTier")
ROUNDING = 1e-4  # seconds; tools write times with four digits or more


@dataclass(frozen=True)
class Token:
    """A "text", a "flag" or a "number" of the file, as `value`, on `line`; or its "end"."""

    line: int
    kind: str
    value: str


@dataclass(frozen=True)
class Tier:
    """One tier: its `name`, and its labels in order of time.

    kind: "IntervalTier", or "TextTier" for points.
    labels: start and end in seconds, equal for a point, and the text.
    """

    name: str
    kind: str
    labels: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class TextGrid:
    """The tiers of one recording; `start` and `end` in seconds."""

    start: float
    end: float
    tiers: tuple[Tier, ...]


def parse_textgrid(data: bytes) -> TextGrid:
    """Return the TextGrid that the bytes of a file hold.

    Raises `ManifestError`, with the line, for what is no TextGrid, is cut off, holds more than it
    declares, or has labels out of order.

    >>> grid = parse_textgrid(b'"ooTextFile" "TextGrid" 0 1 <exists> 1 '
    ...     b'"IntervalTier" "words" 0 1 1  0 1 "bat"')
    >>> grid.tiers[0].labels
    ((0.0, 1.0, 'bat'),)
    """
    tokens = _tokens(_decoded(data))
    kind = _take(tokens, "text", "'ooTextFile'")
    thing = _take(tokens, "text", "'TextGrid'")
    if kind.value.split()[:1] != ["ooTextFile"] or thing.value != "TextGrid":
        raise _error(kind, "is no TextGrid; needed the file type ooTextFile and class TextGrid")
    start, end = _number(tokens, "the start"), _number(tokens, "the end")
    if start >= end:
        raise _error(tokens[0], f"starts at {start:g} s and ends at {end:g} s; needed a later end")
    if _take(tokens, "flag", "<exists>").value != "exists":
        return TextGrid(start, end, ())
    count = _count(tokens, "the number of tiers")
    tiers = tuple(_tier(tokens, start, end) for _ in range(count))
    if tokens[0].kind != "end":
        raise _error(tokens[0], "holds more than it declares; needed nothing after the last tier")
    return TextGrid(start, end, tiers)


def _tier(tokens: deque[Token], start: float, end: float) -> Tier:
    kind = _take(tokens, "text", "the class of a tier")
    if kind.value not in KINDS:
        raise _error(kind, f"has a tier of class {seen(kind.value)}; needed {' or '.join(KINDS)}")
    name = _text(tokens, "the name of a tier")
    for what in ("start", "end"):
        _number(tokens, f"the {what} of a tier")
    labels = []
    last = start
    for _ in range(_count(tokens, "the number of labels")):
        place = tokens[0]
        first = _number(tokens, "the time of a label")
        until = _number(tokens, "the end of a label") if kind.value == KINDS[0] else first
        text = _text(tokens, "a label")
        if first < last - ROUNDING or until < first or until > end + ROUNDING:
            raise _error(
                place,
                f"tier {seen(name)} has {seen(text)} from {first:g} to {until:g} s after "
                f"{last:g} s; needed labels in order of time, up to {end:g} s",
            )
        labels.append((first, until, text))
        last = until
    return Tier(name, kind.value, tuple(labels))


def _decoded(data: bytes) -> str:
    if data.startswith(b"ooBinaryFile"):
        raise ManifestError("is a binary TextGrid. Save it as a text file.")
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"byte {error.start + 1} is not {'UTF-16' if wide else 'UTF-8'}. Save it as UTF-8."
        ) from error


def _tokens(text: str) -> deque[Token]:
    found: deque[Token] = deque()
    line, at = 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        kind = match.lastgroup
        if kind is None or (kind == "number" and not NUMBER.fullmatch(match[kind])):
            continue  # a comment, or a word such as "xmin"
        found.append(Token(line, kind, match[kind]))
    found.append(Token(line + text.count("\n", at), "end", ""))
    return found


def _take(tokens: deque[Token], kind: str, needed: str) -> Token:
    token = tokens[0]
    if token.kind == "end":
        raise _error(token, f"ends where {needed} is needed")
    if token.kind != kind:
        raise _error(token, f"holds {seen(token.value)} where {needed} is needed")
    return tokens.popleft()


def _text(tokens: deque[Token], needed: str) -> str:
    return _take(tokens, "text", needed).value.replace('""', '"')


def _number(tokens: deque[Token], needed: str) -> float:
    token = _take(tokens, "number", needed)
    value = float(token.value)
    if not math.isfinite(value):
        raise _error(token, f"holds {seen(token.value)} where {needed} is needed")
    return value


def _count(tokens: deque[Token], needed: str) -> int:
    token = tokens[0]
    value = _number(tokens, needed)
    if value < 0 or not value.is_integer():
        raise _error(token, f"holds {seen(token.value)} where {needed} is needed")
    return int(value)


def _error(token: Token, what: str) -> ManifestError:
    return ManifestError(f"line {token.line}: {what}. Export it again.")
