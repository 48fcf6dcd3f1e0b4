"""Importers of recorded articulation: corpora of EMA and X-ray microbeam as stimulus sets.

No corpus was at hand. These recordings are licensed, so that the formats were implemented
from documentation: the corpora's papers and pages, the sources of the tools that write the files,
and what public readers of the corpora say; each importer names its own. The tests write files of
each format themselves. Of real recordings we have read one utterance of MOCHA-TIMIT, as another
tool had converted it to text, and one `.txy` file of the microbeam database, which their tools
publish as examples; units, axes and clocks agreed. So that a mistake of ours cannot pass for
data, every import holds rates, units and axes against what speech must look like, and refuses.

`IMPORTERS` is the table of corpora; `import_corpus` makes a set. A set has the movement as the
stream `ema`, mm, x to the front and y upwards, and the stream `flesh` of the shipped sets, so
that the space `articulation` can be taken of it.
"""

from __future__ import annotations

from grounding.stimuli.importers.importing import import_corpus
from grounding.stimuli.importers.record import Importer
from grounding.stimuli.importers.result import Imported
from grounding.stimuli.importers.table import IMPORTERS

__all__ = ["IMPORTERS", "Imported", "Importer", "import_corpus"]
