"""Which phones a set says, held against what is known of its language."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from grounding.errors import UserError

if TYPE_CHECKING:
    from grounding.stimuli import StimulusSet

__all__ = ["inventory"]

RAREST = 5  # phones that are named


def inventory(language: str, said: Mapping[str, int], stimuli: StimulusSet) -> str:
    """Say how many phones there are, which are rare, and which the language's inventory has more.

    Known are the 39 phones of CMUdict (General American), and of other languages what the
    simulator says.
    """
    import numpy as np

    from grounding.spaces.phones import phone_distances

    rarest = ", ".join(f"{phone} {said[phone]}" for phone in list(said)[: -RAREST - 1 : -1])
    text = f"{len(said)} different, rarest {rarest}"
    unknown = [phone for phone in said if not _is_ipa(phone)]
    if unknown:
        text += f"; not IPA to panphon: {' '.join(unknown)}"
    inventory, whose = known(language)
    if not inventory:
        return f"{text}; no inventory of {language} is known here, to say which are missing"
    # Length tells no two of these phones apart, and transcribers differ in writing it.
    strings = [[p.replace("ː", "") for p in s.phones or ()] for s in stimuli]
    spoken = {phone.replace("ː", "") for phone in said if phone not in unknown} - {""}
    # They differ, too, in whether a diphthong is one phone or two.
    spoken |= {a + b for string in strings for a, b in pairwise(string)} & set(inventory)
    distances = phone_distances([[phone] for phone in [*inventory, *sorted(spoken)]])
    there = np.isclose(distances[: len(inventory), len(inventory) :], 0).any(axis=1)
    absent = [phone for phone, found in zip(inventory, there, strict=True) if not found]
    return f"{text}; {there.sum()} of the {len(inventory)} of {whose}" + (
        f", without {' '.join(absent)}" if absent else ""
    )


def known(language: str) -> tuple[list[str], str]:
    """Return the phones of a language without their length, and whose they are; none if not known.

    >>> known("es")[0][:5], known("nl")[0]
    (['i', 'e', 'a', 'o', 'u'], [])
    """
    from grounding.spaces.phones import ARPABET
    from grounding.stimuli.simulator.inventories import INVENTORIES

    if language == "en":
        return list(ARPABET.values()), "CMUdict"
    if language not in INVENTORIES:
        return [], ""
    phones = (phone.ipa.replace("ː", "") for phone in INVENTORIES[language].phones.values())
    return list(dict.fromkeys(phones)), "the simulator's inventory"


def _is_ipa(phone: str) -> bool:
    from grounding.spaces.phones import phone_distances

    try:
        phone_distances([[phone]])
    except UserError:
        return False
    return True
