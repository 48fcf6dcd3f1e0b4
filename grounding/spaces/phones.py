"""How far apart two phone strings are, weighted by articulatory features.

The distance is an edit distance over IPA segments. Replacing one segment by another costs the
weighted difference of their 22 articulatory features (voicing, place, manner, height and so on;
+1, 0, -1), deleting or inserting one costs the sum of the weights: panphon's
`weighted_feature_edit_distance`, computed here for all pairs at once. It is divided by that sum
and by the number of segments of the longer string, so that it reads as a cost a segment: 0 for
equal strings, 1 for a string against nothing. Two segments that differ in every feature would
cost 2, which no two segments of a language do.

A diphthong is two segments, an affricate one, as in panphon. Symbols that panphon lacks are
rewritten by `grounding.stimuli.ipa.REWRITES`; any other unknown symbol is an error, because
panphon would drop it without a word.

Source: Mortensen et al., PanPhon, COLING 2016. The features were written by phonologists: the
space is a control derived from transcripts, not physics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from grounding.errors import UserError
from grounding.spaces.edit import edit_distances
from grounding.spaces.expand import rdm_from_kinds
from grounding.stimuli.ipa import features, segments, weights

if TYPE_CHECKING:
    from grounding.rsa import RDM
    from grounding.stimuli import StimulusSet

__all__ = [
    "ARPABET",
    "REFERENCE",
    "UNITS",
    "ipa_from_arpabet",
    "phone_distances",
    "phone_string_rdm",
    "phones_missing",
]

UNITS = "weighted feature cost a segment"
REFERENCE = "Mortensen et al. 2016 (panphon): features and weights"

ARPABET: dict[str, str] = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "EH": "ɛ", "ER": "ɝ",
    "EY": "eɪ", "IH": "ɪ", "IY": "i", "OW": "oʊ", "OY": "ɔɪ", "UH": "ʊ", "UW": "u",
    "B": "b", "CH": "t͡ʃ", "D": "d", "DH": "ð", "F": "f", "G": "ɡ", "HH": "h", "JH": "d͡ʒ",
    "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ",
    "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip
"""The 39 phones of CMUdict in IPA, unstressed AH apart, which is a schwa."""


def ipa_from_arpabet(phones: Sequence[str]) -> tuple[str, ...]:
    """Return CMUdict phones, with or without stress digits, in IPA, one string a phone.

    >>> ipa_from_arpabet(["S", "OW1", "F", "AH0"])
    ('s', 'oʊ', 'f', 'ə')
    """
    ipa = []
    for phone in phones:
        bare = phone.rstrip("012")
        if bare not in ARPABET:
            raise UserError(
                f"{phone!r} is no ARPAbet phone; needed: {' '.join(ARPABET)}, "
                "a vowel with or without a stress digit"
            )
        ipa.append("ə" if phone == "AH0" else ARPABET[bare])
    return tuple(ipa)


def _segmented(string: Sequence[str]) -> tuple[str, ...]:
    if not string:
        raise UserError("a phone string is empty; needed: at least one IPA phone")
    return tuple(segment for phone in string for segment in segments(phone))


def phone_distances(
    strings: Sequence[Sequence[str]],
) -> Float[np.ndarray, "string string"]:
    """Return the distance of every two phone strings; each is a sequence of IPA phones.

    Raises `UserError` for an empty string and for a phone that is not IPA.
    """
    segmented = [_segmented(string) for string in strings]
    symbols = sorted({s for string in segmented for s in string})
    table = np.array([features(s) for s in symbols])
    replace = np.abs(table[:, None, :] - table[None, :, :]) @ weights()
    indel = float(weights().sum())
    lengths = np.array([len(s) for s in segmented])
    longer = np.maximum(lengths[:, None], lengths[None, :])
    return edit_distances(segmented, symbols, replace, indel) / (indel * longer)


def phones_missing(stimuli: StimulusSet) -> str | None:
    """Return why these stimuli have no phone space, or None if they have one."""
    without = [s.id for s in stimuli if not s.phones]
    if without:
        return (
            f"{len(without)} of {len(stimuli)} stimuli have no phones (the first is "
            f"{without[0]!r}); give each a list of IPA strings under 'phones' in the manifest"
        )
    return None


def phone_string_rdm(stimuli: StimulusSet) -> RDM:
    """Return the phone-string distance of every two stimuli.

    Distances are computed between distinct phone strings and then dealt out to the stimuli, so
    many realisations of few words stay cheap. Raises `UserError` when phones are missing
    or are not IPA, and names the stimulus.
    """
    reason = phones_missing(stimuli)
    if reason:
        raise UserError(reason)
    strings = []
    for stimulus in stimuli:
        phones = tuple(stimulus.phones or ())
        try:
            _segmented(phones)
        except UserError as error:
            raise UserError(f"stimulus {stimulus.id!r}: {error}") from None
        strings.append(phones)
    return rdm_from_kinds(strings, stimuli.ids, phone_distances, metric="phones")
