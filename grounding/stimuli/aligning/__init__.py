"""When each phone of a recording is said: forced alignment, and how far it can be trusted."""

from __future__ import annotations

from grounding.stimuli.aligning.aligned import Aligned
from grounding.stimuli.aligning.sphinx import align, aligner
from grounding.stimuli.aligning.writing import align_all, write_aligned, write_segments

__all__ = ["Aligned", "align", "align_all", "aligner", "write_aligned", "write_segments"]
