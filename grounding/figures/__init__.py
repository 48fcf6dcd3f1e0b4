"""Figures of a finished result: records in, pictures out; nothing is computed here.

>>> from grounding.figures import FIGURES
>>> sorted(FIGURES)  # doctest: +ELLIPSIS
['between-within', 'forest', ...]
"""

from grounding.figures.records import Result
from grounding.figures.results import read_result
from grounding.figures.saving import FORMATS, draw_all
from grounding.figures.style import DARK, DOUBLE, LIGHT, SINGLE, Theme
from grounding.figures.table import FIGURES, FigureKind, Planned, plan

__all__ = [
    "DARK",
    "DOUBLE",
    "FIGURES",
    "FORMATS",
    "LIGHT",
    "SINGLE",
    "FigureKind",
    "Planned",
    "Result",
    "Theme",
    "draw_all",
    "plan",
    "read_result",
]
