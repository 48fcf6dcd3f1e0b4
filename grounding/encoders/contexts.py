"""Frames for words: sentences with one slot, in which a text model reads a transcript.

The frames are data (`contexts.toml`), each with its language, its source and why it is built so.
A name asks for one frame a language; `carrier` asks for all of them: a transcript is then read in
each of its language's frames, and its steps are averaged over frames. That needs equally many
tokens in each; the slot stands between spaces, so tokenizers give them. Where one does not, the
transcript is refused: pooling steps that do not match would weigh its parts unevenly.

A transcript that ends like a sentence needs no frame and is refused one.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grounding.encoders.families.text_reading import Framed
from grounding.errors import UserError
from grounding.tables import lookup

if TYPE_CHECKING:
    from grounding.stimuli import Stimulus

__all__ = ["ALL", "CONTEXTS", "Template", "contexts", "frames", "provenance"]

ALL = "carrier"
"""The name that asks for every frame of a language."""

CONTEXTS = Path(__file__).with_name("contexts.toml")

SLOT = "{}"
SENTENCE_ENDS = (".", "!", "?", "…")


@dataclass(frozen=True)
class Template:
    """A frame.

    id: its own. name: what it is asked for by, shared by frames that say the same.
    language: ISO 639-1. text: the sentence, with one {} between spaces.
    source: who wrote it. why: what makes it fit most words.
    """

    id: str
    name: str
    language: str
    text: str
    source: str
    why: str

    def __post_init__(self) -> None:
        if self.text.count(SLOT) != 1 or f" {SLOT} " not in self.text:
            raise UserError(
                f"the frame {self.id!r} reads {self.text!r}; needed: one {{}} between spaces."
            )

    def around(self, text: str, start: str = "") -> Framed:
        """Return `text` in this frame, after `start`."""
        before, after = self.text.split(SLOT)
        return Framed(text, start + before, after)


@cache
def contexts(path: Path = CONTEXTS) -> Mapping[str, tuple[Template, ...]]:
    """Return the frames by the name that asks for them, one a language; `ALL` asks for each."""
    listed = tomllib.loads(path.read_text("utf-8"))["template"]
    templates = [Template(**record) for record in listed]
    named: dict[str, tuple[Template, ...]] = {ALL: tuple(templates)}
    for template in templates:
        named[template.name] = (*named.get(template.name, ()), template)
    return named


def frames(context: str, stimulus: Stimulus) -> Sequence[Template]:
    """Return the frames called `context` in the language of `stimulus`.

    Raises `UnknownName` for another name, `UserError` for a language without such a frame or a
    transcript that is a sentence.
    """
    named = lookup("context", context, contexts())
    found = [template for template in named if template.language == stimulus.language]
    if not found:
        known = ", ".join(sorted({template.language for template in named}))
        raise UserError(
            f"there is no context {context!r} in the language {stimulus.language!r} of the "
            f"transcript {stimulus.transcript!r}; there is in {known}."
        )
    if stimulus.transcript.rstrip().endswith(SENTENCE_ENDS):
        raise UserError(
            f"the transcript {stimulus.transcript!r} is a sentence and needs no context "
            f"{context!r}; load the encoder without one for it."
        )
    return found


def provenance(context: str | None) -> dict[str, Any]:
    """Return what decides the frames called `context`; nothing for None."""
    if context is None:
        return {}
    named = lookup("context", context, contexts())
    texts = {template.id: template.text for template in named}
    whole = json.dumps([asdict(template) for template in named], ensure_ascii=True)
    digest = hashlib.sha256(whole.encode("ascii")).hexdigest()
    return {"context": {"name": context, "templates": texts, "sha256": digest}}
