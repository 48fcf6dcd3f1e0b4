"""The corpora that can be imported, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from grounding.stimuli.importers.hprc import HPRC
from grounding.stimuli.importers.mngu0 import MNGU0
from grounding.stimuli.importers.mocha import MOCHA
from grounding.stimuli.importers.record import Importer
from grounding.stimuli.importers.spire import SPIRE
from grounding.stimuli.importers.usc_timit import USC_TIMIT
from grounding.stimuli.importers.xrmb import XRMB

__all__ = ["IMPORTERS"]

IMPORTERS: Mapping[str, Importer] = MappingProxyType(
    {one.name: one for one in (MNGU0, MOCHA, HPRC, USC_TIMIT, SPIRE, XRMB)}
)
