"""What the simulator can say of each language: one file a language, `INVENTORIES` the table."""

from __future__ import annotations

from collections.abc import Mapping

from grounding.stimuli.simulator.inventories.de import GERMAN
from grounding.stimuli.simulator.inventories.en import ENGLISH
from grounding.stimuli.simulator.inventories.es import SPANISH
from grounding.stimuli.simulator.inventories.fr import FRENCH
from grounding.stimuli.simulator.inventories.it import ITALIAN
from grounding.stimuli.simulator.inventories.ru import RUSSIAN
from grounding.stimuli.simulator.phones import Inventory
from grounding.tables import lookup

__all__ = ["INVENTORIES", "inventory"]

INVENTORIES: Mapping[str, Inventory] = {
    one.language: one for one in (GERMAN, ENGLISH, SPANISH, FRENCH, ITALIAN, RUSSIAN)
}


def inventory(language: str | Inventory) -> Inventory:
    """Return the inventory of a language, by its ISO 639-1 code; an inventory stays what it is.

    Raises `UnknownName` for a language without one.
    """
    if isinstance(language, Inventory):
        return language
    return lookup("language of the simulator", language, INVENTORIES)
