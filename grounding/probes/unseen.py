"""What flesh points cannot show: voice, and nasality, for which there is no point on the velum.

A contrast is a set of pairs of phones that are alike in lips, jaw and tongue. A map that tells the
members apart reads it out of something else, so flesh points themselves must come out at one half:
a negative control for whatever is called articulatory.

The trap: hold "pa" out, and "ba" is what the training data have of its tongue. A map then says the
wrong member of almost every pair, and one half is never reached: on a grid of syllables flesh
points come out at .34. So minimal pairs stay in one fold: make folds of `contrast_groups`. And a
map that always says one member of a pair must get one half of it: score within pairs, by
`contrast_strata`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grounding.activations import spans_of
from grounding.errors import UserError
from grounding.probes.phonetic import Phonetic, by_class
from grounding.stimuli import Stimulus
from grounding.tables import lookup

__all__ = ["CONTRASTS", "UNSEEN", "contrast", "contrast_groups", "contrast_strata"]

CONTRASTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "voice": (
        *(("p", "b"), ("t", "d"), ("k", "ɡ"), ("f", "v"), ("θ", "ð"), ("s", "z"), ("ʃ", "ʒ")),
        *(("t͡ʃ", "d͡ʒ"), ("x", "ɣ"), ("pʲ", "bʲ"), ("tʲ", "dʲ"), ("kʲ", "ɡʲ"), ("sʲ", "zʲ")),
    ),
    "nasality": (("b", "m"), ("d", "n"), ("ɡ", "ŋ"), ("bʲ", "mʲ"), ("dʲ", "nʲ")),
}
"""Phones that differ in nothing that a point on lips, jaw or tongue shows: without it, with it."""

UNSEEN: Mapping[str, tuple[str, ...]] = {
    "variables": ("velum.area", "glottis.opening", "larynx.height"),
    "tract": ("HX", "HY", "VS", "VO"),
    "glottis": ("F0", "PR", "XB", "XT", "CA", "PL", "RA", "DP", "PS", "FL", "AS"),
}
"""Channels, by stream, of parts that carry no flesh point. They still go with the phones, and so
with the tongue: flesh points may predict them as well as the phone string does, and no better."""


def contrast(stimuli: Sequence[Stimulus], name: str) -> Phonetic:
    """Return, as two classes, on which side of a contrast each phone of its pairs is.

    name: of `CONTRASTS`. Only pairs of which both phones occur count; other phones have no class.

    Raises `UserError` where no pair occurs, and as `phonetic` does.
    """
    pairs = lookup("contrast", name, CONTRASTS)
    there = {span.label for span in spans_of(stimuli, "phone")}
    whole = [pair for pair in pairs if there.issuperset(pair)]
    if not whole:
        raise UserError(
            f"no pair of the contrast {name!r} is in these {len(stimuli)} stimuli; needed both of "
            f"{', or of '.join('/'.join(pair) for pair in pairs)}."
        )
    side = {phone: ("without", "with")[at] for pair in whole for at, phone in enumerate(pair)}
    return by_class(stimuli, name, side.get)


def contrast_strata(name: str) -> dict[str, str]:
    """Return of each phone of a contrast the pair that it is in.

    >>> contrast_strata("nasality")["m"]
    'b/m'
    """
    pairs = lookup("contrast", name, CONTRASTS)
    return {phone: "/".join(pair) for pair in pairs for phone in pair}


def contrast_groups(stimuli: Sequence[Stimulus], name: str) -> tuple[str, ...]:
    """Return the phone string of each stimulus with every phone of a pair replaced by the pair.

    Stimuli that differ in nothing but the contrast have one label.

    Raises `UserError` for stimuli without segments.
    """
    pair_of = contrast_strata(name)
    said: dict[str, list[str]] = {stimulus.id: [] for stimulus in stimuli}
    for span in spans_of(stimuli, "phone"):
        said[span.stimulus].append(pair_of.get(span.label, span.label))
    return tuple(f"{s.language}:{' '.join(said[s.id])}" for s in stimuli)
