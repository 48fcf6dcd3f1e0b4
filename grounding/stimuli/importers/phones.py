"""Labels of corpora as IPA, where that is certain.

A label that a table lacks has no IPA, and then no phone of its utterance has: half a string of
phones would pass for a whole one. Pauses are no phones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from grounding.stimuli.importers.record import Label
from grounding.stimuli.simulator.inventories.en import ENGLISH

__all__ = ["from_arpabet", "from_mngu0", "in_ipa"]

MNGU0: dict[str, str] = {
    "p": "p", "t": "t", "k": "k", "b": "b", "d": "d", "g": "ɡ", "tS": "t͡ʃ", "dZ": "d͡ʒ",
    "f": "f", "v": "v", "T": "θ", "D": "ð", "s": "s", "z": "z", "S": "ʃ", "Z": "ʒ", "h": "h",
    "m": "m", "n": "n", "N": "ŋ", "l": "l", "lw": "ɫ", "r": "ɹ", "j": "j", "w": "w",
    "m!": "m̩", "n!": "n̩", "l!": "l̩",
    "I": "ɪ", "E": "ɛ", "a": "æ", "Q": "ɒ", "V": "ʌ", "U": "ʊ", "@": "ə",
    "i": "iː", "u": "uː", "A": "ɑː", "O": "ɔː", "@@": "ɜ", "o^": "ɔ̃",
    "eI": "ɛɪ", "aI": "aɪ", "OI": "ɔɪ", "aU": "aʊ", "@U": "əʊ", "I@": "ɪə", "E@": "ɛə",
    "U@": "ʊə",
}  # fmt: skip
"""MNGU0's symbols (Combilex, Received Pronunciation), from `mngu0_s1_symbol_table.pdf` of its
label package as public readers of the corpus give it."""


def from_mngu0(label: str) -> str | None:
    """Return the IPA of one of MNGU0's symbols, or None.

    >>> from_mngu0("tS"), from_mngu0("x")
    ('t͡ʃ', None)
    """
    return MNGU0.get(label)


def from_arpabet(label: str) -> str | None:
    """Return the IPA of an ARPAbet phone, or None; a vowel needs its stress digit.

    Without it AH may be the vowel of "cut" or a schwa.

    >>> from_arpabet("AH0"), from_arpabet("AH"), from_arpabet("S")
    ('ə', None, 's')
    """
    bare, stress = (label[:-1], label[-1]) if label[-1:] in ("0", "1", "2") else (label, "")
    phone = ENGLISH.phones.get(bare)
    if phone is None or (phone.kind == "vowel") != bool(stress):
        return None
    return phone.said(int(stress or 0))


def in_ipa(
    labels: Sequence[Label], phone: Callable[[str], str | None], pauses: frozenset[str]
) -> tuple[list[str] | None, set[str]]:
    """Return the phones in IPA, None where one is not certain or there is none; and such labels."""
    said = [label for label, _, _ in labels if label.lower() not in pauses]
    found = [phone(label) for label in said]
    unknown = {label for label, sound in zip(said, found, strict=True) if sound is None}
    if unknown or not found:
        return None, unknown
    return [sound for sound in found if sound is not None], set()
