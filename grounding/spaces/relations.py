"""How meanings relate, by hand-made relations and no language model.

`wordnet` reads distances that come with the stimulus set; `concept` asks only whether two stimuli
say the same thing, in one language or two.

**Relations of your own.** Put `relations/<name>.tsv` into the set's folder, tab separated, one
pair of meanings a line, under a header such as

    transcript 1 <tab> transcript 2 <tab> wu-palmer <tab> path

The first two columns name the pair, by `transcript`, by `concept` or by any key of the manifest's
`attributes` (say `synset`); both say the same. Every other column is one measure of distance:
finite, 0 or more. Each pair of distinct meanings stands once, in either order; a meaning is 0 from
itself and needs no line. `relation_rdm(stimuli, name, measure)` reads any such file; the space
`wordnet` is the measure `wu-palmer` of `relations/wordnet.tsv`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.spaces.expand import rdm_from_kinds

if TYPE_CHECKING:
    from grounding.rsa import RDM
    from grounding.stimuli import Stimulus, StimulusSet

__all__ = [
    "CONCEPT_REFERENCE",
    "CONCEPT_UNITS",
    "WORDNET_REFERENCE",
    "WORDNET_UNITS",
    "Relations",
    "concept_missing",
    "concept_rdm",
    "read_relations",
    "relation_missing",
    "relation_rdm",
    "wordnet_missing",
    "wordnet_rdm",
]

WORDNET_UNITS = "1 - similarity"
WORDNET_REFERENCE = "Wu & Palmer 1994 over the noun hierarchy of WordNet 3.0 (Fellbaum 1998)"
CONCEPT_UNITS = "0 same, 1 other"
CONCEPT_REFERENCE = "translation equivalence: the concept ids of the manifest"


@dataclass(frozen=True, eq=False)
class Relations:
    """Distances between named meanings.

    path, sha256: of the file.
    key: what names a meaning: "transcript", "concept" or a key of the attributes.
    place: the row of each meaning.
    distances: one square matrix a measure; NaN where the file has no line for a pair.
    """

    path: Path
    sha256: str
    key: str
    place: dict[str, int]
    distances: dict[str, Float[np.ndarray, "meaning meaning"]]


def read_relations(path: Path) -> Relations:
    """Read a file of relations as described at the top of this module.

    Raises `UserError`, with file and line, for a header or a line of another form, and for
    a file that cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    return _parse_relations(path, content)


# One set is asked for several measures, and for why it has none: the same bytes are parsed once.
@lru_cache(maxsize=4)
def _parse_relations(path: Path, content: bytes) -> Relations:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text at byte {error.start}; save it as UTF-8") from None
    header, *lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    key, measures = _parse_header(path, header)
    pairs: dict[tuple[str, str], tuple[float, ...]] = {}
    for number, line in enumerate(lines, start=2):
        a, b, values = _parse(path, number, line, len(measures))
        if (a, b) in pairs or (b, a) in pairs:
            raise UserError(f"{path}:{number}: the pair {a!r}, {b!r} stands here a second time")
        pairs[a, b] = values
    names = dict.fromkeys(name for pair in pairs for name in pair)
    place = {name: i for i, name in enumerate(names)}
    cube = np.full((len(measures), len(place), len(place)), np.nan)
    cube[:, range(len(place)), range(len(place))] = 0.0
    for (a, b), values in pairs.items():
        cube[:, place[a], place[b]] = cube[:, place[b], place[a]] = values
    cube.flags.writeable = False
    digest = hashlib.sha256(content).hexdigest()
    return Relations(path, digest, key, place, dict(zip(measures, cube, strict=True)))


def _parse_header(path: Path, header: str) -> tuple[str, list[str]]:
    columns = header.split("\t")
    key, measures = columns[0].removesuffix(" 1"), columns[2:]
    pair = [f"{key} 1", f"{key} 2"]
    if not key or columns[:2] != pair or not all(measures) or len(set(measures)) != len(measures):
        measures = []
    if not measures:
        raise UserError(
            f"{path}:1: header is {header!r}; needed, tab separated: 'KEY 1', 'KEY 2' (KEY is "
            "transcript, concept or an attribute of the manifest), then a name for each measure"
        )
    return key, measures


def _parse(path: Path, number: int, line: str, n: int) -> tuple[str, str, tuple[float, ...]]:
    fields = line.split("\t")
    if len(fields) != 2 + n or not fields[0] or not fields[1]:
        raise UserError(
            f"{path}:{number}: found {line!r}; needed two names and {n} distances, tab separated"
        )
    a, b, *texts = fields
    if a == b:
        raise UserError(
            f"{path}:{number}: {a!r} against itself; a meaning is 0 from itself, remove the line"
        )
    try:
        values = tuple(float(text) for text in texts)
    except ValueError:
        values = (math.nan,)
    if not all(math.isfinite(v) and v >= 0 for v in values):
        raise UserError(f"{path}:{number}: {texts} are not all distances, finite and 0 or more")
    return a, b, values


def _meanings(stimuli: Sequence[Stimulus], key: str) -> list[str | None]:
    """Return what names each stimulus's meaning, None where the manifest does not say."""
    if key == "transcript":
        return [s.transcript for s in stimuli]
    if key == "concept":
        return [s.concept for s in stimuli]
    found = [s.attributes.get(key) for s in stimuli]
    return [None if value is None else str(value) for value in found]


def relation_missing(stimuli: StimulusSet, name: str, measure: str) -> str | None:
    """Return why these stimuli have no such relations, or None if they have them.

    Raises `UserError` when the file is there but not of the form described above.
    """
    path = stimuli.folder / "relations" / f"{name}.tsv"
    # Reasons go into results, which are the same on every machine: no place on this one.
    file = f"{stimuli.name}/relations/{name}.tsv"
    if not path.is_file():
        return (
            f"there is no file {file}; write one with a distance for every two meanings "
            f"(columns 'transcript 1', 'transcript 2', {measure!r})"
        )
    relations = read_relations(path)
    if measure not in relations.distances:
        known = ", ".join(relations.distances)
        return f"{file} has no column {measure!r}, only: {known}; add it"
    meanings = _meanings(stimuli, relations.key)
    unnamed = [s.id for s, meaning in zip(stimuli, meanings, strict=True) if meaning is None]
    if unnamed:
        return (
            f"{file} goes by {relations.key!r}, which {len(unnamed)} of {len(stimuli)} stimuli do "
            f"not have (the first is {unnamed[0]!r}); add it to the manifest"
        )
    distinct = list(dict.fromkeys(str(meaning) for meaning in meanings))
    absent = [meaning for meaning in distinct if meaning not in relations.place]
    if absent:
        return (
            f"{file} has no line for {len(absent)} of {len(distinct)} meanings "
            f"(the first is {absent[0]!r}); add their distances"
        )
    at = [relations.place[meaning] for meaning in distinct]
    holes = np.argwhere(np.isnan(relations.distances[measure][np.ix_(at, at)]))
    if len(holes):
        a, b = (distinct[i] for i in holes[0])
        return f"{file} has no line for {len(holes) // 2} pairs (the first is {a!r}, {b!r}); add it"
    return None


def relation_rdm(stimuli: StimulusSet, name: str, measure: str) -> RDM:
    """Return the distances of `relations/<name>.tsv` in column `measure`, dealt to the stimuli.

    Raises `UserError` with the reason when `relation_missing` gives one.
    """
    reason = relation_missing(stimuli, name, measure)
    if reason:
        raise UserError(reason)
    relations = read_relations(stimuli.folder / "relations" / f"{name}.tsv")

    def between(meanings: list[str]) -> Float[np.ndarray, "meaning meaning"]:
        at = [relations.place[meaning] for meaning in meanings]
        return relations.distances[measure][np.ix_(at, at)]

    return rdm_from_kinds(_meanings(stimuli, relations.key), stimuli.ids, between, metric=measure)


def wordnet_missing(stimuli: StimulusSet) -> str | None:
    """Return why these stimuli have no WordNet distances, or None if they have them."""
    return relation_missing(stimuli, "wordnet", "wu-palmer")


def wordnet_rdm(stimuli: StimulusSet) -> RDM:
    """Return 1 - Wu-Palmer similarity of the senses of every two stimuli, 0 to 1."""
    return relation_rdm(stimuli, "wordnet", "wu-palmer")


def concept_missing(stimuli: StimulusSet) -> str | None:
    """Return why these stimuli have no concept space, or None if they have one."""
    without = [s.id for s in stimuli if s.concept is None]
    if without:
        return (
            f"{len(without)} of {len(stimuli)} stimuli have no concept (the first is "
            f"{without[0]!r}); give each an id of what is said under 'concept' in the manifest"
        )
    n_concepts = len({s.concept for s in stimuli})
    if n_concepts in (1, len(stimuli)):
        return (
            f"{len(stimuli)} stimuli have {n_concepts} concepts, so that all distances are equal; "
            "some stimuli must share a concept and others not"
        )
    return None


def concept_rdm(stimuli: StimulusSet) -> RDM:
    """Return 0 for every two stimuli of one concept and 1 for any others."""
    reason = concept_missing(stimuli)
    if reason:
        raise UserError(reason)
    concepts = [s.concept for s in stimuli]
    return rdm_from_kinds(
        concepts, stimuli.ids, lambda kinds: 1.0 - np.eye(len(kinds)), metric="concept"
    )
